// How large a learning rate may be, found by trying: raise it from step to step until the loss stops falling.
//
//     rate      r(i) = least (most / least)^(i / (steps - 1))          equal ratios from one mini-batch to the next
//     smoothed  a(i) = beta a(i-1) + (1 - beta) c(i),  s(i) = a(i) / (1 - beta^(i+1))        c(i) is the cost of batch i before its update
//     stop      s(i) > 4 min s, or c(i) is no finite number
//     suggest   the rate at which s falls fastest along log r, before its minimum
//
// Source: L. N. Smith, "Cyclical learning rates for training neural networks" (2017), section 3.3, where rates rise in equal differences and the curve is read by eye. Equal ratios, smoothing, the
// factor of 4 and the steepest place as the rule are those of the fastai library's finder (J. Howard and S. Gugger, "Deep learning for coders with fastai and PyTorch", 2020, chapter 5).
//
// It stands beside the pipeline and runs a compiled training step. The one thing to understand: where the loss is lowest the rate is too large already, as what was learned at smaller rates is just
// balanced by what the large one destroys. So one goes back from there, to where learning was fastest. (The other rule in use, a tenth of the rate at the minimum, is less steady:
// examples/README.md has figures.)
namespace MiniDL;

/// <summary>What a sweep of the learning rate came to. The three lists are of equal length, one entry for each step that was made.</summary>
/// <param name="Rates">The learning rates, rising in equal ratios.</param>
/// <param name="Costs">The cost of each step's batch, before its update. Of the last step it may be NaN or infinite.</param>
/// <param name="Smoothed">The exponential moving average of the costs, corrected for its start.</param>
/// <param name="HasDiverged">True if the sweep ended because the cost rose; false if it reached its last rate, or was cancelled.</param>
public sealed record RateSweep(IReadOnlyList<double> Rates, IReadOnlyList<double> Costs, IReadOnlyList<double> Smoothed, bool HasDiverged)
{
    private const int Reach = 5;         // steps to both sides over which the slope is measured: less, and it would follow single batches
    private const double Fall = 0.05;    // the share by which the smoothed cost must have fallen at its lowest; less may be chance

    /// <summary>The rate at which the smoothed cost was lowest: too large to train with, as a rule. Null if no step was made.</summary>
    public double? AtMinimum => Lowest() is >= 0 and var lowest ? Rates[lowest] : null;

    /// <summary>The suggested rate: where the smoothed cost fell fastest, before its minimum. Null if it fell by less than a twentieth: then the sweep's rates are
    /// all too small or all too large, or the step does not learn.</summary>
    public double? Suggestion
    {
        get
        {
            int lowest = Lowest();
            if (lowest < 2 * Reach || Smoothed[lowest] > (1 - Fall) * Smoothed[0]) return null;
            (double steepest, double? rate) = (0, null);
            for (int i = Reach; i + Reach <= lowest; i++)
            {
                double rise = Smoothed[i + Reach] - Smoothed[i - Reach];   // over equal lengths of log r
                if (rise < steepest) (steepest, rate) = (rise, Rates[i]);
            }
            return rate;
        }
    }

    // The step with the lowest smoothed cost, the first of equals; -1 if there is none.
    private int Lowest()
    {
        int lowest = -1;
        for (int i = 0; i < Smoothed.Count; i++)
            if (double.IsFinite(Smoothed[i]) && (lowest < 0 || Smoothed[i] < Smoothed[lowest])) lowest = i;
        return lowest;
    }
}

/// <summary>Sweeps the learning rate of any training step.</summary>
public static class RateFinder
{
    private const double Beta = 0.95;          // the average looks back over some 20 steps
    private const double DivergesAt = 4;       // times the lowest smoothed cost

    /// <summary>Trains with ever larger rates until the cost runs away, then puts all values back.</summary>
    /// <remarks>What is not a shared variable is not put back: a function's <see cref="Function.Counter"/>, from which dropout draws, has moved on; and the step chooses its batches itself.</remarks>
    /// <param name="step">Is given a rate, makes one training step with it on the next mini-batch, and returns the cost before the update, which must not be below 0.</param>
    /// <param name="variables">Everything the step changes, the optimiser's state too: <see cref="Checkpoint.Variables"/> lists it.</param>
    /// <param name="least">The first rate: so small that nothing happens.</param>
    /// <param name="most">The rate of the last step: so large that it is hardly reached.</param>
    /// <param name="steps">How many steps from one to the other. The fewer, the less is learned on the way, and the later the cost falls, until it does not fall before it runs away.</param>
    /// <param name="cancellation">Ends the sweep after the step that is under way; values are put back.</param>
    /// <exception cref="ArgumentException">The rates are not 0 &lt; least &lt; most, both finite as float32; or there are fewer than two steps; or a cost is below 0.</exception>
    /// <example><code>
    /// Shared rate = T.Shared(0f, "rate");
    /// Update[] updates = T.RmsProp(cost, parameters, rate);
    /// using var train = T.Function([X, Y], cost, updates);
    /// RateSweep sweep = RateFinder.Sweep(r => { rate.Value = NDArray.Scalar(r); return train.Run(nextX(), nextY()).Scalar(); },
    ///     Checkpoint.Variables(parameters, updates));
    /// rate.Value = NDArray.Scalar((float)sweep.Suggestion!);
    /// </code></example>
    public static RateSweep Sweep(Func<float, float> step, IReadOnlyList<Shared> variables, double least = 1e-6, double most = 10, int steps = 300, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(variables);
        if (!((float)least > 0 && least < most && float.IsFinite((float)most))) throw new ArgumentException($"there is no sweep from a rate of {least} to {most}: they must be above 0, finite and rising");
        if (steps < 2) throw new ArgumentException($"a sweep has at least two steps, not {steps}");

        NDArray[] before = [.. variables.Select(variable => variable.Value)];
        try
        {
            return Run(step, i => least * Math.Pow(most / least, i / (steps - 1.0)), steps, cancellation);
        }
        finally
        {
            for (int i = 0; i < before.Length; i++) variables[i].Value = before[i];
        }
    }

    private static RateSweep Run(Func<float, float> step, Func<int, double> rateOf, int steps, CancellationToken cancellation)
    {
        var (rates, costs, smoothed) = (new List<double>(), new List<double>(), new List<double>());
        (double average, double lowest, bool hasDiverged) = (0, double.PositiveInfinity, false);
        for (int i = 0; i < steps && !hasDiverged && !cancellation.IsCancellationRequested; i++)
        {
            double rate = rateOf(i), cost = step((float)rate);
            if (cost < 0) throw new ArgumentException($"the cost is {cost} at a rate of {rate:G3}; the rule that tells when it runs away ({DivergesAt} times the lowest) needs costs of 0 and above");

            // The average starts at 0; what it holds of the costs so far is a share of 1 - beta^(i+1).
            average = Beta * average + (1 - Beta) * cost;
            double now = average / (1 - Math.Pow(Beta, i + 1));
            rates.Add(rate);
            costs.Add(cost);
            smoothed.Add(now);
            lowest = Math.Min(lowest, now);   // NaN stays NaN, and ends the sweep
            hasDiverged = !double.IsFinite(now) || now > DivergesAt * lowest;
        }
        return new RateSweep(rates, costs, smoothed, hasDiverged);
    }
}
