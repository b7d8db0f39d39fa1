// Measures how much a graph amplifies rounding: evaluates it with every node moved a little.
//
// A fixed tolerance for a whole graph is either too wide to find a mistake or too tight for a subtraction of nearly equal numbers. Moving each node at random by
// as much as its op may be off shows what the graph makes of it; the spread of a few such runs is the measure.
using MiniDL.Ops;

namespace MiniDL;

/// <summary>Moves float32 values by up to <paramref name="scale"/> times their op's tolerance, in one run.</summary>
internal sealed class Jitter(ulong seed, RunState run, double scale = 1)
{
    private uint _stream;

    /// <summary>An <see cref="Interpreter.Adjust"/>: moves each element of a node's value at random.</summary>
    public void Apply(Tensor node, ReferenceArray[] inputs, ReferenceArray value)
    {
        if (node.DType != DType.Float32 || node.Op is InputOp or SharedOp or Constant || Match.IsView(node.Op)) return;
        uint stream = _stream++;
        Tolerance tolerance = node.Op.Tolerance;
        double relative = scale * Math.Max(tolerance.Relative, Tolerance.Exact.Relative);
        double largest = tolerance.OfLargest ? LargestTerm(node, inputs, value, run) : 0;
        for (int i = 0; i < value.Data.Length; i++)
        {
            if (!double.IsFinite(value.Data[i])) continue;   // infinity moved a little is infinity, not NaN
            double unit = 2 * Philox.Uniform(seed, stream, 0, (uint)i) - 1;
            value.Data[i] += unit * relative * (tolerance.OfLargest ? largest : Math.Abs(value.Data[i]));
        }
    }

    /// <summary>What the rounding of a node of <see cref="Tolerance.OfLargest"/> is relative to: the largest element, or the largest sum of absolute
    /// terms. A float32 sum of terms that cancel is as wrong as one of terms that do not (Higham, "Accuracy and Stability of Numerical Algorithms", 4.2).</summary>
    public static double LargestTerm(Tensor node, ReferenceArray[] inputs, ReferenceArray value, RunState run)
    {
        bool sums = node.Op is MatMul or Gemm or ConvOp or AvgPool or AvgUnpool or ScatterAdd or Reduce { Kind: ReduceKind.Sum };
        Op op = node.Op is Gemm gemm ? gemm with { Alpha = Math.Abs(gemm.Alpha), Beta = Math.Abs(gemm.Beta) } : node.Op;
        ReferenceArray terms = sums
            ? op.Evaluate([.. inputs.Select(input => new ReferenceArray(input.Shape, Array.ConvertAll(input.Data, Math.Abs)))], node.Type, run)
            : value;
        double largest = 0;
        foreach (double term in terms.Data)
            if (double.IsFinite(term)) largest = Math.Max(largest, Math.Abs(term));
        return largest;
    }
}
