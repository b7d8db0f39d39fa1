// lrfinder: how large should the learning rate be? Raise it until the loss stops falling, and look at the curve.
//
//     rate of mini-batch i       r(i) = 10^-6 (10^7)^(i / 299)              300 steps, from far too small to far too large
//     suggestion                 where the smoothed cost falls fastest along log r
//
// Source: L. N. Smith, "Cyclical learning rates for training neural networks" (2017), section 3.3; the equations are in src/MiniDL/Training/Fit/RateFinder.cs.
//
// What to look at: three parts of the curve. At the left nothing happens: the steps are too small. In the middle the cost falls; how fast, is what one wants to know. At the right it stops falling, jumps,
// and runs away: the steps are longer than the valley is wide. The smoothed curve comes some 20 steps after the raw one, which is a factor of 3 in the rate; the rule counts on that.
// The sweep is over in less than an epoch, and the weights are put back afterwards.
//
// Then the claim is put to the test: the same net, from the same first weights, is trained for an epoch with each rate of a grid, and with the suggested one. Note that "best after one epoch" favours
// large rates; for a hundred epochs one takes a smaller one, as the modern net's own 0.001, or lets it fall.
//
// --steps N: the sweep's steps. --epochs N: of the trainings behind it. --batch N: both.
using MiniDL.Pictures;

namespace MiniDL.Examples;

/// <summary>The learning-rate finder on the modern net.</summary>
public static class LrFinderLecture
{
    private const int SweepSteps = 300, Epochs = 1;
    private static readonly double[] s_grid = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2];

    /// <summary>Sweeps, suggests, and tries.</summary>
    /// <exception cref="UsageException">Fewer than two steps.</exception>
    public static string Run(Session session, string? _)
    {
        var page = new LecturePage(session, "lrfinder", "Finding a learning rate");

        // The sweep, and what it suggests.
        RateSweep sweep = Sweep(session);
        if (sweep.Rates.Count == 0) return LecturePage.Json("lrfinder");   // Ctrl-C came first
        page.Text($"{sweep.Rates.Count} mini-batches with rates from {sweep.Rates[0]:G2} to {sweep.Rates[^1]:G2}{(sweep.HasDiverged ? ", where the cost ran away" : "")}.");
        page.Text(sweep.Suggestion is { } found
            ? $"The smoothed cost falls fastest at a rate of {found:G2}, which is the suggestion. It is lowest at {sweep.AtMinimum:G2}; the other rule in use, a tenth of that, would say {sweep.AtMinimum / 10:G2}."
            : "The cost did not fall: there is no suggestion. With more --steps there may be one.");
        page.Drawing("sweep", Draw(sweep), "The cost of each mini-batch, and smoothed. The rate is raised by 5.5 % from one to the next.");

        // The trial: the grid, and the suggestion.
        var trials = new List<Trial>();
        foreach (double rate in s_grid)
            if (!session.Cancellation.IsCancellationRequested) trials.Add(Train(session, rate));
        Trial? best = trials.MaxBy(trial => trial.Accuracy), own = null;
        if (sweep.Suggestion is { } suggestion && !session.Cancellation.IsCancellationRequested) own = Train(session, suggestion);

        page.Table(["rate", "mean cost", "test accuracy", ""], [.. trials.Select(trial => Row(trial, trial == best ? "best of the grid" : "")), .. own is null ? [] : new[] { Row(own, "suggested") }]);
        if (best is not null && own is not null)
        {
            page.Text($"The suggestion is {own.Rate / best.Rate:G2} times the grid's best rate.");
            var plot = new Plot("Does it keep its promise?") { XLabel = "learning rate", YLabel = "test accuracy, percent", XIsLog = true };
            plot.Add(new Series("the grid", [.. trials.Select(trial => trial.Rate)], [.. trials.Select(trial => trial.Accuracy)]) { HasPoints = true });
            plot.Add(new Series("the suggestion", [own.Rate], [own.Accuracy]) { HasPoints = true });
            page.Drawing("grid", plot.Draw(), "Test accuracy of the same net after training with each rate.");
        }
        page.Save();
        return LecturePage.Json("lrfinder", ("suggestion", sweep.Suggestion ?? double.NaN), ("rate_at_minimum", sweep.AtMinimum ?? double.NaN), ("last_rate", sweep.Rates[^1]), ("sweep_steps", sweep.Rates.Count),
            ("best_rate", best?.Rate ?? double.NaN), ("best_accuracy", best?.Accuracy ?? double.NaN), ("worst_accuracy", trials.Count > 0 ? trials.Min(trial => trial.Accuracy) : double.NaN), ("suggestion_accuracy", own?.Accuracy ?? double.NaN));
    }

    /// <summary>The sweep: one training step for each rate, on the next mini-batch.</summary>
    public static RateSweep Sweep(Session session)
    {
        int steps = session.Options.Steps ?? SweepSteps;
        if (steps < 2) throw new UsageException("a sweep has at least two --steps");
        Shared rate = T.Shared(0f, "rate");
        MnistProgram program = WithRate(session, rate);
        using var trainer = new Trainer(program, session.Mnist, session.Device, session.Options.Batch, session.Options.Seed);
        int done = 0;
        return session.Terminal.Follow("sweep", steps, tick => RateFinder.Sweep(r =>
        {
            rate.Value = r;
            float cost = trainer.Train(done);
            tick(++done);
            return cost;
        }, Checkpoint.Variables(program.Parameters, program.Updates), steps: steps, cancellation: session.Cancellation));
    }

    /// <summary>One training run from the first weights. A cost that is no number is a result here: it ends the run, and the accuracy tells.</summary>
    private static Trial Train(Session session, double rate)
    {
        using var trainer = new Trainer(WithRate(session, (float)rate), session.Mnist, session.Device, session.Options.Batch, session.Options.Seed);
        int steps = (session.Options.Epochs ?? Epochs) * trainer.BatchesPerEpoch, done = 0;
        double sum = session.Terminal.Follow($"rate {rate:G2}", steps, tick =>
        {
            double costs = 0;
            while (done < steps && double.IsFinite(costs) && !session.Cancellation.IsCancellationRequested)
            {
                costs += trainer.Train(done);
                tick(++done);
            }
            return costs;
        });
        return new Trial(rate, sum / done, trainer.Accuracy());
    }

    /// <summary>The modern net as in E4_ModernNet.cs, but for the rate.</summary>
    private static MnistProgram WithRate(Session session, Tensor rate)
    {
        MnistProgram program = ModernNet.Build(new Init(session.Options.Seed));
        return program with { Updates = T.RmsProp(program.Cost, program.Parameters, rate, rho: 0.9f, epsilon: 1e-6f) };
    }

    private static SvgCanvas Draw(RateSweep sweep)
    {
        // The axis ends above the first cost, that of guessing, and what is higher is cut off there: the last costs, which run away, would press all others together.
        var scale = Scale.Linear(0, 1.5 * sweep.Smoothed[0]);
        var plot = new Plot("Raising the rate until the cost stops falling") { XLabel = "learning rate", YLabel = "cost", XIsLog = true, YScale = scale };
        plot.Add(new Series("mini-batch", sweep.Rates, [.. sweep.Costs.Select(cost => Math.Min(cost, scale.Most))]) { Color = Color.Gray(190) });
        plot.Add(new Series("smoothed", sweep.Rates, [.. sweep.Smoothed.Select(cost => Math.Min(cost, scale.Most))]));
        if (sweep.Suggestion is { } rate)
        {
            plot.Mark(rate, $"{rate:G2}");
            plot.Add(new Series("suggestion", [rate], [sweep.Smoothed[sweep.Rates.TakeWhile(tried => tried < rate).Count()]]) { HasLine = false, HasPoints = true });
        }
        return plot.Draw();
    }

    private static string[] Row(Trial trial, string remark) => [$"{trial.Rate:G2}", $"{trial.Cost:F3}", $"{trial.Accuracy:F2} %", remark];

    private sealed record Trial(double Rate, double Cost, double Accuracy);
}
