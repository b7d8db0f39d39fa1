// Schedules: the learning rate as a function of the step.
//
// They stand beside a training loop, not in a graph. The one thing to understand: a schedule is a plain function from a step's number (0, 1, 2, ...) to a rate.
// An optimiser takes a shared variable as its rate, and the loop sets it:
//
//     Shared rate = T.Shared(0f, "rate");
//     var train = T.Function([X, Y], cost, updates: T.Adam(cost, parameters, rate));
//     Func<int, float> schedule = Schedules.WarmUp(500, Schedules.Cosine(0.001f, steps: 20_000));
//     for (int step = 0; ...; step++)
//     {
//         rate.Value = schedule(step);
//         train.Run(...);
//     }
namespace MiniDL;

/// <summary>Learning rates over the steps of a training run. All of them go on after their last step with what they had there.</summary>
/// <example><code>rate.Value = Schedules.OneCycle(0.01f, steps: 4_680)(step);</code></example>
public static class Schedules
{
    /// <summary>The same rate at every step.</summary>
    public static Func<int, float> Constant(float rate) => Of(_ => rate);

    /// <summary>rate factor^floor(step / every): constant, then lower by a factor, again and again.</summary>
    /// <param name="rate">Of the first steps.</param>
    /// <param name="every">Steps from one drop to the next.</param>
    /// <param name="factor">What is left after a drop.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of steps below 1.</exception>
    /// <example><code>Schedules.Step(0.1f, every: 10_000)   // 0.1, then 0.01 from step 10,000, 0.001 from 20,000</code></example>
    public static Func<int, float> Step(float rate, int every, float factor = 0.1f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        return Of(step => rate * Math.Pow(factor, step / every));
    }

    /// <summary>last + (rate - last) (1 + cos(pi step / steps)) / 2: half a wave from the first rate down to the last.</summary>
    /// <remarks>Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (ICLR 2017), equation 5, without restarts.</remarks>
    /// <param name="rate">At step 0.</param>
    /// <param name="steps">The step at which the last rate is reached.</param>
    /// <param name="last">The rate from there on.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of steps below 1.</exception>
    public static Func<int, float> Cosine(float rate, int steps, float last = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return Of(step => HalfWave(rate, last, step / (double)steps));
    }

    /// <summary>A linear rise to another schedule's first rate, then that schedule from its step 0.</summary>
    /// <remarks>Goyal et al., "Accurate, large minibatch SGD" (2017), section 2.2. Averages that start at 0 and weights that start anywhere do not stand the
    /// full rate at once.</remarks>
    /// <param name="steps">Steps of the rise: step 0 has 1 / steps of the rate, step steps - 1 all of it.</param>
    /// <param name="then">What follows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of steps below 1.</exception>
    /// <example><code>Schedules.WarmUp(500, Schedules.Constant(0.001f))</code></example>
    public static Func<int, float> WarmUp(int steps, Func<int, float> then)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentNullException.ThrowIfNull(then);
        return Of(step => step < steps ? then(0) * (step + 1.0) / steps : then(step - steps));
    }

    /// <summary>One cycle: half a wave up from peak / 25 to the peak, then half a wave down to peak / 100,000.</summary>
    /// <remarks>L. Smith and N. Topin, "Super-convergence: very fast training of neural networks using large learning rates" (2018), with cosines instead of straight lines, as
    /// has become usual. The high rates in the middle regularise, the low ones at the end settle.</remarks>
    /// <param name="peak">The highest rate: near the largest with which training still works.</param>
    /// <param name="steps">The step at which the end is reached.</param>
    /// <param name="rise">The share of the steps that goes up, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of steps below 2, or a rise outside (0, 1).</exception>
    public static Func<int, float> OneCycle(float peak, int steps, float rise = 0.3f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        if (!(rise is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(rise), rise, "the share of the steps that goes up is in (0, 1)");
        double top = Math.Max(1, Math.Round(rise * steps));
        return Of(step => step < top ? HalfWave(peak / 25, peak, step / top) : HalfWave(peak, peak / 100_000, (step - top) / (steps - top)));
    }

    // From one rate to another along half a cosine; t is 0 at the start and 1 at the end, where it stays.
    private static double HalfWave(double from, double to, double t) => to + (from - to) * (1 + Math.Cos(Math.PI * Math.Min(t, 1))) / 2;

    private static Func<int, float> Of(Func<int, double> rate) => step =>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        return (float)rate(step);
    };
}
