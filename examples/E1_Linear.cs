// Program 1: a line through the origin, fitted to noisy points one at a time.
//
//     model      y = w x
//     cost       (y - Y)^2
//     update     w' = w - 0.01 dcost/dw
//
// The one thing to understand: w is a shared variable. It lives across calls, and each call of `train` replaces its value by
// that of an expression, which is all that learning is.
using System.Diagnostics;
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>Linear regression by gradient descent, an example at a time.</summary>
public static class Linear
{
    private const int Points = 101;
    private const int DefaultEpochs = 100;

    /// <summary>Builds the graph: the inputs, the model, the cost, what a step changes, and w, which starts at 0.</summary>
    public static (Tensor X, Tensor Y, Tensor Model, Tensor Cost, Update[] Updates, Shared W) Build()
    {
        var X = Scalar("X");
        var Y = Scalar("Y");
        var w = Shared(0f, "w");

        var y = X * w;
        var cost = Mean(Square(y - Y));
        var gradient = Grad(cost, w);
        return (X, Y, y, cost, [(w, w - gradient * 0.01f)], w);
    }

    /// <summary>Fits w to points around y = 2 x; the slope it finds depends on the noise: 2.0 give or take 0.05.</summary>
    public static RunResult Run(Session session)
    {
        long start = Stopwatch.GetTimestamp();
        (NDArray[] xs, NDArray[] ys) = MakePoints(session.Options.Seed);

        var (X, Y, _, cost, updates, w) = Build();
        var before = new StartingPoint([w]);
        using var train = Function([X, Y], cost, updates, device: session.Device);
        train.Compile([], []);
        double compileMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;

        int steps = session.Options.StepsOf(DefaultEpochs, Points);
        var times = new StepTimes(steps);
        float lastCost = 0;
        for (int step = 0; step < steps; step++)
        {
            times.Begin();
            lastCost = train.Run(xs[step % Points], ys[step % Points]).Scalar();
            times.End();
        }

        float slope = w.Value.Item();
        session.Terminal.WriteLine($"linear: w = {slope:F3} after {steps} steps; the points were made with 2");
        return new RunResult("linear", session.Options.Device, (steps + Points - 1) / Points, steps, Batch: 1, Parameters: w.Value.Count,
            times.MedianMs, compileMs, Accuracy: null, lastCost, train.Launches,
            Stopwatch.GetElapsedTime(start).TotalSeconds, Outcome: $"w = {slope:F3}", Claim: "w around 2")
        {
            UpdateNorm = before.Distance(),
        };
    }

    // x from -1 to 1 in 101 steps, y = 2 x + 0.33 N(0, 1).
    private static (NDArray[] X, NDArray[] Y) MakePoints(ulong seed)
    {
        var random = new SplitMix64(seed);
        var xs = new NDArray[Points];
        var ys = new NDArray[Points];
        for (int i = 0; i < Points; i++)
        {
            float x = -1 + 2f * i / (Points - 1);
            xs[i] = x;
            ys[i] = (float)(2 * x + 0.33 * random.NextNormal());
        }
        return (xs, ys);
    }
}
