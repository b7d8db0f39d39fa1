// MiniDL's randomness: Philox4x32-10, a pure function from (seed, stream, run, element index) to a 32-bit word. There is no
// state to carry: a dropout mask can be recomputed in the backward pass instead of stored, and every device and every
// split over threads makes the same one.
//
// The one thing to understand: a counter is encrypted. Ten rounds of multiplying and mixing under a key scramble the 128-bit
// counter so well that its results pass every statistical test of TestU01's BigCrush (Salmon, Moraes, Dror and Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC'11). This file is the meaning; PhiloxTile.cs is the speed.
namespace MiniDL.Ops;

/// <summary>Counter-based random numbers.</summary>
/// <remarks>Key = (seed low, seed high); counter = (index / 4, stream, run low, run high); an element takes word index % 4 of the
/// four that a counter yields. The stream numbers a function's random nodes, run its calls.</remarks>
/// <example><code>bool dropped = Philox.Uniform(seed: 1, stream: 0, run: 7, index: 42) &lt; 0.5f;</code></example>
internal static partial class Philox
{
    private const uint M0 = 0xD2511F53, M1 = 0xCD9E8D57;   // multipliers
    private const uint W0 = 0x9E3779B9, W1 = 0xBB67AE85;   // key steps: the golden ratio, sqrt(3) - 1
    private const int Rounds = 10;

    /// <summary>2^-24: the spacing of uniform numbers, so that each is exact in float.</summary>
    private const float Step = 1f / (1 << 24);

    /// <summary>The four words of one counter (c0, c1, c2, c3) under the key (k0, k1).</summary>
    public static (uint W0, uint W1, uint W2, uint W3) Block(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong p0 = (ulong)M0 * c0;
            ulong p1 = (ulong)M1 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += W0;
            k1 += W1;
        }
        return (c0, c1, c2, c3);
    }

    /// <summary>The random word of element <paramref name="index"/>.</summary>
    public static uint Word(ulong seed, uint stream, ulong run, uint index)
    {
        (uint w0, uint w1, uint w2, uint w3) = Block(index / 4, stream, (uint)run, (uint)(run >> 32), (uint)seed, (uint)(seed >> 32));
        return (index % 4) switch { 0 => w0, 1 => w1, 2 => w2, _ => w3 };
    }

    /// <summary>A uniform number in [0, 1): the word's upper 24 bits.</summary>
    public static float Uniform(ulong seed, uint stream, ulong run, uint index) => (Word(seed, stream, run, index) >> 8) * Step;

    /// <summary>A standard normal number, in double.</summary>
    /// <remarks>Elements come in pairs, from two words: z0 = sqrt(-2 ln u1) cos(2 pi u2) for the even one and z1 with sin for the
    /// odd one, u1 in (0, 1], u2 in [0, 1) (Box and Muller, "A note on the generation of random normal deviates", 1958).</remarks>
    public static double Normal(ulong seed, uint stream, ulong run, uint index)
    {
        double u1 = ((Word(seed, stream, run, index & ~1u) >> 8) + 1) * (double)Step;
        double u2 = (Word(seed, stream, run, index | 1u) >> 8) * (double)Step;
        double radius = Math.Sqrt(-2 * Math.Log(u1));
        return radius * (index % 2 == 0 ? Math.Cos(2 * Math.PI * u2) : Math.Sin(2 * Math.PI * u2));
    }
}
