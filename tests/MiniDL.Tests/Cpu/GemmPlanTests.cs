using MiniDL.Cpu;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed unsafe class GemmPlanTests
{
    private static readonly (int M, int K, int N)[] s_sizes =
    [
        (1, 1, 1), (7, 1, 31), (1, 33, 7), (8, 48, 48), (31, 33, 7), (35, 79, 19), (64, 64, 64), (9, 1000, 3), (100, 10, 65),
        (70, 1100, 50), (17, 2500, 49), (128, 784, 10), (784, 128, 10), (128, 10, 625), (130, 129, 131), (3, 5, 0), (0, 5, 3), (3, 0, 5),
    ];

    private sealed class Ones(int rows, int columns) : IGemmEpilogue
    {
        public readonly int[] Times = new int[rows * columns];

        public void Apply(int rowStart, int blockRows, int columnStart, int blockColumns, int worker)
        {
            for (int i = rowStart; i < rowStart + blockRows; i++)
                for (int j = columnStart; j < columnStart + blockColumns; j++)
                    Interlocked.Increment(ref Times[i * columns + j]);
        }
    }

    private static GemmShape Strided(int m, int n, int k, bool transposeA, bool transposeB) => new(m, n, k)
    {
        ARow = transposeA ? 1 : k,
        AColumn = transposeA ? m : 1,
        BRow = transposeB ? 1 : n,
        BColumn = transposeB ? k : 1,
    };

    /// <summary>The definition, in double precision.</summary>
    private static double[] Naive(GemmShape s, float* a, float* b, float* c, int cCount)
    {
        var result = new double[cCount];
        for (int i = 0; i < cCount; i++) result[i] = c[i];
        for (int batch = 0; batch < s.Batch; batch++)
            for (int i = 0; i < s.M; i++)
                for (int j = 0; j < s.N; j++)
                {
                    double sum = 0;
                    for (int k = 0; k < s.K; k++)
                        sum += (double)a[batch * s.ABatch + i * s.ARow + k * s.AColumn] * b[batch * s.BBatch + k * s.BRow + j * s.BColumn];
                    nint at = batch * s.CBatch + i * s.CRow + j;
                    result[at] = s.Alpha * sum + (s.Beta == 0 ? 0 : s.Beta * result[at]);
                }
        return result;
    }

    private static void Check(GemmShape s, int aCount, int bCount, int cCount, int lanes = 0)
    {
        using var team = new ThreadTeam(2);
        using Scratch a = Numbers.Random(aCount, 1), b = Numbers.Random(bCount, 2);
        using Scratch c = s.Beta == 0 && s.CRow == s.N ? Numbers.Filled(cCount, float.NaN) : Numbers.Random(cCount, 3);
        double[] expected = Naive(s, a.Floats, b.Floats, c.Floats, cCount);
        using var plan = new GemmPlan(s, team, kernels: lanes == 0 ? null : MicroKernelSet.OfWidth(lanes));
        plan.Run(a.Floats, b.Floats, c.Floats);
        Numbers.AssertClose(c.Floats, expected, Numbers.Tolerance(s.K, 1 + Math.Abs(s.Alpha)), $"{s}, {lanes} lanes");
    }

    [Test]
    public void AgreesWithTheDefinitionForEveryTransposeAndVectorWidth(
        [Values] bool transposeA, [Values] bool transposeB, [Values(4, 8, 16)] int lanes)
    {
        foreach ((int m, int k, int n) in s_sizes)
            Check(Strided(m, n, k, transposeA, transposeB), m * k, k * n, m * n, lanes);
    }

    [TestCase(1f, 1f)]
    [TestCase(-0.5f, 1f)]
    [TestCase(2f, 0.25f)]
    [TestCase(0f, 1f)]
    [TestCase(-0.1f, 0f)]
    public void ScalesAndAccumulates(float alpha, float beta)
    {
        foreach ((int m, int k, int n) in s_sizes)
            foreach (bool transposeA in (bool[])[false, true])
                Check(Strided(m, n, k, transposeA, false) with { Alpha = alpha, Beta = beta }, m * k, k * n, m * n);
    }

    [Test]
    public void AnyStridesWork()
    {
        // Every second row and third column of larger matrices; C is a slice of a wider one, the rest of which must stay.
        foreach ((int m, int k, int n) in s_sizes)
            Check(new GemmShape(m, n, k) { ARow = 6 * k, AColumn = 3, BRow = 2, BColumn = 2 * k + 1, CRow = n + 5 },
                6 * m * k + 1, (2 * k + 1) * (n + 1), m * (n + 5));
    }

    [Test]
    public void BatchesStepThroughTheirMatrices([Values] bool sharedA, [Values] bool transposeA)
    {
        foreach ((int m, int k, int n) in ((int, int, int)[])[(5, 6, 7), (33, 65, 50), (64, 20, 10)])
            Check(Strided(m, n, k, transposeA, false) with { Batch = 5, ABatch = sharedA ? 0 : m * k, BBatch = k * n, CBatch = m * n },
                5 * m * k, 5 * k * n, 5 * m * n);
    }

    [Test]
    public void EveryNumberOfThreadsGivesTheSameBits([Values] bool transposeA, [Values] bool transposeB)
    {
        foreach ((int m, int k, int n) in s_sizes)
        {
            GemmShape shape = Strided(m, n, k, transposeA, transposeB) with { Alpha = 0.7f, Beta = 0.3f };
            float[]? first = null;
            foreach (int threads in (int[])[1, 2, 3])
            {
                using var team = new ThreadTeam(threads);
                using Scratch a = Numbers.Random(m * k, 1), b = Numbers.Random(k * n, 2), c = Numbers.Random(m * n, 3);
                using var plan = new GemmPlan(shape, team);
                plan.Run(a.Floats, b.Floats, c.Floats);
                float[] bits = Numbers.ToArray(c.Floats, m * n);
                Assert.That(bits.AsSpan().SequenceEqual(first ??= bits), $"{shape}, {threads} threads");
            }
        }
    }

    [Test]
    public void TheEpilogueSeesEveryElementOnce([Values(1, 2, 3)] int threads, [Values(1, 3)] int batch)
    {
        using var team = new ThreadTeam(threads);
        foreach ((int m, int k, int n) in s_sizes)
            foreach (bool transposeA in (bool[])[false, true])
            {
                var ones = new Ones(m * batch, n);
                GemmShape shape = Strided(m, n, k, transposeA, false) with { Batch = batch, CBatch = m * n };
                using Scratch a = Numbers.Random(m * k, 1), b = Numbers.Random(k * n, 2), c = new(batch * m * n);
                using var plan = new GemmPlan(shape, team, ones);
                plan.Run(a.Floats, b.Floats, c.Floats);
                Assert.That(ones.Times, Is.All.EqualTo(1), shape.ToString());
            }
    }

    [Test]
    public void NaNReachesExactlyItsRowOrColumn()
    {
        const int M = 50, N = 60, K = 70;
        using var team = new ThreadTeam(2);
        using Scratch a = Numbers.Random(M * K, 1), b = Numbers.Random(K * N, 2), c = new(M * N);
        a.Floats[13 * K + 69] = float.NaN;
        b.Floats[5 * N + 59] = float.PositiveInfinity;
        using var plan = new GemmPlan(new GemmShape(M, N, K), team);
        plan.Run(a.Floats, b.Floats, c.Floats);
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++)
                Assert.That(float.IsFinite(c.Floats[i * N + j]), Is.EqualTo(i != 13 && j != 59), $"element {i}, {j}");
    }

    [Test]
    public void AWarmRunAllocatesNothing()
    {
        using var team = new ThreadTeam(2);
        using Scratch a = Numbers.Random(130 * 100, 1), b = Numbers.Random(100 * 90, 2), c = new(130 * 90);
        using var plan = new GemmPlan(Strided(130, 90, 100, true, false), team);
        Assert.That(Numbers.Allocated(() => plan.Run(a.Floats, b.Floats, c.Floats)), Is.Zero);
    }
}
