// Integer arithmetic as NVRTC compiles it, against C#'s.
using System.Numerics;

namespace MiniDL.Simulator.Tests.Execute;

[TestFixture]
public sealed class IntegerFixtureTests
{
    [Test]
    public void Integers_agree_with_C_sharp()
    {
        var random = new Random(1);
        int[] a = [.. Enumerable.Range(0, 64).Select(i => i < 8 ? i - 4 : random.Next(int.MinValue, int.MaxValue))];
        int[] b = [.. Enumerable.Range(0, 64).Select(i => i < 16 ? i - 8 : random.Next(int.MinValue, int.MaxValue))];
        using Simulation gpu = Simulation.OfFixture("integers");
        (Numbers<int> y, Numbers<long> z) = (gpu.Zeros<int>(7 * 64), gpu.Zeros<long>(3 * 64));
        gpu.Run("integers", 1, 64, gpu.Upload(a), gpu.Upload(b), y, z, 64);
        Func<int, int, int>[] functions =
        [
            (p, q) => p / 7 + p % 10,
            (p, q) => q != 0 ? p / q : 0,
            (p, q) => Math.Abs(p) + Math.Max(p, q) - Math.Min(p, q),
            (p, q) => BitOperations.PopCount((uint)p) + BitOperations.LeadingZeroCount((uint)q) + (p == 0 ? 0 : BitOperations.TrailingZeroCount(p) + 1) + Reverse(p),
            (p, q) => (int)((long)p * q >> 32) ^ (int)((ulong)(uint)p * (uint)q >> 32),
            (p, q) => (p & 0xffff | q << 16) + (int)((((ulong)(uint)q << 32 | (uint)p) << 7) >> 32),
            (p, q) => (p << (q & 31)) ^ (p >> (q & 31)) ^ (int)((uint)p >> (q & 31)),
        ];
        Func<int, int, long>[] wide =
        [
            (p, q) => (long)p * q,
            (p, q) => q != 0 ? ((long)p << 20) / q : 0,
            (p, q) => (long)((ulong)(long)p * 0x9E3779B97F4A7C15ul >> 17),
        ];
        using (Assert.EnterMultipleScope())
        {
            for (int f = 0; f < functions.Length; f++) Assert.That(y.Read()[(f * 64)..(f * 64 + 64)], Is.EqualTo(a.Zip(b, functions[f])), $"function {f}");
            for (int f = 0; f < wide.Length; f++) Assert.That(z.Read()[(f * 64)..(f * 64 + 64)], Is.EqualTo(a.Zip(b, wide[f])), $"wide function {f}");
        }
    }

    private static int Reverse(int x)
    {
        int y = 0;
        for (int i = 0; i < 32; i++) y |= (x >> i & 1) << (31 - i);
        return y;
    }
}
