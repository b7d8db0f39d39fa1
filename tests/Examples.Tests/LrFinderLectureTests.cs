using System.Text.Json;

namespace MiniDL.Examples.Tests;

/// <summary>The learning-rate finder on MNIST.</summary>
[TestFixture]
public sealed class LrFinderLectureTests
{
    private Mnist _data = null!;

    [OneTimeSetUp]
    public void Load() => _data = Mnist.Load(Mnist.FindFolder(null));

    [Test]
    public void The_sweep_suggests_a_rate_that_learns_between_one_that_does_nothing_and_one_that_destroys()
    {
        using Session session = Quiet(new Options());
        RateSweep sweep = LrFinderLecture.Sweep(session);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sweep.HasDiverged, Is.True);
            Assert.That(sweep.Costs[0], Is.EqualTo(Math.Log(10)).Within(0.01), "it starts at guessing");
            Assert.That(sweep.Smoothed.Take(60), Is.All.EqualTo(Math.Log(10)).Within(0.01), "and stays there while the rate is too small");
            Assert.That(sweep.Smoothed.Min(), Is.LessThan(0.8 * Math.Log(10)));
            Assert.That(sweep.Suggestion, Is.InRange(1e-3, 1e-2));
            Assert.That(sweep.Suggestion, Is.LessThan(sweep.AtMinimum!.Value));
            Assert.That(sweep.AtMinimum, Is.LessThan(sweep.Rates[^1]));
        }
    }

    [Test]
    public void The_lecture_writes_its_plots_and_tries_the_suggestion()
    {
        using var folder = new LectureFolder();
        // 60 steps of training with each rate, instead of 468.
        const int Train = 60 * 128, Test = 1000;
        Mnist few = new(_data.TrainImages.Rows(0, Train), _data.TrainLabels.Rows(0, Train), _data.TrainTargets.Rows(0, Train),
            _data.TestImages.Rows(0, Test), _data.TestLabels.Rows(0, Test), _data.TestTargets.Rows(0, Test));
        using Session session = Quiet(new Options(Out: folder.Path, Json: true) { Name = "lrfinder" }, few);
        JsonElement figures = JsonDocument.Parse(LrFinderLecture.Run(session, null)).RootElement;
        double suggestion = figures.GetProperty("suggestion").GetDouble();
        string sweep = folder.Text("lrfinder-sweep.svg");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(figures.GetProperty("suggestion_accuracy").GetDouble(), Is.GreaterThan(figures.GetProperty("worst_accuracy").GetDouble() + 20), "60 steps at 1e-4 are next to none");
            Assert.That(suggestion, Is.LessThan(figures.GetProperty("last_rate").GetDouble()));
            Assert.That(sweep, Does.Contain($">{suggestion:G2}<").And.Contain("stroke-dasharray").And.Contain("1e-6"), "the suggestion is marked, on a logarithmic axis");
            Assert.That(folder.Text("lrfinder-grid.svg"), Does.Contain("the suggestion"));
            Assert.That(folder.Text("lrfinder.html"), Does.Contain("suggested").And.Contain("best of the grid"));
        }
    }

    // It takes some steps to learn anything, at whatever rate.
    [Test]
    public void A_sweep_in_a_hurry_runs_away_before_it_has_learned_and_suggests_nothing()
    {
        using Session session = Quiet(new Options(Steps: 60));
        RateSweep sweep = LrFinderLecture.Sweep(session);
        Assert.That((sweep.HasDiverged, sweep.Suggestion), Is.EqualTo((true, (double?)null)));
    }

    [Test]
    public void The_same_seed_gives_the_same_sweep()
    {
        IReadOnlyList<double> Costs(int threads)
        {
            using Session session = Quiet(new Options(Steps: 40, Seed: 5, Threads: threads));
            return LrFinderLecture.Sweep(session).Costs;
        }
        Assert.That(Costs(threads: 1), Is.EqualTo(Costs(threads: 2)));
    }

    [Test]
    public void A_sweep_of_one_step_is_wrong_usage() => Assert.That(Lectures.Run("lrfinder", "--steps", "1").Code, Is.EqualTo(2));

    [Test]
    public void Cancelled_it_ends_with_what_there_is()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        using Session session = Quiet(new Options(Json: true), cancellation: stop.Token);
        Assert.That(() => LrFinderLecture.Run(session, null), Throws.Nothing);
    }

    // The figure that the lecture claims: not more than a factor of 3 away from the best rate of the grid.
    [TestCase(1)]
    [TestCase(2)]
    [Category("Long")]
    public void The_suggestion_is_within_a_factor_of_three_of_the_best_of_the_grid(int seed)
    {
        JsonElement figures = Lectures.Figures("lrfinder", "--seed", $"{seed}");
        double ratio = figures.GetProperty("suggestion").GetDouble() / figures.GetProperty("best_rate").GetDouble();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ratio, Is.InRange(1 / 3.0, 3));
            Assert.That(figures.GetProperty("best_accuracy").GetDouble(), Is.GreaterThan(93));
            Assert.That(figures.GetProperty("suggestion_accuracy").GetDouble(), Is.GreaterThan(93));
        }
    }

    private Session Quiet(Options options, Mnist? data = null, CancellationToken cancellation = default) => new(options, new Terminal(TextWriter.Null), data ?? _data, cancellation);
}
