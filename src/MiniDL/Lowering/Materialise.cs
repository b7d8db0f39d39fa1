// Inserts copies where a stage needs its operand in one piece, and where a result needs memory of its own.
//
//   * a reshape of elements that do not lie in order          reshape(x.T)      -> reshape(copy(x.T))
//   * an operand of a convolution, pooling or gather that is a strided view
//   * a batch of matrices whose batch axes do not step evenly
//   * an output or update that is a leaf or a view, or serves twice
// Everything else reads through strides.
namespace MiniDL;

/// <summary>Rebuilds the graph with <see cref="Copy"/> nodes where they are needed.</summary>
internal static class Materialise
{
    /// <summary>The roots (outputs, then updates) with copies inserted, and the index maps of all nodes.</summary>
    public static (Tensor[] Roots, IndexMaps Maps) Insert(Tensor[] roots, int outputs)
    {
        var maps = new IndexMaps();
        var replacements = new Dictionary<Tensor, Tensor>();
        var copies = new Dictionary<Tensor, Tensor>();
        foreach (Tensor node in Traversal.Topological(roots))
        {
            Tensor current = Traversal.WithInputs(node, replacements);
            Tensor[]? inputs = null;
            for (int i = 0; i < current.Inputs.Length; i++)
                if (NeedsCopy(current, i, maps[current.Inputs[i]].Map)) (inputs ??= current.Inputs.ToArray())[i] = CopyOf(WholeBatch(current, i));
            if (inputs is not null) current = new Tensor(current.Op, inputs, current.Type, current.Name, current.Source);
            if (!maps.TryAdd(current))
            {
                current = new Tensor(current.Op, [CopyOf(current.Inputs[0])], current.Type, current.Name, current.Source);
                maps.TryAdd(current);
            }
            replacements[node] = current;
        }

        var result = new Tensor[roots.Length];
        var taken = new HashSet<Tensor>();
        for (int i = 0; i < roots.Length; i++)
        {
            Tensor root = replacements[roots[i]];
            bool computed = !IndexMaps.IsView(root) && root.Inputs.Length + (root.Op is RandomOp ? 1 : 0) > 0;
            bool again = !taken.Add(root) && i >= outputs;   // one buffer can serve two outputs, but not an output and an update
            result[i] = computed && !again ? root : FreshCopy(root);
        }
        return (result, maps);

        // A product's operand is copied with its batch axes stretched: that is what steps evenly afterwards.
        Tensor WholeBatch(Tensor node, int input)
        {
            Tensor x = node.Inputs[input];
            if (node.Op is not (MatMul or Gemm) || input > 1) return x;
            Tensor stretched = BroadcastTo.To(x, Shape.Create([.. node.Shape.Dims[..^2], .. x.Shape.Dims[^2..]]));
            maps.TryAdd(stretched);
            return stretched;
        }

        Tensor CopyOf(Tensor x) => copies.TryGetValue(x, out Tensor? copy) ? copy : copies[x] = FreshCopy(x);

        Tensor FreshCopy(Tensor x)
        {
            var copy = new Tensor(new Copy(), [x], x.Type, x.Name, x.Source);
            maps.TryAdd(copy);
            return copy;
        }
    }

    private static bool NeedsCopy(Tensor node, int input, IndexMap map) => node.Op switch
    {
        ConvOp or PoolOp or MaxUnpool or PoolGather or AvgUnpool or Gather or ScatterAdd or ArgMax => !map.IsContiguous,
        MatMul or Gemm when input < 2 => BatchMap(map, node.Shape) is null,
        Gemm => !map.IsContiguous,
        _ => false,
    };

    /// <summary>A product's operand (batch axes..., R, C), its batch axes stretched to the <paramref name="result"/>'s, as one of
    /// (batch, R, C); null if the batch axes do not step evenly.</summary>
    public static IndexMap? BatchMap(IndexMap operand, Shape result)
    {
        IndexMap map = IndexMaps.Stretch(operand, Shape.Create([.. result.Dims[..^2], .. operand.Shape.Dims[^2..]]));
        int axes = map.Shape.Rank - 2, batch = 1, step = 0;
        for (int axis = axes - 1; axis >= 0; axis--)
        {
            int dim = map.Shape[axis], stride = map.Strides[axis];
            if (dim == 1) continue;
            if (batch == 1) step = stride;
            else if (stride != step * batch) return null;
            batch *= dim;
        }
        return new IndexMap([batch, map.Shape[^2], map.Shape[^1]], [step, map.Strides[axes], map.Strides[axes + 1]], map.Offset);
    }
}
