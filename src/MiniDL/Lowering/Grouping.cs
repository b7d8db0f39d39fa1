// Second step of lowering: which nodes are computed together.
//
// An elementwise node is computed inside the stage that uses it, if there is one such stage and it reads the node position by position. If several
// stages do, the node is computed in each of them when that is cheaper than storing and loading it (a dropout mask, a comparison with 0), and
// stored otherwise. Everything read through a real index map, by a big op, or from outside is stored. The one thing to understand: deciding from
// the last node to the first, each node needs to look only at the groups of its consumers; no cycle can arise, since a node only joins when
// all of its consumers are inside.
namespace MiniDL;

/// <summary>Forms the initial groups: one for each stored node, with the elementwise nodes computed on the way.</summary>
internal sealed class Grouping
{
    private const int CheapWork = 14;     // of a value that is recomputed: a mask (8) and a few products
    private const int MaxCopies = 4;      // of a recomputed value
    private const int FewElements = 8;    // a load of an eighth of the positions or less is read again and again, and stays in a cache
    public const int MaxColumns = 4096;   // of a row kept in the cache: 16 KB for each value that is alive

    private readonly IndexMaps _maps;
    private readonly Dictionary<Tensor, List<(Tensor Consumer, bool PositionByPosition)>> _consumers = [];
    private readonly Dictionary<Tensor, Group> _groupOfRoot = [];
    private readonly Dictionary<Tensor, HashSet<Group>> _groupsOf = [];
    private readonly Dictionary<Tensor, (int Work, int Loads)> _costs = [];

    private Grouping(IndexMaps maps) => _maps = maps;

    /// <summary>The groups in topological order.</summary>
    public static List<Group> Form(List<Tensor> order, Tensor[] roots, IndexMaps maps)
    {
        var grouping = new Grouping(maps);
        foreach (Tensor node in order) grouping.Visit(node);
        var kept = new HashSet<Tensor>(roots);
        var groups = new List<Group>();
        for (int i = order.Count - 1; i >= 0; i--)
            if (IsComputed(order[i])) grouping.Place(order[i], kept.Contains(order[i]), groups);
        groups.Reverse();
        return PairPools(groups);
    }

    /// <summary>Joins the two halves of max pooling, values and indices of the same windows, into one stage.</summary>
    private static List<Group> PairPools(List<Group> groups)
    {
        var firsts = new Dictionary<(Tensor, PoolGeometry), Group>();
        return [.. groups.Where(group =>
        {
            Tensor root = group.Roots[0];
            if (root.Op is not (MaxPool or MaxPoolIndex) || firsts.TryAdd((root.Inputs[0], ((PoolOp)root.Op).Geometry), group)) return true;
            Group first = firsts[(root.Inputs[0], ((PoolOp)root.Op).Geometry)];
            first.Roots.Add(root);
            first.Members.Add(root);
            return false;
        })];
    }

    /// <summary>True for nodes that some stage computes: no leaf, no view.</summary>
    public static bool IsComputed(Tensor node) => !IndexMaps.IsView(node) && node.Op is not (InputOp or SharedOp or Constant);

    /// <summary>True for nodes computed position by position.</summary>
    public static bool IsPointwise(Tensor node) => node.Op is Elementwise or Cast or Copy or RandomOp;

    /// <summary>R and C, when a reduction runs along the innermost axes of rows that fit in the cache; null otherwise.</summary>
    public static (int Rows, int Columns)? RowsOf(Tensor node)
    {
        if (node.Op is not Reduce reduce || node.DType != DType.Float32) return null;
        Shape shape = node.Inputs[0].Shape;
        long columns = 1;
        int axis = shape.Rank - 1;
        for (; axis >= 0 && (shape[axis] == 1 || reduce.Axes.Contains(axis)); axis--) columns *= shape[axis];
        for (int outer = axis; outer >= 0; outer--)
            if (shape[outer] != 1 && reduce.Axes.Contains(outer)) return null;
        return columns is > 1 and <= MaxColumns && shape.Count > 0 ? ((int)(shape.Count / columns), (int)columns) : null;
    }

    /// <summary>Notes who reads what, and what recomputing a node would cost: work per element, and buffers loaded.</summary>
    private void Visit(Tensor node)
    {
        if (!IsComputed(node)) return;
        bool streams = IsPointwise(node) || node.Op is Reduce;
        int work = node.Op switch { Elementwise op => op.Weight, RandomOp => 8, _ => 1 }, loads = 0;
        for (int i = 0; i < node.Inputs.Length; i++)
        {
            (Tensor stored, IndexMap map) = _maps.ReadBy(node, i);
            if (stored.Op is Constant { Value.Count: 1 }) continue;
            bool positionByPosition = streams && map.IsWhole((int)stored.Shape.Count);
            if (IsComputed(stored))
            {
                if (!_consumers.TryGetValue(stored, out var list)) _consumers[stored] = list = [];
                list.Add((node, positionByPosition));
            }
            bool inlined = positionByPosition && IsPointwise(stored);
            work = Math.Min(1000, work + (inlined ? _costs[stored].Work : 0));
            loads = Math.Min(1000, loads + (inlined ? _costs[stored].Loads : stored.Shape.Count * FewElements <= node.Shape.Count ? 0 : 1));
        }
        _costs[node] = (work, loads);
    }

    private void Place(Tensor node, bool kept, List<Group> groups)
    {
        var users = new HashSet<Group>();
        bool stored = kept || !IsPointwise(node);
        foreach ((Tensor consumer, bool positionByPosition) in _consumers.GetValueOrDefault(node, []))
        {
            stored |= !positionByPosition;
            if (_groupOfRoot.TryGetValue(consumer, out Group? group)) users.Add(group);
            if (_groupsOf.TryGetValue(consumer, out HashSet<Group>? several)) users.UnionWith(several);
        }
        (int work, int loads) = _costs[node];
        bool cheap = work <= CheapWork && loads <= 1 && users.Count <= MaxCopies;
        if (!stored && users.Count > 0 && (users.Count == 1 || cheap))
        {
            _groupsOf[node] = users;
            foreach (Group user in users) user.Members.Add(node);
            return;
        }

        var own = new Group { IsFused = IsPointwise(node) || RowsOf(node) is not null };
        (own.Rows, own.Columns) = RowsOf(node) ?? ((int)(node.Op is Reduce ? node.Inputs[0] : node).Shape.Count, 1);
        own.Roots.Add(node);
        own.Members.Add(node);
        _groupOfRoot[node] = own;
        groups.Add(own);
    }
}
