// Third step of lowering: whole groups are joined when one reads what the other stores, row by row.
//
// Two fused groups over the same positions become one with several stores (an optimiser's accumulator and its parameter). Groups over the same rows
// join through row reductions and stretches: softmax is a maximum, an exponential, a sum and a division, and together with the cross-entropy and
// its gradient it becomes one stage in which a row never leaves the cache. The one thing to understand: joining P into Q is legal if every value of
// P that Q reads is read position by position or stretched along rows, and no path leads from P to Q through a third group.
namespace MiniDL;

/// <summary>Joins groups pairwise, producers into consumers.</summary>
internal sealed class Fusion
{
    private const int MaxMembers = 400;    // nodes in one stage
    private const int MaxVisits = 400;     // groups looked at in search of a path round a pair; more counts as a path

    private readonly IndexMaps _maps;
    private readonly Dictionary<Tensor, Group> _groupOf = [];   // stored node -> the group that computes it
    private readonly Dictionary<Group, int> _position = [];     // the order in which groups are tried

    private Fusion(IndexMaps maps) => _maps = maps;

    /// <summary>Links the groups and joins what can be joined. Returns the remaining groups in topological order.</summary>
    public static List<Group> Join(List<Group> groups, Tensor[] roots, IndexMaps maps)
    {
        var fusion = new Fusion(maps);
        for (int i = 0; i < groups.Count; i++)
        {
            fusion._position[groups[i]] = i;
            foreach (Tensor root in groups[i].Roots) fusion._groupOf[root] = groups[i];
        }
        foreach (Group group in groups) fusion.Link(group);

        var joined = new HashSet<Group>();
        foreach (Group consumer in groups)
        {
            bool progress = consumer.IsFused;
            while (progress)
            {
                progress = false;
                foreach (Group producer in consumer.Producers.OrderByDescending(producer => fusion._position[producer]))
                {
                    if (!producer.IsFused || fusion.CommonRows(producer, consumer) is not var (rows, columns) || HasWayAround(producer, consumer)) continue;
                    fusion.Absorb(consumer, producer, rows, columns);
                    joined.Add(producer);
                    progress = true;
                    break;
                }
            }
        }
        groups = [.. groups.Where(group => !joined.Contains(group))];
        fusion.KeepWhatIsRead(groups, roots);
        return groups;
    }

    /// <summary>What was stored only for a group that has been joined need not be stored any more.</summary>
    private void KeepWhatIsRead(List<Group> groups, Tensor[] roots)
    {
        var read = new HashSet<Tensor>(roots);
        foreach (Group group in groups)
            foreach ((Tensor stored, _, _) in Loads(group)) read.Add(stored);
        foreach (Group group in groups) group.Roots.RemoveAll(root => !read.Contains(root));
    }

    private void Link(Group group)
    {
        foreach ((Tensor stored, _, _) in Loads(group))
        {
            if (!_groupOf.TryGetValue(stored, out Group? producer) || producer == group) continue;
            group.Producers.Add(producer);
            producer.Consumers.Add(group);
        }
    }

    /// <summary>What the members read from outside: the stored node, the map, and the member that reads.</summary>
    private IEnumerable<(Tensor Stored, IndexMap Map, Tensor Reader)> Loads(Group group)
    {
        foreach (Tensor member in group.Members)
            for (int i = 0; i < member.Inputs.Length; i++)
            {
                (Tensor stored, IndexMap map) = _maps.ReadBy(member, i);
                if (!group.Members.Contains(stored)) yield return (stored, map, member);
            }
    }

    /// <summary>The rows and columns over which both groups can run as one, or null.</summary>
    private (int Rows, int Columns)? CommonRows(Group producer, Group consumer)
    {
        if (producer.Members.Count + consumer.Members.Count > MaxMembers) return null;
        (int rows, int columns) = (consumer.Rows, consumer.Columns);
        if (producer.Columns > 1 && columns > 1 && (producer.Rows, producer.Columns) != (rows, columns)) return null;
        if (columns == 1 && producer.Columns > 1) (rows, columns) = (producer.Rows, producer.Columns);
        if (columns == 1 && producer.Rows != rows)
        {
            // Two groups without rows: a column of P stretched along rows of Q, perhaps.
            if (producer.Rows < 2 || rows % producer.Rows != 0 || rows / producer.Rows > Grouping.MaxColumns) return null;
            (rows, columns) = (producer.Rows, rows / producer.Rows);
        }
        if (!Covers(producer, rows, columns) || !Covers(consumer, rows, columns)) return null;

        foreach ((Tensor stored, IndexMap map, Tensor reader) in Loads(consumer))
        {
            if (!producer.Members.Contains(stored)) continue;
            long from = stored.Shape.Count, to = reader.Op is Reduce ? reader.Inputs[0].Shape.Count : reader.Shape.Count;
            bool samePosition = from == to && map.IsWhole((int)from);
            bool alongRows = from == rows && to == (long)rows * columns && map.IsRowStretch(rows, columns);
            if (!samePosition && !alongRows) return null;
        }
        return (rows, columns);
    }

    /// <summary>True when a group's positions are the rows or all positions of R rows of C columns.</summary>
    private static bool Covers(Group group, int rows, int columns) =>
        group.Columns > 1 ? (group.Rows, group.Columns) == (rows, columns) : group.Rows == rows || group.Rows == (long)rows * columns;

    /// <summary>True when results of the producer reach the consumer through another group, which a joined group would have to wait for.</summary>
    private static bool HasWayAround(Group producer, Group consumer)
    {
        var seen = new HashSet<Group>();
        var open = new Stack<Group>(producer.Consumers.Where(next => next != consumer));
        while (open.TryPop(out Group? group))
        {
            if (!seen.Add(group)) continue;
            if (seen.Count > MaxVisits) return true;
            foreach (Group next in group.Consumers)
            {
                if (next == consumer) return true;
                open.Push(next);
            }
        }
        return false;
    }

    private void Absorb(Group consumer, Group producer, int rows, int columns)
    {
        (consumer.Rows, consumer.Columns) = (rows, columns);
        consumer.Members.UnionWith(producer.Members);
        consumer.Roots.InsertRange(0, producer.Roots);
        foreach (Tensor root in producer.Roots) _groupOf[root] = consumer;
        foreach (Group next in producer.Consumers)
        {
            next.Producers.Remove(producer);
            if (next == consumer) continue;
            next.Producers.Add(consumer);
            consumer.Consumers.Add(next);
        }
        foreach (Group before in producer.Producers)
        {
            before.Consumers.Remove(producer);
            before.Consumers.Add(consumer);
            consumer.Producers.Add(before);
        }
    }
}
