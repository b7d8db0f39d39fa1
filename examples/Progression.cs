// The progression in order: what there is to run, for how long by default, and what the talk says of it.
//
// The one thing to understand: a chapter of the progression is a function that builds a graph. Examples train it, tests check
// it, benchmarks time it; nobody has a copy of it.
namespace MiniDL.Examples;

/// <summary>One training run on MNIST.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Title">A line that describes it.</param>
/// <param name="Epochs">Passes over the training set, unless told otherwise.</param>
/// <param name="Claim">The talk's test accuracy in percent.</param>
/// <param name="Build">Makes the graph with fresh weights.</param>
public sealed record MnistChapter(string Name, string Title, int Epochs, string Claim, Func<Init, MnistProgram> Build);

/// <summary>The programs of the talk, in order.</summary>
public static class Progression
{
    /// <summary>What can be named on the command line, in the order it is told.</summary>
    public static readonly string[] Names = ["multiply", "linear", "logistic", "old", "modern", "conv", "all", "doctor", "list"];

    /// <summary>The runs on MNIST. The old net has two: as printed, and with the rate that its claim needs.</summary>
    public static readonly MnistChapter[] Mnist =
    [
        new("logistic", "softmax of ten weighted sums", 100, "92.5", Logistic.Build),
        new("old", "625 sigmoids, rate 0.05 as printed", 30, "98.4", init => OldNet.Build(init, 0.05f)),
        new("old-0.5", "625 sigmoids, rate 0.5", 30, "98.4", init => OldNet.Build(init, 0.5f)),
        new("modern", "two layers of rectifiers, dropout, RMSprop", 10, "99.0", ModernNet.Build),
        new("conv", "three convolutions, two products", 5, "99.5", ConvNet.Build),
    ];

    /// <summary>Runs what a name stands for: one program, both runs of the old net, or all.</summary>
    public static List<RunResult> Run(string name, Session session)
    {
        var results = new List<RunResult>();
        if (name is "multiply" or "all") results.Add(Multiply.Run(session));
        if (name is "linear" or "all") results.Add(Linear.Run(session));
        foreach (MnistChapter chapter in Mnist)
        {
            bool isMeant = name == "all" || name == chapter.Name || chapter.Name.StartsWith(name + "-", StringComparison.Ordinal);
            bool isStopped = session.Cancellation.IsCancellationRequested && results.Count > 0;   // by Ctrl-C, in the run before
            if (isMeant && !isStopped) results.Add(MnistRun.Run(session, chapter));
        }
        return results;
    }
}
