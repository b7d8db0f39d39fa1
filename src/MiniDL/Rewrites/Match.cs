// Small questions that the patterns of rules are made of.
//
// The one thing to understand: a pattern should see through what does not matter. KeptReduction recognises a row sum behind any dropping, adding back and
// stretching of axes, so that a rule need not know how a user spelled it.
namespace MiniDL;

/// <summary>Recognises shapes of expressions.</summary>
internal static class Match
{
    /// <summary>The inputs of an elementwise op, if the node is one.</summary>
    public static bool Is(Tensor node, Elementwise op, out Tensor x)
    {
        bool matches = ReferenceEquals(node.Op, op);
        x = matches ? node.Inputs[0] : node;
        return matches;
    }

    /// <inheritdoc cref="Is(Tensor, Elementwise, out Tensor)"/>
    public static bool Is(Tensor node, Elementwise op, out Tensor a, out Tensor b)
    {
        bool matches = ReferenceEquals(node.Op, op);
        a = matches ? node.Inputs[0] : node;
        b = matches ? node.Inputs[1] : node;
        return matches;
    }

    /// <summary>True when every element of the node is a constant number, seen through reshapes and broadcasts.</summary>
    public static bool IsNumber(Tensor node, double value) => Constant.ScalarOf(node) == value;

    /// <summary>A commutative op with one side a constant number: the other side.</summary>
    public static bool WithNumber(Tensor node, Elementwise op, out Tensor other, out double number)
    {
        number = 0;
        if (!Is(node, op, out other, out Tensor b)) return false;
        if (Constant.ScalarOf(b) is { } right)
        {
            number = right;
            return true;
        }
        if (Constant.ScalarOf(other) is not { } left) return false;
        (number, other) = (left, b);
        return true;
    }

    /// <summary>A reduction of one kind whose result stands, stretched, along the axes it reduced: what sum(x, axis, keepDims)
    /// gives, however its axes were dropped, added back or broadcast since. Null if it is something else.</summary>
    public static Tensor? KeptReduction(Tensor node, ReduceKind kind)
    {
        int rank = node.Rank;
        // axisOf[i]: the axis of the node being looked at that axis i of the first node reads, or -1 for an axis that was added.
        var axisOf = new int[rank];
        for (int i = 0; i < rank; i++) axisOf[i] = i;
        while (true)
        {
            switch (node.Op)
            {
                case DimShuffle shuffle:
                    for (int i = 0; i < rank; i++) axisOf[i] = axisOf[i] < 0 ? -1 : shuffle.Pattern[axisOf[i]];
                    break;
                case BroadcastTo:
                    int missing = node.Rank - node.Inputs[0].Rank;
                    for (int i = 0; i < rank; i++) axisOf[i] = Math.Max(-1, axisOf[i] - missing);
                    break;
                case Reduce reduce when reduce.Kind == kind && node.Rank == rank:
                    for (int i = 0; i < rank; i++)
                        if (axisOf[i] != i && !(axisOf[i] == -1 && reduce.Axes.Contains(i))) return null;
                    return node;
                default:
                    return null;
            }
            node = node.Inputs[0];
        }
    }

    /// <summary>True when the op only picks or rearranges elements of its first input, so that a function of each element may be
    /// applied before it as well as after.</summary>
    public static bool IsView(Op op) => op is DimShuffle or ReshapeTo or FlattenOp or BroadcastTo or Slice or Reverse or Gather;
}
