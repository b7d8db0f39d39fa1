// universal: a net with one hidden layer can come as near as one likes to any continuous function on an interval, if it has enough units.
//
//     y(x) = sum over k = 1..H of v[k] a(w[k] x + b[k]) + c         a: tanh or relu
//     cost   mean over the points of (y - f)^2                     f(x) = x + sin(2 pi x) on [-1, 1]
//
// (Cybenko, "Approximation by superpositions of a sigmoidal function", 1989, for sigmoids, to which tanh belongs; Leshno, Lin, Pinkus and Schocken, 1993, for everything that is no polynomial.) The theorem says that such
// weights exist. It says nothing of how many units it takes, or whether gradient descent finds them. Small nets often end in a place from which no small step leads on, a local minimum; so each is started five times and the best
// is kept.
//
// What to look at: a tanh unit is a soft step, and a step for each rise or fall of f is what it takes: f has five. A relu unit is a straight line that starts at its bend x = -b/w, so a sum of H of them is a chain of
// at most H + 1 straight pieces (the dots are the bends of eight). Eighty pieces look round. Interpolating f by pieces of length h is wrong by at most h^2 max|f''| / 8, so errors fall with H^2, squared errors with H^4.
using MiniDL.Pictures;
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>Fits of one function by nets of several sizes.</summary>
public static class UniversalLecture
{
    private const int Steps = 4000, Points = 256, Starts = 5;
    private const float Rate = 0.02f;

    /// <summary>A net from one number to one number.</summary>
    /// <param name="Name">For labels and figures.</param>
    /// <param name="Activation">Behind each hidden layer.</param>
    /// <param name="Hidden">The units of each hidden layer.</param>
    public sealed record Net(string Name, Func<Tensor, Tensor> Activation, params int[] Hidden);

    /// <summary>A trained net.</summary>
    /// <param name="Y">What it says at each of the x that it is measured at.</param>
    /// <param name="Error">The mean squared error there.</param>
    /// <param name="Parameters">w, b of each layer in order.</param>
    public sealed record Fitted(double[] Y, double Error, IReadOnlyList<Shared> Parameters);

    /// <summary>What is fitted.</summary>
    public static double F(double x) => x + Math.Sin(2 * Math.PI * x);

    /// <summary>The nets, in three groups.</summary>
    public static readonly Net[]
        TanhNets = [.. ((int[])[1, 2, 4, 8]).Select(units => new Net($"tanh {units}", x => Tanh(x), units))],
        ReluNets = [.. ((int[])[1, 2, 4, 8]).Select(units => new Net($"relu {units}", x => Relu(x), units))],
        LargeNets = [new("relu 80x1", x => Relu(x), 80), new("tanh 40x2", x => Tanh(x), 40, 40)];

    /// <summary>The x at which fits are measured and drawn: more than there are points to learn from, so that what lies between counts too.</summary>
    public static double[] Xs { get; } = [.. Enumerable.Range(0, 1001).Select(i => -1 + i / 500.0)];

    /// <summary>Fits and shows all of them.</summary>
    public static string Run(Session session, string? _)
    {
        var page = new LecturePage(session, "universal", "Universal approximation");
        var rows = new List<string[]>();
        var figures = new List<(string, double)>();
        foreach ((string stem, string title, Net[] nets) in (ReadOnlySpan<(string, string, Net[])>)[("tanh", "One hidden layer of tanh", TanhNets), ("relu", "One hidden layer of relu", ReluNets), ("large", "More units, and more layers", LargeNets)])
        {
            var plot = new Plot(title) { XLabel = "x", YLabel = "y" };
            var errors = new Plot(title + ": errors") { XLabel = "x", YLabel = "y - f(x)" };
            plot.Add(new Series("f(x) = x + sin 2 pi x", Xs, [.. Xs.Select(F)]) { Color = Color.Gray(150) });
            for (int i = 0; i < nets.Length && !session.Cancellation.IsCancellationRequested; i++)
            {
                Fitted fit = Best(nets[i], session);
                long parameters = fit.Parameters.Sum(parameter => (long)parameter.Shape.Count);
                rows.Add([nets[i].Name, $"{parameters:N0}", $"{fit.Error:G3}", $"{Math.Sqrt(fit.Error):G3}"]);
                figures.Add(("mse_" + nets[i].Name.Replace(' ', '_'), fit.Error));
                plot.Add(new Series(nets[i].Name, Xs, fit.Y) { Color = Plot.Palette[i] });
                errors.Add(new Series(nets[i].Name, Xs, [.. fit.Y.Zip(Xs, (y, x) => y - F(x))]) { Color = Plot.Palette[i] });
                if (nets[i].Name == "relu 8") plot.Add(BendsOf(fit, Plot.Palette[i]));
            }
            page.Drawing(stem, plot.Draw(), title);
            if (stem == "large" && !session.Cancellation.IsCancellationRequested) page.Drawing("errors", errors.Draw(), "What the eye cannot see above: an arch between any two bends of the relus, and next to nothing of the tanhs.");
        }
        page.Table(["net", "parameters", "mean squared error", "its root"], rows);
        page.Save();
        return LecturePage.Json("universal", [.. figures]);
    }

    /// <summary>The best of some fits, each from weights of its own.</summary>
    public static Fitted Best(Net net, Session session, int starts = Starts) => Enumerable.Range(0, starts).Select(start => Fit(net, session, (ulong)start))
        .MinBy(fit => double.IsNaN(fit.Error) ? double.PositiveInfinity : fit.Error)!;   // in an order of numbers NaN comes first

    /// <summary>Builds a net, trains it by whole-batch steps of Adam while the rate falls to 0, and measures it.</summary>
    public static Fitted Fit(Net net, Session session, ulong start)
    {
        var parameters = new List<Shared>();
        var init = new Init(session.Options.Seed + start);
        Tensor Model(Tensor x)
        {
            bool isNew = parameters.Count == 0;
            int width = 1, next = 0;
            foreach (int units in net.Hidden)
            {
                if (isNew) parameters.AddRange(width == 1 ? FirstLayer(units, init) : [Shared(init.XavierUniform([width, units]), "w"), Shared(NDArray.Zeros([units]), "b")]);
                x = net.Activation(Dot(x, parameters[next++]) + parameters[next++]);
                width = units;
            }
            if (isNew) parameters.AddRange([Shared(init.Normal([width, 1], 1 / MathF.Sqrt(width)), "v"), Shared(NDArray.Zeros([1]), "c")]);
            return Dot(x, parameters[next++]) + parameters[next];
        }

        var X = Matrix("X");
        var Y = Matrix("Y");
        var cost = MeanSquaredError(Model(X), Y);
        var rate = Shared(Rate, "rate");
        using var step = Function([X, Y], cost, updates: Adam(cost, parameters, rate), device: session.Device);
        using var predict = Function([X], Model(X), device: session.Device);

        NDArray x = NDArray.Zeros([Points, 1]), y = NDArray.Zeros([Points, 1]);
        for (int i = 0; i < Points; i++)
        {
            double at = -1 + 2.0 * i / (Points - 1);
            (x.Span<float>()[i], y.Span<float>()[i]) = ((float)at, (float)F(at));
        }
        int steps = session.Options.StepsOf(Steps, 1);   // an epoch is one step
        Func<int, float> schedule = Schedules.Cosine(Rate, steps);
        for (int i = 0; i < steps && !session.Cancellation.IsCancellationRequested; i++)
        {
            rate.Value = schedule(i);
            step.Run(x, y);
        }
        double[] fitted = [.. predict.Eval(NDArray.From([.. Xs.Select(at => (float)at)], [Xs.Length, 1]))[0].Span<float>().ToArray().Select(value => (double)value)];
        return new Fitted(fitted, fitted.Zip(Xs, (at, where) => (at - F(where)) * (at - F(where))).Average(), parameters);
    }

    // A unit begins with its step or bend at a place of its own: w x + b = w (x - place). With b = 0, as layers have it as a rule, all would lie at x = 0.
    private static Shared[] FirstLayer(int units, Init init)
    {
        NDArray w = init.Normal([1, units], 3), places = init.Uniform([units], -1, 1);
        for (int k = 0; k < units; k++) places.Span<float>()[k] *= -w.Span<float>()[k];   // places become b
        return [Shared(w, "w"), Shared(places, "b")];
    }

    /// <summary>The bends x = -b/w of the first layer that lie in [-1, 1].</summary>
    public static double[] Bends(Fitted fit) => [.. fit.Parameters[0].Value.Span<float>().ToArray().Zip(fit.Parameters[1].Value.Span<float>().ToArray(), (w, b) => -(double)b / w).Where(at => at is >= -1 and <= 1).Order()];

    private static Series BendsOf(Fitted fit, Color color)
    {
        double[] at = Bends(fit);
        return new Series("its bends", at, [.. at.Select(x => fit.Y[(int)Math.Round((x + 1) * 500)])]) { HasLine = false, HasPoints = true, Color = color };
    }
}
