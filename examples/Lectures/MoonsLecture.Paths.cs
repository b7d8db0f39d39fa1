// moons, second part: the way that two optimisers take from the same start over the same cost.
//
//     SGD        p' = p - rate g
//     RMSprop    a' = rho a + (1 - rho) g^2,   p' = p - rate g / sqrt(a' + epsilon)            (Hinton, "Neural networks for machine learning", lecture 6e)
//
// A net of 10 units has 41 parameters, so its path is a line in 41 dimensions. Three points of it matter most, the common start and the two ends, and three points span a plane: both paths are
// drawn as their shadows on it, over the cost of the nets that lie in the plane. (Goodfellow, Vinyals and Saxe, "Qualitatively characterizing neural network optimization problems", ICLR 2015, look
// at such slices. Directions drawn at random would show nothing: in many dimensions they are nearly orthogonal to any path.)
//
// What to look at: where the surface is flat SGD hardly moves, for its steps are as small as the gradient. RMSprop divides each weight's gradient by its own recent size, so that its steps are
// about as long everywhere: the dots, one every 100 steps, tell who waits where. Each optimiser gets the best of three rates. Both see all the points in each step, so that chance plays no part. The paths leave the plane on their way: the cost below a shadow is not the cost on the path.
using MiniDL.Pictures;
using static MiniDL.T;

namespace MiniDL.Examples;

public static partial class MoonsLecture
{
    private const int PathSteps = 1000, PathUnits = 10;
    private static readonly float[] s_sgdRates = [0.1f, 0.5f, 2], s_rmsPropRates = [0.001f, 0.01f, 0.1f];
    private const double Goal = 0.12;
    private const int Across = 60, Up = 40;   // costs that are measured in the plane

    /// <summary>A path.</summary>
    /// <param name="Rate">The learning rate.</param>
    /// <param name="Costs">Before each step.</param>
    /// <param name="Places">All parameters as one vector, before each step and after the last.</param>
    public sealed record Walk(float Rate, List<double> Costs, List<double[]> Places);

    /// <summary>Trains by whole-batch steps and writes down where it has been.</summary>
    public static Walk Follow(DataSet data, int steps, float rate, Func<Tensor, IReadOnlyList<Shared>, Tensor, Update[]> optimiser, Session session)
    {
        Model model = PathNet(session);
        var X = Input([Shape.Unknown, 2], "X");
        var labels = Vector("labels", DType.Int32);
        var cost = CostOf(model, X, labels);
        using var step = Function([X, labels], cost, updates: optimiser(cost, model.Parameters, rate), device: session.Device);
        var path = new Walk(rate, [], [PlaceOf(model)]);
        for (int i = 0; i < steps && !session.Cancellation.IsCancellationRequested; i++)
        {
            path.Costs.Add(step.Run(data.X, data.Y).Scalar());
            path.Places.Add(PlaceOf(model));
        }
        return path;
    }

    private static Model PathNet(Session session) => new(Shallow("", PathUnits, 0, 0).Layers, input: [2], new Init(session.Options.Seed));

    private static double[] PlaceOf(Model model) => [.. model.Parameters.SelectMany(parameter => parameter.Value.Span<float>().ToArray()).Select(value => (double)value)];

    private static string[] Row(string name, Walk path) => [$"{name}, {path.Rate}", path.Costs.FindIndex(cost => cost <= Goal) is var steps and >= 0 ? $"{steps}" : "-", $"{path.Costs[^1]:F4}"];

    // For a choice of the lowest: in an order of numbers NaN comes first.
    private static double LastCost(Walk path) => double.IsNaN(path.Costs[^1]) ? double.PositiveInfinity : path.Costs[^1];

    private static void ShowPaths(LecturePage page, DataSet data, Session session, List<(string, double)> figures)
    {
        int steps = session.Options.StepsOf(PathSteps, 1);   // an epoch is one step
        Walk[] sgds = [.. s_sgdRates.Select(rate => Follow(data, steps, rate, (cost, parameters, by) => Sgd(cost, parameters, by), session))];
        Walk[] rmsProps = [.. s_rmsPropRates.Select(rate => Follow(data, steps, rate, (cost, parameters, by) => RmsProp(cost, parameters, by), session))];
        if (session.Cancellation.IsCancellationRequested || steps < 2) return;   // there is no way to show
        page.Table(["optimiser, rate", $"steps to a cost of {Goal}", $"cost before step {steps}"], [.. sgds.Select(path => Row("SGD", path)), .. rmsProps.Select(path => Row("RMSprop", path))]);
        Walk sgd = sgds.MinBy(LastCost)!, rmsProp = rmsProps.MinBy(LastCost)!;
        figures.AddRange([("cost_sgd", sgd.Costs[^1]), ("cost_rmsprop", rmsProp.Costs[^1])]);
        var costs = new Plot("Cost by step") { XLabel = "step", YLabel = "cross-entropy" };
        foreach (Walk path in sgds) costs.Add(new Series($"SGD, rate {path.Rate}", [.. Enumerable.Range(0, steps)], path.Costs));
        foreach (Walk path in rmsProps) costs.Add(new Series($"RMSprop, rate {path.Rate}", [.. Enumerable.Range(0, steps)], path.Costs));
        page.Drawing("costs", costs.Draw(), "The same net from the same start.");

        // The shadows, and the ground below: darker is lower.
        var plane = new Plane(sgd.Places[0], sgd.Places[^1], rmsProp.Places[^1]);
        (double U, double V)[] shadowS = [.. sgd.Places.Select(plane.Shadow)], shadowR = [.. rmsProp.Places.Select(plane.Shadow)];
        (double, double)[] all = [.. shadowS, .. shadowR];
        (double left, double right) = Around(all.Select(place => place.Item1));
        (double bottom, double top) = Around(all.Select(place => place.Item2));
        var paths = new Plot("Two paths over the cost, dark where it is low") { XLabel = "from the start toward SGD's end", YLabel = "across, toward RMSprop's end", Size = (760, 480) };
        paths.Ground(Landscape(PathNet(session), data, plane, (left, right), (bottom, top), session), left, right, bottom, top);
        foreach ((string name, (double U, double V)[] shadow, Color color) in (ReadOnlySpan<(string, (double, double)[], Color)>)[("SGD", shadowS, Plot.Palette[5]), ("RMSprop", shadowR, Plot.Palette[4])])
        {
            paths.Add(new Series(name, [.. shadow.Select(place => place.U)], [.. shadow.Select(place => place.V)]) { Color = color });
            (double U, double V)[] dots = [.. shadow.Where((_, step) => step % 100 == 0)];
            paths.Add(new Series("", [.. dots.Select(place => place.U)], [.. dots.Select(place => place.V)]) { HasLine = false, HasPoints = true, Color = color });
        }
        paths.Add(new Series("", [0], [0]) { Labels = ["start"], HasPoints = true, Color = Color.White });
        page.Drawing("paths", paths.Draw(), "Shadows on the plane through the start and both ends; a dot every 100 steps.");
    }

    // A sixth more on both sides, so that the ends do not lie on the frame.
    private static (double, double) Around(IEnumerable<double> values)
    {
        (double least, double most) = (values.Min(), values.Max());
        double margin = Math.Max((most - least) / 6, 1e-6);
        return (least - margin, most + margin);
    }

    /// <summary>The plane through three points, with two orthogonal axes of unit length (Gram and Schmidt) and the first point as origin.</summary>
    public sealed class Plane
    {
        private readonly double[] _origin, _u, _v;

        /// <summary>Through the start and two ends.</summary>
        public Plane(double[] start, double[] end, double[] other)
        {
            _origin = start;
            _u = Unit(Sum(end, -1, start));
            double[] toward = Sum(other, -1, start);
            _v = Unit(Sum(toward, -Dot(toward, _u), _u));
        }

        /// <summary>The nearest place of the plane.</summary>
        public (double U, double V) Shadow(double[] place)
        {
            double[] way = Sum(place, -1, _origin);
            return (Dot(way, _u), Dot(way, _v));
        }

        /// <summary>All parameters at a place of the plane.</summary>
        public double[] At(double u, double v) => Sum(Sum(_origin, u, _u), v, _v);

        private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

        private static double[] Sum(double[] a, double factor, double[] b) => [.. a.Zip(b, (x, y) => x + factor * y)];

        private static double[] Unit(double[] a) => Math.Sqrt(Dot(a, a)) is var length && length > 0 ? [.. a.Select(x => x / length)] : a;
    }

    // log cost of the net at each place of the plane, the first row at the top.
    private static Picture Landscape(Model model, DataSet data, Plane plane, (double Low, double High) u, (double Low, double High) v, Session session)
    {
        var X = Input([Shape.Unknown, 2], "X");
        var labels = Vector("labels", DType.Int32);
        using var cost = Function([X, labels], CostOf(model, X, labels), device: session.Device);
        var heights = new float[Up * Across];
        for (int i = 0; i < heights.Length; i++)
        {
            double[] place = plane.At(u.Low + (u.High - u.Low) * (i % Across + 0.5) / Across, v.High - (v.High - v.Low) * (i / Across + 0.5) / Up);
            int next = 0;
            foreach (Shared parameter in model.Parameters)
            {
                NDArray values = NDArray.Zeros(parameter.Shape);
                foreach (ref float value in values.Span<float>()) value = (float)place[next++];
                parameter.Value = values;
            }
            heights[i] = MathF.Log(cost.Run(data.X, data.Y).Scalar());
        }
        return ImageGrid.Make(heights, Up, Across, columns: 1, margin: 0);
    }
}
