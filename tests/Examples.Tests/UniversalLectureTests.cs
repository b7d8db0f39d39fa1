using System.Text.Json;
using System.Xml.Linq;
using static MiniDL.Examples.UniversalLecture;

namespace MiniDL.Examples.Tests;

/// <summary>Universal approximation in short: fewer steps and fewer starts.</summary>
[TestFixture]
public sealed class UniversalLectureTests
{
    // The curve of a fit is drawn 2 pixels thick, in a plot where 330 pixels stand for 4 units of y. A mean error below that cannot be seen. Pieces of 1/40, as eighty bends on [-1, 1] could have,
    // would make it (1/40)^2 (2 pi)^2 / 8 = 0.003, an eighth of it.
    private const double LineThickness = 2 * 4.0 / 330;

    private readonly Session _session = new(new Options(Steps: 2000), new Terminal(TextWriter.Null));

    [OneTimeTearDown]
    public void Close() => _session.Dispose();

    /// <summary>f rises and falls five times. A tanh is one rise; each doubling of the units takes at least half of the squared error away.</summary>
    [Test]
    public void Twice_the_tanh_units_have_less_than_half_of_the_error()
    {
        double[] errors = [.. TanhNets.Select(net => Best(net, _session, starts: 3).Error)];
        for (int i = 1; i < errors.Length; i++) Assert.That(errors[i], Is.LessThan(errors[i - 1] / 2), TanhNets[i].Name);
    }

    /// <summary>Two bends are hardly better than one, where five pieces are wanted; four make them.</summary>
    [Test]
    public void More_relu_units_have_a_smaller_error()
    {
        double[] errors = [.. ReluNets.Select(net => Best(net, _session, starts: 5).Error)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(errors[1], Is.LessThan(errors[0]));
            Assert.That(errors[2], Is.LessThan(errors[1] / 4));
            Assert.That(errors[3], Is.LessThan(errors[2] / 2));
        }
    }

    [Test]
    public void Eighty_relus_or_two_layers_of_forty_tanhs_cannot_be_told_from_the_function()
    {
        foreach (Net net in LargeNets) Assert.That(Math.Sqrt(Fit(net, _session, start: 0).Error), Is.LessThan(LineThickness), net.Name);
    }

    /// <summary>A sum of H relus is straight but for H bends, at x = -b/w: the second difference of the fit is 0 elsewhere. A bend between two of the x shows in the second difference at both.</summary>
    [Test]
    public void A_net_of_eight_relus_consists_of_straight_pieces_between_its_bends()
    {
        Fitted fit = Best(ReluNets[3], _session, starts: 3);
        double[] bends = Bends(fit);
        int[] bent = [.. Enumerable.Range(1, Xs.Length - 2).Where(i => !(Math.Abs(fit.Y[i - 1] - 2 * fit.Y[i] + fit.Y[i + 1]) < 1e-5))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(bends, Has.Length.LessThanOrEqualTo(8));
            foreach (int i in bent) Assert.That(bends.Min(at => Math.Abs(at - Xs[i])), Is.LessThan(0.0021), $"the fit bends at {Xs[i]}");
            Assert.That(bent, Has.Length.GreaterThanOrEqualTo(4), "f has four extrema");
        }
    }

    [Test]
    public void The_same_seed_and_start_give_the_same_fit()
    {
        using var session = new Session(new Options(Steps: 50), new Terminal(TextWriter.Null));
        double[] once = Fit(TanhNets[2], session, start: 1).Y, again = Fit(TanhNets[2], session, start: 1).Y, other = Fit(TanhNets[2], session, start: 2).Y;
        Assert.That(again, Is.EqualTo(once));
        Assert.That(other, Is.Not.EqualTo(once));
    }

    [Test]
    public void The_lecture_draws_every_net()
    {
        using var folder = new LectureFolder();
        JsonElement figures = Lectures.Figures("universal", "--steps", "20", "--out", folder.Path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(figures.EnumerateObject().Count(figure => figure.Name.StartsWith("mse_", StringComparison.Ordinal)), Is.EqualTo(10));
            foreach ((string stem, int curves) in (ReadOnlySpan<(string, int)>)[("tanh", 5), ("relu", 5), ("large", 3), ("errors", 2)])
            {
                XElement[] lines = [.. XDocument.Parse(folder.Text($"universal-{stem}.svg")).Descendants().Where(element => element.Name.LocalName == "polyline")];
                Assert.That(lines, Has.Length.EqualTo(curves), stem);
                Assert.That(lines.Select(line => ((string)line.Attribute("points")!).Split(' ').Length), Is.All.EqualTo(1001), stem);
            }
            Assert.That(folder.Text("universal.html"), Does.Contain("tanh 40x2").And.Contain("mean squared error"));
        }
    }
}
