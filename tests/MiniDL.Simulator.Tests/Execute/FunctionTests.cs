// Mathematical functions as NVRTC compiles them: long chains of arithmetic, each of which must be right to the bit for the result to be right at all.
namespace MiniDL.Simulator.Tests.Execute;

[TestFixture]
public sealed class FunctionTests
{
    private static readonly float[] X = [.. Enumerable.Range(1, 200).Select(i => i * 0.11f), 1e-30f, 1e5f, 3e6f, 1e-3f];

    private static float[] Run(int which)
    {
        using Simulation gpu = Simulation.OfFixture("functions");
        Numbers<float> y = gpu.Zeros<float>(14 * X.Length);
        gpu.Run("functions", (X.Length + 63) / 64, 64, gpu.Upload(X), y, X.Length);
        return y.Read()[(which * X.Length)..((which + 1) * X.Length)];
    }

    /// <summary>CUDA C++ programming guide, appendix on mathematical functions: the largest error of each in units of the last place.</summary>
    private static readonly object[] Functions =
    [
        new object[] { 0, 2.0, (Func<double, double>)Math.Sin }, new object[] { 1, 2.0, (Func<double, double>)Math.Cos },
        new object[] { 2, 2.0, (Func<double, double>)Math.Exp }, new object[] { 3, 1.0, (Func<double, double>)Math.Log },
        new object[] { 4, 2.0, (Func<double, double>)Math.Tanh }, new object[] { 5, 0.5, (Func<double, double>)(x => 1 / x) },
        new object[] { 6, 0.5, (Func<double, double>)Math.Sqrt }, new object[] { 7, 2.0, (Func<double, double>)(x => 1 / Math.Sqrt(x)) },
        new object[] { 8, 4.0, (Func<double, double>)(x => Math.Pow(x, 1.5)) }, new object[] { 10, 2.0, (Func<double, double>)(x => x < 1e-6 ? x - x * x / 2 : Math.Log(1 + x)) },
        new object[] { 11, 0.0, (Func<double, double>)(x => (float)Math.IEEERemainder(x, 0.7f) is var r && r < 0 ? r + (double)0.7f : r) },
        new object[] { 12, 0.5, (Func<double, double>)Math.Exp },
        new object[] { 13, 0.0, (Func<double, double>)(x => Math.Floor(x) + Math.Round(x, MidpointRounding.AwayFromZero) + Math.Truncate(x)) },
    ];

    [TestCaseSource(nameof(Functions))]
    public void A_function_is_as_good_as_documented(int which, double ulps, Func<double, double> exact)
    {
        float[] y = Run(which);
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < X.Length; i++)
            {
                double wanted = exact(X[i]);
                if (Math.Abs(wanted) > float.MaxValue) { Assert.That(y[i], Is.EqualTo((float)wanted), $"at {X[i]}"); continue; }
                float near = (float)wanted, unit = MathF.BitIncrement(MathF.Abs(near)) - MathF.Abs(near);
                Assert.That(Math.Abs(y[i] - wanted), Is.LessThanOrEqualTo((ulps + 0.01) * unit), $"at {X[i]}: {y[i]}, expected {wanted}");
            }
        }
    }
}
