// Measures how much a graph amplifies rounding: evaluates it with every node moved a little.
//
// A fixed tolerance for a whole graph is either too wide to find a mistake or too tight for a subtraction of nearly equal numbers. Moving each node at random by
// as much as its op may be off shows what the graph makes of it; the spread of a few such runs is the measure.
using MiniDL.Ops;

namespace MiniDL;

/// <summary>Moves float32 values by up to <paramref name="scale"/> times their op's tolerance.</summary>
internal sealed class Jitter(ulong seed, double scale = 1)
{
    private uint _stream;

    /// <summary>An <see cref="Interpreter.Adjust"/>: moves each element of a node's value at random.</summary>
    public void Apply(Tensor node, ReferenceArray value)
    {
        if (node.DType != DType.Float32 || node.Op is InputOp or SharedOp or Constant || Match.IsView(node.Op)) return;
        uint stream = _stream++;
        Tolerance tolerance = node.Op.Tolerance;
        double relative = scale * Math.Max(tolerance.Relative, Tolerance.Exact.Relative), largest = 0;
        if (tolerance.OfLargest)
            foreach (double x in value.Data)
                if (double.IsFinite(x)) largest = Math.Max(largest, Math.Abs(x));
        for (int i = 0; i < value.Data.Length; i++)
        {
            double unit = 2 * Philox.Uniform(seed, stream, 0, (uint)i) - 1;
            value.Data[i] += unit * relative * (tolerance.OfLargest ? largest : Math.Abs(value.Data[i]));
        }
    }
}
