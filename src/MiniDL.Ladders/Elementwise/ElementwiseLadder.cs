// The ladder of elementwise expressions: y = relu(ALPHA x + r) m.
//
// The one thing to understand: the work is nothing and the bytes are everything. The first step, fusion, takes the time down to what the bytes ask for; all further steps save
// instructions, which were not the limit, and the chapter says so.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/elementwise</c>.</summary>
internal sealed class ElementwiseLadder : Ladder
{
    private const int Threads = 256;
    private const int MostBlocks = 864;        // of the grid-stride loop: what an A100 holds, 108 multiprocessors of 8 blocks
    private const int PerThread = 2;           // float4s of rung 5
    private const float Alpha = 2;             // a power of two, so that results are exact

    public override string Name => "elementwise";

    public override string Folder => "elementwise";

    public override string Formula => "y = relu(alpha x + r) m";

    public override Measure Measure => Measure.GigaBytes;

    /// <summary>2^24 elements: four arrays of 64 MiB, more than any cache holds.</summary>
    public override int DefaultSize => 1 << 24;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "unfused", "elementwise/01_unfused.cu", "a launch for each of the four operations", "bytes over the least: 2.5", Unfused),
        new(2, "fused", "elementwise/02_fused.cu", "one launch, a thread for one element; values between operations stay in registers", "bytes over the least: 2.5 -> 1",
            problem => OneLaunch("elementwise/02_fused.cu", problem, problem["N"])),
        new(3, "grid-stride loop", "elementwise/03_grid_stride.cu", "a thread walks over the array", "instructions an element", GridStride),
        new(4, "float4", "elementwise/04_float4.cu", "four neighbours a thread, 16 bytes a load", "sectors a load: 4 -> 16; requests: a quarter",
            problem => OneLaunch("elementwise/04_float4.cu", problem, problem["N"], 4)),
        new(5, "float4, two in flight", "elementwise/05_in_flight.cu", "loads for eight elements before the first is computed", "instructions an element; blocks: half",
            problem => OneLaunch("elementwise/05_in_flight.cu", problem, problem["N"], 4 * PerThread)),
    ];

    /// <summary>What generated maps are: the frame is the same lines of <c>fused/four.cuh</c>.</summary>
    public override Rung? Best => Rungs[3];

    public override Problem OfSize(int n) => Of(n);

    public override IReadOnlyList<Problem> Checks { get; } =
    [
        .. new[] { 1, 2, 3, 4, 31, 33, 35 * 79 * 19, 1000, 1024, 2048, 4099, 8191 }.Select(n => Of(n)), Of(Threads * MostBlocks + 1021),
        .. new[] { 1, 7, 2048, 4099 }.Select(n => Of(n) with { Offset = 1 }), Of(1000, special: true), Of(1001, special: true) with { Offset = 1 },
    ];

    /// <summary>Three arrays of small whole numbers.</summary>
    /// <param name="n">Elements.</param>
    /// <param name="special">Strews NaN and infinity in.</param>
    internal static Problem Of(int n, bool special = false) => new()
    {
        Size = $"{n}{(special ? " with NaN and infinity" : "")}",
        Macros = [("N", n), ("ALPHA", CudaText.Literal(Alpha, DType.Float32))],
        Arrays =
        [
            new ProblemArray("x", n, ArrayRole.Input, i => special && i % 97 == 5 ? double.NaN : ProblemArray.Whole(i, 1) - 3),
            new ProblemArray("r", n, ArrayRole.Input, i => special && i % 89 == 7 ? double.NegativeInfinity : special && i % 83 == 11 ? double.PositiveInfinity : ProblemArray.Whole(i, 2) - 2),
            new ProblemArray("m", n, ArrayRole.Input, i => 2 * (ProblemArray.Whole(i, 3) % 2)),
            new ProblemArray("y", n, ArrayRole.Output, _ => 0),
        ],
        Flops = 4.0 * n,
        MinimumBytes = 16.0 * n,
        Reference = first => new Dictionary<string, double[]> { ["y"] = [.. Enumerable.Range(0, n).Select(i => Relu(Alpha * first["x"][i] + first["r"][i]) * first["m"][i])] },
    };

    private static double Relu(double value) => value > 0 || double.IsNaN(value) ? value : 0;

    // s = ALPHA x;  t = s + r;  s = relu(t);  y = s m.
    private static RungPlan Unfused(Problem problem)
    {
        RungArgument s = RungArgument.Scratch(), t = RungArgument.Scratch(sizeof(float) * (long)problem["N"]);
        (RungArgument U, RungArgument V, RungArgument Y)[] launches = [("x", "x", s), (s, "r", t), (t, t, s), (s, "m", "y")];
        return new([.. launches.Select((launch, operation) => new RungLaunch(LibraryKernel.Of("elementwise/01_unfused.cu", [.. problem.Macros, ("OPERATION", operation)]),
            Shape(problem["N"]), [launch.U, launch.V, launch.Y]))], 2 * sizeof(float) * (long)problem["N"]);
    }

    private static RungPlan GridStride(Problem problem)
    {
        int blocks = Math.Min(MostBlocks, KernelText.Blocks(problem["N"], Threads));
        return new([new RungLaunch(LibraryKernel.Of("elementwise/03_grid_stride.cu", [.. problem.Macros, ("BLOCKS", blocks)]), new LaunchShape(new Dim3(blocks), new Dim3(Threads)), ["x", "r", "m", "y"])]);
    }

    /// <summary>A launch with a thread for so many elements, or for one where arrays are not aligned.</summary>
    private static RungPlan OneLaunch(string file, Problem problem, int n, int perThread = 1)
    {
        bool vectors = perThread > 1 && problem.IsAligned;
        IEnumerable<(string, object)> macros = perThread > 1 ? [.. problem.Macros, ("ALIGNED", vectors ? 1 : 0)] : problem.Macros;
        return new([new RungLaunch(LibraryKernel.Of(file, macros), Shape(vectors ? (n + perThread - 1) / perThread : n), ["x", "r", "m", "y"])]);
    }

    private static LaunchShape Shape(int threads) => new(new Dim3(KernelText.Blocks(threads, Threads)), new Dim3(Threads));
}
