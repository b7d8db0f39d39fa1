// SVG files: well-formed whatever the words, finite whatever the numbers.
using System.Globalization;
using System.Xml.Linq;

namespace MiniDL.Pictures.Tests;

[TestFixture]
public sealed class SvgTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    /// <summary>Names of models and kernels come from outside: quotes, markup, control characters and half a surrogate pair must not break the file.</summary>
    [Test]
    public void Any_text_stays_text()
    {
        var canvas = new SvgCanvas(100, 50);
        canvas.Text(1, 2, "a < b && \"c\" > 'd' \u0001\ud800");
        canvas.Circle(1, 2, 3, Color.Black, hint: "</title><script>");
        XElement root = XDocument.Parse(canvas.ToString()).Root!;
        Assert.That(root.Element(s_svg + "text")!.Value, Is.EqualTo("a < b && \"c\" > 'd'  \ufffd"));
        Assert.That(root.Element(s_svg + "circle")!.Value, Is.EqualTo("</title><script>"));
    }

    [Test]
    public void A_coordinate_that_is_no_number_is_refused() =>
        Assert.That(() => new SvgCanvas(10, 10).Line(0, double.NaN, 1, 1, Color.Black), Throws.ArgumentException);

    [Test]
    public void Numbers_are_written_the_same_in_every_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            var withCommas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            withCommas.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = withCommas;
            var canvas = new SvgCanvas(10, 10);
            canvas.Rectangle(0.5, 1.25, 2, 3, new Color(255, 128, 0));
            Assert.That(canvas.ToString(), Does.Contain("""<rect x="0.5" y="1.25" width="2" height="3" fill="#ff8000"/>"""));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [TestCase(0, 97, new double[] { 0, 20, 40, 60, 80, 100 })]
    [TestCase(-1, 1, new double[] { -1, -0.5, 0, 0.5, 1 })]
    [TestCase(3, 3, new double[] { 1, 2, 3, 4, 5 })]           // a constant has room around it: 1.5 to 4.5
    public void A_linear_axis_ends_at_round_numbers(double least, double most, double[] ticks) =>
        Assert.That(Scale.Linear(least, most).Ticks, Is.EqualTo(ticks).Within(1e-12));

    [Test]
    public void A_log_axis_has_powers_of_ten_and_at_most_nine_labels()
    {
        Assert.That(Scale.Log(0.003, 2.3).Ticks, Is.EqualTo(new[] { 0.001, 0.01, 0.1, 1, 10 }).Within(1e-12));
        Assert.That(Scale.Log(1e-20, 1e20).Ticks, Has.Count.LessThanOrEqualTo(9));
        Assert.That(Scale.Log(1, 100).Place(10), Is.EqualTo(0.5));
        Assert.That(Scale.Log(1, 100).Place(0), Is.NaN);
    }

    [TestCase(double.NaN, 1)]
    [TestCase(0, double.PositiveInfinity)]
    [TestCase(2, 1)]
    public void An_axis_needs_two_numbers_in_order(double least, double most)
    {
        Assert.That(() => Scale.Linear(least, most), Throws.ArgumentException);
        Assert.That(() => Scale.Log(least, most), Throws.ArgumentException);
    }

    [TestCase(0, ExpectedResult = "0")]
    [TestCase(2000, ExpectedResult = "2k")]
    [TestCase(10000, ExpectedResult = "10k")]
    public string Ticks_of_thousands_are_short(double tick) => Scale.Linear(0, 10_000).Label(tick);

    [TestCase(0.0001, ExpectedResult = "1e-4")]
    [TestCase(0.1, ExpectedResult = "0.1")]
    [TestCase(1, ExpectedResult = "1")]
    public string Ticks_of_ratios_are_short(double tick) => Scale.Log(0.0001, 1).Label(tick);

    /// <summary>Five points, the third not a number: two lines of two points.</summary>
    [Test]
    public void A_line_breaks_where_a_number_is_missing()
    {
        var plot = new Plot("t");
        plot.Add(new Series("s", [1, 2, 3, 4, 5], [1, 2, double.NaN, 2, 1]));
        string[] lines = [.. XDocument.Parse(plot.Draw().ToString()).Root!.Elements(s_svg + "polyline").Select(line => (string)line.Attribute("points")!)];
        Assert.That(lines.Select(line => line.Split(' ').Length), Is.EqualTo(new[] { 2, 2 }));
    }

    [Test]
    public void A_plot_of_nothing_says_so()
    {
        var plot = new Plot("t") { YIsLog = true };
        plot.Add(new Series("s", [1, 2], [0, double.NaN]));
        Assert.That(() => plot.Draw(), Throws.InvalidOperationException.With.Message.Contains("above 0"));
    }

    [Test]
    public void A_series_needs_as_many_y_as_x() => Assert.That(() => new Plot("t").Add(new Series("s", [1, 2], [1])), Throws.ArgumentException.With.Message.Contains("2 x, 1 y"));

    /// <summary>The longest bar of a panel takes its width, half its value half of it.</summary>
    [Test]
    public void Bars_are_as_long_as_their_numbers()
    {
        SvgCanvas canvas = BarPanels.Draw("t", ["a", "b", "c"], [new BarPanel("p", [10, 5, double.NaN])], panelWidth: 160);
        double[] widths = [.. XDocument.Parse(canvas.ToString()).Root!.Elements(s_svg + "rect").Skip(1).Select(bar => (double)bar.Attribute("width")!)];
        Assert.That(widths, Is.EqualTo(new double[] { 100, 50 }));   // 60 of the 160 are for numbers; the third is a dash
    }

    [Test]
    public void A_panel_needs_one_value_a_row() =>
        Assert.That(() => BarPanels.Draw("t", ["a", "b"], [new BarPanel("p", [1])]), Throws.ArgumentException.With.Message.Contains("'p'"));
}
