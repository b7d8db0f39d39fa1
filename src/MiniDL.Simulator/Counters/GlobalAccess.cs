// What one load or store of global memory moves: sectors.
//
// Memory moves in sectors of 32 bytes. The addresses of a warp's lanes are put together to the sectors they lie in, whatever the lanes' order:
//
//     lane          0   1   2   3   4   5   6   7 | 8   9  ...      31
//     coalesced   [ 0   4   8  12  16  20  24  28 ][32 ...         124]     4 sectors, 128 of 128 bytes used
//     by 2        [ 0       8      16      24 ][...]                        8 sectors, 128 of 256
//     by 8        [ 0                         ][32 ...                     32 sectors, 128 of 1024
//     broadcast   [ 0 ]                                                     1 sector,    4 of   32
//
// The one thing to understand: a warp's request costs as many sectors as it touches, not as many bytes as it wants.
using System.Numerics;

namespace MiniDL.Simulator.Counters;

/// <summary>Counts sectors and bytes of one request.</summary>
internal static unsafe class GlobalAccess
{
    /// <summary>Bytes of a sector.</summary>
    public const int SectorBytes = 32;

    /// <summary>The sectors that the lanes in a mask touch, each once, and in how many different bytes.</summary>
    /// <param name="addresses">Of each of 32 lanes; those of lanes that are off are not looked at.</param>
    /// <param name="mask">The lanes that are on.</param>
    /// <param name="bytes">Bytes of each lane, at most 32.</param>
    /// <example><code>(int sectors, int used) = GlobalAccess.Count(addresses, uint.MaxValue, bytes: 4);   // coalesced: (4, 128)</code></example>
    public static (int Sectors, int UniqueBytes) Count(ulong* addresses, uint mask, int bytes)
    {
        // Each sector with one bit for each of its bytes. A lane touches one sector, or two if it is misaligned.
        ulong* sectors = stackalloc ulong[64];
        uint* used = stackalloc uint[64];
        int count = 0;
        for (uint left = mask; left != 0; left &= left - 1)
        {
            ulong first = addresses[BitOperations.TrailingZeroCount(left)];
            ulong touched = ((1UL << bytes) - 1) << (int)(first % SectorBytes);
            Add(first / SectorBytes, (uint)touched);
            if (touched >> 32 != 0) Add(first / SectorBytes + 1, (uint)(touched >> 32));
        }
        int unique = 0;
        for (int i = 0; i < count; i++) unique += BitOperations.PopCount(used[i]);
        return (count, unique);

        void Add(ulong sector, uint touched)
        {
            // Neighbouring lanes mostly share a sector: look at the latest first.
            int i = count - 1;
            while (i >= 0 && sectors[i] != sector) i--;
            if (i < 0) (sectors[i = count++], used[i]) = (sector, 0);
            used[i] |= touched;
        }
    }
}
