// Reductions of a span to one number: sum, product, max, min, argmax. The CPU executor uses them along rows; along columns it
// keeps a row of accumulators and applies the elementwise routine in place, Tile.Maximum(acc, x, acc) and so on.
//
// The one thing to understand: float addition is not associative, so the order is part of the contract. Partial result l, of 64,
// takes elements l, l + 64, l + 128, ... in float. Then, in double: l meets l + 8 within each 16, the four groups of eight
// that are left meet as (0 and 1) and (2 and 3), and those eight are halved until one is left. Neither the address of the
// span nor the number of threads plays a part.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Floats = System.Runtime.Intrinsics.Vector512<float>;

namespace MiniDL.Ops;

/// <summary>An associative operation with an identity, on float and double lanes alike.</summary>
internal interface ITileReduction
{
    /// <summary>The result of reducing nothing.</summary>
    static abstract float Identity { get; }

    /// <summary>a op b, lane by lane.</summary>
    static abstract Vector512<T> Combine<T>(Vector512<T> a, Vector512<T> b);

    /// <inheritdoc cref="Combine{T}(Vector512{T}, Vector512{T})"/>
    static abstract Vector256<T> Combine<T>(Vector256<T> a, Vector256<T> b);

    /// <inheritdoc cref="Combine{T}(Vector512{T}, Vector512{T})"/>
    static abstract Vector128<T> Combine<T>(Vector128<T> a, Vector128<T> b);
}

internal static partial class Tile
{
    /// <summary>The sum; 0 for an empty span.</summary>
    public static double Sum(ReadOnlySpan<float> x) => Reduce<SumOp>(x);

    /// <summary>The product; 1 for an empty span.</summary>
    public static double Product(ReadOnlySpan<float> x) => Reduce<ProductOp>(x);

    /// <summary>The largest element, NaN if any is NaN; -infinity for an empty span.</summary>
    public static float Max(ReadOnlySpan<float> x) => (float)Reduce<MaxOp>(x);

    /// <summary>The smallest element, NaN if any is NaN; +infinity for an empty span.</summary>
    public static float Min(ReadOnlySpan<float> x) => (float)Reduce<MinOp>(x);

    /// <summary>The sum of 64 partial sums in four vectors, in the documented order: what a loop that computes what it sums ends with.</summary>
    public static double Sum(Floats a, Floats b, Floats c, Floats d) => Last<SumOp>((Doubles<SumOp>(a) + Doubles<SumOp>(b)) + (Doubles<SumOp>(c) + Doubles<SumOp>(d)));

    /// <summary>sums[i] += x[i], in double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddWidened(ReadOnlySpan<float> x, Span<double> sums)
    {
        CheckLength(x.Length, sums.Length);
        ref float xs = ref MemoryMarshal.GetReference(x);
        ref double totals = ref MemoryMarshal.GetReference(sums);
        nuint whole = (nuint)(x.Length / Lanes * Lanes), i = 0;
        for (; i < whole; i += Lanes)
        {
            (Vector512<double> low, Vector512<double> high) = Vector512.Widen(Vector512.LoadUnsafe(ref xs, i));
            (Vector512.LoadUnsafe(ref totals, i) + low).StoreUnsafe(ref totals, i);
            (Vector512.LoadUnsafe(ref totals, i + Lanes / 2) + high).StoreUnsafe(ref totals, i + Lanes / 2);
        }
        for (; i < (nuint)x.Length; i++) sums[(int)i] += x[(int)i];
    }

    /// <summary>The index of the first NaN, else of the first of the largest elements; -1 for an empty span.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int ArgMax(ReadOnlySpan<float> x)
    {
        float max = Max(x);
        for (int i = 0; i < x.Length; i += Lanes)
        {
            // A lane beyond the end may match the padding, but only after the element that is sought.
            Floats lanes = x.Length - i >= Lanes ? Vector512.Create(x[i..]) : LoadRest(x[i..]);
            Floats found = float.IsNaN(max) ? ~Vector512.Equals(lanes, lanes) : Vector512.Equals(lanes, Vector512.Create(max));
            ulong bits = found.ExtractMostSignificantBits();
            if (bits != 0)
                return i + BitOperations.TrailingZeroCount(bits);
        }
        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Reduce<TOp>(ReadOnlySpan<float> x) where TOp : struct, ITileReduction
    {
        // Fetch the last part of a vector first: sums that live across a call would be kept in memory, in the loop too.
        Floats part = Vector512.Create(TOp.Identity);
        if (x.Length % Lanes != 0) part = LoadRest(x[^(x.Length % Lanes)..], part);

        // 64 partial results: four vectors, which also hide the latency of an addition.
        Floats identity = Vector512.Create(TOp.Identity);
        (Floats a, Floats b, Floats c, Floats d) = (identity, identity, identity, identity);
        nuint whole = (nuint)(x.Length / Lanes), i = 0;
        ref float xs = ref MemoryMarshal.GetReference(x);
        for (; i + 4 <= whole; i += 4)
        {
            a = TOp.Combine(a, Vector512.LoadUnsafe(ref xs, i * Lanes));
            b = TOp.Combine(b, Vector512.LoadUnsafe(ref xs, (i + 1) * Lanes));
            c = TOp.Combine(c, Vector512.LoadUnsafe(ref xs, (i + 2) * Lanes));
            d = TOp.Combine(d, Vector512.LoadUnsafe(ref xs, (i + 3) * Lanes));
        }

        // The rest: up to three vectors, and the part of one that is padded with the identity.
        a = TOp.Combine(a, i < whole ? Vector512.LoadUnsafe(ref xs, i * Lanes) : part);
        if (i < whole) b = TOp.Combine(b, i + 1 < whole ? Vector512.LoadUnsafe(ref xs, (i + 1) * Lanes) : part);
        if (i + 1 < whole) c = TOp.Combine(c, i + 2 < whole ? Vector512.LoadUnsafe(ref xs, (i + 2) * Lanes) : part);
        if (i + 2 < whole) d = TOp.Combine(d, part);
        return Last<TOp>(TOp.Combine(TOp.Combine(Doubles<TOp>(a), Doubles<TOp>(b)), TOp.Combine(Doubles<TOp>(c), Doubles<TOp>(d))));
    }

    /// <summary>8 doubles to 4 to 2 to 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Last<TOp>(Vector512<double> eight) where TOp : struct, ITileReduction
    {
        Vector256<double> four = TOp.Combine(eight.GetLower(), eight.GetUpper());
        Vector128<double> two = TOp.Combine(four.GetLower(), four.GetUpper());
        return TOp.Combine(two, Vector128.Create(two.GetElement(1), two.GetElement(1))).ToScalar();
    }

    /// <summary>16 floats to 8 doubles: lane l with lane l + 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Doubles<TOp>(Floats x) where TOp : struct, ITileReduction
    {
        (Vector512<double> low, Vector512<double> high) = Vector512.Widen(x);
        return TOp.Combine(low, high);
    }

    private readonly struct SumOp : ITileReduction
    {
        public static float Identity => 0;

        public static Vector512<T> Combine<T>(Vector512<T> a, Vector512<T> b) => a + b;

        public static Vector256<T> Combine<T>(Vector256<T> a, Vector256<T> b) => a + b;

        public static Vector128<T> Combine<T>(Vector128<T> a, Vector128<T> b) => a + b;
    }

    private readonly struct ProductOp : ITileReduction
    {
        public static float Identity => 1;

        public static Vector512<T> Combine<T>(Vector512<T> a, Vector512<T> b) => a * b;

        public static Vector256<T> Combine<T>(Vector256<T> a, Vector256<T> b) => a * b;

        public static Vector128<T> Combine<T>(Vector128<T> a, Vector128<T> b) => a * b;
    }

    private readonly struct MaxOp : ITileReduction
    {
        public static float Identity => float.NegativeInfinity;

        public static Vector512<T> Combine<T>(Vector512<T> a, Vector512<T> b) => Vector512.Max(a, b);

        public static Vector256<T> Combine<T>(Vector256<T> a, Vector256<T> b) => Vector256.Max(a, b);

        public static Vector128<T> Combine<T>(Vector128<T> a, Vector128<T> b) => Vector128.Max(a, b);
    }

    private readonly struct MinOp : ITileReduction
    {
        public static float Identity => float.PositiveInfinity;

        public static Vector512<T> Combine<T>(Vector512<T> a, Vector512<T> b) => Vector512.Min(a, b);

        public static Vector256<T> Combine<T>(Vector256<T> a, Vector256<T> b) => Vector256.Min(a, b);

        public static Vector128<T> Combine<T>(Vector128<T> a, Vector128<T> b) => Vector128.Min(a, b);
    }
}
