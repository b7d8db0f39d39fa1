// Program 0: two numbers multiplied. Symbols first, numbers later.
//
// The one thing to understand: `a * b` computes nothing. It makes a node of a graph; Function compiles the graph, and only then do numbers
// come in. Everything that follows, up to the convnet, is this program with a larger expression.
using System.Diagnostics;
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>a * b on scalars.</summary>
public static class Multiply
{
    /// <summary>Prints 1 * 2 and 3 * 3.</summary>
    public static RunResult Run(Session session)
    {
        long start = Stopwatch.GetTimestamp();

        var a = Scalar("a");
        var b = Scalar("b");
        var y = a * b;
        using var multiply = Function([a, b], y, device: session.Device);

        multiply.Compile([], []);
        double compileMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;

        session.Terminal.WriteLine($"multiply: 1 * 2 = {multiply.Run(1, 2).Scalar()}");
        session.Terminal.WriteLine($"multiply: 3 * 3 = {multiply.Run(3, 3).Scalar()}");

        long oneRun = Stopwatch.GetTimestamp();
        float nine = multiply.Run(3, 3).Scalar();
        return new RunResult("multiply", session.Options.Device, Epochs: 0, Steps: 0, Batch: 1, Parameters: 0,
            MsPerStep: Stopwatch.GetElapsedTime(oneRun).TotalMilliseconds, compileMs, Accuracy: null, FinalCost: null,
            multiply.Launches, Stopwatch.GetElapsedTime(start).TotalSeconds, Outcome: $"3 * 3 = {nine}", Claim: "9");
    }
}
