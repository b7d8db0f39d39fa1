// The vector form of fma.rm and its like agrees with the scalar one on random bits, special values among them.
using MiniDL.Simulator.Arithmetic;

namespace MiniDL.Simulator.Tests.Arithmetic;

[TestFixture]
public sealed unsafe class DirectedVectorTests
{
    [TestCase("fma.rm.f32")]
    [TestCase("fma.rp.f32")]
    [TestCase("fma.rz.f32")]
    public void Vectors_and_single_lanes_agree(string spelling)
    {
        Alu alu = AluTable.Find(spelling)!;
        var random = new Random(7);
        float* rows = stackalloc float[4 * Lanes.Count];
        int special = 0;
        for (int turn = 0; turn < 20_000; turn++)
        {
            for (int i = Lanes.Count; i < 4 * Lanes.Count; i++) rows[i] = Draw(random, turn);
            // Every third time the sum nearly cancels.
            for (int i = 0; turn % 3 == 0 && i < Lanes.Count; i++) rows[3 * Lanes.Count + i] = -rows[Lanes.Count + i] * rows[2 * Lanes.Count + i];
            alu.Run(rows, rows + Lanes.Count, rows + 2 * Lanes.Count, rows + 3 * Lanes.Count, null);
            for (int i = 0; i < Lanes.Count; i++)
            {
                (float a, float b, float c) = (rows[Lanes.Count + i], rows[2 * Lanes.Count + i], rows[3 * Lanes.Count + i]);
                float expected = spelling[5] switch { 'm' => FusedRounded<Down>.Of(a, b, c), 'p' => FusedRounded<Up>.Of(a, b, c), _ => FusedRounded<TowardZero>.Of(a, b, c) };
                if (!float.IsNormal(expected)) special++;
                Assert.That(BitConverter.SingleToUInt32Bits(rows[i]), Is.EqualTo(BitConverter.SingleToUInt32Bits(expected)), $"{spelling} of {a}, {b}, {c}");
            }
        }
        Assert.That(special, Is.GreaterThan(1000));
    }

    /// <summary>Ordinary numbers; every eighth row any bits at all.</summary>
    private static float Draw(Random random, int turn) =>
        turn % 8 == 0 ? BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)) : (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-20, 20));
}
