// Philox for tiles: the words of Philox.cs, bit for bit, 32 elements at a time.
//
// The one thing to understand: eight counters run side by side, one in each 64-bit lane, and each of the four words keeps a
// register. A product of two 32-bit words fills its lane: the upper half is the one word that a round wants from it, and
// the lower half, the other, needs no work at all, because the next multiplication looks at lower halves only.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Longs = System.Runtime.Intrinsics.Vector512<ulong>;

namespace MiniDL.Ops;

/// <summary>What becomes of random words: 16 words of consecutive elements, the first of an even index, to 16 results.</summary>
internal interface IRandomMap<TDst>
{
    /// <summary>The results for 16 words.</summary>
    Vector512<TDst> Apply(Vector512<uint> words);
}

internal static partial class Philox
{
    private const int Chunk = 32;   // elements: eight counters of four words

    /// <summary>dst[i] = <see cref="Uniform(ulong, uint, ulong, uint)"/> of element firstIndex + i.</summary>
    public static void Uniform(ulong seed, uint stream, ulong run, uint firstIndex, Span<float> dst) =>
        Fill(seed, stream, run, firstIndex, dst, default(UniformMap));

    /// <summary>mask[i] = whether element firstIndex + i's uniform number is below <paramref name="p"/>: true with probability p.</summary>
    public static void Bernoulli(ulong seed, uint stream, ulong run, uint firstIndex, float p, Span<uint> mask) =>
        Fill(seed, stream, run, firstIndex, mask, new BernoulliMap(Vector512.Create(p)));

    /// <summary>dst[i] = <see cref="Normal(ulong, uint, ulong, uint)"/> of element firstIndex + i, computed in float.</summary>
    public static void Normal(ulong seed, uint stream, ulong run, uint firstIndex, Span<float> dst) =>
        Fill(seed, stream, run, firstIndex, dst, default(NormalMap));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fill<TMap, TDst>(ulong seed, uint stream, ulong run, uint firstIndex, Span<TDst> dst, TMap map)
        where TMap : struct, IRandomMap<TDst> where TDst : unmanaged
    {
        Span<TDst> buffer = stackalloc TDst[Chunk];
        int i = 0;
        while (i < dst.Length)
        {
            // Chunks start at a counter's first word: a first element in mid-counter, and the last chunk, go through the buffer.
            uint index = firstIndex + (uint)i;
            int skipped = (int)(index % 4);
            int count = Math.Min(Chunk - skipped, dst.Length - i);
            Span<TDst> chunk = count == Chunk ? dst.Slice(i, Chunk) : buffer;
            (Vector512<uint> first, Vector512<uint> last) = Words(seed, stream, run, index / 4);
            ref TDst target = ref MemoryMarshal.GetReference(chunk);
            map.Apply(first).StoreUnsafe(ref target);
            map.Apply(last).StoreUnsafe(ref target, Chunk / 2);
            if (count < Chunk)
                buffer.Slice(skipped, count).CopyTo(dst[i..]);
            i += count;
        }
    }

    /// <summary>The 32 words of eight counters that start at <paramref name="counter"/>, in the order of their elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> First, Vector512<uint> Last) Words(ulong seed, uint stream, ulong run, uint counter)
    {
        // Even lanes run counters 0-3 and odd lanes 4-7, which is what the interleaving at the end wants.
        Longs c0 = Vector512.Create((ulong)counter) + Vector512.Create(0ul, 4, 1, 5, 2, 6, 3, 7);
        Longs c1 = Vector512.Create((ulong)stream);
        Longs c2 = Vector512.Create((ulong)(uint)run);
        Longs c3 = Vector512.Create(run >> 32);
        Longs k0 = Vector512.Create((ulong)(uint)seed);
        Longs k1 = Vector512.Create(seed >> 32);

        // Upper halves of lanes hold rubbish throughout, except just after a shift.
        for (int round = 0; round < Rounds; round++)
        {
            Longs p0 = MultiplyLowHalves(c0, Vector512.Create((ulong)M0));
            Longs p1 = MultiplyLowHalves(c2, Vector512.Create((ulong)M1));
            (c0, c1, c2, c3) = ((p1 >> 32) ^ c1 ^ k0, p1, (p0 >> 32) ^ c3 ^ k1, p0);
            k0 += Vector512.Create((ulong)W0);
            k1 += Vector512.Create((ulong)W1);
        }

        // Words 0 and 1 of a counter into one lane, words 2 and 3 into another; then lane by lane in turn.
        Longs lower = Vector512.Create((ulong)uint.MaxValue);
        Longs words01 = Vector512.ConditionalSelect(lower, c0, c1 << 32);
        Longs words23 = Vector512.ConditionalSelect(lower, c2, c3 << 32);
        Longs even = Vector512.Create(ulong.MaxValue, 0, ulong.MaxValue, 0, ulong.MaxValue, 0, ulong.MaxValue, 0);
        Longs first = Vector512.ConditionalSelect(even, words01, Vector512.Shuffle(words23, Vector512.Create(0ul, 0, 2, 2, 4, 4, 6, 6)));
        Longs last = Vector512.ConditionalSelect(even, Vector512.Shuffle(words01, Vector512.Create(1ul, 1, 3, 3, 5, 5, 7, 7)), words23);
        return (first.AsUInt32(), last.AsUInt32());
    }

    /// <summary>The 64-bit products of the lower halves of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Longs MultiplyLowHalves(Longs x, Longs y)
    {
        if (Avx512F.IsSupported)
            return Avx512F.Multiply(x.AsUInt32(), y.AsUInt32());
        if (Avx2.IsSupported)
            return Vector512.Create(
                Avx2.Multiply(x.GetLower().AsUInt32(), y.GetLower().AsUInt32()),
                Avx2.Multiply(x.GetUpper().AsUInt32(), y.GetUpper().AsUInt32()));
        Longs lower = Vector512.Create((ulong)uint.MaxValue);
        return (x & lower) * (y & lower);
    }

    private readonly struct UniformMap : IRandomMap<float>
    {
        public Vector512<float> Apply(Vector512<uint> words) => ToUniform(words);
    }

    private readonly struct BernoulliMap(Vector512<float> p) : IRandomMap<uint>
    {
        public Vector512<uint> Apply(Vector512<uint> words) => Vector512.LessThan(ToUniform(words), p).AsUInt32();
    }

    private readonly struct NormalMap : IRandomMap<float>
    {
        public Vector512<float> Apply(Vector512<uint> words)
        {
            // A pair's first word gives both its radius, its second word both its angle.
            Vector512<uint> pair = Vector512.Create(0u, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14);
            Vector512<float> u1 = ToUniform(Vector512.Shuffle(words, pair)) + Vector512.Create(Step);
            Vector512<float> u2 = ToUniform(Vector512.Shuffle(words, pair + Vector512<uint>.One));

            // sin(2 pi u2) = cos(2 pi (u2 - 1/4)): odd elements take a quarter turn less.
            Vector512<float> quarter = Vector512.Create(0, 0.25f, 0, 0.25f, 0, 0.25f, 0, 0.25f, 0, 0.25f, 0, 0.25f, 0, 0.25f, 0, 0.25f);
            Vector512<float> angle = Vector512.Create(2 * MathF.PI) * (u2 - quarter);
            return Vector512.Sqrt(Vector512.Create(-2f) * Tile.Log(u1)) * Tile.Sine(angle, quarters: 1);
        }
    }

    /// <summary>A word's upper 24 bits, times 2^-24: exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ToUniform(Vector512<uint> words) =>
        Vector512.ConvertToSingle((words >> 8).AsInt32()) * Vector512.Create(Step);
}
