// The ladder of optimiser steps: gradient descent with momentum over all parameters of a network.
//
// The one thing to understand: it is an elementwise expression over many arrays, most of them tiny. What counts is the number of launches, so a launch for all of them; and then a
// block has to find out which array is its own.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>The rungs of <c>kernels/update</c>.</summary>
/// <remarks>Momentum, and not RMSprop as in the programs, because results are then exact in float32 and can be compared to the bit. The bytes are the same, 20 for each element.</remarks>
internal sealed class UpdateLadder : Ladder
{
    private const int Threads = 256;
    private const int Chunk = 4;                                                       // shares of a block of rung 5
    private const int MostTensors = KernelArguments.MostBytes / (3 * sizeof(ulong));   // of one launch: three pointers each
    private const float Rate = 0.25f, Momentum = 0.5f;                                 // powers of two, so that results are exact

    public override string Name => "update";

    public override string Folder => "update";

    public override string Formula => "v' = momentum v - rate g, p' = p + v'";

    public override Measure Measure => Measure.GigaBytes;

    /// <summary>ResNet-18.</summary>
    public override int DefaultSize => 64;

    public override IReadOnlyList<Rung> Rungs { get; } =
    [
        new(1, "per tensor", "update/01_per_tensor.cu", "a launch for each parameter, a thread for one element", "launches: 62", problem => PerTensor("update/01_per_tensor.cu", problem, usesVectors: false)),
        new(2, "float4", "update/02_float4.cu", "four neighbours a thread", "instructions an element; launches: 62", problem => PerTensor("update/02_float4.cu", problem, usesVectors: true)),
        new(3, "multi-tensor", "update/03_multi_tensor.cu", "one launch; a block finds its parameter in a table", "launches: 62 -> 1", problem => Together("update/03_multi_tensor.cu", problem)),
        new(4, "halving", "update/04_halving.cu", "the search compares with the middle, by blocks", "instructions an element", problem => Together("update/04_halving.cu", problem)),
        new(5, "chunks", "update/05_chunks.cu", "a block stays with its parameter for 4,096 elements", "instructions an element; blocks: a quarter", problem => Together("update/05_chunks.cu", problem, Chunk)),
    ];

    /// <summary>What the updates of a training step are generated as.</summary>
    public override Rung? Best => Rungs[3];

    /// <summary>A ResNet-18 of so many channels in its first stage.</summary>
    public override Problem OfSize(int n) => ResNet(n);

    public override IReadOnlyList<Problem> Checks { get; } =
    [
        Of([1]), Of([2, 31, 33]), Of([3, 4, 5]), Of([1024, 1, 1000]), Of([35 * 79 * 19]), Of([1, 4096, 4097, 1, 31]), ResNet(2), Of([.. Enumerable.Range(0, MostTensors + 30).Select(i => i % 7 == 0 ? 1025 : 5)]),
        Of([2, 31, 33]) with { Offset = 1 }, Of([1, 4096, 4097, 1, 31]) with { Offset = 1 }, ResNet(1) with { Offset = 1 },
    ];

    private static Problem ResNet(int width) => Of($"ResNet-18, width {width}", ResNetSizes.Of(width));

    private static Problem Of(int[] sizes) => Of(sizes.Length <= 5 ? string.Join(", ", sizes) : $"{sizes.Length} tensors", sizes);

    /// <summary>Tensors of small whole numbers: p0, g0, v0, p1, ...</summary>
    /// <param name="size">In words.</param>
    /// <param name="sizes">Elements of each parameter.</param>
    internal static Problem Of(string size, int[] sizes) => new()
    {
        Size = size,
        Macros = [("RATE", CudaText.Literal(Rate, DType.Float32)), ("MOMENTUM", CudaText.Literal(Momentum, DType.Float32))],
        Arrays =
        [
            .. sizes.SelectMany((count, t) => new[]
            {
                new ProblemArray($"p{t}", count, ArrayRole.InputOutput, i => ProblemArray.Whole(i, 3 * t)),
                new ProblemArray($"g{t}", count, ArrayRole.Input, i => ProblemArray.Whole(i, 3 * t + 1) - 2),
                new ProblemArray($"v{t}", count, ArrayRole.InputOutput, i => ProblemArray.Whole(i, 3 * t + 2) - 3),
            }),
        ],
        Flops = 4.0 * sizes.Sum(),
        MinimumBytes = 20.0 * sizes.Sum(),
        Reference = first => Stepped(sizes.Length, first),
    };

    private static Dictionary<string, double[]> Stepped(int tensors, IReadOnlyDictionary<string, double[]> first)
    {
        var result = new Dictionary<string, double[]>();
        for (int t = 0; t < tensors; t++)
        {
            double[] v = result[$"v{t}"] = [.. first[$"v{t}"].Zip(first[$"g{t}"], (v, g) => Momentum * v - Rate * g)];
            result[$"p{t}"] = [.. first[$"p{t}"].Zip(v, (p, v) => p + v)];
        }
        return result;
    }

    private static int[] SizesOf(Problem problem) => [.. problem.Arrays.Where(array => array.Name[0] == 'p').Select(array => array.Count)];

    /// <summary>A launch for each tensor.</summary>
    private static RungPlan PerTensor(string file, Problem problem, bool usesVectors) =>
        new([.. SizesOf(problem).Select((size, t) => Launch(file, problem, [(size, t)], [("ALIGNED", usesVectors && problem.IsAligned ? 1 : 0)], usesVectors && problem.IsAligned ? 4 : 1))]);

    /// <summary>A launch for as many tensors as its parameters can name.</summary>
    private static RungPlan Together(string file, Problem problem, int chunk = 1)
    {
        int width = problem.IsAligned ? 4 : 1, perBlock = width * Threads * chunk;
        return new([.. SizesOf(problem).Select((size, t) => (size, t)).Chunk(MostTensors).Select(tensors =>
        {
            int[] firstBlocks = [.. Enumerable.Range(0, tensors.Length + 1).Select(count => tensors.Take(count).Sum(tensor => KernelText.Blocks(tensor.size, perBlock)))];
            return Launch(file, problem, tensors, [("FIRST_BLOCKS", string.Join(", ", firstBlocks)), ("ALIGNED", problem.IsAligned ? 1 : 0), .. chunk > 1 ? new (string, object)[] { ("CHUNK", chunk) } : []], perBlock / Threads);
        })]);
    }

    /// <summary>A launch of tensors, so many elements a thread.</summary>
    private static RungLaunch Launch(string file, Problem problem, (int Size, int Number)[] tensors, (string, object)[] macros, int perThread)
    {
        int blocks = tensors.Sum(tensor => KernelText.Blocks(tensor.Size, perThread * Threads));
        (string, object)[] all = [("TENSORS", tensors.Length), ("SIZES", string.Join(", ", tensors.Select(tensor => tensor.Size))), .. problem.Macros, .. macros];
        RungArgument[] pointers = [.. tensors.SelectMany(tensor => "pgv".Select(array => new RungArgument($"{array}{tensor.Number}")))];
        return new RungLaunch(LibraryKernel.Of(file, all), new LaunchShape(new Dim3(blocks), new Dim3(Threads)), pointers);
    }
}
