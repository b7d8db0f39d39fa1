// kernels/sgemm on the simulated GPU: every tile, layout, ragged size, split and batch gives the definition's numbers to the bit.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class SgemmKernelTests
{
    /// <summary>Sizes that are and are not multiples of the tile, rows that are and are not float4s; A and B as they lie or transposed.</summary>
    [Test]
    public void Every_tile_multiplies_every_layout([Range(0, 7)] int tile, [Values] bool transposeA, [Values] bool transposeB)
    {
        BlockTile its = BlockTile.All[tile];
        int ragged = transposeA == transposeB ? 1 : 4;   // 1: scalar loads of both operands; 4: float4s
        Check(Matrix(its.BM + ragged, its.BK * 2 + ragged, transposeA), Matrix(its.BK * 2 + ragged, its.BN + ragged, transposeB), tile: its);
    }

    [Test]
    public void Whole_tiles_are_read_as_float4([Range(0, 7)] int tile)
    {
        BlockTile its = BlockTile.All[tile];
        GemmStage stage = Check(Matrix(2 * its.BM, its.BK * 3, false), Matrix(its.BK * 3, its.BN, false), alpha: 0.5f, beta: 2, tile: its);
        Assert.That(SgemmProblem.Of(stage).A.Vector + SgemmProblem.Of(stage).B.Vector, Is.EqualTo("float4float4"));
    }

    [TestCase(1, 1, 1)]
    [TestCase(31, 33, 35)]
    [TestCase(35, 79, 19)]
    [TestCase(128, 10, 784)]
    [TestCase(784, 10, 128)]
    [TestCase(128, 625, 10)]
    [TestCase(10, 128, 6000)]
    [TestCase(1, 1, 5000)]
    [TestCase(3, 5, 0)]
    public void Shapes_of_all_kinds(int m, int n, int k) => Check(Matrix(m, k, false), Matrix(k, n, false), alpha: -0.5f, beta: 3);

    [TestCase(1, 0.0f)]
    [TestCase(3, 1.0f)]
    [TestCase(100, 1.0f)]
    public void A_split_sum_is_added_in_a_second_pass(int parts, float beta)
    {
        BlockTile tile = BlockTile.All[5];
        Check(Matrix(33, 1000, false), Matrix(1000, 35, true), alpha: 2, beta, tile, tile.SplitInto(parts, 1000));
    }

    [Test]
    public void Batches_step_repeat_and_interleave()
    {
        Check(IndexMap.Contiguous([3, 5, 7]), IndexMap.Contiguous([3, 7, 9]));
        Check(new IndexMap([3, 5, 7], [0, 7, 1], 4), IndexMap.Contiguous([3, 7, 9]));                // one A for all
        Check(new IndexMap([3, 5, 8], [8, 24, 1], 0), new IndexMap([3, 8, 9], [-72, 9, 1], 144));   // rows of the batch interleaved; backwards
    }

    [Test]
    public void Steps_stretches_and_reversals_are_read_in_place() =>
        Check(new IndexMap([1, 21, 22], [0, 44, -2], 43), new IndexMap([1, 22, 23], [0, 0, 3], 1));

    [Test]
    public void What_cuBlas_cannot_take_is_copied_in_order()
    {
        // Three matrices of 20 x 30, every second column of them, rows reversed.
        GemmStage stage = Products.Stage(new IndexMap([3, 20, 30], [1200, -60, 2], 1140), IndexMap.Contiguous([3, 30, 2]));
        var copy = (KernelStep)GemmSteps.Plan(stage, null, Stages.Options)[0];
        Buffer to = SimulatedSteps.BufferOf(1800, "to");
        Dictionary<Buffer, float[]> memory = Products.Memory(stage);
        memory[to] = new float[1800];
        SimulatedSteps.Run([copy with { Arguments = [copy.Arguments[0], new BufferArgument(to, 0)] }], memory);
        float[] from = memory[stage.A.Buffer];
        Assert.That(memory[to], Is.EqualTo(Enumerable.Range(0, 1800).Select(i => from[Products.At(stage.A.Map, i / 600, i / 30 % 20, i % 30)])));
    }

    [Test]
    public void NaN_beyond_the_operands_is_never_read()
    {
        // A and B lie inside larger arrays of NaN: what a tile reads beyond the edge must be zero, and C beyond it stay as it was.
        GemmStage stage = Products.Stage(new IndexMap([1, 33, 17], [0, 40, 1], 3), new IndexMap([1, 17, 35], [0, 40, 1], 5));
        Dictionary<Buffer, float[]> memory = Products.Memory(stage);
        foreach (View view in new[] { stage.A, stage.B })
        {
            float[] values = memory[view.Buffer];
            var inside = new HashSet<int>();
            for (int i = 0; i < view.Map.Shape[1]; i++)
                for (int j = 0; j < view.Map.Shape[2]; j++) inside.Add(Products.At(view.Map, 0, i, j));
            for (int i = 0; i < values.Length; i++) if (!inside.Contains(i)) values[i] = float.NaN;
        }
        Check(stage, memory, null, null);
    }

    private static IndexMap Matrix(int rows, int columns, bool transposed) =>
        transposed ? new IndexMap([1, rows, columns], [0, 1, rows], 0) : IndexMap.Contiguous([1, rows, columns]);

    private static GemmStage Check(IndexMap a, IndexMap b, float alpha = 1, float beta = 0, BlockTile? tile = null, KSplit? split = null)
    {
        GemmStage stage = Products.Stage(a, b, alpha, beta);
        Check(stage, Products.Memory(stage), tile, split);
        return stage;
    }

    private static void Check(GemmStage stage, Dictionary<Buffer, float[]> memory, BlockTile? tile, KSplit? split)
    {
        float[] expected = Products.Multiply(stage, memory);
        IReadOnlyList<Step> steps = tile is null ? GemmSteps.Plan(stage, null, Stages.Options with { Gemm = GemmChoice.Handwritten })
            : GemmSteps.Kernels(stage, SgemmProblem.Of(stage), tile, split ?? tile.SplitInto(1, stage.K), KernelArgument.Of(stage.A), KernelArgument.Of(stage.B), KernelArgument.Of(stage.C), null);
        SimulatedSteps.Run(steps, memory);
        Assert.That(memory[stage.C.Buffer], Is.EqualTo(expected), string.Join("; ", stage.Details));
    }
}
