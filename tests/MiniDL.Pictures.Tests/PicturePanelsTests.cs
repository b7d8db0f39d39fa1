// Pictures inside drawings: where they lie, and that they are the pictures that were given.
using System.Xml.Linq;

namespace MiniDL.Pictures.Tests;

[TestFixture]
public sealed class PicturePanelsTests
{
    private const string Data = "data:image/png;base64,";

    [Test]
    public void A_drawing_holds_a_picture_as_the_PNG_it_would_be_as_a_file()
    {
        Picture picture = Of(3, 2, new Color(1, 2, 3));
        var canvas = new SvgCanvas(100, 100);
        canvas.Image(10, 20, 30, 40, picture);
        canvas.Image(10, 20, 30, 40, picture, isSmooth: true);
        XElement[] images = Images(canvas);
        using var file = new MemoryStream();
        Png.Write(file, picture);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Convert.FromBase64String(((string)images[0].Attribute("href")!)[Data.Length..]), Is.EqualTo(file.ToArray()));
            Assert.That(((double)images[0].Attribute("x")!, (double)images[0].Attribute("y")!, (double)images[0].Attribute("width")!, (double)images[0].Attribute("height")!), Is.EqualTo((10.0, 20.0, 30.0, 40.0)));
            Assert.That((images[0].ToString().Contains("pixelated"), images[1].ToString().Contains("pixelated")), Is.EqualTo((true, false)));
        }
    }

    /// <summary>Three pictures of 20 x 10 in two columns, twice as large: places of 40 x 20, 16 apart, below a title of 34 and each below a label of 22.</summary>
    [Test]
    public void Panels_lie_in_rows_and_do_not_touch()
    {
        SvgCanvas canvas = PicturePanels.Draw("title", [new("a & b", Of(20, 10, Color.Black)), new("c", Of(20, 10, Color.White)), new("d", Of(10, 5, Color.Black))], columns: 2, scale: 2);
        XElement[] images = Images(canvas);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((canvas.Width, canvas.Height), Is.EqualTo((16.0 + 2 * (40 + 16), 34.0 + 2 * (22 + 20 + 16))));
            Assert.That(images.Select(image => ((double)image.Attribute("x")!, (double)image.Attribute("y")!)), Is.EqualTo(new[] { (16.0, 56.0), (72.0, 56.0), (16.0, 114.0) }));
            Assert.That((double)images[2].Attribute("width")!, Is.EqualTo(20), "a smaller picture keeps the scale");
            Assert.That(XDocument.Parse(canvas.ToString()).Descendants().Where(element => element.Name.LocalName == "text").Select(text => text.Value), Is.EqualTo(new[] { "title", "a & b", "c", "d" }));
        }
    }

    [Test]
    public void No_panel_no_column_and_no_size_are_refused()
    {
        PicturePanel[] one = [new("a", Of(1, 1, Color.Black))];
        Assert.That(() => PicturePanels.Draw("t", [], columns: 1), Throws.ArgumentException);
        Assert.That(() => PicturePanels.Draw("t", one, columns: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => PicturePanels.Draw("t", one, columns: 1, scale: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    /// <summary>A ground from -1 to 3 along x and from 0 to 2 along y fills the frame, so that its corners are the axes' ends.</summary>
    [Test]
    public void A_plots_ground_fills_the_frame_and_ends_the_axes()
    {
        var plot = new Plot("t");
        plot.Ground(Of(4, 2, Color.Black), -1, 3, 0, 2);
        plot.Add(new Series("", [-1, 3], [0, 2]));
        SvgCanvas canvas = plot.Draw();
        XElement image = Images(canvas).Single();
        (double left, double top, double width, double height) = ((double)image.Attribute("x")!, (double)image.Attribute("y")!, (double)image.Attribute("width")!, (double)image.Attribute("height")!);
        string line = (string)XDocument.Parse(canvas.ToString()).Descendants().Single(element => element.Name.LocalName == "polyline").Attribute("points")!;
        Assert.That(line, Is.EqualTo(FormattableString.Invariant($"{left},{top + height} {left + width},{top}")), "from corner to corner");
    }

    [Test]
    public void A_ground_needs_sides_in_order_and_linear_axes()
    {
        Picture picture = Of(1, 1, Color.Black);
        Assert.That(() => new Plot("t").Ground(picture, 1, 1, 0, 1), Throws.ArgumentException);
        Assert.That(() => new Plot("t").Ground(picture, 0, 1, double.NaN, 1), Throws.ArgumentException);
        Assert.That(() => new Plot("t") { YIsLog = true }.Ground(picture, 0, 1, 0, 1), Throws.ArgumentException);
    }

    [Test]
    public void An_exact_axis_ends_where_it_is_told_and_has_round_ticks_between()
    {
        Scale scale = Scale.Exact(-1.3, 3.1);   // 4.4 in five steps: 1 is the least round number that is no smaller than 0.88
        Assert.That((scale.Place(-1.3), scale.Place(3.1)), Is.EqualTo((0.0, 1.0)));
        Assert.That(scale.Ticks, Is.EqualTo(new double[] { -1, 0, 1, 2, 3 }));
        Assert.That(() => Scale.Exact(2, 2), Throws.ArgumentException);
    }

    private static Picture Of(int width, int height, Color color)
    {
        var picture = Picture.Rgb(width, height);
        picture.Fill(color);
        return picture;
    }

    private static XElement[] Images(SvgCanvas canvas) => [.. XDocument.Parse(canvas.ToString()).Descendants().Where(element => element.Name.LocalName == "image")];
}
