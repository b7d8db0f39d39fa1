// Two moons: made data that a straight line cannot separate and a small network can.
//
//     upper moon, label 0:  (cos t, sin t)           lower moon, label 1:  (1 - cos t, 1/2 - sin t)
//
// with t uniform in 0..pi, and normal noise added to both coordinates. The shape is that of scikit-learn's make_moons.
//
// It stands before the pipeline. The one thing to understand: labels alternate and t is drawn afresh for each point, so any
// run of rows is a fair sample, and mini-batches can be taken in order.
namespace MiniDL;

/// <summary>Points on two interleaved half circles, in the plane.</summary>
/// <example><code>var (X, labels) = Moons.Make(200, noise: 0.1, seed: 1);</code></example>
public static class Moons
{
    /// <summary>Makes the points; the same arguments make the same points.</summary>
    /// <param name="n">How many points, both moons together.</param>
    /// <param name="noise">Standard deviation of the noise; the circles have radius 1.</param>
    /// <param name="seed">Of the generator, <see cref="SplitMix64"/>.</param>
    /// <returns>X: float32 (n, 2), the coordinates; Labels: int32 (n), 0 for the upper moon and 1 for the lower.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> is below 1, or <paramref name="noise"/> is
    /// negative or not a finite number.</exception>
    public static (NDArray X, NDArray Labels) Make(int n, double noise, ulong seed)
    {
        if (n < 1)
            throw new ArgumentOutOfRangeException(nameof(n), n, "there must be at least one point");
        if (!(noise >= 0 && double.IsFinite(noise)))
            throw new ArgumentOutOfRangeException(nameof(noise), noise, "a standard deviation is 0 or more, and finite");
        NDArray points = NDArray.Zeros([n, 2]), labels = NDArray.Zeros([n], DType.Int32);
        Span<float> xy = points.Span<float>();
        var random = new SplitMix64(seed);
        for (int i = 0; i < n; i++)
        {
            bool lower = i % 2 == 1;
            (double sine, double cosine) = Math.SinCos(Math.PI * random.NextDouble());
            xy[2 * i] = (float)((lower ? 1 - cosine : cosine) + noise * random.NextNormal());
            xy[2 * i + 1] = (float)((lower ? 0.5 - sine : sine) + noise * random.NextNormal());
            labels.Span<int>()[i] = lower ? 1 : 0;
        }
        return (points, labels);
    }
}
