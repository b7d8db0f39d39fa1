// Gather, scatter, argmax and transpose on the simulated GPU against plain loops.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class IndexKernelTests
{
    private SimulatedRun _gpu = null!;

    [OneTimeSetUp]
    public void Open() => _gpu = new SimulatedRun();

    [OneTimeTearDown]
    public void Close() => _gpu.Dispose();

    [TestCase(300, 1)]
    [TestCase(300, 10)]
    [TestCase(50, 17)]
    [TestCase(50, 33)]
    [TestCase(40, 100)]
    [TestCase(9, 256)]
    [TestCase(9, 257)]
    [TestCase(7, 1001)]
    [TestCase(2, 5003)]
    public void Argmax_of_rows(int rows, int length)
    {
        float[] x = Awkward(rows * length, rows + length);
        int[] integers = [.. x.Select(v => float.IsFinite(v) ? (int)v : int.MinValue)];
        Tensor floats = T.Input([rows, length], "x"), ints = T.Input([rows, length], "n", DType.Int32);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Run<int>(T.ArgMax(floats, 1, keepDims: true), Bytes.Of(x)), Is.EqualTo(LargestOf(x, rows, length, 1)));
            Assert.That(Run<int>(T.ArgMax(ints, 1, keepDims: true), Bytes.Of(integers)), Is.EqualTo(LargestOf([.. integers.Select(v => (float)v)], rows, length, 1)));
        }
    }

    [TestCase(3, 10, 7)]
    [TestCase(2, 33, 100)]
    [TestCase(1, 5, 300)]
    public void Argmax_along_another_axis(int outer, int length, int inner)
    {
        float[] x = Awkward(outer * length * inner, length);
        Assert.That(Run<int>(T.ArgMax(T.Input([outer, length, inner], "x"), 1, keepDims: true), Bytes.Of(x)), Is.EqualTo(LargestOf(x, outer, length, inner)));
    }

    [TestCase(40, 3, 16)]
    [TestCase(40, 70, 10)]
    [TestCase(5, 200, 625)]
    [TestCase(40, 3, 1)]
    public void Rows_gathered(int tableRows, int rows, int length)
    {
        float[] table = [.. Enumerable.Range(0, tableRows * length).Select(i => (float)i)];
        int[] index = Indices(rows, tableRows);
        Tensor y = T.GatherRows(T.Input([tableRows, length], "table"), T.Input([rows], "index", DType.Int32));
        Assert.That(Run<float>(y, Bytes.Of(table), Bytes.Of(index)), Is.EqualTo(index.SelectMany(row => table[(row * length)..((row + 1) * length)])));
    }

    [Test]
    public void Rows_of_bools_gathered()
    {
        byte[] table = [.. Enumerable.Range(0, 20 * 5).Select(i => (byte)(i * i % 3 % 2))];
        int[] index = Indices(33, 20);
        Tensor y = T.GatherRows(T.Input([20, 5], "table", DType.Bool), T.Input([33], "index", DType.Int32));
        Assert.That(Run<byte>(y, table, Bytes.Of(index)), Is.EqualTo(index.SelectMany(row => table[(row * 5)..(row * 5 + 5)])));
    }

    [TestCase(40, 3, 16)]
    [TestCase(7, 100, 10)]
    [TestCase(5, 65, 625)]
    [TestCase(40, 32, 1)]
    [TestCase(3, 0, 4)]
    public void Rows_added_in_the_order_of_their_indices(int tableRows, int rows, int length)
    {
        var random = new Random(length);
        float[] values = [.. Enumerable.Range(0, rows * length).Select(_ => random.NextSingle() - 0.5f)], expected = new float[tableRows * length];
        int[] index = Indices(rows, tableRows);
        for (int i = 0; i < values.Length; i++) expected[index[i / length] * length + i % length] += values[i];
        Tensor y = Tensor.Apply(new ScatterAdd(tableRows), T.Input([rows], "index", DType.Int32), T.Input([rows, length], "rows"));
        Assert.That(Run<float>(y, Bytes.Of(index), Bytes.Of(values)), Is.EqualTo(expected));
    }

    [TestCase(5)]
    [TestCase(-1)]
    public void An_index_that_names_no_row_stops_the_kernel(int wrong)
    {
        Tensor index = T.Input([3], "index", DType.Int32), gathered = T.GatherRows(T.Input([5, 4], "table"), index);
        Tensor scattered = Tensor.Apply(new ScatterAdd(5), index, T.Input([3, 4], "rows"));
        using var gather = new SimulatedRun();
        using var scatter = new SimulatedRun();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Run<float>(gather, gathered, new byte[80], Bytes.Of(0, wrong, 4)), Throws.TypeOf<GpuException>());
            Assert.That(() => Run<float>(scatter, scattered, Bytes.Of(0, wrong, 4), new byte[48]), Throws.TypeOf<GpuException>());
        }
    }

    [TestCase(new[] { 70, 45 }, new[] { 1, 0 })]
    [TestCase(new[] { 10, 130 }, new[] { 1, 0 })]
    [TestCase(new[] { 130, 10 }, new[] { 1, 0 })]
    [TestCase(new[] { 68, 132 }, new[] { 1, 0 })]
    [TestCase(new[] { 1200, 1, 3 }, new[] { 2, 1, 0 })]
    [TestCase(new[] { 2, 3, 5, 7 }, new[] { 0, 2, 3, 1 })]
    public void Transposes(int[] shape, int[] axes)
    {
        Tensor x = T.Input(Shape.Create(shape), "x"), y = T.Transpose(x, axes);
        int[] values = [.. Enumerable.Range(0, (int)x.Shape.Count)];
        int[] strides = x.Shape.Strides(), expected = new int[values.Length], at = new int[shape.Length];
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = axes.Select((axis, k) => at[k] * strides[axis]).Sum();
            for (int k = at.Length - 1; k >= 0 && ++at[k] == y.Shape[k]; k--) at[k] = 0;
        }
        Assert.That(Run<int>(y, Bytes.Of(values)), Is.EqualTo(expected));
    }

    private TValue[] Run<TValue>(Tensor output, params byte[][] inputs) where TValue : unmanaged => Run<TValue>(_gpu, output, inputs);

    private static TValue[] Run<TValue>(SimulatedRun gpu, Tensor output, params byte[][] inputs) where TValue : unmanaged
    {
        Tensor[] leaves = [.. Traversal.Topological([output]).Where(node => node.Op is InputOp)];
        MiniDL.Program program = Lower.ToProgram(leaves, [output], []);
        var contents = program.Buffers.ToDictionary(buffer => buffer, buffer => Enumerable.Repeat((byte)0xff, (int)buffer.Bytes).ToArray());
        for (int i = 0; i < inputs.Length; i++) inputs[i].CopyTo(contents[program.Inputs[i]], 0);
        Stage stage = program.Stages.Single();
        gpu.Run(stage is IndexStage index ? IndexSteps.Plan(index, Stages.Options) : TransposeSteps.TryPlan((FusedStage)stage, Stages.Options)!, contents);
        return Bytes.To<TValue>(contents[program.Outputs[0]]);
    }

    /// <summary>Small whole numbers, so that there are ties, minus infinity among them, and NaN in some rows; the first row is minus infinity throughout.</summary>
    private static float[] Awkward(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => random.Next(200) switch { 0 => float.NaN, < 20 => float.NegativeInfinity, var other => other % 7 - 3 })];
    }

    private static int[] Indices(int count, int rows) => [.. Enumerable.Range(0, count).Select(i => i * i * 7 % rows)];

    private static int[] LargestOf(float[] x, int outer, int length, int inner)
    {
        int[] result = new int[outer * inner];
        for (int i = 0; i < result.Length; i++)
            for (int k = 1; k < length; k++)
            {
                float best = x[(i / inner * length + result[i]) * inner + i % inner], v = x[(i / inner * length + k) * inner + i % inner];
                if (v > best || (float.IsNaN(v) && !float.IsNaN(best))) result[i] = k;
            }
        return result;
    }
}
