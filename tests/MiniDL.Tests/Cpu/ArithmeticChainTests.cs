// Chains of arithmetic: the bits of the ops one by one, for every chain, any length, operands that are one element, and a result that overwrites an operand.
using MiniDL.Cpu;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed unsafe class ArithmeticChainTests
{
    private static readonly ChainOp[] s_ops = Enum.GetValues<ChainOp>();

    private static float Apply(ChainOp op, float v, float p) => op switch
    {
        ChainOp.Add => v + p,
        ChainOp.Sub => v - p,
        ChainOp.SubFrom => p - v,
        ChainOp.Mul => v * p,
        ChainOp.Div => v / p,
        ChainOp.DivInto => p / v,
        _ => v * v,
    };

    private static IEnumerable<ChainOp[]> Chains() =>
    [
        .. from a in s_ops select new[] { a },
        .. from a in s_ops from b in s_ops select new[] { a, b },
        .. from a in s_ops from b in s_ops from c in s_ops select new[] { a, b, c },
    ];

    /// <summary>Runs a chain on operands x, p, q, r that lie <see cref="Most"/> elements apart.</summary>
    private static void Run(ChainOp[] links, float* operands, int singles, float* y, int count) =>
        ChainLoops.Of(links).Run(operands, Operand(links, 0, operands), Operand(links, 1, operands), Operand(links, 2, operands), Present(links, singles), y, count);

    private static double Sum(ChainOp[] links, float* operands, int singles, int count) =>
        ChainLoops.Of(links).Sum(operands, Operand(links, 0, operands), Operand(links, 1, operands), Operand(links, 2, operands), Present(links, singles), count);

    // A link that is not there, or reads no operand, has none.
    private static float* Operand(ChainOp[] links, int link, float* operands) => link < links.Length && links[link] != ChainOp.Square ? operands + (link + 1) * Most : null;

    private static int Present(ChainOp[] links, int singles) =>
        singles & (1 | Enumerable.Range(0, links.Length).Where(link => links[link] != ChainOp.Square).Aggregate(0, (mask, link) => mask | 2 << link));

    private const int Most = 112;

    private static float[] Expected(ChainOp[] links, float* operands, int singles, int count)
    {
        var y = new float[count];
        for (int i = 0; i < count; i++)
        {
            float At(int operand) => operands[operand * Most + ((singles >> operand & 1) != 0 ? 0 : i)];
            y[i] = At(0);
            for (int k = 0; k < links.Length; k++) y[i] = Apply(links[k], y[i], At(k + 1));
        }
        return y;
    }

    private static int[] Bits(float* values, int count) => new ReadOnlySpan<int>(values, count).ToArray();

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];

    [Test]
    public void EveryChainRoundsLikeItsOpsOneByOne()
    {
        using Scratch operands = Numbers.Random(4 * Most, seed: 1), y = Numbers.Filled(Most, 0);
        foreach (ChainOp[] links in Chains())
            foreach (int count in new[] { 1, 16, 17, 100 })
                foreach (int singles in new[] { 0, 0b0010, 0b1110, 0b1111 })
                {
                    Run(links, operands.Floats, singles, y.Floats, count);
                    Assert.That(Bits(y.Floats, count), Is.EqualTo(Bits(Expected(links, operands.Floats, singles, count))), $"{string.Join(' ', links)}, {count} elements, singles {singles:b4}");
                }
    }

    [Test]
    public void TheSumOfAChainHasTheBitsOfTheSumOfItsStoredValues()
    {
        using Scratch operands = Numbers.Random(4 * Most, seed: 4);
        foreach (ChainOp[] links in Chains())
            foreach (int singles in new[] { 0, 0b0010, 0b1100 })
                Assert.That(Sum(links, operands.Floats, singles, 100), Is.EqualTo(MiniDL.Ops.Tile.Sum(Expected(links, operands.Floats, singles, 100))), $"{string.Join(' ', links)}, singles {singles:b4}");
        ChainOp[] variance = [ChainOp.Sub, ChainOp.Square];
        for (int count = 1; count <= Most; count++)
            Assert.That(Sum(variance, operands.Floats, 0b0010, count), Is.EqualTo(MiniDL.Ops.Tile.Sum(Expected(variance, operands.Floats, 0b0010, count))), $"{count} elements");
    }

    [Test]
    public void AnyOperandMayBeOneElementAndNothingBeyondTheResultIsWritten()
    {
        ChainOp[] links = [ChainOp.Sub, ChainOp.Mul, ChainOp.Add];
        using Scratch operands = Numbers.Random(4 * Most, seed: 2), y = Numbers.Filled(Most, 7);
        for (int singles = 0; singles < 16; singles++)
            for (int count = 1; count <= 70; count++)
            {
                new Span<float>(y.Floats, Most).Fill(7);
                Run(links, operands.Floats, singles, y.Floats, count);
                Assert.That(Bits(y.Floats, count), Is.EqualTo(Bits(Expected(links, operands.Floats, singles, count))), $"{count} elements, singles {singles:b4}");
                Assert.That(y.Floats[count], Is.EqualTo(7));
            }
    }

    [Test]
    public void TheResultMayOverwriteAnyOperandAlsoASingleOne([Values(0, 1, 2, 3)] int overwritten)
    {
        ChainOp[] links = [ChainOp.Sub, ChainOp.Mul, ChainOp.Add];
        for (int singles = 0; singles < 16; singles++)
            for (int count = 1; count <= 70; count += 3)
            {
                using Scratch operands = Numbers.Random(4 * Most, seed: 3);
                float[] expected = Expected(links, operands.Floats, singles, count);
                float* y = operands.Floats + overwritten * Most;
                Run(links, operands.Floats, singles, y, count);
                Assert.That(Bits(y, count), Is.EqualTo(Bits(expected)), $"{count} elements, singles {singles:b4}");
            }
    }
}
