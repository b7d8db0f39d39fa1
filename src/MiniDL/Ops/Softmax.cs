// Softmax and its relatives along one axis. They are ops, not compositions, so that patterns can be recognised and kernels chosen;
// before fusion the pass "expand" writes them out in primitive ops again, shifted by the maximum.
//
// Formulas, m being the maximum along the axis:
//   log_sum_exp(x) = m + log sum exp(x - m)     log_softmax(x) = x - log_sum_exp(x)     softmax(x) = exp(x - m) / sum exp(x - m)
// The shift changes nothing mathematically and keeps every exponent at or below 0.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>Which of the three a <see cref="SoftmaxOp"/> is.</summary>
public enum SoftmaxKind
{
    /// <summary>exp(x) / sum exp(x).</summary>
    Softmax,

    /// <summary>log of the softmax, never -infinity for finite x.</summary>
    LogSoftmax,

    /// <summary>log sum exp(x); the axis stays as a dim of 1.</summary>
    LogSumExp,
}

/// <summary>Softmax, its logarithm, or the logarithm of its denominator, along <paramref name="Axis"/>.</summary>
public sealed record SoftmaxOp(SoftmaxKind Kind, int Axis) : Op
{
    /// <inheritdoc/>
    public override string Name => NameOf(Kind);

    internal static string NameOf(SoftmaxKind kind) => kind switch { SoftmaxKind.Softmax => "softmax", SoftmaxKind.LogSoftmax => "log_softmax", _ => "log_sum_exp" };

    /// <inheritdoc/>
    protected override string Parameters => $"axis {Axis}";

    /// <inheritdoc/>
    public override Tolerance Tolerance => Kind == SoftmaxKind.Softmax ? new(4e-6) : new(2e-6, OfLargest: true);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        if (inputs[0].DType != DType.Float32) throw Error("takes float32; use T.Cast", inputs);
        return new TensorType(DType.Float32, Kind == SoftmaxKind.LogSumExp ? inputs[0].Shape.With(Axis, 1) : inputs[0].Shape);
    }

    /// <summary>softmax: y (g - sum g y). log_softmax: g - exp(y) sum g. log_sum_exp: g softmax(x).</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g) => Kind switch
    {
        SoftmaxKind.Softmax => [y * (g - Reduce.Of(ReduceKind.Sum, g * y, [Axis]))],
        SoftmaxKind.LogSoftmax => [g - T.Exp(y) * Reduce.Of(ReduceKind.Sum, g, [Axis])],
        _ => [g * Of(SoftmaxKind.Softmax, y.Inputs[0], Axis)],
    };

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        ReferenceArray x = inputs[0];
        var result = new ReferenceArray(type.Shape);
        int length = x.Shape[Axis], inner = (int)x.Shape.Product(Axis + 1, x.Shape.Rank), outer = (int)x.Shape.Product(0, Axis);
        for (int row = 0; row < outer * inner; row++)
        {
            int first = row / inner * length * inner + row % inner;
            double max = double.NegativeInfinity, sum = 0;
            for (int k = 0; k < length; k++) max = Math.Max(max, x.Data[first + k * inner]);
            for (int k = 0; k < length; k++) sum += Math.Exp(x.Data[first + k * inner] - max);
            if (Kind == SoftmaxKind.LogSumExp) result.Data[row] = max + Math.Log(sum);
            else
                for (int k = 0; k < length; k++)
                {
                    int i = first + k * inner;
                    result.Data[i] = Kind == SoftmaxKind.Softmax ? Math.Exp(x.Data[i] - max) / sum : x.Data[i] - max - Math.Log(sum);
                }
        }
        return result;
    }

    /// <summary>The same in primitive ops, each stable.</summary>
    internal Tensor Expand(Tensor x)
    {
        Tensor shifted = x - Reduce.Of(ReduceKind.Max, x, [Axis]);
        Tensor exponentials = T.Exp(shifted);
        Tensor sum = Reduce.Of(ReduceKind.Sum, exponentials, [Axis]);
        return Kind switch
        {
            SoftmaxKind.Softmax => exponentials / sum,
            SoftmaxKind.LogSoftmax => shifted - T.Log(sum),
            _ => Reduce.Of(ReduceKind.Max, x, [Axis]) + T.Log(sum),
        };
    }

    internal static Tensor Of(SoftmaxKind kind, Tensor x, int axis) => Tensor.Apply(new SoftmaxOp(kind, x.Shape.Axis(axis)), x);
}

public static partial class T
{
    /// <summary>exp(x) / sum exp(x) along an axis: positive, summing to 1. float32.</summary>
    public static Tensor Softmax(Tensor x, int axis = -1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => SoftmaxBy(SoftmaxKind.Softmax, x, axis, file, line);

    /// <summary>log of the softmax along an axis, finite for every finite x. float32.</summary>
    public static Tensor LogSoftmax(Tensor x, int axis = -1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => SoftmaxBy(SoftmaxKind.LogSoftmax, x, axis, file, line);

    /// <summary>log sum exp(x) along an axis, finite for every finite x; the axis is dropped unless kept. float32.</summary>
    public static Tensor LogSumExp(Tensor x, int axis = -1, bool keepDims = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        Tensor result = SoftmaxBy(SoftmaxKind.LogSumExp, x, axis, file, line);
        return keepDims ? result : MiniDL.DimShuffle.Drop(result, [axis < 0 ? axis + x.Rank : axis]);
    }

    private static Tensor SoftmaxBy(SoftmaxKind kind, Tensor x, int axis, string file, int line)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        return SoftmaxOp.Of(kind, x, AxisOf(SoftmaxOp.NameOf(kind), x, axis, x.Rank));
    }
}
