// IDX files written byte by byte, the good one and every way to be bad that we could think of.
using System.IO.Compression;

namespace MiniDL.Tests.Data;

public sealed class IdxTests
{
    // 00 00     always zero
    // 08        elements are unsigned bytes
    // 02        two dims
    // 00000002  2 rows
    // 00000003  3 columns
    // then six elements
    private static readonly byte[] TwoByThree = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 11, 12, 20, 21, 255];

    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("minidl-idx-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void A_plain_file_gives_its_dims_and_its_bytes()
    {
        Idx idx = Idx.Read(Write("plain", TwoByThree));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(idx.Shape, Is.EqualTo(Shape.Create([2, 3])));
            Assert.That(idx.Values.ToArray(), Is.EqualTo(new byte[] { 10, 11, 12, 20, 21, 255 }));
        }
    }

    [Test]
    public void A_gzip_file_is_known_by_its_first_bytes_and_not_by_its_name()
    {
        Idx idx = Idx.Read(Write("no-extension", Gzip(TwoByThree)));
        Assert.That(idx.Values.ToArray(), Is.EqualTo(new byte[] { 10, 11, 12, 20, 21, 255 }));
    }

    [TestCase("file.gz", "file")]
    [TestCase("file", "file.gz")]
    public void A_name_finds_its_twin_with_or_without_gz(string written, string asked)
    {
        Write(written, Gzip(TwoByThree));
        Assert.That(Idx.Read(Path.Combine(_folder, asked)).Shape, Is.EqualTo(Shape.Create([2, 3])));
    }

    [Test]
    public void A_file_of_no_elements_is_a_file()
    {
        Idx idx = Idx.Read(Write("none", [0, 0, 8, 1, 0, 0, 0, 0]));   // one dim, of 0
        using (Assert.EnterMultipleScope())
        {
            Assert.That(idx.Shape, Is.EqualTo(Shape.Create([0])));
            Assert.That(idx.Values.Length, Is.Zero);
        }
    }

    [Test]
    public void More_elements_than_the_first_block_arrive_whole_and_in_order([Values] bool zipped)
    {
        // 5,000,000 = 0x004C4B40 elements: more than 1 MiB and than 4 MiB, so memory grows twice.
        var file = new byte[8 + 5_000_000];
        byte[] header = [0, 0, 8, 1, 0x00, 0x4C, 0x4B, 0x40];
        header.CopyTo(file, 0);
        for (int i = 8; i < file.Length; i++) file[i] = (byte)(i * 2654435761u >> 24);
        Idx idx = Idx.Read(Write("large", zipped ? Gzip(file) : file));
        Assert.That(idx.Values.Span.SequenceEqual(file.AsSpan(8)), Is.True);
    }

    [Test]
    public void A_missing_file_names_both_paths_that_were_tried()
    {
        string path = Path.Combine(_folder, "nowhere");
        DataFileException error = Assert.Throws<DataFileException>(() => Idx.Read(path))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.Contain(path + ":").And.Contain(path + ".gz").And.Contain("no such file"));
            Assert.That(error.File, Is.EqualTo(path));
        }
    }

    // Each: what the file is; its bytes; what the message must say.
    private static IEnumerable<TestCaseData> BadFiles()
    {
        static TestCaseData Bad(string name, byte[] bytes, params string[] says) => new TestCaseData(bytes, says).SetArgDisplayNames(name);

        yield return Bad("empty", [], "4 bytes expected, 0 found");
        yield return Bad("magic cut short", [0, 0, 8], "4 bytes expected, 3 found");
        yield return Bad("dims cut short", [0, 0, 8, 2, 0, 0, 0, 2, 0, 0], "2 dims", "8 bytes expected, 6 found");
        yield return Bad("another format", "PNG!PNG!"u8.ToArray(), "starts with bytes 00 00", "50 4E");
        yield return Bad("float32 elements", [0, 0, 0x0D, 1, 0, 0, 0, 1, 0, 0, 0, 0], "0D", "float32", "unsigned byte");
        yield return Bad("signed elements", [0, 0, 0x09, 1, 0, 0, 0, 1, 0], "09", "signed byte");
        yield return Bad("unknown elements", [0, 0, 0x77, 1, 0, 0, 0, 1, 0], "77", "no type that IDX has");
        yield return Bad("no dims", [0, 0, 8, 0, 1], "rank 0");
        yield return Bad("nine dims", [0, 0, 8, 9, .. new byte[36]], "rank 9", "1 to 8");
        yield return Bad("one element short", TwoByThree[..^1], "(2, 3)", "12 + 6", "holds 17", "cut short");
        yield return Bad("one element too many", [.. TwoByThree, 0], "(2, 3)", "12 + 6", "holds 19", "trail");
        yield return Bad("gzip cut in the data", Gzip(TwoByThree)[..20], "cut short", "bytes");
        yield return Bad("gzip cut in the trailer", Gzip(TwoByThree)[..^1], "cut short", "fetch the file again");
        yield return Bad("gzip of 17 bytes", Gzip(TwoByThree)[..17], "at least 18", "17");
        yield return Bad("gzip of nothing", Gzip([]), "4 bytes expected, 0 found");
        yield return Bad("gzip with a flipped checksum", Flip(Gzip(TwoByThree), fromEnd: 8), "damaged");
        yield return Bad("gzip with bytes behind", [.. Gzip(TwoByThree), 1, 2, 3, 4], "67305985");   // 0x04030201 read as the size
        yield return Bad("gzip of a lie", Gzip([.. TwoByThree, 0]), "12 + 6", "say 19");
    }

    [TestCaseSource(nameof(BadFiles))]
    public void A_bad_file_is_an_error_that_says_what_was_expected_and_what_was_found(byte[] bytes, string[] says)
    {
        string path = Write("bad", bytes);
        DataFileException error = Assert.Throws<DataFileException>(() => Idx.Read(path))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.StartWith(path));
            foreach (string part in says) Assert.That(error.Message, Does.Contain(part));
        }
    }

    // Headers that claim far more than is there. Each is 16 to 20 bytes long.
    private static IEnumerable<TestCaseData> Claims()
    {
        static TestCaseData Claim(string name, params byte[] bytes) => new TestCaseData(bytes).SetArgDisplayNames(name);

        yield return Claim("1.9 GB", 0, 0, 8, 1, 0x70, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8);                             // 0x70000000
        yield return Claim("4 GB in one dim", 0, 0, 8, 1, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4, 5, 6, 7, 8);           // 2^32 - 1
        yield return Claim("2^62", 0, 0, 8, 2, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4);          // (2^31 - 1)^2
        yield return Claim("2^64, 0 if it overflowed", 0, 0, 8, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0);  // 65536^4
    }

    [TestCaseSource(nameof(Claims))]
    public void A_claim_of_gigabytes_fails_before_memory_is_taken(byte[] bytes)
    {
        string path = Write("claim", bytes);
        Assert.That(BytesAllocatedByAFailingRead(path), Is.LessThan(100_000));
    }

    [Test]
    public void A_gzip_file_whose_trailer_lies_too_costs_a_megabyte_at_most()
    {
        // The header claims 0x70000000 elements, and ISIZE, the last four bytes, says the same: 0x70000000 + 8.
        byte[] zipped = Gzip([0, 0, 8, 1, 0x70, 0, 0, 0, 1, 2, 3, 4]);
        byte[] forged = [.. zipped[..^4], 0x08, 0, 0, 0x70];
        string path = Write("forged", forged);
        Assert.That(BytesAllocatedByAFailingRead(path), Is.LessThan(1_200_000));
    }

    private static long BytesAllocatedByAFailingRead(string path)
    {
        // Once before, so that what the first call allocates for good is not counted.
        Assert.Throws<DataFileException>(() => Idx.Read(path));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<DataFileException>(() => Idx.Read(path));
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }

    private static byte[] Flip(byte[] bytes, int fromEnd)
    {
        bytes[^fromEnd] ^= 1;
        return bytes;
    }
}
