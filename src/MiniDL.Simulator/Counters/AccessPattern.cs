// Remembers how the lanes' addresses lay at an instruction the last time, so that they need not be counted again.
//
// In a loop the same instruction asks for the same pattern at other places: all addresses are moved by one distance. Sectors do not change when everything moves
// by a multiple of 32 bytes, banks when it moves by a multiple of 4.
//
// The one thing to understand: comparing 32 addresses with remembered ones is 8 vector instructions; counting sectors or banks is a hundred times that.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MiniDL.Simulator.Counters;

/// <summary>The last pattern of an instruction and its counts.</summary>
internal sealed unsafe class AccessPattern
{
    private readonly ulong[] _distances = new ulong[32];
    private uint _mask;
    private int _bytes;

    /// <summary>Sectors and unique bytes, or wavefronts and ideal wavefronts.</summary>
    public (int, int) Counts { get; private set; }

    /// <summary>Counts for these addresses, from memory if they lie as the last time.</summary>
    /// <param name="addresses">Of 32 lanes.</param>
    /// <param name="mask">The lanes that are on, at least one.</param>
    /// <param name="bytes">Bytes of each lane.</param>
    /// <param name="isShared">Shared memory rather than memory of the device.</param>
    /// <param name="isLoad">A load; the same instruction always is one or never.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (int, int) Count(ulong* addresses, uint mask, int bytes, bool isShared, bool isLoad)
    {
        ulong start = addresses[BitOperations.TrailingZeroCount(mask)] & (isShared ? ~3UL : ~31UL);
        if (mask == _mask && bytes == _bytes && (Differing(addresses, start) & mask) == 0) return Counts;
        (_mask, _bytes) = (mask, bytes);
        for (int lane = 0; lane < 32; lane++) _distances[lane] = addresses[lane] - start;
        return Counts = isShared ? SharedAccess.Count(addresses, mask, bytes, isLoad) : GlobalAccess.Count(addresses, mask, bytes);
    }

    /// <summary>The lanes whose distance from the start is not the remembered one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Differing(ulong* addresses, ulong start)
    {
        ref ulong distances = ref _distances[0];
        Vector256<ulong> from = Vector256.Create(start);
        uint same = 0;
        for (int i = 0; i < 32; i += 4)
            same |= Vector256.Equals(Vector256.Load(addresses + i) - from, Vector256.LoadUnsafe(ref distances, (nuint)i)).ExtractMostSignificantBits() << i;
        return ~same;
    }
}
