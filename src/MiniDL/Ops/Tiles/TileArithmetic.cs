// Arithmetic that System.Numerics.Tensors lacks, or does otherwise than MiniDL's conventions want, or slowly for one element. What it does right is used
// directly as a tile routine: see the README's list.
//
// The one thing to understand: NaN must come through. Comparisons with NaN are false, so each routine is written such that
// "false" keeps the input.
using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using static System.Runtime.Intrinsics.Vector512;
using Floats = System.Runtime.Intrinsics.Vector512<float>;

namespace MiniDL.Ops;

internal static partial class Tile
{
    private const int Few = 4;   // elements for which calling the library takes longer than the roots: a deviation for each row of a tile, say

    /// <summary>dst = the square root of x.</summary>
    public static void Sqrt(ReadOnlySpan<float> x, Span<float> dst)
    {
        if (dst.Length > Few) TensorPrimitives.Sqrt(x, dst);
        else
            for (int i = 0; i < dst.Length; i++) dst[i] = MathF.Sqrt(x[i]);
    }

    /// <summary>dst = 1 / the square root of x, each rounded.</summary>
    public static void ReciprocalSqrt(ReadOnlySpan<float> x, Span<float> dst)
    {
        if (dst.Length > Few) TensorPrimitives.ReciprocalSqrt(x, dst);
        else
            for (int i = 0; i < dst.Length; i++) dst[i] = 1 / MathF.Sqrt(x[i]);
    }

    /// <summary>dst = max(x, 0); NaN stays NaN.</summary>
    public static void Relu(ReadOnlySpan<float> x, Span<float> dst) => Map<ReluOp, float, float>(x, dst);

    /// <summary>dst = 1, 0 or -1, as x is positive, zero or negative; NaN stays NaN.</summary>
    public static void Sign(ReadOnlySpan<float> x, Span<float> dst) => Map<SignOp, float, float>(x, dst);

    /// <summary>dst = max(x, y), for float or int; NaN if either is NaN, and +0 counts as larger than -0.</summary>
    public static void Maximum<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> dst) => Map<MaximumOp<T>, T, T>(x, y, dst);

    /// <summary>dst = min(x, y), for float or int; NaN if either is NaN, and -0 counts as smaller than +0.</summary>
    public static void Minimum<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> dst) => Map<MinimumOp<T>, T, T>(x, y, dst);

    /// <summary>dst = |x| for int; the smallest int, which has no positive counterpart, stays as it is.</summary>
    public static void Abs(ReadOnlySpan<int> x, Span<int> dst) => Map<AbsOp, int, int>(x, dst);

    /// <summary>dst = x^y as <see cref="MathF.Pow"/> has it: NaN for a negative x unless y is whole. One element at a time.</summary>
    public static void Pow(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dst)
    {
        CheckLength(x.Length, dst.Length);
        CheckLength(y.Length, dst.Length);
        for (int i = 0; i < dst.Length; i++)
            dst[i] = MathF.Pow(x[i], y[i]);
    }

    private readonly struct ReluOp : ITileMap<float, float>
    {
        public static Floats Apply(Floats x) => ConditionalSelect(LessThan(x, Floats.Zero), Floats.Zero, x);
    }

    private readonly struct SignOp : ITileMap<float, float>
    {
        public static Floats Apply(Floats x)
        {
            Floats negativeOrRest = ConditionalSelect(LessThan(x, Floats.Zero), Create(-1f), x);
            return ConditionalSelect(GreaterThan(x, Floats.Zero), Floats.One, negativeOrRest);
        }
    }

    private readonly struct MaximumOp<T> : ITileMap2<T, T>
    {
        public static Vector512<T> Apply(Vector512<T> x, Vector512<T> y) => Vector512.Max(x, y);
    }

    private readonly struct MinimumOp<T> : ITileMap2<T, T>
    {
        public static Vector512<T> Apply(Vector512<T> x, Vector512<T> y) => Vector512.Min(x, y);
    }

    private readonly struct AbsOp : ITileMap<int, int>
    {
        public static Vector512<int> Apply(Vector512<int> x) => Vector512.Abs(x);
    }
}
