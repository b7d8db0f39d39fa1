namespace MiniDL.Pictures.Tests;

public sealed class PictureTests
{
    [Test]
    public void Rows_run_from_the_top_and_pixels_from_the_left()
    {
        var picture = Picture.Rgb(2, 2);
        picture[1, 0] = new Color(1, 2, 3);
        picture[0, 1] = new Color(4, 5, 6);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(picture.Row(0).ToArray(), Is.EqualTo(new byte[] { 0, 0, 0, 1, 2, 3 }));
            Assert.That(picture.Row(1).ToArray(), Is.EqualTo(new byte[] { 4, 5, 6, 0, 0, 0 }));
            Assert.That(picture[0, 1], Is.EqualTo(new Color(4, 5, 6)));
        }
    }

    // 0.299 * 255 = 76.245, 0.587 * 255 = 149.685, 0.114 * 255 = 29.07; the three weights sum to 1.
    [TestCase(255, 0, 0, 76)]
    [TestCase(0, 255, 0, 150)]
    [TestCase(0, 0, 255, 29)]
    [TestCase(255, 255, 255, 255)]
    [TestCase(77, 77, 77, 77)]
    public void A_grayscale_picture_keeps_the_luma_of_a_color(byte r, byte g, byte b, byte luma)
    {
        var picture = Picture.Grayscale(1, 1);
        picture[0, 0] = new Color(r, g, b);
        Assert.That(picture[0, 0], Is.EqualTo(Color.Gray(luma)));
    }

    [Test]
    public void Fill_colors_its_rectangle_and_nothing_else()
    {
        var picture = Picture.Grayscale(4, 3);
        picture.Fill(Color.Gray(9));
        picture.Fill(1, 1, 3, 1, Color.White);
        picture.Fill(4, 3, 0, 0, Color.Black);   // empty, at the far corner
        using (Assert.EnterMultipleScope())
        {
            Assert.That(picture.Row(0).ToArray(), Is.EqualTo(new byte[] { 9, 9, 9, 9 }));
            Assert.That(picture.Row(1).ToArray(), Is.EqualTo(new byte[] { 9, 255, 255, 255 }));
            Assert.That(picture.Row(2).ToArray(), Is.EqualTo(new byte[] { 9, 9, 9, 9 }));
        }
    }

    [TestCase(-1, 0)]
    [TestCase(4, 0)]
    [TestCase(0, -1)]
    [TestCase(0, 3)]
    public void A_pixel_outside_is_refused(int x, int y)
    {
        var picture = Picture.Rgb(4, 3);
        Assert.That(() => picture[x, y] = Color.White, Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase(0, 0, 5, 1)]
    [TestCase(2, 0, 3, 1)]
    [TestCase(-1, 0, 2, 1)]
    [TestCase(0, 2, 1, 2)]
    [TestCase(0, 0, -1, 1)]
    [TestCase(1, 0, int.MaxValue, 1)]
    public void A_rectangle_outside_is_refused(int left, int top, int width, int height) =>
        Assert.That(() => Picture.Rgb(4, 3).Fill(left, top, width, height, Color.White), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [TestCase(0, 1)]
    [TestCase(1, -1)]
    [TestCase(50_000, 50_000)]
    public void A_picture_that_cannot_be_is_refused(int width, int height) =>
        Assert.That(() => Picture.Rgb(width, height), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains($"{width} x {height}"));
}
