// The host's gemm means what cuBLAS' means.
using MiniDL.Gpu;
using MiniDL.Simulator.Blas;

namespace MiniDL.Simulator.Tests.Blas;

[TestFixture]
public sealed unsafe class HostGemmTests
{
    [Test]
    public void Column_major_by_hand()
    {
        // A = | 1 3 |, B = | 5 7 |, each written column by column; A B = | 23 31 |.
        //     | 2 4 |      | 6 8 |                                       | 34 46 |
        float[] a = [1, 2, 3, 4], b = [5, 6, 7, 8];
        Assert.That(Run(Call(2, 2, 2), a, b, [float.NaN, float.NaN, float.NaN, float.NaN]), Is.EqualTo(new float[] { 23, 34, 31, 46 }), "with beta 0, C is not read: its NaN does not spread");
    }

    [Test]
    public void Row_major_asks_for_the_operands_exchanged()
    {
        // Row-major X [2, 3] times W [3, 1]: C' = W' X' with leading dims 1, 3 and 1.
        float[] x = [1, 2, 3, 4, 5, 6], w = [1, 10, 100];
        GemmCall call = new(GemmOperand.AsIs, GemmOperand.AsIs, 1, 2, 3, 1, 0, 1, 0, 0, 3, 0, 0, 0, 1, 0);
        Assert.That(Run(call, w, x, new float[2]), Is.EqualTo(new float[] { 321, 654 }));
    }

    [TestCase(1, 1, 1)]
    [TestCase(17, 5, 3)]
    [TestCase(33, 97, 70)]
    [TestCase(10, 128, 784)]
    [TestCase(100, 13, 2500)]
    public void Agrees_with_sums_in_double(int m, int n, int k)
    {
        var random = new Random(m + n + k);
        foreach (GemmOperand opA in Enum.GetValues<GemmOperand>())
        {
            foreach (GemmOperand opB in Enum.GetValues<GemmOperand>())
            {
                const int batch = 2;
                (int lda, int ldb, int ldc) = ((opA == GemmOperand.AsIs ? m : k) + 3, (opB == GemmOperand.AsIs ? k : n) + 1, m + 2);
                long strideA = (long)lda * (opA == GemmOperand.AsIs ? k : m) + 5, strideC = (long)ldc * n + 1;
                // B is the same in the whole batch.
                GemmCall call = new(opA, opB, m, n, k, 1.5f, 0, lda, strideA, 0, ldb, 0, -0.5f, 0, ldc, strideC, batch);
                (long sizeA, long sizeB, long sizeC) = HostGemm.Extents(call);
                float[] a = Normal(random, sizeA), b = Normal(random, sizeB), c = Normal(random, sizeC), result = Run(call, a, b, c);
                for (int item = 0; item < batch; item++)
                {
                    for (int i = 0; i < m; i++)
                    {
                        for (int j = 0; j < n; j++)
                        {
                            double sum = 0, terms = 0;
                            for (int l = 0; l < k; l++)
                            {
                                double term = (double)a[item * strideA + (opA == GemmOperand.AsIs ? i + (long)l * lda : l + (long)i * lda)] * b[opB == GemmOperand.AsIs ? l + (long)j * ldb : j + (long)l * ldb];
                                (sum, terms) = (sum + term, terms + Math.Abs(term));
                            }
                            long at = item * strideC + (long)j * ldc + i;
                            double expected = 1.5 * sum - 0.5 * c[at], error = Math.Abs(result[at] - expected);
                            // Each of k additions, and the three operations behind them, rounds by at most 2^-24 of what is there.
                            Assert.That(error <= (k + 3) * Math.ScaleB(1, -24) * (1.5 * terms + 0.5 * Math.Abs(c[at])), () => $"{opA} {opB} ({i}, {j}): {result[at]} instead of {expected}");
                        }
                    }
                    // What lies between the columns stays.
                    for (int j = 0; j + 1 < n; j++) Assert.That(result[item * strideC + (long)j * ldc + m], Is.EqualTo(c[item * strideC + (long)j * ldc + m]));
                }
            }
        }
    }

    [Test]
    public void The_same_bits_with_any_number_of_threads()
    {
        var random = new Random(1);
        GemmCall call = Call(130, 200, 1500);
        float[] a = Normal(random, 130 * 1500), b = Normal(random, 1500 * 200), c = new float[130 * 200];
        Assert.That(Run(call, a, b, c, threads: 4), Is.EqualTo(Run(call, a, b, c, threads: 1)));
    }

    [Test]
    public void Tensor_float_operands_lose_13_bits()
    {
        // 1 + 2^-11 is a tie between 1 and 1 + 2^-10, away from zero; 1 + 2^-12 becomes 1.
        GemmCall call = Call(1, 1, 1) with { Compute = GemmCompute.TensorFloat32 };
        Assert.That(Run(call, [1 + 1 / 2048f], [1], new float[1])[0], Is.EqualTo(1 + 1 / 1024f));
        Assert.That(Run(call, [1 + 1 / 4096f], [1], new float[1])[0], Is.EqualTo(1));
    }

    [Test]
    public void Alpha_0_or_k_0_only_scale_C_and_read_nothing_else()
    {
        Assert.That(Run(Call(2, 1, 2) with { Alpha = 0, Beta = 3 }, [float.NaN, 1, 1, 1], [1, 1], [1, 2]), Is.EqualTo(new float[] { 3, 6 }));
        Assert.That(Run(Call(2, 1, 0) with { Beta = 3, LdB = 1 }, [0], [0], [1, 2]), Is.EqualTo(new float[] { 3, 6 }));
        Assert.That(HostGemm.Extents(Call(2, 1, 2) with { Alpha = 0 }), Is.EqualTo((0L, 0L, 2L)));
    }

    [TestCase("lda")]
    [TestCase("ldb")]
    [TestCase("ldc")]
    [TestCase("m =")]
    public void Wrong_arguments_are_refused_as_cuBLAS_does(string named)
    {
        GemmCall call = named switch
        {
            "lda" => Call(4, 3, 2) with { OperandA = GemmOperand.Transposed, LdA = 1 },
            "ldb" => Call(4, 3, 2) with { LdB = 1 },
            "ldc" => Call(4, 3, 2) with { LdC = 3 },
            _ => Call(4, 3, 2) with { M = -1 },
        };
        GpuException error = Assert.Throws<GpuException>(() => HostGemm.Check(call))!;
        Assert.That(error.Code, Is.EqualTo("CUBLAS_STATUS_INVALID_VALUE"));
        Assert.That(error.Message, Does.Contain(named));
    }

    private static GemmCall Call(int m, int n, int k) => new(GemmOperand.AsIs, GemmOperand.AsIs, m, n, k, 1, 0, m, 0, 0, k, 0, 0, 0, m, 0);

    private static float[] Run(GemmCall call, float[] a, float[] b, float[] c, int threads = 2)
    {
        float[] result = [.. c];
        fixed (float* pa = a, pb = b, pc = result) HostGemm.Run(call, pa, pb, pc, threads);
        return result;
    }

    private static float[] Normal(Random random, long count)
    {
        var numbers = new float[count];
        for (long i = 0; i < count; i++) numbers[i] = (float)(random.NextDouble() * 2 - 1);
        return numbers;
    }
}
