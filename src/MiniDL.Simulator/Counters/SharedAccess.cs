// What one access to shared memory costs: wavefronts.
//
// Shared memory has 32 banks of 4 bytes; word w lies in bank w mod 32, and in one wavefront each bank hands out one word, to as many lanes as want it.
//
//     float s[32][32], column s[lane][0]:     word  0  32  64  96 ...  992     all in bank 0: 32 wavefronts
//     float s[32][33], column s[lane][0]:     word  0  33  66  99 ... 1023     banks 0, 1, 2, ...: 1 wavefront
//     s[0][0] in every lane:                  word  0   0   0   0 ...    0     one word, a broadcast: 1 wavefront
//
// Accesses of 8 and 16 bytes a lane are made in 2 and 4 phases, of 16 and 8 lanes, since 32 lanes want more than the 128 bytes that all banks have. A load takes half as many if each
// lane has the address of its neighbour, or each that of the lane two away: half of the registers that come back are then the same (answer of NVIDIA in its developer forum,
// "Unexpected shared memory bank conflict", topic 77228, for 7.0 and 7.5; topic 373160 has it measured on 8.6 and 9.0):
//
//     float4 load, lanes read      v[0] v[0] v[1] v[1] ... v[15] v[15]      Tn and Tn^1 alike: 2 wavefronts
//                                  v[0] v[1] v[0] v[1] v[2] v[3] v[2] ...   Tn and Tn^2 alike: 2 wavefronts
//                                  v[0] v[1] v[2] v[3] v[0] v[1] ...        neither: 4, though there are only four different ones
//
// The one thing to understand: a conflict is two different words of one bank. The wavefronts of a phase are the most different words that any bank is asked for.
namespace MiniDL.Simulator.Counters;

/// <summary>Counts wavefronts of one request.</summary>
internal static unsafe class SharedAccess
{
    /// <summary>Banks, each of 4 bytes.</summary>
    public const int Banks = 32;

    /// <summary>The wavefronts that the lanes in a mask need, and how few they could be: one for each phase that has a lane.</summary>
    /// <param name="addresses">Of each of 32 lanes, in bytes from anywhere that is a multiple of 128.</param>
    /// <param name="mask">The lanes that are on.</param>
    /// <param name="bytes">Bytes of each lane, at most 16.</param>
    /// <param name="isLoad">A load rather than a store.</param>
    /// <example><code>(int wavefronts, int ideal) = SharedAccess.Count(addresses, uint.MaxValue, bytes: 4, isLoad: true);   // conflicts = wavefronts - ideal</code></example>
    public static (int Wavefronts, int Ideal) Count(ulong* addresses, uint mask, int bytes, bool isLoad)
    {
        int phases = bytes <= 4 ? 1 : bytes <= 8 ? 2 : 4, wavefronts = 0, ideal = 0;
        if (phases > 1 && isLoad && (AreAlike(addresses, mask, 1) || AreAlike(addresses, mask, 2))) phases /= 2;
        int lanes = 32 / phases;
        for (int phase = 0; phase < phases; phase++)
        {
            int inPhase = CountPhase(addresses, mask, phase * lanes, lanes, bytes);
            wavefronts += inPhase;
            ideal += Math.Min(inPhase, 1);
        }
        return (wavefronts, ideal);
    }

    /// <summary>Whether the lanes that are on have the address of the lane whose number differs in one bit.</summary>
    private static bool AreAlike(ulong* addresses, uint mask, int bit)
    {
        for (int lane = 0; lane < 32; lane++)
            if ((mask >> lane & mask >> (lane ^ bit) & 1) != 0 && addresses[lane] != addresses[lane ^ bit]) return false;
        return true;
    }

    private static int CountPhase(ulong* addresses, uint mask, int firstLane, int lanes, int bytes)
    {
        // The different words each bank is asked for so far: at most one of each lane.
        ulong* words = stackalloc ulong[Banks * 32];
        int* counts = stackalloc int[Banks];
        new Span<int>(counts, Banks).Clear();
        int most = 0;
        for (int lane = firstLane; lane < firstLane + lanes; lane++)
        {
            if ((mask >> lane & 1) == 0) continue;
            for (ulong word = addresses[lane] / 4; word <= (addresses[lane] + (ulong)bytes - 1) / 4; word++)
            {
                int bank = (int)(word % Banks);
                ulong* asked = words + bank * 32;
                if (new ReadOnlySpan<ulong>(asked, counts[bank]).Contains(word)) continue;
                asked[counts[bank]++] = word;
                most = Math.Max(most, counts[bank]);
            }
        }
        return most;
    }
}
