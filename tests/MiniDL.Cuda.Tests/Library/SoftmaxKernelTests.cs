// The softmax kernels on the simulated GPU against plain loops in float64.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class SoftmaxKernelTests
{
    private const double Tolerance = 4e-6;   // of the largest result of a row, as for the ops

    private SimulatedRun _gpu = null!;

    [OneTimeSetUp]
    public void Open() => _gpu = new SimulatedRun();

    [OneTimeTearDown]
    public void Close() => _gpu.Dispose();

    // Classes; float4s; rows that begin anywhere; a row a warp, a row a block, rows in pieces.
    [TestCase(40, 10)]
    [TestCase(9, 1)]
    [TestCase(9, 12)]
    [TestCase(9, 17)]
    [TestCase(7, 33)]
    [TestCase(5, 100)]
    [TestCase(5, 511)]
    [TestCase(3, 625)]
    [TestCase(2, 4096)]
    [TestCase(2, 5001)]
    [TestCase(2, 8200)]
    public void Forward_and_backward(int rows, int columns)
    {
        float[] x = Values(rows * columns, columns, 20), g = Values(rows * columns, columns + 1, 1), t = [.. g.Select(MathF.Abs)];
        float[] y = Run("softmax", rows, columns, x)[0], logs = Run("log_softmax", rows, columns, x)[0];
        float[][] both = Run("softmax_cross_entropy", rows, columns, x, t);
        float[] dSoftmax = Run("softmax_backward", rows, columns, y, g)[0], dLog = Run("log_softmax_backward", rows, columns, logs, g)[0];
        using (Assert.EnterMultipleScope())
        {
            for (int row = 0; row < rows; row++)
            {
                float[] Row(float[] all) => all[(row * columns)..((row + 1) * columns)];
                double[] logP = LogSoftmax(Row(x)), p = [.. logP.Select(Math.Exp)];
                double targets = Row(t).Sum(v => (double)v), gy = Row(g).Zip(Row(y), (a, b) => (double)a * b).Sum(), sumG = Row(g).Sum(v => (double)v);
                AssertClose(Row(y), p, "softmax");
                AssertClose(Row(logs), logP, "log_softmax");
                AssertClose([both[0][row]], [-Row(t).Zip(logP, (a, b) => a * b).Sum()], "loss");
                AssertClose(Row(both[1]), [.. p.Zip(Row(t), (a, b) => 0.25 * (a * targets - b))], "gradient of the loss");
                AssertClose(Row(dSoftmax), [.. Row(y).Zip(Row(g), (a, b) => a * (b - gy))], "softmax_backward");
                AssertClose(Row(dLog), [.. Row(g).Zip(Row(logs), (a, b) => a - Math.Exp(b) * sumG)], "log_softmax_backward", sumG);
            }
        }
    }

    [TestCase(6)]
    [TestCase(513)]
    [TestCase(9001)]
    public void NaN_and_infinities_stay_in_their_row(int columns)
    {
        const float low = float.NegativeInfinity;
        float[] plain = Values(columns, 3, 5), nan = [.. plain], infinite = [.. plain], lowAll = new float[columns], lowButLast = new float[columns], far = [.. plain];
        Array.Fill(lowAll, low);
        Array.Fill(lowButLast, low);
        (nan[^2], infinite[1], lowButLast[^1], far[^1]) = (float.NaN, float.PositiveInfinity, 3, 1e4f);
        float[] x = [.. plain, .. nan, .. infinite, .. lowAll, .. lowButLast, .. far];
        float[] y = Run("softmax", 6, columns, x)[0], logs = Run("log_softmax", 6, columns, x)[0];
        using (Assert.EnterMultipleScope())
        {
            foreach (int row in new[] { 0, 4, 5 })
            {
                double[] logP = LogSoftmax(x[(row * columns)..((row + 1) * columns)]);
                AssertClose(y[(row * columns)..((row + 1) * columns)], [.. logP.Select(Math.Exp)], $"softmax of row {row}");
                AssertClose(logs[(row * columns)..((row + 1) * columns)], logP, $"log_softmax of row {row}");
            }
            Assert.That(y[columns..(2 * columns)], Is.All.NaN);
            Assert.That(y[(3 * columns)..(4 * columns)], Is.All.NaN);
            Assert.That(y[2 * columns + 1], Is.NaN);
            Assert.That(logs[columns..(4 * columns)], Is.All.NaN.Or.EqualTo(low));
        }
    }

    /// <summary>Runs a kernel: its inputs, then as many results as it has. A loss comes first.</summary>
    private float[][] Run(string name, int rows, int columns, params float[][] inputs)
    {
        (KernelSource source, LaunchShape shape) = SoftmaxKernels.Of(name, rows, columns, scale: 0.25f);
        int[] results = name == "softmax_cross_entropy" ? [rows, rows * columns] : [rows * columns];
        byte[][] arrays = [.. inputs.Select(input => Bytes.Of(input)), .. results.Select(count => Bytes.Of([.. Enumerable.Repeat(-7f, count)]))];
        return [.. _gpu.Run(source, shape, arrays)[inputs.Length..].Select(Bytes.To<float>)];
    }

    private static void AssertClose(float[] actual, double[] expected, string what, double scale = 0)
    {
        double largest = expected.Where(double.IsFinite).Select(Math.Abs).Append(Math.Abs(scale)).Append(1).Max();
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = actual[i] == expected[i] || Math.Abs(actual[i] - expected[i]) <= Tolerance * largest;
            if (!same) Assert.Fail($"{what}: element {i} is {actual[i]:G9}, not {expected[i]:G9}");
        }
    }

    private static double[] LogSoftmax(float[] x)
    {
        double max = x.Max(), sum = x.Sum(v => Math.Exp(v - max));
        return [.. x.Select(v => v - max - Math.Log(sum))];
    }

    private static float[] Values(int count, int seed, float scale)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2 - 1) * scale)];
    }
}
