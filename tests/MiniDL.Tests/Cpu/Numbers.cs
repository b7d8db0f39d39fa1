// What the tests of the CPU kernels share: numbers to work on, and comparisons that fail on NaN.
using MiniDL.Cpu;

namespace MiniDL.Tests.Cpu;

internal static unsafe class Numbers
{
    /// <summary>Native memory with uniform numbers in -1..1, the same for the same seed.</summary>
    public static Scratch Random(int count, int seed)
    {
        var scratch = new Scratch(count);
        var random = new Random(seed);
        for (int i = 0; i < count; i++) scratch.Floats[i] = random.NextSingle() * 2 - 1;
        return scratch;
    }

    public static Scratch Filled(int count, float value)
    {
        var scratch = new Scratch(count);
        new Span<float>(scratch.Floats, count).Fill(value);
        return scratch;
    }

    public static float[] ToArray(float* values, int count) => new ReadOnlySpan<float>(values, count).ToArray();

    /// <summary>Fails unless every element is within <paramref name="tolerance"/> (absolute) of the expected one.</summary>
    public static void AssertClose(float* actual, double[] expected, double tolerance, string what)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs(actual[i] - expected[i]);
            if (!(difference <= tolerance))
                Assert.Fail($"{what}: element {i} is {actual[i]:G9}, expected {expected[i]:G9}, tolerance {tolerance:G3}");
        }
    }

    /// <summary>The float32 rounding error that a sum of <paramref name="terms"/> products of uniform numbers in -1..1 may
    /// have: each addition errs by up to u = 2^-24 of a partial sum whose deviation is at most sqrt(terms)/3, so the errors'
    /// deviation is at most u * terms / 3; six of them, and a few units for the last roundings.</summary>
    public static double Tolerance(int terms, double scale = 1) => scale * (2 * terms + 16) * Math.Pow(2, -24);

    /// <summary>Bytes that 100 further calls of a warm action allocate, on all threads: the least of five attempts, since the
    /// test runner's own threads allocate now and then.</summary>
    public static long Allocated(Action action)
    {
        for (int i = 0; i < 10; i++) action();
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5 && least > 0; attempt++)
        {
            long before = GC.GetTotalAllocatedBytes(true);
            for (int i = 0; i < 100; i++) action();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(true) - before);
        }
        return least;
    }
}
