// A plot: lines and points over two axes, as an SVG drawing. Loss curves, fitted functions, paths of optimisers, rooflines.
//
//      title
//      y |      .--- one            The frame leaves room at the left and below for ticks and labels, and at the right for the legend.
//        |   .-'  .- two            Both axes are found from the numbers, or given.
//        |_.'__.-'______
//                      x
//
// The one thing to understand: what is not a number (a loss that ran away) has no place. A line breaks there, instead of bending the axis for all the others.
namespace MiniDL.Pictures;

/// <summary>Points that belong together.</summary>
/// <param name="Name">For the legend; empty for none.</param>
/// <param name="X">From left to right.</param>
/// <param name="Y">As many.</param>
public sealed record Series(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y)
{
    /// <summary>Joined by lines.</summary>
    public bool HasLine { get; init; } = true;

    /// <summary>Drawn as circles.</summary>
    public bool HasPoints { get; init; }

    /// <summary>A word beside each point, or none.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Its color; without one, the next of the palette.</summary>
    public Color? Color { get; init; }
}

/// <summary>A plot under construction.</summary>
/// <example><code>
/// var plot = new Plot("cost") { XLabel = "epoch", YLabel = "cross-entropy", YIsLog = true };
/// plot.Add(new Series("modern net", [1, 2, 3], [0.3, 0.2, 0.15]));
/// plot.Draw().Save("out/cost.svg");
/// </code></example>
public sealed class Plot(string title)
{
    private const double Left = 70, Top = 40, Below = 50, LineHeight = 18;
    private static readonly Color s_ink = Color.Gray(60), s_grid = Color.Gray(225);
    private readonly List<Series> _series = [];
    private readonly List<(double X, string Text)> _marks = [];
    private (Picture Picture, double Left, double Right, double Bottom, double Top)? _ground;

    /// <summary>Colors that people who confuse red and green tell apart. Source: M. Okabe and K. Ito, "Color universal design", 2008.</summary>
    public static IReadOnlyList<Color> Palette { get; } =
        [new(0, 114, 178), new(213, 94, 0), new(0, 158, 115), new(204, 121, 167), new(230, 159, 0), new(86, 180, 233), new(0, 0, 0), new(160, 150, 20)];

    /// <summary>What the x axis counts.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>What the y axis counts.</summary>
    public string YLabel { get; init; } = "";

    /// <summary>Equal ratios have equal lengths along x; numbers of 0 and below are left out.</summary>
    public bool XIsLog { get; init; }

    /// <summary>The same along y.</summary>
    public bool YIsLog { get; init; }

    /// <summary>The y axis, if it is not to be found from the numbers.</summary>
    public Scale? YScale { get; init; }

    /// <summary>Pixels of the whole drawing.</summary>
    public (double Width, double Height) Size { get; init; } = (720, 420);

    /// <summary>Adds a series.</summary>
    /// <exception cref="ArgumentException">It has not as many y as x, or labels for only a part.</exception>
    public void Add(Series series)
    {
        ArgumentNullException.ThrowIfNull(series);
        if (series.X.Count != series.Y.Count || (series.Labels.Count > 0 && series.Labels.Count != series.X.Count))
            throw new ArgumentException($"series '{series.Name}' has {series.X.Count} x, {series.Y.Count} y and {series.Labels.Count} labels");
        _series.Add(series);
    }

    /// <summary>Marks a place on the x axis with a dashed line and a word: the rate that is suggested, the epoch that was kept.</summary>
    public void Mark(double x, string text) => _marks.Add((x, text));

    /// <summary>Puts a picture under the lines: a cost over a plane. The axes end where it ends.</summary>
    /// <param name="picture">Its pixels are blended into each other.</param>
    /// <param name="left">x at its left side.</param>
    /// <param name="right">x at its right side, above <paramref name="left"/>.</param>
    /// <param name="bottom">y at its lower side.</param>
    /// <param name="top">y at its upper side, above <paramref name="bottom"/>.</param>
    /// <exception cref="ArgumentException">The sides are no numbers, or the wrong way round; or an axis is logarithmic.</exception>
    public void Ground(Picture picture, double left, double right, double bottom, double top)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (!(left < right && bottom < top && double.IsFinite(right - left) && double.IsFinite(top - bottom)))
            throw new ArgumentException($"a picture cannot lie from {left} to {right} along x and from {bottom} to {top} along y");
        if (XIsLog || YIsLog || YScale is not null) throw new ArgumentException("a picture lies under linear axes whose ends are its own");
        _ground = (picture, left, right, bottom, top);
    }

    /// <summary>Draws everything.</summary>
    /// <exception cref="InvalidOperationException">No series has a point that can be drawn.</exception>
    public SvgCanvas Draw()
    {
        Scale x = _ground is { } along ? Scale.Exact(along.Left, along.Right) : ScaleOf(XIsLog, _series.SelectMany(series => series.X), "x");
        Scale y = _ground is { } up ? Scale.Exact(up.Bottom, up.Top) : YScale ?? ScaleOf(YIsLog, _series.SelectMany(series => series.Y), "y");
        bool hasLegend = _series.Any(series => series.Name.Length > 0);
        var canvas = new SvgCanvas(Size.Width, Size.Height);
        var frame = new Frame(x, y, Left, Top, Size.Width - Left - (hasLegend ? 170 : 20), Size.Height - Top - Below);
        canvas.Text(Left, Top - 16, title, size: 16, color: s_ink, isBold: true);
        DrawAxes(canvas, frame);
        if (_ground is { } ground) canvas.Image(frame.Left, frame.Top, frame.Width, frame.Height, ground.Picture, isSmooth: true);
        foreach ((double at, string text) in _marks.Where(mark => frame.X.Place(mark.X) is >= 0 and <= 1))
        {
            canvas.Line(frame.AtX(at), frame.Top, frame.AtX(at), frame.Top + frame.Height, s_ink, dashed: true);
            canvas.Text(frame.AtX(at) + 4, frame.Top + 14, text, color: s_ink);
        }
        for (int i = 0; i < _series.Count; i++) DrawSeries(canvas, frame, _series[i], _series[i].Color ?? Palette[i % Palette.Count]);
        if (hasLegend) DrawLegend(canvas, frame.Left + frame.Width + 14);
        return canvas;
    }

    private sealed record Frame(Scale X, Scale Y, double Left, double Top, double Width, double Height)
    {
        public double AtX(double value) => Left + Width * X.Place(value);

        public double AtY(double value) => Top + Height * (1 - Y.Place(value));

        // A scale that was given may leave points out; half a frame beyond it a line still points the right way.
        public bool Has(double x, double y) => X.Place(x) is >= -0.001 and <= 1.001 && Y.Place(y) is >= -0.5 and <= 1.5;
    }

    private static Scale ScaleOf(bool isLog, IEnumerable<double> values, string axis)
    {
        double[] usable = [.. values.Where(value => double.IsFinite(value) && (!isLog || value > 0))];
        if (usable.Length == 0) throw new InvalidOperationException($"nothing to plot: no {axis} is a finite number{(isLog ? " above 0" : "")}");
        return isLog ? Scale.Log(usable.Min(), usable.Max()) : Scale.Linear(usable.Min(), usable.Max());
    }

    private void DrawAxes(SvgCanvas canvas, Frame frame)
    {
        double bottom = frame.Top + frame.Height, right = frame.Left + frame.Width;
        foreach (double tick in frame.X.Ticks)
        {
            canvas.Line(frame.AtX(tick), frame.Top, frame.AtX(tick), bottom, s_grid);
            canvas.Text(frame.AtX(tick), bottom + 16, frame.X.Label(tick), anchor: TextAnchor.Middle, color: s_ink);
        }
        foreach (double tick in frame.Y.Ticks)
        {
            canvas.Line(frame.Left, frame.AtY(tick), right, frame.AtY(tick), s_grid);
            canvas.Text(frame.Left - 6, frame.AtY(tick) + 4, frame.Y.Label(tick), anchor: TextAnchor.End, color: s_ink);
        }
        canvas.Line(frame.Left, bottom, right, bottom, s_ink);
        canvas.Line(frame.Left, frame.Top, frame.Left, bottom, s_ink);
        canvas.Text((frame.Left + right) / 2, bottom + 38, XLabel, anchor: TextAnchor.Middle, color: s_ink);
        canvas.Text(18, (frame.Top + bottom) / 2, YLabel, anchor: TextAnchor.Middle, color: s_ink, isUpright: true);
    }

    private static void DrawSeries(SvgCanvas canvas, Frame frame, Series series, Color color)
    {
        var run = new List<(double, double)>();
        for (int i = 0; series.HasLine && i <= series.X.Count; i++)
        {
            if (i < series.X.Count && frame.Has(series.X[i], series.Y[i])) run.Add((frame.AtX(series.X[i]), frame.AtY(series.Y[i])));
            else
            {
                canvas.Polyline(run, color);   // up to where a point is missing, or the end
                run.Clear();
            }
        }
        for (int i = 0; i < series.X.Count; i++)
        {
            if (!frame.Has(series.X[i], series.Y[i])) continue;
            if (series.HasPoints) canvas.Circle(frame.AtX(series.X[i]), frame.AtY(series.Y[i]), 4, color, series.Labels.Count > 0 ? series.Labels[i] : "");
            if (series.Labels.Count > 0) canvas.Text(frame.AtX(series.X[i]) + 6, frame.AtY(series.Y[i]) - 5, series.Labels[i], size: 11, color: color);
        }
    }

    private void DrawLegend(SvgCanvas canvas, double left)
    {
        double line = Top + 10;
        for (int i = 0; i < _series.Count; i++)
        {
            if (_series[i].Name.Length == 0) continue;
            canvas.Rectangle(left, line - 9, 14, 4, _series[i].Color ?? Palette[i % Palette.Count]);
            canvas.Text(left + 20, line - 2, _series[i].Name, color: s_ink);
            line += LineHeight;
        }
    }
}
