// bench -- step, the last rows: batch and layer normalisation, forward, beside the least that any program must do.
//
// Both read their input twice: no element can be normalised before the moments are known. The yardstick is therefore a loop that reads as many numbers twice and writes them once,
// shared out among as many threads. The one thing to understand: nobody wrote a kernel for either. They are sums, differences, products and a root (Training/Layers/Normalisation.cs),
// and what is measured is what the compiler makes of them. The two take turns, and the median of the ratios is what counts.
using System.Diagnostics;
using System.Numerics.Tensors;
using MiniDL.Cpu;

namespace MiniDL.Bench.Programs;

/// <summary>The rows <c>batch_norm</c> and <c>layer_norm</c> of <c>bench -- step</c>.</summary>
internal sealed class NormalisationSuite(int threads, int turns)
{
    private const double WarmSeconds = 0.5;
    private const double Promised = 2;   // times the yardstick

    /// <summary>One measurement.</summary>
    /// <param name="Name">The layer.</param>
    /// <param name="Shape">Of its input.</param>
    /// <param name="Milliseconds">The median time of the layer.</param>
    /// <param name="Yardstick">The median time of reading twice and writing once.</param>
    /// <param name="Ratio">The median of the ratios within each turn.</param>
    /// <param name="Launches">Stages.</param>
    public sealed record Line(string Name, Shape Shape, double Milliseconds, double Yardstick, double Ratio, int Launches);

    // Images of a convnet's second layer, and rows of a wide layer and of a narrow one: 26 MB in and as much out, so that the next pass does not find much in a cache.
    private static readonly (string Name, Layer Layer, Shape Shape)[] s_cases =
    [
        ("batch_norm", Layer.BatchNorm(), [256, 32, 28, 28]),
        ("batch_norm", Layer.BatchNorm(), [8192, 784]),
        ("layer_norm", Layer.LayerNorm(), [8192, 784]),
        ("layer_norm", Layer.LayerNorm(), [25088, 256]),
    ];

    /// <summary>Measures and prints.</summary>
    public List<Line> Run(bool profile)
    {
        using Device device = Device.Cpu(threads);
        var lines = new List<Line>();
        Console.WriteLine($"\n{"forward",-12}{"shape",-20}{"ms",8}{"read twice, write once",24}{"ratio",8}{"stages",8}    median of {turns} turns; promised: {Promised:F0}");
        foreach ((string name, Layer layer, Shape shape) in s_cases)
        {
            NDArray x = new Init(seed: 1).Normal(shape, 1);
            using Function forward = Forward(layer, shape, device);
            using var yardstick = new Yardstick(x, threads);
            Line line = Measure(name, shape, () => forward.Run(x), yardstick.Run) with { Launches = forward.Program!.Stages.Count };
            lines.Add(line);
            Console.WriteLine($"{name,-12}{shape,-20}{line.Milliseconds,8:F3}{line.Yardstick,24:F3}{line.Ratio,8:F2}{line.Launches,8}");
            if (profile) StepSuite.PrintProfile(forward, () => forward.Run(x), turns);
        }
        return lines;
    }

    /// <summary>The training expression: the batch's own moments, and running statistics that move on.</summary>
    private static Function Forward(Layer layer, Shape shape, Device device)
    {
        var model = new Model(layer, Shape.Create(shape.Dims[1..]), new Init(seed: 1));
        Tensor x = T.Input(shape, "x");
        (Tensor y, IReadOnlyList<Update> running) = model.Train(x);
        Function forward = T.Function([x], [y], [.. running], device: device);
        forward.Compile(shape);
        return forward;
    }

    private Line Measure(string name, Shape shape, Action ours, Action least)
    {
        // .NET compiles a busy method a second time, optimised: wait for that.
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < WarmSeconds;)
        {
            ours();
            least();
        }
        var (layer, yardstick, ratio) = (new double[turns], new double[turns], new double[turns]);
        for (int turn = 0; turn < turns; turn++)
        {
            layer[turn] = Time(ours);
            yardstick[turn] = Time(least);
            ratio[turn] = layer[turn] / yardstick[turn];
        }
        return new Line(name, shape, Median(layer), Median(yardstick), Median(ratio), 0);
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    /// <summary>Reads an array twice and writes one of its size once: a sum, then a copy.</summary>
    private sealed class Yardstick(NDArray x, int threads) : ITeamWork, IDisposable
    {
        private const int Items = 64;

        private readonly ThreadTeam _team = new(threads);
        private readonly NDArray _y = NDArray.Zeros(x.Shape);
        private readonly float[] _sums = new float[Items];
        private bool _writes;

        public void Run()
        {
            _writes = false;
            _team.Run(this, Items);
            _writes = true;
            _team.Run(this, Items);
        }

        public void Do(int item, int worker)
        {
            int first = (int)((long)x.Count * item / Items), count = (int)((long)x.Count * (item + 1) / Items) - first;
            ReadOnlySpan<float> part = x.Span<float>().Slice(first, count);
            if (_writes) part.CopyTo(_y.Span<float>().Slice(first, count));
            else _sums[item] = TensorPrimitives.Sum(part);
        }

        public void Dispose() => _team.Dispose();
    }
}
