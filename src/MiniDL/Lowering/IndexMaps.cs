// First step of lowering: every chain of transposes, reshapes, slices, stretches and reversals becomes one index map onto something stored.
//
// The one thing to understand: a view op moves nothing. Its consumers read the node below through offset and strides. Only a reshape of
// elements that do not lie in order needs them copied first; Materialise.cs sees to that, so here every view composes.
namespace MiniDL;

/// <summary>Resolves each node to the stored node it reads and how.</summary>
internal sealed class IndexMaps
{
    private readonly Dictionary<Tensor, (Tensor Base, IndexMap Map)> _maps = [];

    /// <summary>The stored node (leaf or computed) behind a node, and the map through which it is read.</summary>
    public (Tensor Base, IndexMap Map) this[Tensor node] => _maps[node];

    /// <summary>How a computed node reads one of its inputs: an elementwise op stretches it to its own shape.</summary>
    public (Tensor Base, IndexMap Map) ReadBy(Tensor reader, int input)
    {
        (Tensor stored, IndexMap map) = _maps[reader.Inputs[input]];
        return reader.Op is not Elementwise || map.Shape.Equals(reader.Shape) ? (stored, map) : (stored, Stretch(map, reader.Shape));
    }

    /// <summary>A map read over a larger shape: dims of 1 and missing leading dims are read again and again.</summary>
    public static IndexMap Stretch(IndexMap map, Shape shape)
    {
        var strides = new int[shape.Rank];
        int missing = shape.Rank - map.Shape.Rank;
        for (int i = missing; i < strides.Length; i++) strides[i] = map.Shape[i - missing] == 1 ? 0 : map.Strides[i - missing];
        return new IndexMap(shape, Ints.Create(strides), map.Offset);
    }

    /// <summary>True for ops that are index maps and nothing else.</summary>
    public static bool IsView(Tensor node) => node.Op is DimShuffle or BroadcastTo or ReshapeTo or Slice or Reverse;

    /// <summary>Adds a node whose inputs are added already. False if it is a reshape of elements that do not lie in order: then it is not added.</summary>
    public bool TryAdd(Tensor node)
    {
        if (!IsView(node))
        {
            _maps[node] = (node, IndexMap.Contiguous(node.Shape));
            return true;
        }
        (Tensor stored, IndexMap map) = _maps[node.Inputs[0]];
        if (Compose(node, map) is not { } composed) return false;
        _maps[node] = (stored, composed);
        return true;
    }

    private static IndexMap? Compose(Tensor node, IndexMap map)
    {
        Shape shape = node.Shape;
        var strides = new int[shape.Rank];
        int offset = map.Offset;
        switch (node.Op)
        {
            case DimShuffle shuffle:
                for (int i = 0; i < strides.Length; i++) strides[i] = shuffle.Pattern[i] < 0 ? 0 : map.Strides[shuffle.Pattern[i]];
                break;
            case BroadcastTo:
                return Stretch(map, shape);
            case Slice slice:
                for (int i = 0; i < strides.Length; i++)
                {
                    offset += shape.Count == 0 ? 0 : slice.Start[i] * map.Strides[i];
                    strides[i] = map.Strides[i] * slice.Step[i];
                }
                break;
            case Reverse reverse:
                for (int i = 0; i < strides.Length; i++)
                {
                    strides[i] = reverse.Axes.Contains(i) ? -map.Strides[i] : map.Strides[i];
                    if (reverse.Axes.Contains(i)) offset += Math.Max(0, shape[i] - 1) * map.Strides[i];
                }
                break;
            case ReshapeTo:
                if (map.IsContiguous) return IndexMap.Contiguous(shape) with { Offset = offset };
                // One element read everywhere is still one element read everywhere.
                if (map.Strides.Values.ContainsAnyExcept(0)) return null;
                break;
        }
        return new IndexMap(shape, Ints.Create(strides), offset);
    }
}
