// One file, well-formed, with everything in it and nothing asked of anybody else.
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace MiniDL.Pictures.Tests;

[TestFixture]
public sealed class HtmlPageTests
{
    private const string Hostile = "a < b && \"c\" </pre><script>alert('x')</script>";

    [Test]
    public void Any_text_stays_text_wherever_it_stands()
    {
        var page = new HtmlPage(Hostile);
        page.Heading(Hostile);
        page.Paragraph(Hostile);
        page.Preformatted(Hostile);
        page.Table([Hostile], [[Hostile]]);
        page.Picture(Picture.Rgb(2, 2), Hostile);
        XElement root = Parse(page);
        using (Assert.EnterMultipleScope())
        {
            foreach (string element in new[] { "title", "h1", "h2", "p", "pre", "th", "td", "figcaption" }) Assert.That(root.Descendants(element).Single().Value, Is.EqualTo(Hostile), element);
            Assert.That(root.Descendants("img").Single().Attribute("alt")!.Value, Is.EqualTo(Hostile));
            Assert.That(root.Descendants("script"), Is.Empty);
        }
    }

    [Test]
    public void A_picture_lies_in_the_page_as_the_PNG_that_a_file_would_be()
    {
        var picture = Picture.Rgb(3, 2);
        picture.Fill(new Color(200, 100, 50));
        using var file = new MemoryStream();
        Png.Write(file, picture);
        var page = new HtmlPage("p");
        page.Picture(picture, "c");
        string source = Parse(page).Descendants("img").Single().Attribute("src")!.Value;
        Assert.That(source, Does.StartWith("data:image/png;base64,"));
        Assert.That(Convert.FromBase64String(source[(source.IndexOf(',') + 1)..]), Is.EqualTo(file.ToArray()));
    }

    [Test]
    public void A_drawing_lies_in_the_page_and_nothing_is_fetched_from_elsewhere()
    {
        var plot = new Plot("cost");
        plot.Add(new Series("net", [1, 2], [3, 1]));
        var page = new HtmlPage("p");
        page.Drawing(plot.Draw(), "c");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Parse(page).Descendants().Count(element => element.Name.LocalName == "polyline"), Is.EqualTo(1));
            Assert.That(Regex.Matches($"{page}", "(href|src|url|@import)\\s*[=(]"), Is.Empty);
        }
    }

    [Test]
    public void Lines_of_preformatted_text_stay_lines()
    {
        var page = new HtmlPage("p");
        page.Preformatted("a\r\n  b\n");
        Assert.That(Parse(page).Descendants("pre").Single().Value, Is.EqualTo("a\n  b\n"));
    }

    [Test]
    public void A_row_with_a_cell_too_few_is_refused() => Assert.That(() => new HtmlPage("p").Table(["a", "b"], [["1"]]), Throws.ArgumentException.With.Message.Contains("1 cells under 2"));

    [Test]
    public void It_is_saved_into_a_folder_that_need_not_be_there()
    {
        string folder = Directory.CreateTempSubdirectory("minidl-html-").FullName, path = Path.Combine(folder, "new", "p.html");
        var page = new HtmlPage("größer");
        page.Save(path);
        string text = File.ReadAllText(path);
        Directory.Delete(folder, recursive: true);
        Assert.That(text, Is.EqualTo($"{page}").And.Contain("größer"));
    }

    // The page is HTML; but for the elements that have no end it is XML too.
    private static XElement Parse(HtmlPage page) =>
        XDocument.Parse(Regex.Replace($"{page}".Replace("<!DOCTYPE html>", ""), "<(meta|img)([^>]*)>", "<$1$2/>")).Root!;
}
