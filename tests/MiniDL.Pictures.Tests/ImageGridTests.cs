namespace MiniDL.Pictures.Tests;

public sealed class ImageGridTests
{
    private static readonly Color Margin = Color.Gray(64);

    [Test]
    public void Three_images_in_two_columns_leave_the_last_place_empty()
    {
        // Images of 1 x 2: [0, 1], [2, 4] and [5, 5]; scale 1, margin 1. So the picture is 2 * (2 + 1) + 1 = 7 wide and
        // 2 * (1 + 1) + 1 = 5 high.
        Picture grid = ImageGrid.Make([0, 1, 2, 4, 5, 5], height: 1, width: 2, columns: 2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((grid.Width, grid.Height), Is.EqualTo((7, 5)));
            Assert.That(Row(grid, 0), Is.All.EqualTo(Margin));
            Assert.That(Row(grid, 1), Is.EqualTo(new[] { Margin, Color.Black, Color.White, Margin, Color.Black, Color.White, Margin }));
            Assert.That(Row(grid, 2), Is.All.EqualTo(Margin));
            Assert.That(Row(grid, 3), Is.EqualTo(new[] { Margin, Color.Gray(128), Color.Gray(128), Margin, Margin, Margin, Margin }));
            Assert.That(Row(grid, 4), Is.All.EqualTo(Margin));
        }
    }

    [Test]
    public void Scale_makes_each_number_a_square()
    {
        Picture grid = ImageGrid.Make([0, 1, 1, 0], height: 2, width: 2, columns: 1, scale: 2, margin: 0);
        Color o = Color.Black, x = Color.White;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((grid.Width, grid.Height), Is.EqualTo((4, 4)));
            Assert.That(Row(grid, 0), Is.EqualTo(new[] { o, o, x, x }));
            Assert.That(Row(grid, 1), Is.EqualTo(new[] { o, o, x, x }));
            Assert.That(Row(grid, 2), Is.EqualTo(new[] { x, x, o, o }));
            Assert.That(Row(grid, 3), Is.EqualTo(new[] { x, x, o, o }));
        }
    }

    [Test]
    public void The_diverging_map_keeps_zero_white_and_shows_the_sign()
    {
        // The largest absolute value is 2, so -2 is full blue (33, 102, 172), 1 is half way from white to full red
        // (178, 24, 43): 255 - 77 / 2 = 216.5 -> 216, 255 - 231 / 2 = 139.5 -> 140, 255 - 212 / 2 = 149.
        Picture grid = ImageGrid.Make([-2, 0, 1], height: 1, width: 3, columns: 1, Colormap.Diverging, margin: 0);
        Assert.That(Row(grid, 0), Is.EqualTo(new[] { new Color(33, 102, 172), Color.White, new Color(216, 140, 149) }));
    }

    [Test]
    public void A_shared_range_gives_equal_numbers_equal_colors()
    {
        // Two images, [-1, 0] and [0, 2]. Alone the -1 would be full blue; beside a 2 it is half way from white.
        Picture own = ImageGrid.Make([-1, 0, 0, 2], 1, 2, columns: 2, Colormap.Diverging, margin: 0), shared = ImageGrid.Make([-1, 0, 0, 2], 1, 2, columns: 2, Colormap.Diverging, margin: 0, isShared: true);
        Color blue = new(33, 102, 172), red = new(178, 24, 43), halfBlue = new(144, 178, 214);   // 255 - 222 / 2, 255 - 153 / 2, 255 - 83 / 2, a half going to the even number
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Row(own, 0), Is.EqualTo(new[] { blue, Color.White, Color.White, red }));
            Assert.That(Row(shared, 0), Is.EqualTo(new[] { halfBlue, Color.White, Color.White, red }));
        }
    }

    [Test]
    public void Weights_of_zero_throughout_are_white() =>
        Assert.That(Row(ImageGrid.Make([0, 0], 1, 2, 1, Colormap.Diverging, margin: 0), 0), Is.All.EqualTo(Color.White));

    [TestCase(Colormap.Grayscale)]
    [TestCase(Colormap.Diverging)]
    public void Not_a_number_is_magenta_and_infinity_the_end_of_the_range(Colormap map)
    {
        Picture grid = ImageGrid.Make([-1, 1, float.NaN, float.PositiveInfinity, float.NegativeInfinity], 1, 5, 1, map, margin: 0);
        Color[] row = Row(grid, 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(row[2], Is.EqualTo(new Color(255, 0, 255)));
            Assert.That(row[3], Is.EqualTo(row[1]));
            Assert.That(row[4], Is.EqualTo(row[0]));
            Assert.That(row[0], Is.Not.EqualTo(row[1]));
        }
    }

    [Test]
    public void Fewer_images_than_columns_make_a_narrower_picture() =>
        Assert.That(ImageGrid.Make([1, 2], 1, 1, columns: 10, margin: 0).Width, Is.EqualTo(2));

    [TestCase(0)]
    [TestCase(5)]
    public void Numbers_that_are_not_whole_images_are_refused(int count) =>
        Assert.That(() => ImageGrid.Make(new float[count], 2, 2, 1), Throws.ArgumentException.With.Message.Contains($"{count} numbers").And.Message.Contains("2 x 2"));

    [TestCase(0, 1, 1, 1, 0)]
    [TestCase(1, 0, 1, 1, 0)]
    [TestCase(1, 1, 0, 1, 0)]
    [TestCase(1, 1, 1, 0, 0)]
    [TestCase(1, 1, 1, 1, -1)]
    public void Sizes_that_cannot_be_are_refused(int height, int width, int columns, int scale, int margin) =>
        Assert.That(() => ImageGrid.Make([1f], height, width, columns, Colormap.Grayscale, scale, margin), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private static Color[] Row(Picture picture, int y) => [.. Enumerable.Range(0, picture.Width).Select(x => picture[x, y])];
}
