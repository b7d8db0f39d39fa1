// moons: two interleaved half circles, and what hidden units are for.
//
//     p(x) = sigmoid(w . h + b),  h the last hidden layer's tanh, or x itself where there is none          cost: mean of -t log p - (1 - t) log(1 - p)
//
// Without a hidden layer this is a perceptron with a smooth step (Rosenblatt 1958; as a model of probabilities, logistic regression): p = 1/2 where w . x + b = 0, and that is a straight line. Where a line can
// do it, as on the first set of points, it finds one; with the moons no line can. A hidden unit adds a line of its own, softened by tanh, and the net blends them: two make a step, ten follow the moons.
// Stacking layers without a non-linearity would not help: (x W) V = x (W V) is one matrix again.
//
// What to look at: the black boundary, p = 1/2. Where it still runs through points of the wrong color the moons' noise overlaps, and no net can do better; four million parameters bring nothing there. The deep nets'
// boundaries consist of straight pieces, since theirs are relus. And far from all points nothing tells a net what to say, yet each says it with certainty. MoonsLecture.Paths.cs is about how they get there.
using MiniDL.Pictures;
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>Decision boundaries of nets of several sizes, and the paths of two optimisers.</summary>
public static partial class MoonsLecture
{
    private const int Points = 1024;
    private const double Noise = 0.2;

    /// <summary>A net to be shown.</summary>
    /// <param name="Name">For labels and files.</param>
    /// <param name="Layers">From (B, 2) to the logit (B, 1).</param>
    /// <param name="Rate">RMSprop's learning rate: the larger the layers, the more weights move at once and the smaller it must be.</param>
    /// <param name="Epochs">By default.</param>
    public sealed record Net(string Name, Layer Layers, float Rate, int Epochs);

    /// <summary>One hidden layer of tanh, or, with no unit, none: the perceptron.</summary>
    public static Net Shallow(string name, int units, float rate, int epochs) =>
        new(name, units == 0 ? Layer.Dense(1) : Layer.Sequential(Layer.Dense(units), Layer.Tanh, Layer.Dense(1)), rate, epochs);

    /// <summary>Five hidden layers of relu, with He's first weights.</summary>
    public static Net Deep(string name, int width, float rate, int epochs)
    {
        Layer[] hidden = [.. Enumerable.Range(0, 5).SelectMany(_ => new[] { Layer.Dense(width, first: (init, shape) => init.HeNormal(shape)), Layer.Relu })];
        return new Net(name, Layer.Sequential([.. hidden, Layer.Dense(1)]), rate, epochs);
    }

    /// <summary>What is compared, from a line to five layers of a thousand.</summary>
    public static readonly Net[] Nets =
    [
        Shallow("no hidden unit", 0, rate: 0.01f, epochs: 200),
        Shallow("2 units", 2, rate: 0.01f, epochs: 400),
        Shallow("10 units", 10, rate: 0.01f, epochs: 400),
        Shallow("20 units", 20, rate: 0.01f, epochs: 400),
        Deep("5 layers of 100", 100, rate: 0.001f, epochs: 200),
        Deep("5 layers of 1000", 1000, rate: 0.0003f, epochs: 150),
    ];

    /// <summary>Trains and draws them all.</summary>
    public static string Run(Session session, string? _)
    {
        ulong seed = session.Options.Seed;
        if (session.Options.Batch > Points) throw new UsageException($"a batch of {session.Options.Batch} is more than the {Points} points; choose a smaller --batch");
        var page = new LecturePage(session, "moons", "Two moons");
        DataSet training = Moon(seed), test = Moon(seed + 1);
        var panels = new List<PicturePanel>();
        var rows = new List<string[]>();
        var figures = new List<(string, double)>();

        // First a task that a line can do, then the moons.
        DataSet lineTraining = Separable(seed), lineTest = Separable(seed + 1);
        Show(new Net("line", Nets[0].Layers, 0.05f, 200), "separable", lineTraining, lineTest, "a line's task, no hidden unit");
        foreach (Net net in Nets) Show(net, net.Name.Replace(' ', '-'), training, test, net.Name);

        void Show(Net net, string stem, DataSet learned, DataSet asked, string title)
        {
            if (session.Cancellation.IsCancellationRequested) return;
            Model model = Train(net, learned, session);
            double right = 100 * Accuracy(model, asked, session.Device);
            Picture picture = Boundary(model, asked, session.Device);
            panels.Add(new PicturePanel($"{title}: {right:F1} %", picture));
            rows.Add([title, $"{model.ParameterCount:N0}", $"{100 * Accuracy(model, learned, session.Device):F1} %", $"{right:F1} %"]);
            figures.Add(($"accuracy_{stem.Replace('-', '_')}", right));
            page.Picture(stem, picture, $"{title}: {right:F1} % of {asked.Count} new points", hasPreview: stem is "no-hidden-unit" or "20-units");
        }
        page.Table(["net", "parameters", "training", "test"], rows);
        if (panels.Count > 0) page.Drawing("boundaries", PicturePanels.Draw("Probability of the lower moon: blue 0, red 1; black: one half", panels, columns: 4, scale: 0.8), "The points are new ones, on which the nets were not trained.");
        ShowPaths(page, training, session, figures);
        page.Save();
        return LecturePage.Json("moons", [.. figures]);
    }

    /// <summary>The model, the cost and the update; then mini-batches in order, which are fair samples because the points were drawn independently.</summary>
    public static Model Train(Net net, DataSet data, Session session)
    {
        var model = new Model(net.Layers, input: [2], new Init(session.Options.Seed));
        var X = Input([Shape.Unknown, 2], "X");
        var labels = Vector("labels", DType.Int32);
        var cost = CostOf(model, X, labels);
        using var step = Function([X, labels], cost, updates: RmsProp(cost, model.Parameters, net.Rate), device: session.Device);

        int batch = session.Options.Batch, perEpoch = data.Count / batch, steps = session.Options.StepsOf(net.Epochs, perEpoch);
        for (int i = 0; i < steps && !session.Cancellation.IsCancellationRequested; i++)
        {
            DataSet part = data.Rows(i % perEpoch * batch, batch);
            step.Run(part.X, part.Y);
        }
        return model;
    }

    // The mean of -t log p - (1 - t) log(1 - p), from the logit z (B, 1): a sigmoid need not be written, nor can it underflow.
    private static Tensor CostOf(Model model, Tensor X, Tensor labels) => Mean(BinaryCrossEntropyFromLogits(Reshape(model.Use(X), [-1]), Cast(labels, DType.Float32)));

    /// <summary>p for each point (N, 2).</summary>
    public static float[] Probabilities(Model model, NDArray points, Device device)
    {
        var X = Input([Shape.Unknown, 2], "X");
        using var predict = Function([X], Sigmoid(model.Use(X)), device: device);
        return predict.Eval(points)[0].Span<float>().ToArray();
    }

    /// <summary>The share of points on the right side of p = 1/2, in 0..1.</summary>
    public static double Accuracy(Model model, DataSet data, Device device)
    {
        float[] p = Probabilities(model, data.X, device);
        int[] labels = data.Y.Span<int>().ToArray();
        return p.Zip(labels).Count(pair => pair.First > 0.5f == (pair.Second == 1)) / (double)data.Count;
    }

    /// <summary>Two moons, as many points as the lecture takes.</summary>
    public static DataSet Moon(ulong seed)
    {
        (NDArray points, NDArray labels) = Moons.Make(Points, Noise, seed);
        return new DataSet(points, labels);
    }

    /// <summary>Points on both sides of the line y = 1/4 + x/2, none nearer to it than 0.1 along y.</summary>
    public static DataSet Separable(ulong seed)
    {
        var random = new SplitMix64(seed);
        NDArray points = NDArray.Zeros([Points, 2]), labels = NDArray.Zeros([Points], DType.Int32);
        for (int i = 0; i < Points; i++)
        {
            double x = West + (East - West) * random.NextDouble(), side = random.NextDouble() < 0.5 ? -1 : 1;
            (points.Span<float>()[2 * i], points.Span<float>()[2 * i + 1]) = ((float)x, (float)(0.25 + x / 2 + side * (0.1 + 0.6 * random.NextDouble())));
            labels.Span<int>()[i] = side > 0 ? 0 : 1;
        }
        return new DataSet(points, labels);
    }
}
