// What the headers of kernels/update promise, counted; and that the generated update of the same parameters is the best rung.
using static MiniDL.T;

namespace MiniDL.Ladders.Tests;

[TestFixture]
internal sealed class UpdateCounterTests
{
    private const int Width = 16;   // a quarter of ResNet-18's channels in every layer, so about a sixteenth of its parameters
    private static readonly int[] s_sizes = ResNetSizes.Of(Width);
    private static readonly Problem s_problem = UpdateLadder.Of("ResNet-18", s_sizes);
    private static readonly Lazy<Counted[]> s_rungs = new(() => [.. Enumerable.Range(1, 5).Select(number => Counted.Rung("update", number, s_problem))]);

    private static Counted Rung(int number) => s_rungs.Value[number - 1];

    [Test]
    public void A_ResNet_18_has_as_many_parameters_as_the_paper_says()
    {
        int[] sizes = ResNetSizes.Of(64);
        Assert.That((sizes.Length, sizes.Sum(), sizes.Count(size => size <= 1000)), Is.EqualTo((62, 11_689_512, 41)));
    }

    [Test]
    public void One_launch_takes_the_place_of_sixty_two_and_is_estimated_more_than_ten_times_as_fast()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Enumerable.Range(1, 5).Select(number => Rung(number).Launches), Is.EqualTo(new[] { 62, 62, 1, 1, 1 }));
            Assert.That(Rung(2).Microseconds, Is.GreaterThan(10 * Rung(3).Microseconds));
        }
    }

    [Test]
    public void Every_rung_moves_the_least_bytes()
    {
        using (Assert.EnterMultipleScope())
            foreach (int number in new[] { 1, 2, 3, 4, 5 })
                Assert.That(Rung(number).Counters.GlobalBytes, Is.EqualTo(s_problem.MinimumBytes), $"rung {number}");
    }

    [Test]
    public void A_chain_of_comparisons_costs_more_than_the_update_and_halving_half_of_it()
    {
        double[] instructions = [.. Enumerable.Range(1, 5).Select(number => Rung(number).InstructionsPerElement(s_sizes.Sum()))];
        TestContext.Out.WriteLine(string.Join("  ", instructions));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(instructions[1], Is.LessThan(0.5 * instructions[0]), "float4");
            Assert.That(instructions[2], Is.GreaterThan(5 * instructions[1]), "chain");
            Assert.That(instructions[3], Is.LessThan(1.6 * instructions[1]), "halving");
            Assert.That(instructions[4], Is.LessThan(instructions[3]), "chunks");
        }
    }

    /// <summary>Neither the search nor chunks show in the estimate: instructions are not the limit.</summary>
    [Test]
    public void Every_rung_of_one_launch_is_limited_by_DRAM_and_estimated_the_same()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (int number in new[] { 3, 4, 5 })
            {
                Assert.That(Rung(number).Limiter, Is.EqualTo("DRAM bytes"), $"rung {number}");
                Assert.That(Rung(number).Microseconds, Is.EqualTo(Rung(3).Microseconds).Within(1).Percent, $"rung {number}");
            }
        }
    }

    /// <summary>The updates of a training step are rung 4: T.Momentum over the same parameters gives a kernel that does what the rung does, and not an instruction more.</summary>
    [Test]
    public void The_generated_update_does_what_the_best_rung_does()
    {
        Ladder ladder = LadderList.Find("update")[0];
        Counted rung = Rung(ladder.Best!.Number);
        Shared[] parameters = [.. s_sizes.Select((size, t) => Shared(NDArray.Zeros([size]), $"w{t}"))];
        Tensor[] gradients = [.. s_sizes.Select((size, t) => Input([size], $"g{t}"))];

        // A cost whose gradients are inputs of the function, so that the update is all there is to do.
        Tensor cost = parameters.Zip(gradients, (w, g) => Sum(w * g)).Aggregate((a, b) => a + b);
        Counted generated = Counted.Function(device => Function(gradients, [], Momentum(cost, parameters, learningRate: 0.25f, momentum: 0.5f), device: device),
            [.. s_sizes.Select(size => NDArray.Zeros([size]))]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((generated.Launches, generated.Blocks), Is.EqualTo((rung.Launches, rung.Blocks)));
            Assert.That(generated.Counters.GlobalLoads, Is.EqualTo(rung.Counters.GlobalLoads));
            Assert.That(generated.Counters.GlobalStores, Is.EqualTo(rung.Counters.GlobalStores));
            Assert.That(generated.Counters.WarpInstructions, Is.LessThanOrEqualTo(rung.Counters.WarpInstructions));
        }
    }
}
