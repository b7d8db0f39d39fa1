// What graphs look like in print: one step of logistic regression before and after each pass, and drawn for Graphviz.
using System.Text;
using static MiniDL.T;

namespace MiniDL.Tests.Golden;

[TestFixture]
public sealed class ListingTests
{
    private static (Tensor Cost, Tensor Step, Tensor[] Inputs) Logistic()
    {
        Tensor X = Matrix("X"), Y = Matrix("Y");
        Shared w = T.Shared(NDArray.Zeros([784, 10]), "w");
        Tensor e = Exp(Dot(X, w));
        Tensor p = (e / Sum(e, 1, keepDims: true)).Named("p");
        Tensor cost = Mean(-Sum(Y * Log(p), 1)).Named("cost");
        return (cost, w - 0.05f * Grad(cost, w), [X, Y]);
    }

    [Test]
    public void A_step_of_logistic_regression_after_each_pass()
    {
        (Tensor cost, Tensor step, Tensor[] inputs) = Logistic();
        FunctionGraph graph = FunctionChecks.Freeze(inputs, [cost, step], [], []);
        var pipeline = new Pipeline(keepListings: true);
        pipeline.Optimise(graph.Roots, graph.Known([[128, 784], [128, 10]]));

        string before = Listing.Print(graph.Roots);
        var text = new StringBuilder("as written\n").Append(before);
        foreach (PassReport report in pipeline.Reports)
        {
            text.Append($"\nafter {report.Name}: {report.Before} -> {report.After} nodes\n");
            foreach ((string rule, int times) in report.Fired.OrderBy(pair => pair.Key, StringComparer.Ordinal)) text.Append($"  {times} x {rule}\n");
            text.Append(report.Listing == before ? "unchanged\n" : before = report.Listing!);
        }
        GoldenFile.Check("logistic_passes.txt", text.ToString());
    }

    [Test]
    public void A_small_graph_drawn_for_Graphviz()
    {
        Tensor x = Input([Shape.Unknown, 3], "x");
        Tensor y = Sum(Tanh(x * 2) + x, 1).Named("a \"quoted\" name");
        GoldenFile.Check("small_graph.dot", Listing.Dot(y));
    }

    [Test]
    public void A_name_that_is_taken_gets_a_number()
    {
        Tensor x = Vector("x"), other = Vector("x");
        Assert.That(Listing.Print(x + other), Does.Contain("add(x, x#2)"));
    }

    [Test]
    public void Roots_are_named_after_return()
    {
        Tensor x = Vector("x");
        Assert.That(Listing.Print(x, Exp(x).Named("y")).TrimEnd(), Does.EndWith("return x, y"));
    }
}
