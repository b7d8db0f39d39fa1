// Files of arrays: the format byte by byte, as Python's safetensors writes it, and every kind of lie.
using System.Buffers.Binary;
using System.Text;

namespace MiniDL.Tests.Data;

public sealed class SafeTensorsTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("minidl-safetensors-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    // save_file({"w": float32 [[1, -2]]}) of Python's safetensors, by the format's description, and 8 blanks more than it needs:
    //   40 00 00 00 00 00 00 00   the header has 64 bytes: 56 of JSON, and blanks
    //   {"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}
    //   00 00 80 3F               1
    //   00 00 00 C0               -2
    private static readonly byte[] OneByTwo =
    [
        0x40, 0, 0, 0, 0, 0, 0, 0, .. Encoding.ASCII.GetBytes("""{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}""".PadRight(64)),
        0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0,
    ];

    [Test]
    public void A_file_byte_by_byte_is_read()
    {
        SafeTensors file = SafeTensors.Load(Write(OneByTwo));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(file.Names, Is.EqualTo(new[] { "w" }));
            Assert.That(file["w"].Shape, Is.EqualTo(Shape.Create([1, 2])));
            Assert.That(file["w"].Span<float>().ToArray(), Is.EqualTo(new[] { 1f, -2f }));
            Assert.That(file.Metadata, Is.Empty);
        }
    }

    // 56 characters are a multiple of 8 already: no blanks.
    [Test]
    public void What_is_written_is_the_format_to_the_byte()
    {
        string path = Path.Combine(_folder, "w");
        SafeTensors.Save(path, [("w", NDArray.From([1f, -2f], [1, 2]))]);
        byte[] expected = [0x38, 0, 0, 0, 0, 0, 0, 0, .. """{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"""u8, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0];
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(expected));
    }

    [Test]
    public void The_arrays_begin_at_a_multiple_of_eight_bytes([Range(1, 9)] int length)
    {
        string path = Path.Combine(_folder, "w");
        SafeTensors.Save(path, [(new string('n', length), NDArray.From([true], [1]))]);
        Assert.That(File.ReadAllBytes(path), Has.Length.GreaterThan(8).And.Length.Matches<int>(bytes => bytes % 8 == 1));   // and one byte of data
    }

    [TestCase("""{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]}}""", TestName = "Header in the order of the bytes")]
    [TestCase("""{"b":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]},"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", TestName = "Header in another order")]
    [TestCase("""{"a":{"data_offsets":[0,4],"shape":[1],"dtype":"I32"},"b":{"shape":[2],"dtype":"BOOL","data_offsets":[4,6]}}         """, TestName = "Keys in another order, and blanks")]
    [TestCase("""{ "a" : { "dtype" : "I32" , "shape" : [ 1 ] , "data_offsets" : [ 0 , 4 ] } , "b":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]}, "__metadata__":{"format":"pt"}}""", TestName = "Blanks within, metadata last")]
    [TestCase("""{"__metadata__":{},"\u0061":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]}}""", TestName = "Escaped letters, no metadata")]
    public void Headers_may_be_written_in_several_ways(string header)
    {
        SafeTensors file = SafeTensors.Load(Write(Bytes(header, [5, 0, 0, 0, 1, 0])));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(file.Names, Is.EqualTo(new[] { "a", "b" }), "in the order of the bytes");
            Assert.That(file["a"].Span<int>().ToArray(), Is.EqualTo(new[] { 5 }));
            Assert.That(file["b"].Span<bool>().ToArray(), Is.EqualTo(new[] { true, false }));
        }
    }

    [Test]
    public void Every_dtype_and_rank_comes_back_to_the_bit()
    {
        (string Name, NDArray Array)[] arrays =
        [
            ("scalar", NDArray.Scalar(float.Epsilon)), ("none", NDArray.Zeros([0, 3])), ("nan", NDArray.From([float.NaN, float.NegativeInfinity, -0f], [3, 1])),
            ("labels", NDArray.From([int.MinValue, 7], [2])), ("mask", NDArray.From([true, false, true], [1, 3, 1])), ("Größe 大きさ \"\\\n", NDArray.Zeros([1, 1, 1, 1, 1, 1, 1, 2])),
        ];
        string path = Path.Combine(_folder, "deep", "file");
        SafeTensors.Save(path, arrays, new Dictionary<string, string> { ["epoch"] = "3", ["ü"] = "line\nline" });
        SafeTensors file = SafeTensors.Load(path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(file.Names, Is.EquivalentTo(arrays.Select(array => array.Name)));
            Assert.That(file.Metadata, Is.EqualTo(new Dictionary<string, string> { ["epoch"] = "3", ["ü"] = "line\nline" }));
            foreach ((string name, NDArray array) in arrays)
            {
                Assert.That((file[name].DType, file[name].Shape), Is.EqualTo((array.DType, array.Shape)), name);
                Assert.That(file[name].Bytes().SequenceEqual(array.Bytes()), Is.True, name);
            }
        }
    }

    [Test]
    public void A_name_that_is_not_there_is_answered_with_those_that_are()
    {
        SafeTensors file = SafeTensors.Load(Write(OneByTwo));
        Assert.That(() => file["v"], Throws.TypeOf<DataFileException>().With.Message.Contains("no array 'v'; it has w"));
    }

    [Test]
    public void Names_that_collide_are_refused_before_the_disk_is_touched()
    {
        string path = Path.Combine(_folder, "w");
        NDArray one = NDArray.Scalar(1f);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => SafeTensors.Save(path, [("w", one), ("w", one)]), Throws.ArgumentException.With.Message.Contains("'w'"));
            Assert.That(() => SafeTensors.Save(path, [("__metadata__", one)]), Throws.ArgumentException);
            Assert.That(Directory.GetFileSystemEntries(_folder), Is.Empty);
        }
    }

    // ---- Hostile files.

    private const string W = """{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}""";

    private static IEnumerable<TestCaseData> Lies()
    {
        static TestCaseData Lie(string name, string header, string says, int data = 8) => new TestCaseData(Bytes(header, new byte[data]), says).SetArgDisplayNames(name);
        static string Entry(string dtype, string shape, string offsets) => $$"""{"dtype":{{dtype}},"shape":{{shape}},"data_offsets":{{offsets}}}""";
        static string Of(string dtype, string shape, string offsets) => $$"""{"w":{{Entry(dtype, shape, offsets)}}}""";
        static string Two(string first, string second) => $$"""{"v":{{Entry("\"F32\"", "[1]", first)}},"w":{{Entry("\"F32\"", "[1]", second)}}}""";

        yield return Lie("data cut short", Of("\"F32\"", "[1,2]", "[0,8]"), "the arrays take 8 bytes, the file has 7", data: 7);
        yield return Lie("data too long", Of("\"F32\"", "[1,2]", "[0,8]"), "the arrays take 8 bytes, the file has 9", data: 9);
        yield return Lie("overlap", Two("[0,4]", "[3,7]"), "'w' begins at byte 3 of the data, inside another array", data: 7);
        yield return Lie("the same bytes twice", Two("[0,4]", "[0,4]"), "inside another array", data: 4);
        yield return Lie("a gap", Two("[0,4]", "[5,9]"), "'w' begins at byte 5 of the data, behind a gap", data: 9);
        yield return Lie("a gap in front", Of("\"F32\"", "[1]", "[4,8]"), "behind a gap");
        yield return Lie("backwards", Of("\"F32\"", "[1,2]", "[8,0]"), "impossible");
        yield return Lie("offsets below zero", Of("\"F32\"", "[1,2]", "[-8,0]"), "impossible");
        yield return Lie("shape and bytes differ", Of("\"F32\"", "[1,3]", "[0,8]"), "would be 12 bytes; its offsets [0, 8] give it 8");
        yield return Lie("dim below zero", Of("\"F32\"", "[-1,-2]", "[0,8]"), "impossible dims [-1, -2]");
        yield return Lie("dim of 2^31", Of("\"F32\"", "[2147483648]", "[0,8]"), "impossible dims");
        yield return Lie("product beyond 64 bits", Of("\"F32\"", "[65536,65536,65536,65536]", "[0,0]"), "more than any file can hold", data: 0);
        yield return Lie("product beyond 128 bits", Of("\"F32\"", "[2147483647,2147483647,2147483647,2147483647,2147483647]", "[0,8]"), "more than any file can hold");
        yield return Lie("huge dims hidden by a zero", Of("\"F32\"", "[2147483647,2147483647,2147483647,0]", "[0,0]"), "more than any file can hold", data: 0);
        yield return Lie("nine dims", Of("\"F32\"", "[1,1,1,1,1,1,1,1,2]", "[0,8]"), "more than 8 numbers");
        yield return Lie("three offsets", Of("\"F32\"", "[1,2]", "[0,8,8]"), "more than 2 numbers");
        yield return Lie("one offset", Of("\"F32\"", "[1,2]", "[8]"), "lacks dtype, shape or data_offsets");
        yield return Lie("number beyond long", Of("\"F32\"", "[1,2]", "[0,99999999999999999999]"), "no proper JSON of this format");
        yield return Lie("fraction", Of("\"F32\"", "[1.5,2]", "[0,8]"), "no proper JSON of this format");
        yield return Lie("exponent", Of("\"F32\"", "[1,2]", "[0,8e0]"), "no proper JSON of this format");
        yield return Lie("text for a number", Of("\"F32\"", "[1,\"2\"]", "[0,8]"), "no proper JSON of this format");
        yield return Lie("null for a dtype", Of("null", "[1,2]", "[0,8]"), "a dtype is null");
        yield return Lie("number for a dtype", Of("32", "[1,2]", "[0,8]"), "no proper JSON of this format");
        yield return Lie("unknown dtype", Of("\"F31\"", "[1,2]", "[0,8]"), "unknown dtype 'F31'");
        yield return Lie("float64", Of("\"F64\"", "[1]", "[0,8]"), "'w' is F64; MiniDL reads F32, I32 and BOOL");
        yield return Lie("shape is no array", Of("\"F32\"", "2", "[0,8]"), "an array of numbers is expected");
        yield return Lie("an entry twice", $$"""{"w":{{W}},"w":{{W}}}""", "two entries 'w'");
        yield return Lie("an entry twice, once escaped", $$"""{"w":{{W}},"\u0077":{{W}}}""", "two entries 'w'");
        yield return Lie("a key twice", """{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8],"dtype":"F32"}}""", "'dtype', which is unknown or there twice");
        yield return Lie("an unknown key", """{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8],"strides":[1]}}""", "'strides', which is unknown or there twice");
        yield return Lie("an entry is no object", """{"w":7}""", "entry 'w' of the header is no object", data: 0);
        yield return Lie("metadata is no text", $$"""{"__metadata__":{"epoch":3},"w":{{W}}}""", "metadata 'epoch' is no text");
        yield return Lie("metadata twice", $$"""{"__metadata__":{"a":"1","a":"2"},"w":{{W}}}""", "has 'a' twice");
        yield return Lie("metadata is no object", $$"""{"__metadata__":"x","w":{{W}}}""", "'__metadata__' of the header is no object");
        yield return Lie("half a surrogate pair", $$"""{"\ud800":{{W}}}""", "no proper JSON of this format");
        yield return Lie("an array for a header", "[]", "does not begin with '{'", data: 0);
        yield return Lie("no header", "", "does not begin with '{'", data: 0);
        yield return Lie("a second object", "{}{}", "no proper JSON of this format", data: 0);
        yield return Lie("an end that is missing", """{"w":{""", "no proper JSON of this format", data: 0);
        yield return Lie("a comment", "{}//", "no proper JSON of this format", data: 0);
        yield return Lie("deep JSON", """{"w":""" + new string('[', 100_000) + new string(']', 100_000) + "}", "entry 'w' of the header is no object", data: 0);
        yield return Lie("deep JSON in a shape", """{"w":{"shape":""" + new string('[', 100_000), "no proper JSON of this format", data: 0);
    }

    [TestCaseSource(nameof(Lies))]
    public void A_lie_is_an_error_that_says_what_is_wrong(byte[] bytes, string says)
    {
        string path = Write(bytes);
        Assert.That(() => SafeTensors.Load(path), Throws.TypeOf<DataFileException>().With.Message.StartsWith(path).And.Message.Contains(says));
    }

    [Test]
    public void Text_that_is_no_UTF8_is_an_error()
    {
        byte[] bytes = Bytes("""{"?":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}""", new byte[8]);
        bytes[Array.IndexOf(bytes, (byte)'?')] = 0xFF;
        Assert.That(() => SafeTensors.Load(Write(bytes)), Throws.TypeOf<DataFileException>().With.Message.Contains("no proper JSON"));
    }

    [Test]
    public void A_bool_that_is_neither_true_nor_false_is_an_error() =>
        Assert.That(() => SafeTensors.Load(Write(Bytes("""{"m":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}""", [1, 2]))),
            Throws.TypeOf<DataFileException>().With.Message.Contains("neither 0 nor 1"));

    [Test]
    public void A_file_that_is_not_there_is_an_error() =>
        Assert.That(() => SafeTensors.Load(Path.Combine(_folder, "nowhere")), Throws.TypeOf<DataFileException>().With.Message.Contains("no such file"));

    [Test]
    public void Cut_short_anywhere_it_is_an_error()
    {
        for (int length = 0; length < OneByTwo.Length; length++)
        {
            string path = Write(OneByTwo[..length]);
            Assert.That(() => SafeTensors.Load(path), Throws.TypeOf<DataFileException>(), $"{length} bytes");
        }
    }

    // The length of the header: beyond the file, beyond long, and within a large file but beyond the limit.
    [TestCase(ulong.MaxValue, 100, "claims a header of 18446744073709551615 bytes")]
    [TestCase(1ul << 63, 100, "claims a header of")]
    [TestCase(93ul, 100, "claims a header of 93 bytes, but has only 92")]
    [TestCase(200_000_000ul, 300_000_000, "100000000 is the most that is read")]
    public void A_lie_about_the_headers_length_costs_no_memory(ulong claimed, int bytes, string says)
    {
        string path = Path.Combine(_folder, "large");
        using (FileStream file = File.Create(path))
        {
            file.Write(BitConverter.GetBytes(claimed));
            file.SetLength(bytes);   // sparse: takes no room
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => SafeTensors.Load(path), Throws.TypeOf<DataFileException>().With.Message.Contains(says));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000));
    }

    [Test]
    public void An_array_of_more_than_two_gigabytes_is_refused_before_memory_is_taken()
    {
        string path = Path.Combine(_folder, "large");
        byte[] front = Bytes("""{"w":{"dtype":"F32","shape":[600000000],"data_offsets":[0,2400000000]}}""", []);
        using (FileStream file = File.Create(path))
        {
            file.Write(front);
            file.SetLength(front.Length + 2_400_000_000L);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => SafeTensors.Load(path), Throws.TypeOf<DataFileException>().With.Message.Contains("2400000000 bytes; an array of MiniDL has at most"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000));
    }

    [TestCase(1_000)]
    [TestCase(10_000, Category = "Long")]
    public void Random_mutations_are_read_or_refused_and_never_cost_much(int times)
    {
        string good = Path.Combine(_folder, "good"), bad = Path.Combine(_folder, "bad");
        SafeTensors.Save(good, [("conv.filters", NDArray.Zeros([2, 1, 3, 3])), ("mask", NDArray.From([true, false], [2])), ("n", NDArray.From([1, 2], [2]))],
            new Dictionary<string, string> { ["epoch"] = "3" });
        byte[] original = File.ReadAllBytes(good);
        var random = new SplitMix64(seed: 1);
        (int read, int refused) = (0, 0);
        for (int i = 0; i < times; i++)
        {
            File.WriteAllBytes(bad, Mutated(original, ref random));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                SafeTensors.Load(bad);
                read++;
            }
            catch (DataFileException)
            {
                refused++;
            }
            if (GC.GetAllocatedBytesForCurrentThread() - before > 200_000) Assert.Fail($"mutation {i} made it allocate {GC.GetAllocatedBytesForCurrentThread() - before} bytes");
        }
        using (Assert.EnterMultipleScope())
        {
            Assert.That(read, Is.GreaterThan(times / 20), "some hit only values or names");
            Assert.That(refused, Is.GreaterThan(times / 2));
        }
    }

    // ---- Saving beside the place.

    [Test]
    public void A_save_that_fails_leaves_the_old_file_and_nothing_beside_it()
    {
        string path = Path.Combine(_folder, "w");
        Directory.CreateDirectory(path);   // a folder is in the way of the rename
        Assert.That(() => SafeTensors.Save(path, [("w", NDArray.Scalar(1f))]), Throws.InstanceOf<IOException>().Or.InstanceOf<UnauthorizedAccessException>());
        Assert.That(Directory.GetFileSystemEntries(_folder), Is.EqualTo(new[] { path }));
    }

    [Test]
    public void What_killed_processes_left_beside_it_is_cleaned_up_and_other_files_are_not()
    {
        string path = Path.Combine(_folder, "w");
        string[] leftovers = [path + ".0123abcd.new", path + ".ffffffff.new"], others = [path + ".new", path + ".0123abcd.newer", Path.Combine(_folder, "v.0123abcd.new"), path + ".my-notes.new"];
        foreach (string file in leftovers.Concat(others)) File.WriteAllBytes(file, OneByTwo[..50]);
        SafeTensors.Save(path, [("w", NDArray.Scalar(1f))]);
        Assert.That(Directory.GetFiles(_folder), Is.EquivalentTo(others.Append(path)));
    }

    [Test]
    public void Many_who_save_to_one_place_at_once_leave_one_whole_file()
    {
        string path = Path.Combine(_folder, "w");
        Parallel.For(0, 20, i =>
        {
            try
            {
                SafeTensors.Save(path, [("w", NDArray.From(Enumerable.Repeat((float)i, 10_000).ToArray(), [10_000]))]);
            }
            catch (FileNotFoundException)
            {
                // Another one's cleaning came between its last byte and its rename: told, and harmless.
            }
        });
        float[] values = SafeTensors.Load(path)["w"].Span<float>().ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(values.Distinct().Count(), Is.EqualTo(1), "all by one writer");
            Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(1));
        }
    }

    // One to three of: a bit flipped, a byte replaced, a digit changed, a piece removed, doubled, or the end cut off.
    private static byte[] Mutated(byte[] original, ref SplitMix64 random)
    {
        List<byte> bytes = [.. original];
        for (int times = 1 + (int)(random.NextDouble() * 3); times > 0 && bytes.Count > 1; times--)
        {
            int at = (int)(random.NextDouble() * bytes.Count), length = Math.Min(1 + (int)(random.NextDouble() * 16), bytes.Count - at);
            switch ((int)(random.NextDouble() * 6))
            {
                case 0: bytes[at] ^= (byte)(1 << (int)(random.NextDouble() * 8)); break;
                case 1: bytes[at] = (byte)(random.NextDouble() * 256); break;
                case 2: if (char.IsAsciiDigit((char)bytes[at])) bytes[at] = (byte)('0' + (int)(random.NextDouble() * 10)); break;
                case 3: bytes.RemoveRange(at, length); break;
                case 4: bytes.InsertRange(at, [.. bytes.Skip(at).Take(length)]); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }
        return [.. bytes];
    }

    private static byte[] Bytes(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + json.Length);
        return bytes;
    }

    private string Write(byte[] bytes)
    {
        string path = Path.Combine(_folder, "file.safetensors");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
