// The loops that every tile routine is made of. Stands at the last step of the pipeline, run: the CPU executor evaluates a
// fused expression tile by tile (about 1024 elements that stay in the L1 cache) and calls one routine per primitive op.
//
// The one thing to understand: an op is written once, as a function of 16 lanes (Vector512), and one loop per number of
// operands applies it. On machines with narrower registers the runtime splits the 16 lanes into two or four registers.
// What does not fill 16 lanes goes through a padded vector and the *same* function, so that an element gets the same bits
// wherever it stands in a tile; a scalar loop for the tail would round differently.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MiniDL.Ops;

/// <summary>dst = op(x), 16 lanes at a time; an operator is an empty struct, so that the JIT inlines it into its loop.</summary>
internal interface ITileMap<TX, TDst>
{
    /// <summary>The op on 16 lanes; a lane of the result depends on the same lane of the input only.</summary>
    static abstract Vector512<TDst> Apply(Vector512<TX> x);
}

/// <summary>dst = op(x, y), 16 lanes at a time.</summary>
internal interface ITileMap2<TX, TDst>
{
    /// <inheritdoc cref="ITileMap{TX, TDst}.Apply"/>
    static abstract Vector512<TDst> Apply(Vector512<TX> x, Vector512<TX> y);
}

/// <summary>Tile routines: elementwise ops and reductions over short spans of 4-byte elements. Elementwise routines accept a
/// destination that is the same memory as an input, but not one that overlaps it in part.</summary>
internal static partial class Tile
{
    /// <summary>Elements in a vector: 16 of 4 bytes each.</summary>
    public const int Lanes = 16;

    /// <summary>dst[i] = op(x[i]).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Map<TOp, TX, TDst>(ReadOnlySpan<TX> x, Span<TDst> dst) where TOp : struct, ITileMap<TX, TDst>
    {
        CheckLength(x.Length, dst.Length);
        ref TX xs = ref MemoryMarshal.GetReference(x);
        ref TDst dsts = ref MemoryMarshal.GetReference(dst);
        int i = 0;
        for (; i <= dst.Length - Lanes; i += Lanes)
            TOp.Apply(Vector512.LoadUnsafe(ref xs, (nuint)i)).StoreUnsafe(ref dsts, (nuint)i);
        if (i < dst.Length)
            StoreRest(TOp.Apply(LoadRest(x[i..])), dst[i..]);
    }

    /// <summary>dst[i] = op(x[i], y[i]).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Map<TOp, TX, TDst>(ReadOnlySpan<TX> x, ReadOnlySpan<TX> y, Span<TDst> dst)
        where TOp : struct, ITileMap2<TX, TDst>
    {
        CheckLength(x.Length, dst.Length);
        CheckLength(y.Length, dst.Length);
        ref TX xs = ref MemoryMarshal.GetReference(x);
        ref TX ys = ref MemoryMarshal.GetReference(y);
        ref TDst dsts = ref MemoryMarshal.GetReference(dst);
        int i = 0;
        for (; i <= dst.Length - Lanes; i += Lanes)
            TOp.Apply(Vector512.LoadUnsafe(ref xs, (nuint)i), Vector512.LoadUnsafe(ref ys, (nuint)i)).StoreUnsafe(ref dsts, (nuint)i);
        if (i < dst.Length)
            StoreRest(TOp.Apply(LoadRest(x[i..]), LoadRest(y[i..])), dst[i..]);
    }

    /// <summary>dst[i] = mask[i] ? x[i] : y[i], for float or int elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Where<T>(ReadOnlySpan<uint> mask, ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> dst)
    {
        CheckLength(mask.Length, dst.Length);
        CheckLength(x.Length, dst.Length);
        CheckLength(y.Length, dst.Length);
        ref uint masks = ref MemoryMarshal.GetReference(mask);
        ref T xs = ref MemoryMarshal.GetReference(x);
        ref T ys = ref MemoryMarshal.GetReference(y);
        ref T dsts = ref MemoryMarshal.GetReference(dst);
        int i = 0;
        for (; i <= dst.Length - Lanes; i += Lanes)
        {
            var chosen = Vector512.LoadUnsafe(ref masks, (nuint)i).As<uint, T>();
            Vector512.ConditionalSelect(chosen, Vector512.LoadUnsafe(ref xs, (nuint)i), Vector512.LoadUnsafe(ref ys, (nuint)i))
                .StoreUnsafe(ref dsts, (nuint)i);
        }
        if (i < dst.Length)
            StoreRest(Vector512.ConditionalSelect(LoadRest(mask[i..]).As<uint, T>(), LoadRest(x[i..]), LoadRest(y[i..])), dst[i..]);
    }

    /// <summary>Fewer than 16 elements, followed by zeros.</summary>
    internal static Vector512<T> LoadRest<T>(ReadOnlySpan<T> rest) => LoadRest(rest, Vector512<T>.Zero);

    /// <summary>Fewer than 16 elements, followed by what <paramref name="padded"/> has there.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<T> LoadRest<T>(ReadOnlySpan<T> rest, Vector512<T> padded)
    {
        rest.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.As<Vector512<T>, T>(ref padded), Lanes));
        return padded;
    }

    /// <summary>The first lanes, as many as <paramref name="rest"/> has elements.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void StoreRest<T>(Vector512<T> padded, Span<T> rest) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<Vector512<T>, T>(ref padded), rest.Length).CopyTo(rest);

    /// <summary>The loops trust lengths that are equal: they read and write by reference.</summary>
    private static void CheckLength(int operand, int destination)
    {
        if (operand != destination)
            throw new ArgumentException(
                $"a tile routine was given an operand of {operand} elements and a destination of {destination}; give it spans of one length");
    }
}
