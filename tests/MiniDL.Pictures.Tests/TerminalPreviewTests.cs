namespace MiniDL.Pictures.Tests;

public sealed class TerminalPreviewTests
{
    [Test]
    public void A_cell_holds_two_pixels_and_an_odd_last_row_is_padded_with_black()
    {
        var picture = Picture.Grayscale(2, 3);
        picture[0, 0] = Color.Gray(10);
        picture[0, 1] = Color.Gray(20);
        picture[1, 2] = Color.Gray(30);
        TerminalCell[][] lines = TerminalPreview.Cells(picture);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines, Has.Length.EqualTo(2));
            Assert.That(lines[0], Is.EqualTo(new TerminalCell[] { new(Color.Gray(10), Color.Gray(20)), new(Color.Black, Color.Black) }));
            Assert.That(lines[1], Is.EqualTo(new TerminalCell[] { new(Color.Black, Color.Black), new(Color.Gray(30), Color.Black) }));
        }
    }

    [Test]
    public void A_picture_too_wide_is_shrunk_by_a_whole_factor_to_the_mean_of_squares()
    {
        // 5 wide into 3 columns: factor 2, so squares of 2 x 2, and at the right border of 1 x 2.
        var picture = Picture.Rgb(5, 2);
        picture[0, 0] = new Color(100, 0, 40);
        picture[1, 1] = new Color(100, 8, 0);
        picture[4, 0] = new Color(10, 20, 30);
        TerminalCell[][] lines = TerminalPreview.Cells(picture, maxColumns: 3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines, Has.Length.EqualTo(1));
            Assert.That(lines[0].Select(cell => cell.Upper), Is.EqualTo(new[] { new Color(50, 2, 10), Color.Black, new Color(5, 10, 15) }));
        }
    }

    [Test]
    public void Half_blocks_change_color_only_where_the_color_changes()
    {
        var picture = Picture.Rgb(3, 2);
        picture[2, 0] = new Color(1, 2, 3);
        picture[2, 1] = new Color(4, 5, 6);
        Assert.That(TerminalPreview.HalfBlocks(picture),
            Is.EqualTo(new[] { "\e[38;2;0;0;0;48;2;0;0;0m▀▀\e[38;2;1;2;3;48;2;4;5;6m▀\e[0m" }));
    }

    [Test]
    public void Plain_characters_run_from_space_to_at_sign()
    {
        // Ten shades: the mean of the two pixels of a cell times 9 / 255, rounded down.
        var picture = Picture.Grayscale(4, 2);
        byte[][] rows = [[0, 255, 255, 29], [0, 255, 0, 28]];
        for (int y = 0; y < 2; y++) rows[y].CopyTo(picture.Row(y));
        Assert.That(TerminalPreview.Ascii(picture, maxColumns: int.MaxValue), Is.EqualTo(new[] { " @=." }));
    }

    [Test]
    public void No_columns_at_all_are_refused() =>
        Assert.That(() => TerminalPreview.Ascii(Picture.Rgb(1, 1), 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
