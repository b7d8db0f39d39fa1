// The passes in order, from the graph as the user wrote it to the graph that is lowered; and the verifier that runs after each.
//
//   merge -> stabilise -> shapes -> merge -> fold -> simplify -> fold -> merge -> simplify -> blas -> expand -> merge
//
// Givens are substituted before, when the function is made. Merging comes first because a rule that recognises softmax wants both exponentials of exp x / sum exp x to be
// one node. Each pass is linear in the graph's size. The one thing to understand: passes never change what is computed, so the graph after any of them can
// be evaluated by the reference and must give the same numbers; tests do exactly that.
using System.Diagnostics;

namespace MiniDL;

/// <summary>Runs passes over a graph, verifies after each, and keeps reports.</summary>
public sealed class Pipeline
{
    private readonly bool _keepListings;
    private readonly List<PassReport> _reports = [];

    /// <summary>A pipeline; with <paramref name="keepListings"/> each report holds the graph after its pass.</summary>
    public Pipeline(bool keepListings = false) => _keepListings = keepListings;

    /// <summary>What each pass did, in order.</summary>
    public IReadOnlyList<PassReport> Reports => _reports;

    /// <summary>Prepares a cost for differentiation: merged, then stabilised.</summary>
    public static Tensor[] BeforeGradient(params Tensor[] roots)
    {
        var pipeline = new Pipeline();
        return pipeline.Run(new Stabilise(), pipeline.Run(new Merge(), roots));
    }

    /// <summary>All passes, from a graph whose givens are substituted to the graph that is lowered. <paramref name="known"/> maps
    /// each input to one whose shape is known.</summary>
    public Tensor[] Optimise(Tensor[] roots, Dictionary<Tensor, Tensor> known)
    {
        roots = Run(new Merge(), roots);
        roots = Run(new Stabilise(), roots);
        roots = Run(new Specialise(known), roots);
        roots = Run(new Merge(), roots);
        roots = Run(new Fold(), roots);
        roots = Run(new Simplify(), roots);
        roots = Run(new Fold(), roots);
        roots = Run(new Merge(), roots);
        roots = Run(new Simplify(), roots);
        roots = Run(new Blas(), roots);
        roots = Run(new Expand(), roots);
        return Run(new Merge(), roots);
    }

    /// <summary>Runs one pass, times it, verifies its result.</summary>
    /// <exception cref="InvalidOperationException">The pass broke the graph: a mistake in MiniDL.</exception>
    public Tensor[] Run(Pass pass, Tensor[] roots)
    {
        var report = new PassReport(pass.Name) { Before = Traversal.Topological(roots).Count };
        long start = Stopwatch.GetTimestamp();
        Tensor[] result = pass.Run(roots, report);
        report.Elapsed = Stopwatch.GetElapsedTime(start);
        report.After = Verify(pass, roots, result);
        if (_keepListings) report.Listing = Listing.Print(result);
        _reports.Add(report);
        return result;
    }

    /// <summary>Checks every node against its op's type rule, and each root against the type it had. Returns the number of nodes.</summary>
    private static int Verify(Pass pass, Tensor[] before, Tensor[] after)
    {
        List<Tensor> order = Traversal.Topological(after);
        foreach (Tensor node in order)
            if (node.Op.Infer(node.Inputs) != node.Type)
                throw new InvalidOperationException($"after {pass.Name}, {node} is not of the type its op infers, {node.Op.Infer(node.Inputs)}");
        for (int i = 0; i < before.Length; i++)
            if (after[i].DType != before[i].DType || !before[i].Shape.Accepts(after[i].Shape))
                throw new InvalidOperationException($"after {pass.Name}, {before[i]} became {after[i]}");
        return order.Count;
    }
}
