// SplitMix64: twenty lines of random numbers for made data.
//
//     z = (state += 0x9E3779B97F4A7C15)
//     z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9
//     z = (z ^ z >> 27) * 0x94D049BB133111EB
//     result = z ^ z >> 31
//
// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014), with the constants of
// Vigna's public-domain splitmix64.c.
//
// It stands before the pipeline. The one thing to understand: made data must be the same tomorrow, and the sequence of
// System.Random may change with the runtime. (Dropout does not use this one: a sequence cannot be split over the threads of
// a GPU; random nodes of a graph are counter-based.)
namespace MiniDL;

/// <summary>A small generator whose sequence is fixed by its definition. A struct: a copy continues on its own.</summary>
/// <param name="seed">The first state; every seed is a good one.</param>
/// <example><code>var random = new SplitMix64(seed: 1); double u = random.NextDouble();</code></example>
public struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    /// <summary>A uniform number in [0, 1): the upper 53 bits, as many as a double's fraction holds.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1L << 53));

    /// <summary>A standard normal number: mean 0, standard deviation 1.</summary>
    /// <remarks>Box and Muller (1958): sqrt(-2 ln u) cos(2 pi v), with u in (0, 1] so that the logarithm is finite. The sine
    /// that would make a second number is not used, so that each call takes exactly two steps of the sequence.</remarks>
    public double NextNormal()
    {
        double u = 1 - NextDouble(), v = NextDouble();
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v);
    }
}
