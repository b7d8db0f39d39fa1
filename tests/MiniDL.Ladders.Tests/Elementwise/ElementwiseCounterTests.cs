// What the headers of kernels/elementwise promise, counted; and that the generated map of the same expression is the best rung.
using static MiniDL.T;

namespace MiniDL.Ladders.Tests;

[TestFixture]
internal sealed class ElementwiseCounterTests
{
    private const int N = 1 << 20;
    private static readonly Problem s_problem = ElementwiseLadder.Of(N);
    private static readonly Lazy<Counted[]> s_rungs = new(() => [.. Enumerable.Range(1, 5).Select(number => Counted.Rung("elementwise", number, s_problem))]);

    private static Counted Rung(int number) => s_rungs.Value[number - 1];

    [Test]
    public void Fusion_saves_three_launches_and_three_fifths_of_the_bytes()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Rung(1).Launches, Is.EqualTo(4));
            Assert.That(Rung(1).Counters.GlobalBytes, Is.EqualTo(2.5 * s_problem.MinimumBytes));
            foreach (int fused in new[] { 2, 3, 4, 5 })
            {
                Assert.That(Rung(fused).Launches, Is.EqualTo(1), $"rung {fused}");
                Assert.That(Rung(fused).Counters.GlobalBytes, Is.EqualTo(s_problem.MinimumBytes), $"rung {fused}");
            }
        }
    }

    [Test]
    public void A_float4_asks_for_sixteen_sectors_at_once_and_a_quarter_as_often()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Rung(2).Counters.GlobalLoads.SectorsPerRequest, Is.EqualTo(4));
            Assert.That(Rung(4).Counters.GlobalLoads.SectorsPerRequest, Is.EqualTo(16));
            Assert.That(4 * Rung(4).Counters.GlobalLoads.Requests, Is.EqualTo(Rung(2).Counters.GlobalLoads.Requests));
        }
    }

    [Test]
    public void Each_rung_takes_fewer_instructions_an_element_than_the_one_before()
    {
        double[] instructions = [.. Enumerable.Range(1, 5).Select(number => Rung(number).InstructionsPerElement(N))];
        TestContext.Out.WriteLine(string.Join("  ", instructions));
        Assert.That(instructions, Is.Ordered.Descending);
        Assert.That(instructions[3], Is.LessThan(0.4 * instructions[1]), "float4 against one element");
    }

    /// <summary>Which is why the chapter says that fusion is the one rung that pays: all further ones save what was not the limit.</summary>
    [Test]
    public void Every_fused_rung_is_limited_by_DRAM_and_estimated_the_same()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (int fused in new[] { 2, 3, 4, 5 })
            {
                Assert.That(Rung(fused).Limiter, Is.EqualTo("DRAM bytes"), $"rung {fused}");
                Assert.That(Rung(fused).Microseconds, Is.EqualTo(Rung(2).Microseconds).Within(1).Percent, $"rung {fused}");
            }
            Assert.That(Rung(1).Microseconds, Is.GreaterThan(2.5 * Rung(2).Microseconds));
        }
    }

    /// <summary>The executor's maps are rung 4: the expression through the whole pipeline gives a kernel that does what the rung does, and not an instruction more.</summary>
    [TestCase(128 * 625)]
    [TestCase(4099)]
    public void The_generated_map_does_what_the_best_rung_does(int n)
    {
        Ladder ladder = LadderList.Find("elementwise")[0];
        Counted rung = Counted.Rung(ladder.Name, ladder.Best!.Number, ElementwiseLadder.Of(n));
        Tensor x = Input([n], "x"), r = Input([n], "r"), m = Input([n], "m");
        Counted generated = Counted.Function(device => Function([x, r, m], Relu(2 * x + r) * m, device: device), NDArray.Zeros([n]), NDArray.Zeros([n]), NDArray.Zeros([n]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That((generated.Launches, generated.Blocks), Is.EqualTo((rung.Launches, rung.Blocks)));
            Assert.That(generated.Counters.GlobalLoads, Is.EqualTo(rung.Counters.GlobalLoads));
            Assert.That(generated.Counters.GlobalStores, Is.EqualTo(rung.Counters.GlobalStores));
            Assert.That(generated.Counters.WarpInstructions, Is.LessThanOrEqualTo(rung.Counters.WarpInstructions));
        }
    }
}
