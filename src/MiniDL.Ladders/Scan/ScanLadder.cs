// The ladder of prefix sums: y[i] = x[0] + x[1] + ... + x[i].
//
// A block can scan a tile; what stands before the tile, it must learn from other blocks. The rungs differ in how fast a tile is scanned (1 to 5) and in how often the array passes through memory until
// each tile knows what stands before it (5 to 7). The one thing to understand: each rung adds in an order that follows from N alone, though each in another one; with whole numbers all give
// the same sums to the bit.
using System.Globalization;
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/scan</c>.</summary>
internal sealed class ScanLadder : Ladder
{
    private const int Threads = 256, WholeTile = 16 * Threads;
    private const int TilesOfGroup = 32;
    private const int MostExact = 1 << 25;   // elements of -2 to 3 whose sums stay below 2^24, where float32 has every whole number

    public override string Name => "scan";

    public override string Folder => "scan";

    public override string Formula => "y[i] = x[0] + x[1] + ... + x[i]";

    public override Measure Measure => Measure.GigaBytes;

    /// <summary>64 MB.</summary>
    public override int DefaultSize => 1 << 24;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        Propagate(1, "Hillis and Steele", "scan/01_hillis_steele.cu", Threads, "each step doubles how far every element reaches back", "additions an element"),
        Propagate(2, "Blelloch", "scan/02_blelloch.cu", 2 * Threads, "a tree up and down: two additions an element", "additions; bank conflicts; threads an instruction"),
        Propagate(3, "padded", "scan/03_padded.cu", 2 * Threads, "a word of padding after every 32", "bank conflicts: a twentieth"),
        Propagate(4, "shuffles", "scan/04_shuffles.cu", Threads, "a warp scans in registers", "barriers: 18 -> 2"),
        Propagate(5, "many elements a thread", "scan/05_many_elements.cu", WholeTile, "16 elements a thread, as float4", "instructions an element; sectors a load: 4 -> 16"),
        new(6, "reduce, then scan", "scan/06_reduce_then_scan.cu", "the totals first, by a reduction, so that y is written once", "bytes: 16 -> 12 an element", ReduceThenScan),
        new(7, "look-back", "scan/07_look_back.cu", "blocks learn from earlier blocks of the same launch", "bytes: 12 -> 8 an element", LookBack),
    ];

    public override Problem OfSize(int n) => Of(n);

    public override IReadOnlyList<Problem> Checks { get; } =
    [
        Of(1), Of(2), Of(31), Of(33), Of(1000), Of(4096), Of(4097), Of(35 * 79 * 19), Of(65_537), Of(34 * WholeTile + 5), Of(33) with { Offset = 1 }, Of(10_007) with { Offset = 1 },
    ];

    /// <summary>The prefix sums of n whole numbers from -2 to 3, half of one on average.</summary>
    internal static Problem Of(int n) => new()
    {
        Size = n.ToString(CultureInfo.InvariantCulture),
        Macros = [("N", n)],
        Arrays = [new ProblemArray("x", n, ArrayRole.Input, i => ProblemArray.Whole(i) - 2), new ProblemArray("y", n, ArrayRole.Output, _ => 0)],
        Flops = n - 1,
        MinimumBytes = 8.0 * n,
        Reference = first => new Dictionary<string, double[]> { ["y"] = PrefixSums(first["x"]) },
        Tolerance = n <= MostExact ? 0 : 1e-6,
    };

    /// <summary>Tiles scanned, their totals scanned in the same way, and each tile's start added to it.</summary>
    private static Rung Propagate(int number, string name, string file, int tile, string change, string shows) => new(number, name, file, change, shows, problem =>
    {
        var plan = new ScanPlan();
        Scan("x", "y", problem["N"], problem.IsAligned);
        return plan.Done();

        void Scan(RungArgument from, RungArgument to, int n, bool aligned)
        {
            int tiles = Blocks(n, tile);
            RungArgument totals = plan.Scratch(tiles);
            plan.Add(file, [("N", n), .. tile == WholeTile ? [Aligned(aligned)] : new[] { ("THREADS", (object)Threads) }], tiles, [from, to, totals]);
            if (tiles == 1) return;
            RungArgument upTo = plan.Scratch(tiles);
            Scan(totals, upTo, tiles, aligned: true);
            plan.Add("scan/add_totals.cu", [("N", n), ("TILE", tile)], Blocks(n - tile, Threads), [upTo, to]);
        }
    });

    private static RungPlan ReduceThenScan(Problem problem)
    {
        var plan = new ScanPlan();
        Scan("x", "y", problem["N"], problem.IsAligned);
        return plan.Done();

        void Scan(RungArgument from, RungArgument to, int n, bool aligned)
        {
            int tiles = Blocks(n, WholeTile);
            RungArgument upTo = plan.Scratch(tiles);
            if (tiles > 1)
            {
                RungArgument totals = plan.Scratch(tiles);
                plan.Add(ReducePass.File, new ReducePass(n, WholeTile, Threads).Macros(aligned ? 4 : 1), tiles, [from, totals]);
                Scan(totals, upTo, tiles, aligned: true);
            }
            plan.Add("scan/06_reduce_then_scan.cu", [("N", n), Aligned(aligned)], tiles, [from, to, upTo]);
        }
    }

    private static RungPlan LookBack(Problem problem)
    {
        var plan = new ScanPlan();
        int tiles = Blocks(problem["N"], WholeTile), words = 1 + tiles + tiles / TilesOfGroup;
        RungArgument states = plan.Scratch(2 * words);
        plan.Add("scan/clear_states.cu", [("COUNT", words)], Blocks(words, Threads), [states]);
        plan.Add("scan/07_look_back.cu", [.. problem.Macros, Aligned(problem.IsAligned)], tiles, ["x", "y", states]);
        return plan.Done();
    }

    private static (string, object) Aligned(bool aligned) => ("ALIGNED", aligned ? 1 : 0);

    private static int Blocks(int count, int each) => (count + each - 1) / each;

    private static double[] PrefixSums(double[] x)
    {
        double[] sums = new double[x.Length];
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sums[i] = sum += x[i];
        return sums;
    }

    /// <summary>Collects launches of 256 threads and scratch memory.</summary>
    private sealed class ScanPlan
    {
        private const int Alignment = 256;   // bytes
        private readonly List<RungLaunch> _launches = [];
        private long _bytes;

        /// <summary>Room for so many words of four bytes.</summary>
        public RungArgument Scratch(int words)
        {
            RungArgument room = RungArgument.Scratch(_bytes);
            _bytes += (sizeof(float) * (long)words + Alignment - 1) / Alignment * Alignment;
            return room;
        }

        public void Add(string file, IEnumerable<(string Name, object Value)> macros, int blocks, IReadOnlyList<RungArgument> arguments) =>
            _launches.Add(new RungLaunch(LibraryKernel.Of(file, macros), new LaunchShape(new Dim3(blocks), new Dim3(Threads)), arguments));

        public RungPlan Done() => new(_launches, _bytes);
    }
}
