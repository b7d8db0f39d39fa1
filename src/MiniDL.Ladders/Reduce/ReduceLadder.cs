// The ladder of sums: y = x[0] + x[1] + ... + x[N - 1], M. Harris's ladder of 2007 in today's CUDA.
//
// A kernel turns the terms of a block into one number. So a rung is several launches of the same kernel: over x, over the blocks' sums, and so on until one is left. The one
// thing to understand: every sum is formed in an order that follows from N alone. Float additions in another order give other bits, so this is what makes a run repeatable.
using System.Globalization;
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/reduce</c>.</summary>
internal sealed class ReduceLadder : Ladder
{
    private const int Threads = 256;
    private const int MostExact = 1 << 25;   // terms of -2 to 3 whose sums stay below 2^24, where float32 has every whole number
    private const int Alignment = 256;       // bytes

    public override string Name => "reduce";

    public override string Folder => "reduce";

    public override string Formula => "y = x[0] + x[1] + ... + x[N - 1]";

    public override Measure Measure => Measure.GigaBytes;

    /// <summary>64 MB.</summary>
    public override int DefaultSize => 1 << 24;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        Tree(1, "divergent tree", "reduce/01_divergent.cu", Threads, "neighbours first: every second thread adds, then every fourth", "threads an instruction; divergent branches"),
        Tree(2, "strided", "reduce/02_strided.cu", Threads, "thread t takes the t-th pair, so that whole warps work", "divergent branches go, bank conflicts come"),
        Tree(3, "sequential addressing", "reduce/03_sequential.cu", Threads, "what is added lies half of the rest further on", "bank conflicts: none"),
        Tree(4, "add on load", "reduce/04_add_on_load.cu", 2 * Threads, "a thread loads two terms and adds them", "instructions a term: half"),
        Tree(5, "last warp unrolled", "reduce/05_last_warp.cu", 2 * Threads, "the last 32 sums by shuffles, the steps before unrolled", "barriers: 8 -> 3"),
        Tree(6, "shuffles first", "reduce/06_shuffles.cu", 2 * Threads, "each warp by shuffles, then the warps' sums", "barriers: 3 -> 1"),
        Parts(7, "many terms a thread", "reduce/07_many_terms.cu", "a block walks along a part of x before its tree begins", "instructions a term"),
        Parts(8, "float4", ReducePass.File, "four terms with one load of 16 bytes", "sectors a load: 4 -> 16"),
    ];

    public override Rung Best => Rungs[^1];

    public override Problem OfSize(int n) => Of(n);

    public override IReadOnlyList<Problem> Checks { get; } =
    [
        Of(1), Of(2), Of(31), Of(33), Of(1000), Of(4096), Of(4099), Of(35 * 79 * 19), Of(65_537), Of(140_000), Of(1000) with { Offset = 1 }, Of(4099) with { Offset = 1 },
    ];

    /// <summary>A sum of n whole numbers from -2 to 3, half of one on average.</summary>
    internal static Problem Of(int n) => new()
    {
        Size = n.ToString(CultureInfo.InvariantCulture),
        Macros = [("N", n)],
        Arrays = [new ProblemArray("x", n, ArrayRole.Input, i => ProblemArray.Whole(i) - 2), new ProblemArray("y", 1, ArrayRole.Output, _ => 0)],
        Flops = n - 1,
        MinimumBytes = 4.0 * n + 4,
        Reference = first => new Dictionary<string, double[]> { ["y"] = [first["x"].Sum()] },
        Tolerance = n <= MostExact ? 0 : 1e-6,
    };

    /// <summary>A rung whose blocks take a few terms each: as many launches as it takes until one number is left.</summary>
    private static Rung Tree(int number, string name, string file, int perBlock, string change, string shows) => new(number, name, file, change, shows, problem =>
    {
        var passes = new List<ReducePass>();
        for (int terms = problem["N"]; passes.Count == 0 || terms > 1; terms = passes[^1].Blocks) passes.Add(new ReducePass(terms, perBlock, Threads));
        return Chain(passes, pass => LibraryKernel.Of(file, [("N", pass.Terms), ("THREADS", Threads)]));
    });

    /// <summary>A rung whose blocks take parts: two launches at most.</summary>
    private static Rung Parts(int number, string name, string file, string change, string shows) => new(number, name, file, change, shows, problem =>
        Chain(ReducePass.Of(problem["N"]), pass => LibraryKernel.Of(file, pass.Macros(pass.Terms == problem["N"] && problem.IsAligned ? 4 : 1))));

    /// <summary>Launches of which each reads what the one before has written: x, scratch memory, more scratch memory, y.</summary>
    private static RungPlan Chain(IReadOnlyList<ReducePass> passes, Func<ReducePass, KernelSource> kernel)
    {
        var launches = new List<RungLaunch>();
        RungArgument from = "x";
        long scratch = 0;
        foreach (ReducePass pass in passes)
        {
            RungArgument to = launches.Count == passes.Count - 1 ? "y" : RungArgument.Scratch(scratch);
            launches.Add(new RungLaunch(kernel(pass), new LaunchShape(new Dim3(pass.Blocks), new Dim3(pass.Threads)), [from, to]));
            scratch += (sizeof(float) * (long)pass.Blocks + Alignment - 1) / Alignment * Alignment;
            from = to;
        }
        return new RungPlan(launches, scratch);
    }
}
