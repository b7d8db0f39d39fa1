// The ladders of histograms: how many of N bytes are 0, how many 1, and so on.
//
// The same rungs make two ladders, for values that are spread evenly and for values that are all equal: what a rung costs may depend on what it counts, and that is where they differ.
// The one thing to understand: counts are integers, so that any order of additions gives the same result, and all rungs agree to the bit though they use atomics.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/histogram</c>.</summary>
/// <param name="equal">All values of <see cref="OfSize"/> are the same.</param>
internal sealed class HistogramLadder(bool equal) : Ladder
{
    private const int Threads = 256, PerBlock = 65_536, Small = 16_384, MostBins = 256, BinsOfSum = 32, WarpsOfSum = 32;

    public override string Name => equal ? "histogram-equal" : "histogram";

    public override string Folder => "histogram";

    public override string Formula => "counts[b] += how many values are b";

    public override Measure Measure => Measure.GigaBytes;

    /// <summary>2^25 values, 32 MB.</summary>
    public override int DefaultSize => 1 << 25;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "global atomics", "histogram/01_global_atomics.cu", "a thread adds 1 to the count of its value, in global memory",
            "sectors an atomic: 20 (spread), 1 (equal)", problem => new([Launch("histogram/01_global_atomics.cu", problem, Blocks(problem["N"], Threads), "counts")])),
        new(2, "shared", "histogram/02_shared.cu", "a block counts in shared memory, and adds its counts once",
            "global atomics: a 256th; bank conflicts an atomic: 2.2 (spread), 0 (equal)", problem => OneLaunch("histogram/02_shared.cu", problem)),
        new(3, "vectors", "histogram/03_vectors.cu", "a thread loads 4 times 16 values before it counts them",
            "sectors a load: 1 -> 16; waits: a 64th", problem => OneLaunch("histogram/03_vectors.cu", problem)),
        new(4, "warp copies", "histogram/04_warp_copies.cu", "each warp has a copy of the counts, which was good for GPUs of the past",
            "bank conflicts: the same", problem => OneLaunch("histogram/04_warp_copies.cu", problem)),
        new(5, "lane copies", "histogram/05_lane_copies.cu", "each lane has a copy of the counts, in a bank of its own",
            "bank conflicts an atomic: 2.2 -> 0; instructions: 1.5 times", problem => OneLaunch("histogram/05_lane_copies.cu", problem)),
        new(6, "two passes", "histogram/06_two_passes.cu", "blocks write their counts, and a second kernel adds them in order",
            "global atomics: 0; launches: 2", TwoPasses),
    ];

    /// <summary>So many values for 256 bins.</summary>
    public override Problem OfSize(int n) => Of(n, MostBins, equal, PerBlock);

    public override IReadOnlyList<Problem> Checks { get; } = equal
        ? [Of(1, 1, true), Of(1000, 256, true), Of(Small + 31, 10, true)]
        :
        [
            Of(1, 256, false), Of(2, 1, false), Of(31, 2, false), Of(33, 10, false), Of(1009, 255, false), Of(Small, 256, false), Of(Small + 4099, 100, false),
            Of(3 * Small, 31, false), Of(997, 33, false) with { Offset = 1 }, Of(Small + 1, 256, false) with { Offset = 1 },
        ];

    /// <summary>A histogram of values that are spread evenly over the bins, or all in the middle one. Where there are less than 256 bins, some values are in none.</summary>
    /// <param name="n">Values.</param>
    /// <param name="bins">1 to 256.</param>
    /// <param name="equal">All values are equal.</param>
    /// <param name="perBlock">Values that a block counts, a multiple of <see cref="Small"/>.</param>
    internal static Problem Of(int n, int bins, bool equal, int perBlock = Small) => new()
    {
        Size = $"{n:#,0} values, {bins} bins{(equal ? ", all equal" : "")}",
        Macros = [("N", n), ("BINS", bins), ("PER_BLOCK", perBlock)],
        Arrays =
        [
            new ProblemArray("values", (n + 3) / 4, ArrayRole.Input, word => Packed(word, n, bins, equal), IsInteger: true),
            new ProblemArray("counts", bins, ArrayRole.InputOutput, i => ProblemArray.Whole(i, 3), IsInteger: true),
        ],
        Flops = 0,
        MinimumBytes = n + 8.0 * bins,
        Reference = first => new Dictionary<string, double[]> { ["counts"] = Count(n, first["values"], first["counts"]) },
    };

    private static RungPlan OneLaunch(string file, Problem problem) => new([Launch(file, problem, Blocks(problem["N"], problem["PER_BLOCK"]), "counts")]);

    private static RungPlan TwoPasses(Problem problem)
    {
        int parts = Blocks(problem["N"], problem["PER_BLOCK"]), bins = problem["BINS"];
        KernelSource sum = LibraryKernel.Of("histogram/sum_parts.cu", [("BINS", bins), ("PARTS", parts)]);
        var shape = new LaunchShape(new Dim3(Blocks(bins, BinsOfSum)), new Dim3(BinsOfSum, WarpsOfSum));
        return new RungPlan([Launch("histogram/06_two_passes.cu", problem, parts, RungArgument.Scratch()), new RungLaunch(sum, shape, [RungArgument.Scratch(), "counts"])], sizeof(int) * (long)parts * bins);
    }

    private static RungLaunch Launch(string file, Problem problem, int blocks, RungArgument counts)
    {
        (string, object)[] macros = [.. problem.Macros, ("VECTOR", problem.IsAligned ? "uint4" : "uint")];
        return new RungLaunch(LibraryKernel.Of(file, macros), new LaunchShape(new Dim3(blocks), new Dim3(Threads)), ["values", counts]);
    }

    private static int Blocks(int count, int each) => (int)(((long)count + each - 1) / each);

    /// <summary>Four values as an int32; behind the last value come zeros, which must not be counted.</summary>
    private static double Packed(int word, int n, int bins, bool equal)
    {
        uint packed = 0;
        for (int i = 4 * word; i < Math.Min(n, 4 * word + 4); i++) packed |= Value(i, bins, equal) << (8 * (i % 4));
        return (int)packed;
    }

    private static uint Value(int i, int bins, bool equal)
    {
        if (bins < MostBins && i % 97 == 96) return (uint)(bins + i % (MostBins - bins));
        return (uint)(equal ? bins / 2 : Math.Min(bins - 1, (int)((ProblemArray.Spread(i) + 1) / 2 * bins)));
    }

    private static double[] Count(int n, double[] words, double[] before)
    {
        double[] counts = [.. before];
        for (int i = 0; i < n; i++)
        {
            uint value = (uint)(int)words[i / 4] >> (8 * (i % 4)) & 255;
            if (value < counts.Length) counts[value]++;
        }
        return counts;
    }
}
