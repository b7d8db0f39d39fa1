// The four real files, and small ones made up here, right and wrong.
using System.IO.Compression;
using System.Security.Cryptography;

namespace MiniDL.Tests.Data;

public sealed class MnistTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("minidl-mnist-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    // SHA-256 of the unpacked files, as published for the data set (and in examples/data/mnist/README.md).
    [TestCase("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db")]
    [TestCase("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5")]
    [TestCase("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7")]
    [TestCase("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")]
    public void The_files_of_the_repository_are_the_published_ones(string name, string sha256)
    {
        using var raw = new GZipStream(File.OpenRead(Path.Combine(RealFolder(), name + ".gz")), CompressionMode.Decompress);
        Assert.That(Convert.ToHexStringLower(SHA256.HashData(raw)), Is.EqualTo(sha256));
    }

    [Test]
    public void The_real_set_loads_with_its_known_shapes_labels_and_mean()
    {
        Mnist mnist = Mnist.Load(RealFolder());
        double sum = 0;
        foreach (float pixel in mnist.TrainImages.Span<float>()) sum += pixel;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(mnist.TrainImages.Shape, Is.EqualTo(Shape.Create([60000, 784])));
            Assert.That(mnist.TrainTargets.Shape, Is.EqualTo(Shape.Create([60000, 10])));
            Assert.That(mnist.TestImages.Shape, Is.EqualTo(Shape.Create([10000, 784])));
            Assert.That(mnist.TestTargets.Shape, Is.EqualTo(Shape.Create([10000, 10])));
            // The first digits of the two sets, and the mean pixel that the literature normalises with: 0.1307.
            Assert.That(mnist.TrainLabels.Rows(0, 8).Span<int>().ToArray(), Is.EqualTo(new[] { 5, 0, 4, 1, 9, 2, 1, 3 }));
            Assert.That(mnist.TestLabels.Rows(0, 8).Span<int>().ToArray(), Is.EqualTo(new[] { 7, 2, 1, 0, 4, 1, 4, 9 }));
            Assert.That(sum / mnist.TrainImages.Count, Is.EqualTo(0.1307).Within(0.00005));
        }
    }

    [Test]
    public void Every_byte_becomes_itself_over_255([Values] bool zipped)
    {
        // 600 images, so that more than one task of 500 rows is at work; pixel p of image i is the byte (7 i + p) mod 256.
        byte[] pixels = [.. Enumerable.Range(0, 600 * 784).Select(k => (byte)(7 * (k / 784) + k % 784))];
        WriteSet(pixels, zipped);
        Mnist mnist = Mnist.Load(_folder);
        float[] expected = [.. pixels.Select(pixel => pixel / 255f)];
        Assert.That(mnist.TrainImages.Span<float>().SequenceEqual(expected), Is.True);
    }

    [Test]
    public void Labels_come_as_numbers_and_as_one_hot_rows()
    {
        WriteSet(new byte[600 * 784]);
        Mnist mnist = Mnist.Load(_folder);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(mnist.TrainLabels.Rows(8, 3).Span<int>().ToArray(), Is.EqualTo(new[] { 8, 9, 0 }));
            Assert.That(mnist.TrainTargets.Rows(9, 2).Span<float>().ToArray(),
                Is.EqualTo(new float[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 }));
            Assert.That(mnist.TestLabels.Span<int>().ToArray(), Is.EqualTo(new[] { 3 }));
        }
    }

    [Test]
    public void One_hot_refuses_a_label_that_has_no_column([Values(-1, 3)] int label)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Mnist.OneHot(NDArray.From([0, label], [2]), 3))!;
        Assert.That(error.Message, Does.Contain($"label {label} of row 1").And.Contain("0..2"));
    }

    [Test]
    public void One_hot_refuses_labels_of_two_dims() =>
        Assert.That(() => Mnist.OneHot(NDArray.Zeros([2, 1], DType.Int32), 3), Throws.ArgumentException.With.Message.Contains("(2, 1)"));

    [Test]
    public void A_label_above_nine_is_an_error_that_names_the_image()
    {
        WriteSet(new byte[600 * 784]);
        Write("t10k-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 1, 10]);
        AssertLoadFails("t10k-labels-idx1-ubyte", "label 10 of image 0", "0..9");
    }

    [Test]
    public void Images_and_labels_must_be_equally_many()
    {
        WriteSet(new byte[600 * 784]);
        Write("t10k-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 3, 4]);
        AssertLoadFails("t10k-labels-idx1-ubyte", "2 labels", "1 images");
    }

    [Test]
    public void Images_must_be_28_by_28()
    {
        WriteSet(new byte[600 * 784]);
        Write("t10k-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 9, 9]);
        AssertLoadFails("t10k-images-idx3-ubyte", "(N, 28, 28)", "(1, 2, 1)");
    }

    [Test]
    public void Labels_must_have_one_dim()
    {
        WriteSet(new byte[600 * 784]);
        Write("t10k-labels-idx1-ubyte", [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 3]);
        AssertLoadFails("t10k-labels-idx1-ubyte", "shape (N)", "(1, 1)");
    }

    [Test]
    public void A_folder_that_lacks_a_file_is_an_error_that_names_the_file()
    {
        WriteSet(new byte[600 * 784]);
        File.Delete(Path.Combine(_folder, "t10k-images-idx3-ubyte"));
        AssertLoadFails(_folder, "lacks t10k-images-idx3-ubyte", "--data");
    }

    [Test]
    public void A_folder_that_was_asked_for_is_the_only_one_tried()
    {
        DataFileException error = Assert.Throws<DataFileException>(() => Mnist.FindFolder(_folder))!;
        Assert.That(error.Message, Does.Contain(_folder).And.Not.Contain(AppContext.BaseDirectory));
    }

    [Test]
    public void With_nothing_asked_the_repository_is_found_from_any_directory_inside_it() =>
        Assert.That(Path.GetFullPath(Mnist.FindFolder(null)), Is.EqualTo(RealFolder()));

    private void AssertLoadFails(params string[] says)
    {
        DataFileException error = Assert.Throws<DataFileException>(() => Mnist.Load(_folder))!;
        using (Assert.EnterMultipleScope())
            foreach (string part in says) Assert.That(error.Message, Does.Contain(part));
    }

    // 600 images of the given pixels with labels 0..9 over and over, and one black test image that is a three.
    private void WriteSet(byte[] pixels, bool zipped = false)
    {
        Write("train-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0x02, 0x58, 0, 0, 0, 28, 0, 0, 0, 28, .. pixels], zipped);
        Write("train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0x02, 0x58, .. Enumerable.Range(0, 600).Select(i => (byte)(i % 10))], zipped);
        Write("t10k-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28, .. new byte[784]], zipped);
        Write("t10k-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 1, 3], zipped);
    }

    private void Write(string name, byte[] bytes, bool zipped = false)
    {
        using Stream file = File.Create(Path.Combine(_folder, zipped ? name + ".gz" : name));
        using Stream target = zipped ? new GZipStream(file, CompressionLevel.Fastest) : file;
        target.Write(bytes);
    }

    // examples/data/mnist, found from where the tests were built.
    private static string RealFolder()
    {
        DirectoryInfo? root = new(TestContext.CurrentContext.TestDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "MiniDL.sln"))) root = root.Parent;
        Assert.That(root, Is.Not.Null, "the tests run inside the repository");
        return Path.Combine(root!.FullName, "examples", "data", "mnist");
    }
}
