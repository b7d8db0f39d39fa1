// Products of matrices through cuBLAS, on whatever GPU this machine's libcuda drives, real or simulated, against the definition in float64.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
[NonParallelizable]
[Category("Driver")]
public sealed class DriverGemmTests
{
    private const int M = 5, N = 7, K = 6, Padding = 3, Batch = 4;

    // What rounding to 24 and to 11 bits may change, relative to the number.
    private const double Float32Unit = 1.0 / (1 << 23), TensorFloat32Unit = 1.0 / (1 << 10);

    private DriverGpu _gpu = null!;
    private IGpuStream _stream = null!;

    [OneTimeSetUp]
    public void Open()
    {
        _gpu = GpuOfThisMachine.OpenOrSkip();
        _stream = _gpu.CreateStream();
        try
        {
            _gpu.EnsureGemm(_stream);
        }
        catch (MissingLibraryException missing)
        {
            Assert.Ignore($"no cuBLAS: {missing.Message}");
        }
    }

    [OneTimeTearDown]
    public void Close()
    {
        _stream?.Dispose();
        _gpu?.Dispose();
    }

    [Test]
    public void A_product_is_what_the_definition_says([Values] GemmOperand operandA, [Values] GemmOperand operandB, [Values(1, Batch)] int batch, [Values] GemmCompute compute)
    {
        Assume.That(compute == GemmCompute.Float32 || _gpu.Properties.Capability.Major >= 8, "TF32 needs sm_80");
        foreach (float beta in new[] { 0f, 1f, -0.5f }) Check(Shape(operandA, operandB, batch, beta, compute), compute == GemmCompute.Float32 ? Float32Unit : TensorFloat32Unit);
    }

    [Test]
    public void An_operand_with_stride_0_is_used_for_the_whole_batch() => Check(Shape(GemmOperand.AsIs, GemmOperand.Transposed, Batch, 0, GemmCompute.Float32) with { StrideB = 0 }, Float32Unit);

    [Test]
    public void With_beta_0_the_result_is_not_read()
    {
        GemmCall call = Shape(GemmOperand.AsIs, GemmOperand.AsIs, 1, 0, GemmCompute.Float32);
        float[] c = Run(call, Values(1, SizeA(call)), Values(2, SizeB(call)), [.. Enumerable.Repeat(float.NaN, SizeC(call))]);
        Assert.That(Enumerable.Range(0, N).SelectMany(j => Enumerable.Range(0, M).Select(i => c[i + j * call.LdC])), Has.None.NaN);
    }

    [Test]
    public void A_captured_product_sees_the_operands_of_now()
    {
        GemmCall call = Shape(GemmOperand.AsIs, GemmOperand.AsIs, 1, 1, GemmCompute.Float32);
        float[] a = Values(1, SizeA(call)), b = Values(2, SizeB(call)), c = new float[SizeC(call)];
        using IGpuMemory memoryA = Upload(a), memoryB = Upload(b), memoryC = Upload(c);
        _gpu.BeginCapture(_stream);
        _gpu.Gemm(call with { A = memoryA.Address, B = memoryB.Address, C = memoryC.Address }, _stream);
        using IGpuGraph graph = _gpu.EndCapture(_stream);
        _gpu.Launch(graph, _stream);
        _gpu.Launch(graph, _stream);
        float[] once = Run(call, a, b, c), twice = GpuOfThisMachine.Download(_gpu, _stream, memoryC.Address, c.Length);
        Assert.That(twice, Is.EqualTo(once.Select(value => 2 * value)).Within(1e-5));
    }

    [Test]
    public void The_first_product_of_a_stream_cannot_be_in_a_capture()
    {
        using IGpuStream fresh = _gpu.CreateStream();
        using IGpuMemory x = Upload([1]);
        _gpu.BeginCapture(fresh);
        var call = new GemmCall(GemmOperand.AsIs, GemmOperand.AsIs, 1, 1, 1, 1, x.Address, 1, 0, x.Address, 1, 0, 0, x.Address, 1, 0);
        Assert.That(() => _gpu.Gemm(call, fresh), Throws.TypeOf<GpuException>().With.Message.Contains("EnsureGemm"));
        _gpu.EndCapture(fresh).Dispose();
    }

    [Test]
    public void A_leading_dim_that_cannot_be_is_told_with_the_call()
    {
        using IGpuMemory x = Upload(new float[64]);
        var call = new GemmCall(GemmOperand.AsIs, GemmOperand.Transposed, 4, 4, 4, 1, x.Address, 3, 0, x.Address, 4, 0, 0, x.Address, 4, 0);
        Assert.That(() => _gpu.Gemm(call, _stream), Throws.TypeOf<GpuException>().With.Message.StartsWith("cublasSgemm_v2(NT, m 4, n 4, k 4, ld 3 4 4, batch 1): CUBLAS_STATUS_INVALID_VALUE"));
    }

    // Leading dims and strides leave gaps, so that mixing up rows, columns or strides cannot go unseen.
    private static GemmCall Shape(GemmOperand operandA, GemmOperand operandB, int batch, float beta, GemmCompute compute)
    {
        bool plainA = operandA == GemmOperand.AsIs, plainB = operandB == GemmOperand.AsIs;
        int ldA = (plainA ? M : K) + Padding, ldB = (plainB ? K : N) + Padding, ldC = M + Padding;
        return new GemmCall(operandA, operandB, M, N, K, 1.5f, 0, ldA, ldA * (plainA ? K : M) + 2L, 0, ldB, ldB * (plainB ? N : K) + 4L, beta, 0, ldC, ldC * N + 6L, batch, compute);
    }

    private static int SizeA(GemmCall call) => (int)(call.Batch * call.StrideA);

    private static int SizeB(GemmCall call) => (int)(Math.Max(1, call.Batch * call.StrideB) + call.LdB * Math.Max(N, K));

    private static int SizeC(GemmCall call) => (int)(call.Batch * call.StrideC);

    private static float[] Values(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private void Check(GemmCall call, double unit)
    {
        float[] a = Values(1, SizeA(call)), b = Values(2, SizeB(call)), c = Values(3, SizeC(call));
        float[] result = Run(call, a, b, c);
        float[] expected = [.. c];
        double worst = 0;
        for (int batch = 0; batch < call.Batch; batch++)
        {
            for (int j = 0; j < N; j++)
            {
                for (int i = 0; i < M; i++)
                {
                    (double sum, double size) = (0, 0);
                    for (int k = 0; k < K; k++)
                    {
                        double x = a[batch * call.StrideA + (call.OperandA == GemmOperand.AsIs ? i + k * call.LdA : k + i * call.LdA)];
                        double y = b[batch * call.StrideB + (call.OperandB == GemmOperand.AsIs ? k + j * call.LdB : j + k * call.LdB)];
                        (sum, size) = (sum + x * y, size + Math.Abs(x * y));
                    }
                    long at = batch * call.StrideC + i + j * call.LdC;
                    double exact = call.Alpha * sum + call.Beta * c[at];

                    // Rounding of two operands and K sums, each relative to the size of the terms.
                    double bound = (K + 2) * unit * (Math.Abs(call.Alpha) * size + Math.Abs(call.Beta * c[at]));
                    worst = Math.Max(worst, Math.Abs(result[at] - exact) / bound);
                    expected[at] = result[at];
                }
            }
        }
        using (Assert.EnterMultipleScope())
        {
            Assert.That(worst, Is.LessThanOrEqualTo(1), "error over its bound");
            Assert.That(result, Is.EqualTo(expected), "nothing between the results was touched");
        }
    }

    private float[] Run(GemmCall call, float[] a, float[] b, float[] c)
    {
        using IGpuMemory memoryA = Upload(a), memoryB = Upload(b), memoryC = Upload(c);
        _gpu.Gemm(call with { A = memoryA.Address, B = memoryB.Address, C = memoryC.Address }, _stream);
        return GpuOfThisMachine.Download(_gpu, _stream, memoryC.Address, c.Length);
    }

    private IGpuMemory Upload(float[] values) => GpuOfThisMachine.Upload(_gpu, _stream, values);
}
