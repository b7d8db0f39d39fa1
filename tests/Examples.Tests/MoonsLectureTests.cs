using System.Text.Json;
using System.Xml.Linq;
using MiniDL.Pictures;
using static MiniDL.Examples.MoonsLecture;

namespace MiniDL.Examples.Tests;

/// <summary>Decision boundaries, and the paths of two optimisers, in short.</summary>
[TestFixture]
public sealed class MoonsLectureTests
{
    private readonly Session _session = new(new Options(), new Terminal(TextWriter.Null));

    [OneTimeTearDown]
    public void Close() => _session.Dispose();

    [TestCase(1UL)]
    [TestCase(7UL)]
    public void An_affine_layer_alone_separates_what_a_line_separates(ulong seed)
    {
        Model model = Train(Shallow("", 0, rate: 0.05f, epochs: 200), Separable(seed), _session);
        Assert.That(Accuracy(model, Separable(seed + 1), _session.Device), Is.EqualTo(1));
    }

    [Test]
    public void No_line_separates_the_moons_and_ten_units_do()
    {
        DataSet training = Moon(1), test = Moon(2);
        Model line = Train(Nets[0], training, _session), ten = Train(Nets[2], training, _session);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Accuracy(line, test, _session.Device), Is.InRange(0.8, 0.9));
            Assert.That(Accuracy(ten, test, _session.Device), Is.GreaterThan(0.94));
        }
    }

    /// <summary>(x W + b) V + c = x (W V) + (b V + c): layers without a tanh between them are one affine layer.</summary>
    [Test]
    public void Two_layers_without_a_tanh_between_them_are_one()
    {
        var model = new Model(Layer.Sequential(Layer.Dense(5), Layer.Dense(1)), input: [2], new Init(seed: 4));
        (Shared w, Shared b, Shared v, Shared c) = (model.Parameters[0], model.Parameters[1], model.Parameters[2], model.Parameters[3]);
        var init = new Init(seed: 5);
        foreach (Shared parameter in model.Parameters) parameter.Value = init.Normal(parameter.Shape, 1);   // biases too, which begin at 0
        var X = T.Matrix("X");
        using var one = T.Function([X], T.Sigmoid(T.Dot(X, T.Dot(w, v)) + (T.Reshape(T.Dot(T.Reshape(b, [1, 5]), v), [1]) + c)), device: _session.Device);
        NDArray some = Moon(1).X.Rows(0, 50);
        float[] p = one.Eval(some)[0].Span<float>().ToArray();
        Assert.That(p, Is.EqualTo(Probabilities(model, some, _session.Device)).Within(1e-5));
        Assert.That(p.Max() - p.Min(), Is.GreaterThan(0.1), "it is not the same everywhere");
    }

    /// <summary>The boundary as it can be read from the picture: the black pixels. The perceptron's lie on a line to a cell or so, those of ten units do not.</summary>
    [Test]
    public void The_boundary_of_a_perceptron_is_straight_and_that_of_ten_units_is_bent()
    {
        DataSet training = Moon(1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FarthestFromItsChord(Boundary(Train(Nets[0], training, _session), training, _session.Device)), Is.LessThan(4));
            Assert.That(FarthestFromItsChord(Boundary(Train(Nets[2], training, _session), training, _session.Device)), Is.GreaterThan(20));
        }
    }

    [Test]
    public void The_picture_is_blue_at_the_upper_moon_and_red_at_the_lower()
    {
        DataSet training = Moon(1);
        Picture picture = Boundary(Train(Nets[2], training, _session), training, _session.Device);
        Color[] pixels = [.. from y in Enumerable.Range(0, picture.Height) from x in Enumerable.Range(0, picture.Width) select picture[x, y]];
        (int upper, int lower) = (pixels.Count(pixel => pixel == UpperMoon), pixels.Count(pixel => pixel == LowerMoon));
        using (Assert.EnterMultipleScope())
        {
            Assert.That((picture.Width, picture.Height), Is.EqualTo((320, 230)));
            // (-1, 0) and (2, 0.5) are the moons' outer ends. West -1.8, east 2.8, south -1.4, north 1.9: x = 320 * 0.8 / 4.6 = 56, y = 230 * 1.9 / 3.3 = 132, and so on.
            Assert.That(Around(picture, 56, 132), Is.LessThan(0), "the upper moon's end");
            Assert.That(Around(picture, 264, 98), Is.GreaterThan(0), "the lower moon's end");
            Assert.That(upper, Is.InRange(1000, 125 * 25), "125 points of 25 pixels, less what lies under others");
            Assert.That(lower, Is.InRange(1000, 125 * 25));
        }
    }

    [Test]
    public void Five_layers_learn_it_too() => Assert.That(Accuracy(Train(Deep("", width: 50, rate: 0.001f, epochs: 60), Moon(1), _session), Moon(2), _session.Device), Is.GreaterThan(0.93));

    /// <summary>In RMSprop's first step a' = (1 - rho) g^2, so that each parameter moves by rate / sqrt(0.1), whatever its gradient (unless that is as small as epsilon's root, 0.001). In SGD's it moves by the
    /// rate times the gradient.</summary>
    [Test]
    public void RmsProps_first_step_is_as_long_in_every_direction_and_Sgds_is_not()
    {
        double[] sgd = Moves(Follow(Moon(1), 1, 0.01f, (cost, parameters, rate) => T.Sgd(cost, parameters, rate), _session));
        double[] rmsProp = Moves(Follow(Moon(1), 1, 0.01f, (cost, parameters, rate) => T.RmsProp(cost, parameters, rate), _session));
        double full = 0.01 / Math.Sqrt(0.1);
        int[] clear = [.. Enumerable.Range(0, 41).Where(i => sgd[i] > 0.01 * 0.02)];   // gradients above 0.02: epsilon is at most 1/40 of 0.1 g^2, so the step at least 98 % of full
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sgd, Has.Length.EqualTo(41), "2 x 10 + 10 + 10 + 1 parameters");
            Assert.That(clear, Has.Length.GreaterThan(20));
            Assert.That(clear.Select(i => rmsProp[i]), Is.All.InRange(0.98 * full, 1.001 * full));
            Assert.That(clear.Max(i => sgd[i]), Is.GreaterThan(5 * clear.Min(i => sgd[i])));
        }
    }

    /// <summary>Without a bend the net is a line, whose best cost is about 0.3. A small SGD step stays there; RMSprop at its middle rate leaves it.</summary>
    [Test]
    public void RmsProp_leaves_the_plateau_on_which_a_slow_Sgd_stays()
    {
        Walk sgd = Follow(Moon(1), 500, 0.1f, (cost, parameters, rate) => T.Sgd(cost, parameters, rate), _session);
        Walk rmsProp = Follow(Moon(1), 500, 0.01f, (cost, parameters, rate) => T.RmsProp(cost, parameters, rate), _session);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sgd.Costs[0], Is.EqualTo(rmsProp.Costs[0]), "the same start");
            Assert.That(sgd.Costs[^1], Is.GreaterThan(0.25));
            Assert.That(rmsProp.Costs[^1], Is.LessThan(0.15));
        }
    }

    [Test]
    public void The_plane_holds_the_three_points_that_span_it()
    {
        double[] start = [1, 2, 3, 4], end = [2, 2, 5, 4], other = [0, 5, 1, 2];
        var plane = new Plane(start, end, other);
        (double u, double v) = plane.Shadow(other);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(plane.Shadow(start), Is.EqualTo((0.0, 0.0)));
            Assert.That(plane.Shadow(end).U, Is.EqualTo(Math.Sqrt(1 + 4)).Within(1e-12));
            Assert.That(plane.Shadow(end).V, Is.Zero.Within(1e-12));
            Assert.That(plane.At(u, v), Is.EqualTo(other).Within(1e-12));
            Assert.That(u * u + v * v, Is.EqualTo(1 + 9 + 4 + 4).Within(1e-12), "lengths are kept");
        }
    }

    [Test]
    public void The_lecture_writes_every_boundary_and_both_plots()
    {
        using var folder = new LectureFolder();
        JsonElement figures = Lectures.Figures("moons", "--steps", "12", "--out", folder.Path);
        using (Assert.EnterMultipleScope())
        {
            foreach (string stem in (string[])["separable", .. Nets.Select(net => net.Name.Replace(' ', '-'))])
            {
                LectureFolder.Pixels picture = folder.Picture($"moons-{stem}.png");
                Assert.That((picture.Width, picture.Height), Is.EqualTo((320, 230)), stem);
                Assert.That(figures.GetProperty($"accuracy_{stem.Replace('-', '_')}").GetDouble(), Is.InRange(0, 100));
            }
            Assert.That(Count(folder, "boundaries", "image"), Is.EqualTo(7));
            Assert.That((Count(folder, "costs", "polyline"), Count(folder, "paths", "polyline"), Count(folder, "paths", "image")), Is.EqualTo((6, 2, 1)));
        }
    }

    [Test]
    public void What_is_cancelled_ends_with_what_there_is()
    {
        using var output = new StringWriter();
        using var session = new Session(new Options(), new Terminal(output), cancellation: new CancellationToken(canceled: true));
        Assert.That(MoonsLecture.Run(session, null), Is.EqualTo("""{"lecture":"moons"}"""));
    }

    [Test]
    public void A_batch_of_more_points_than_there_are_is_wrong_usage()
    {
        (int code, _, string errors) = Lectures.Run("moons", "--batch", "1025");
        Assert.That((code, errors.Contains("1024 points")), Is.EqualTo((2, true)), errors);
    }

    private static double[] Moves(Walk path) => [.. path.Places[1].Zip(path.Places[0], (after, before) => Math.Abs(after - before))];

    private static int Count(LectureFolder folder, string stem, string element) =>
        XDocument.Parse(folder.Text($"moons-{stem}.svg")).Descendants().Count(one => one.Name.LocalName == element);

    // Red less blue over a square of 9 pixels.
    private static int Around(Picture picture, int x, int y) => (from dy in Enumerable.Range(-4, 9) from dx in Enumerable.Range(-4, 9) select picture[x + dx, y + dy]).Sum(color => color.R - color.B);

    // The largest distance, in pixels, of a black pixel from the line through the first and the last of them, from left to right.
    private static double FarthestFromItsChord(Picture picture)
    {
        (int X, int Y)[] black = [.. from x in Enumerable.Range(0, picture.Width) from y in Enumerable.Range(0, picture.Height) where picture[x, y] == Color.Black select (x, y)];
        Assert.That(black, Has.Length.GreaterThan(100), "there is a boundary");
        (double dx, double dy) = (black[^1].X - black[0].X, black[^1].Y - black[0].Y);
        return black.Max(at => Math.Abs((at.X - black[0].X) * dy - (at.Y - black[0].Y) * dx) / Math.Sqrt(dx * dx + dy * dy));
    }
}
