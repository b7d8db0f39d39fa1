namespace MiniDL.Pictures.Tests;

public sealed class PngTests
{
    [Test]
    public void The_readers_own_checksum_gives_the_published_one_of_an_empty_IEND() =>
        Assert.That(PngReader.Crc("IEND"u8), Is.EqualTo(0xAE426082));

    [Test]
    public void A_file_ends_with_the_twelve_bytes_that_every_png_ends_with()
    {
        // Length 0, the letters IEND, and their CRC AE426082.
        byte[] file = Encode(Picture.Grayscale(1, 1));
        Assert.That(file[^12..], Is.EqualTo(new byte[] { 0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82 }));
    }

    [TestCase(1, 1)]
    [TestCase(3, 5)]
    [TestCase(5, 3)]
    [TestCase(1, 7)]
    [TestCase(257, 2)]
    [TestCase(300, 300)]   // beyond one block of the packer
    public void What_was_drawn_comes_back_byte_by_byte(int width, int height)
    {
        foreach (Picture picture in new[] { Picture.Grayscale(width, height), Picture.Rgb(width, height) })
        {
            int stride = width * picture.Channels;
            var drawn = new byte[height * stride];
            for (int k = 0; k < drawn.Length; k++) drawn[k] = (byte)((k + 1) * 2654435761u >> 24);
            for (int y = 0; y < height; y++) drawn.AsSpan(y * stride, stride).CopyTo(picture.Row(y));

            PngReader.Image image = PngReader.Read(Encode(picture));
            using (Assert.EnterMultipleScope())
            {
                Assert.That((image.Width, image.Height, image.Channels), Is.EqualTo((width, height, picture.Channels)));
                Assert.That(image.Pixels, Is.EqualTo(drawn));
            }
        }
    }

    [Test]
    public void Save_makes_the_folder_and_writes_what_Write_writes()
    {
        string root = Directory.CreateTempSubdirectory("minidl-png-").FullName;
        try
        {
            var picture = Picture.Rgb(2, 1);
            picture[1, 0] = new Color(1, 2, 3);
            string path = Path.Combine(root, "new", "folder", "a.png");
            picture.Save(path);
            Assert.That(File.ReadAllBytes(path), Is.EqualTo(Encode(picture)));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static byte[] Encode(Picture picture)
    {
        using var stream = new MemoryStream();
        Png.Write(stream, picture);
        return stream.ToArray();
    }
}
