// What cuBLAS is asked for: column-major calls, evaluated here as cuBLAS' documentation defines them, give the row-major products of stages.
using System.Globalization;
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class GemmCallTests
{
    [Test]
    public void Every_product_of_views_is_what_the_call_computes([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 50; i++)
        {
            GemmStage stage = RandomStage(random);
            Dictionary<Buffer, float[]> memory = Products.Memory(stage);
            float[] expected = Products.Multiply(stage, memory);
            Execute(GemmSteps.Plan(stage, null, Stages.Options), memory);
            Assert.That(memory[stage.C.Buffer], Is.EqualTo(expected), $"seed {seed}, product {i}: {string.Join("; ", stage.Details)}");
        }
    }

    [Test]
    public void Row_major_operands_change_places_and_nothing_is_copied()
    {
        GemmStage stage = Products.Stage(IndexMap.Contiguous([1, 128, 784]), IndexMap.Contiguous([1, 784, 625]));
        var step = (GemmStep)GemmSteps.Plan(stage, null, Stages.Options).Single();
        Assert.That(step.Call, Is.EqualTo(new GemmCall(GemmOperand.AsIs, GemmOperand.AsIs, 625, 128, 784, 1, 0, 625, 0, 0, 784, 0, 0, 0, 625, 0)));
        Assert.That((step.A, step.B), Is.EqualTo((KernelArgument.Of(stage.B), KernelArgument.Of(stage.A))));
    }

    [Test]
    public void A_transposed_operand_goes_as_transposed()
    {
        // dW = X' dZ: X (128, 784) read through strides 1 and 784.
        GemmStage stage = Products.Stage(new IndexMap([1, 784, 128], [0, 1, 784], 0), IndexMap.Contiguous([1, 128, 10]), alpha: -0.05f, beta: 1);
        var step = (GemmStep)GemmSteps.Plan(stage, null, Stages.Options).Single();
        Assert.That(step.Call, Is.EqualTo(new GemmCall(GemmOperand.AsIs, GemmOperand.Transposed, 10, 784, 128, -0.05f, 0, 10, 0, 0, 784, 0, 1, 0, 10, 0)));
    }

    [Test]
    public void A_stride_of_a_dim_of_one_is_no_leading_dim()
    {
        // A row (1, 5) whose row stride is 1, as views have it: the leading dim must be 5.
        Assert.That(GemmSteps.AsTaken(1, 5, 1, 1), Is.EqualTo((GemmOperand.AsIs, 5)));
        Assert.That(GemmSteps.AsTaken(5, 1, 1, 0), Is.EqualTo((GemmOperand.AsIs, 1)));
        Assert.That(GemmSteps.AsTaken(5, 1, 7, 0), Is.EqualTo((GemmOperand.AsIs, 7)));
        Assert.That(GemmSteps.AsTaken(4, 0, 0, 1), Is.EqualTo((GemmOperand.AsIs, 1)));
    }

    [TestCase(3, 4, 3, 1, TestName = "Rows_that_overlap_are_copied")]
    [TestCase(3, 4, 8, 2, TestName = "A_slice_with_steps_is_copied")]
    [TestCase(3, 4, 0, 1, TestName = "A_stretched_row_is_copied")]
    [TestCase(3, 4, 4, -1, TestName = "A_reversed_axis_is_copied")]
    public void What_cuBlas_cannot_take_is_copied(int rows, int columns, int rowStride, int columnStride)
    {
        GemmStage stage = Products.Stage(new IndexMap([1, rows, columns], [0, rowStride, columnStride], 12), IndexMap.Contiguous([1, columns, 5]));
        IReadOnlyList<Step> steps = GemmSteps.Plan(stage, null, Stages.Options);
        Assert.That(steps, Has.Count.EqualTo(2));
        Assert.That(((KernelStep)steps[0]).ScratchBytes, Is.EqualTo(256));
        Assert.That(((GemmStep)steps[1]).B, Is.EqualTo(new ScratchArgument(0)));
    }

    [Test]
    public void No_elements_no_call_but_an_empty_sum_scales_what_was_there()
    {
        Assert.That(GemmSteps.Plan(Products.Stage(IndexMap.Contiguous([1, 0, 3]), IndexMap.Contiguous([1, 3, 4])), null, Stages.Options), Is.Empty);
        Assert.That(GemmSteps.Plan(Products.Stage(IndexMap.Contiguous([0, 2, 3]), IndexMap.Contiguous([0, 3, 4])), null, Stages.Options), Is.Empty);
        var empty = (GemmStep)GemmSteps.Plan(Products.Stage(IndexMap.Contiguous([1, 2, 0]), IndexMap.Contiguous([1, 0, 4]), 1, 0.5f), null, Stages.Options).Single();
        Assert.That((empty.Call.K, empty.Call.Beta), Is.EqualTo((0, 0.5f)));
    }

    [Test]
    public void Tensor_cores_are_used_only_on_request()
    {
        GemmStage stage = Products.Stage(IndexMap.Contiguous([1, 2, 3]), IndexMap.Contiguous([1, 3, 4]));
        GemmCompute[] computes = [.. new[] { false, true }.Select(tf32 => ((GemmStep)GemmSteps.Plan(stage, null, Stages.Options with { TensorFloat32 = tf32 }).Single()).Call.Compute)];
        Assert.That(computes, Is.EqualTo(new[] { GemmCompute.Float32, GemmCompute.TensorFloat32 }));
    }

    /// <summary>Axes in any order in memory, with steps, reversed, stretched, of 0 and 1, at any offset.</summary>
    private static GemmStage RandomStage(Random random)
    {
        int batch = random.Next(3) == 0 ? random.Next(4) : 1, m = random.Next(6), n = random.Next(6), k = random.Next(6);
        return Products.Stage(RandomMap(random, [batch, m, k]), RandomMap(random, [batch, k, n]), random.Next(1, 4), random.Next(3));
    }

    private static IndexMap RandomMap(Random random, Shape shape)
    {
        int[] order = [0, 1, 2], strides = new int[3];
        if (random.Next(2) == 0) random.Shuffle(order);
        int step = 1, offset = random.Next(4);
        foreach (int axis in order.Reverse())
        {
            if (random.Next(8) == 0) step *= random.Next(1, 3);
            strides[axis] = step;
            step *= Math.Max(1, shape[axis]);
            switch (random.Next(12))
            {
                case 0: strides[axis] = 0; break;
                case 1: offset += Math.Max(0, shape[axis] - 1) * strides[axis]; strides[axis] = -strides[axis]; break;
                case 2: if (shape[axis] == 1) strides[axis] = random.Next(100); break;
            }
        }
        return new IndexMap(shape, [.. strides], offset);
    }

    /// <summary>Runs a plan on the host: copies as their macros say, the call as cuBLAS defines it.</summary>
    private static void Execute(IReadOnlyList<Step> steps, Dictionary<Buffer, float[]> memory)
    {
        float[] scratch = new float[steps.OfType<KernelStep>().Select(step => step.ScratchBytes / 4).DefaultIfEmpty().Max()];
        foreach (Step step in steps)
        {
            if (step is KernelStep copy) Copy(copy, memory, scratch);
            else Gemm((GemmStep)step, memory, scratch);
        }
    }

    private static void Copy(KernelStep step, Dictionary<Buffer, float[]> memory, float[] scratch)
    {
        int Size(string name) => int.Parse(Stages.Define(step, name), CultureInfo.InvariantCulture);
        Assert.That(step.Shape.Grid.Count, Is.GreaterThan(0));
        Span<float> from = Place(step.Arguments[0], memory, scratch, out int start), to = Place(step.Arguments[1], memory, scratch, out int at);
        for (int b = 0; b < Size("BATCH"); b++)
            for (int i = 0; i < Size("ROWS"); i++)
                for (int j = 0; j < Size("COLUMNS"); j++) to[at++] = from[start + b * Size("BATCH_STRIDE") + i * Size("ROW_STRIDE") + j * Size("COLUMN_STRIDE")];
    }

    private static void Gemm(GemmStep step, Dictionary<Buffer, float[]> memory, float[] scratch)
    {
        GemmCall call = step.Call;
        Assert.That(call.LdA, Is.GreaterThanOrEqualTo(Math.Max(1, call.OperandA == GemmOperand.AsIs ? call.M : call.K)));
        Assert.That(call.LdB, Is.GreaterThanOrEqualTo(Math.Max(1, call.OperandB == GemmOperand.AsIs ? call.K : call.N)));
        Assert.That(call.LdC, Is.GreaterThanOrEqualTo(Math.Max(1, call.M)));
        Span<float> a = Place(step.A, memory, scratch, out int startA), b = Place(step.B, memory, scratch, out int startB), c = Place(step.C, memory, scratch, out int startC);
        for (int p = 0; p < call.Batch; p++)
            for (int i = 0; i < call.M; i++)
                for (int j = 0; j < call.N; j++)
                {
                    float sum = 0;
                    for (int l = 0; l < call.K; l++)
                    {
                        int atA = call.OperandA == GemmOperand.AsIs ? i + l * call.LdA : l + i * call.LdA, atB = call.OperandB == GemmOperand.AsIs ? l + j * call.LdB : j + l * call.LdB;
                        sum += a[startA + p * (int)call.StrideA + atA] * b[startB + p * (int)call.StrideB + atB];
                    }
                    int atC = startC + p * (int)call.StrideC + i + j * call.LdC;
                    c[atC] = call.Alpha * sum + (call.Beta == 0 ? 0 : call.Beta * c[atC]);
                }
    }

    private static Span<float> Place(KernelArgument argument, Dictionary<Buffer, float[]> memory, float[] scratch, out int start)
    {
        if (argument is ScratchArgument place)
        {
            start = (int)(place.ByteOffset / 4);
            return scratch;
        }
        var buffer = (BufferArgument)argument;
        start = buffer.Offset;
        return memory[buffer.Buffer];
    }
}
