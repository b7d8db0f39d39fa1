// What the headers of kernels/conv say a rung will show, read from the counters of the simulated GPU.
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Simulator;
using MiniDL.Simulator.Counters;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class ConvCounterTests
{
    private const int SectorBytes = 32;

    private static readonly Ladder s_forward = new ConvForwardLadder(), s_data = new ConvDataLadder(), s_filters = new ConvFiltersLadder();

    // As many windows as pixels, and every array a whole number of sectors.
    private static readonly Convolution s_padded = new([2, 16, 16, 16], [32, 16, 3, 3], new ConvGeometry(1, 1, 1, 1, 1, 1));

    [Test]
    public void Im2col_moves_nineteen_times_the_bytes_of_the_images_and_implicit_gemm_moves_them_once()
    {
        Problem problem = ConvForwardLadder.Of(s_padded);
        long pixels = 4 * s_padded.X.Count, filters = 4 * s_padded.F.Count;
        IReadOnlyList<LaunchReport> im2col = Run(s_forward, 2, problem), gemm = Run(s_forward, 3, problem);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Read(im2col[0]) + Written(im2col[0]) + Read(im2col[1]) - filters, Is.EqualTo((1 + 2 * 9) * pixels));
            Assert.That(Read(gemm[0]) - filters, Is.EqualTo(pixels));
        }
    }

    [Test]
    public void A_fused_end_saves_a_launch_and_eight_bytes_for_each_output()
    {
        Problem problem = ConvForwardLadder.Of(s_padded);
        IReadOnlyList<LaunchReport> apart = Run(s_forward, 3, problem), fused = Run(s_forward, 4, problem);
        Assert.That((apart.Count, fused.Count), Is.EqualTo((2, 1)));
        Assert.That(apart.Sum(Read) + apart.Sum(Written) - Read(fused[0]) - Written(fused[0]), Is.EqualTo(8 * s_padded.Y.Count));
    }

    [Test]
    public void A_direct_sum_is_a_quarter_multiply_adds_and_a_product_two_thirds()
    {
        Problem forward = s_forward.OfSize(44), data = s_data.OfSize(64);   // images enough for the tiles that BlockTile takes for 128
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FmaShare(Run(s_forward, 1, s_forward.OfSize(1))[0]), Is.InRange(0.2, 0.3));
            Assert.That(FmaShare(Run(s_forward, 2, forward)[1]), Is.GreaterThan(0.65), "the product behind im2col");
            Assert.That(FmaShare(Run(s_forward, 3, forward)[0]), Is.GreaterThan(0.62), "it pays for the gather");
            Assert.That(FmaShare(Run(s_data, 1, s_data.OfSize(1))[0]), Is.LessThan(0.12));
            Assert.That(FmaShare(Run(s_data, 3, data)[0]), Is.GreaterThan(0.5));
        }
    }

    [Test]
    public void No_implicit_product_meets_itself_in_a_bank()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach ((Ladder ladder, Problem problem) in new[] { (s_forward, ConvForwardLadder.Of(s_padded)), (s_data, ConvDataLadder.Of(s_padded)), (s_filters, ConvFiltersLadder.Of(s_padded)) })
                Assert.That(Run(ladder, 3, problem)[0].Counters.BankConflicts, Is.Zero, ladder.Name);
        }
    }

    /// <summary>A stride of 2 leaves a quarter of the taps to each pixel: phases multiply these and no zeros, a direct gather asks all and its lanes part.</summary>
    [Test]
    public void With_strides_phases_do_only_the_multiply_adds_there_are()
    {
        var size = new Convolution([8, 32, 16, 16], [32, 32, 4, 4], new ConvGeometry(2, 2, 1, 1, 1, 1));
        Problem problem = ConvDataLadder.Of(size);
        LaunchReport direct = Run(s_data, 1, problem)[0], phases = Run(s_data, 3, problem)[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(phases.Counters.Flops, Is.EqualTo(problem.Flops));
            Assert.That(phases.Counters.ThreadsPerInstruction, Is.GreaterThan(28));
            Assert.That(direct.Counters.ThreadsPerInstruction, Is.LessThan(24));
        }
    }

    [Test]
    public void A_direct_filter_gradient_leaves_most_of_a_gpu_empty_whatever_the_number_of_images()
    {
        LaunchReport direct = Run(s_filters, 1, s_filters.OfSize(1))[0];
        Assert.That(direct.Estimate(KnownGpus.A100).Waves, Is.LessThan(0.1));
    }

    [Test]
    public void Parts_of_an_implicit_product_take_a_tenth_of_the_memory_that_rows_and_a_part_for_each_image_take()
    {
        Problem problem = s_filters.OfSize(128);
        Assert.That(s_filters.Rungs[1].Plan(problem).ScratchBytes, Is.GreaterThan(10 * s_filters.Rungs[2].Plan(problem).ScratchBytes));
    }

    [Test]
    public void Gradients_are_loaded_four_at_a_time_where_planes_and_memory_allow()
    {
        Problem aligned = ConvFiltersLadder.Of(s_padded);
        long wide = Run(s_filters, 3, aligned)[0].Counters.GlobalLoads.Requests, narrow = Run(s_filters, 3, aligned with { Offset = 1 })[0].Counters.GlobalLoads.Requests;
        Assert.That(wide, Is.LessThan(0.8 * narrow));
    }

    /// <summary>Sums that are rounded, in another order of blocks: if parts were added by atomics, bits would differ.</summary>
    [Test]
    public void The_order_of_the_blocks_changes_no_bit([Values(2, 3)] int rung)
    {
        Problem whole = ConvFiltersLadder.Of(new Convolution([12, 4, 9, 9], [5, 4, 3, 3], Convolution.Valid));
        Problem problem = whole with { Arrays = [.. whole.Arrays.Select((array, salt) => array with { First = i => ProblemArray.Spread(i, salt) })] };
        double[] first = Df(seed: 0), second = Df(seed: 7);
        Assert.That(first, Is.Not.All.Zero);
        Assert.That(second, Is.EqualTo(first));

        double[] Df(int seed)
        {
            using SimulatedGpu gpu = CheckedGpu.Make(seed);
            using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
            using var placed = new PlacedProblem(gpu, kernels, problem);
            placed.Run(s_filters.Rungs[rung - 1].Plan(problem));
            return placed.Read("df");
        }
    }

    private static IReadOnlyList<LaunchReport> Run(Ladder ladder, int rung, Problem problem)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.WithCaches });
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, problem);
        placed.Run(ladder.Rungs[rung - 1].Plan(problem));
        return [.. gpu.Reports];
    }

    private static long Read(LaunchReport report) => SectorBytes * report.Counters.FootprintReadSectors;

    private static long Written(LaunchReport report) => SectorBytes * report.Counters.FootprintWrittenSectors;

    private static double FmaShare(LaunchReport report) => report.Counters.Flops / 64.0 / report.Counters.WarpInstructions;
}
