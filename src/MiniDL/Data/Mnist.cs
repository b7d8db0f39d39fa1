// MNIST: 60,000 images of handwritten digits to learn from and 10,000 to be judged by, each 28 by 28 pixels.
//
// It stands before the pipeline: the arrays made here are what the compiled functions are fed with. The one thing to
// understand: images become rows of 784 float32 in 0..1, so that a mini-batch is `TrainImages.Rows(start, 128)`, a view
// without a copy, and a linear layer is a product of (B, 784) with (784, 10).
//
// Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits. Fashion-MNIST (Xiao, Rasul and Vollgraf,
// 2017) comes in four files of the same names and shapes, and is read by the same code.
using System.Numerics.Tensors;

namespace MiniDL;

/// <summary>MNIST, or any data set in the same four files, in memory.</summary>
/// <param name="TrainImages">float32 (60000, 784): pixels / 255, so 0 is background and 1 is ink.</param>
/// <param name="TrainLabels">int32 (60000): the digits, 0..9.</param>
/// <param name="TrainTargets">float32 (60000, 10): the labels one-hot.</param>
/// <param name="TestImages">float32 (10000, 784).</param>
/// <param name="TestLabels">int32 (10000).</param>
/// <param name="TestTargets">float32 (10000, 10).</param>
/// <example><code>
/// var mnist = Mnist.Load(Mnist.FindFolder(null));
/// train.Run(mnist.TrainImages.Rows(start, 128), mnist.TrainTargets.Rows(start, 128));
/// </code></example>
public sealed record Mnist(
    NDArray TrainImages, NDArray TrainLabels, NDArray TrainTargets,
    NDArray TestImages, NDArray TestLabels, NDArray TestTargets)
{
    /// <summary>Height and width of an image, in pixels.</summary>
    public const int Side = 28;

    /// <summary>Numbers in one row of the images: 28 * 28.</summary>
    public const int Pixels = Side * Side;

    /// <summary>The number of different labels.</summary>
    public const int Classes = 10;

    private static readonly string[] FileNames =
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

    /// <summary>Reads the four files of a folder, each plain or with <c>.gz</c>.</summary>
    /// <exception cref="DataFileException">A file is missing, damaged or of another shape than its twin asks for, or a label
    /// is 10 or more.</exception>
    public static Mnist Load(string folder)
    {
        FindFolder(folder);   // says in one message what is missing
        string[] paths = [.. FileNames.Select(name => Path.Combine(folder, name))];
        var (trainImages, trainLabels) = LoadPair(paths[0], paths[1]);
        var (testImages, testLabels) = LoadPair(paths[2], paths[3]);
        return new Mnist(trainImages, trainLabels, OneHot(trainLabels, Classes), testImages, testLabels, OneHot(testLabels, Classes));
    }

    /// <summary>One row per label, zero but for a one in the label's column.</summary>
    /// <param name="labels">int32 (N), each 0..<paramref name="classes"/> - 1.</param>
    /// <param name="classes">The number of columns.</param>
    /// <returns>float32 (N, <paramref name="classes"/>).</returns>
    /// <exception cref="ArgumentException">The labels are not one-dimensional, or one is out of range.</exception>
    /// <exception cref="InvalidOperationException">The labels are not int32.</exception>
    /// <example><c>OneHot([2, 0], 3)</c> is [[0, 0, 1], [1, 0, 0]].</example>
    public static NDArray OneHot(NDArray labels, int classes)
    {
        if (labels.Shape.Rank != 1)
            throw new ArgumentException($"labels must have one dim, not shape {labels.Shape}", nameof(labels));
        ReadOnlySpan<int> values = labels.Span<int>();
        NDArray targets = NDArray.Zeros([values.Length, classes]);
        Span<float> ones = targets.Span<float>();
        for (int row = 0; row < values.Length; row++)
        {
            if ((uint)values[row] >= (uint)classes)
                throw new ArgumentException($"label {values[row]} of row {row} is not in 0..{classes - 1}", nameof(labels));
            ones[row * classes + values[row]] = 1;
        }
        return targets;
    }

    /// <summary>The folder to load from: the one asked for, or else <c>data/mnist</c> beside the running program, or else
    /// <c>examples/data/mnist</c> in the current directory or in one above it.</summary>
    /// <param name="asked">What the user named, such as the value of <c>--data</c>; null if nothing. If it is named, nothing
    /// else is tried.</param>
    /// <exception cref="DataFileException">None of the folders has all four files; the message lists them all.</exception>
    public static string FindFolder(string? asked)
    {
        string[] candidates = asked is not null
            ? [asked]
            : [Path.Combine(AppContext.BaseDirectory, "data", "mnist"), .. InDirectoriesUpwards(Path.Combine("examples", "data", "mnist"))];
        return Array.Find(candidates, folder => Missing(folder).Length == 0)
            ?? throw new DataFileException(candidates[0], "no folder with the four files of MNIST, plain or .gz. Tried:"
                + string.Concat(candidates.Select(folder => $"\n  {folder}, which lacks {string.Join(", ", Missing(folder))}"))
                + "\nThe repository has them in examples/data/mnist; name a folder of your own with --data.");
    }

    private static IEnumerable<string> InDirectoriesUpwards(string relative)
    {
        for (DirectoryInfo? here = new(Directory.GetCurrentDirectory()); here is not null; here = here.Parent)
            yield return Path.Combine(here.FullName, relative);
    }

    private static string[] Missing(string folder) =>
        [.. FileNames.Where(name => !File.Exists(Path.Combine(folder, name)) && !File.Exists(Path.Combine(folder, name + ".gz")))];

    // Images and labels that belong together: as many of the one as of the other.
    private static (NDArray Images, NDArray Labels) LoadPair(string imagePath, string labelPath)
    {
        Idx images = Idx.Read(imagePath), labels = Idx.Read(labelPath);
        if (images.Shape.Rank != 3 || images.Shape[1] != Side || images.Shape[2] != Side)
            throw new DataFileException(imagePath, $"images of shape (N, {Side}, {Side}) expected, {images.Shape} found");
        if (labels.Shape.Rank != 1)
            throw new DataFileException(labelPath, $"labels of shape (N) expected, {labels.Shape} found");
        if (labels.Shape[0] != images.Shape[0])
            throw new DataFileException(labelPath, $"{labels.Shape[0]} labels for the {images.Shape[0]} images of {imagePath}; they are not of one set");
        int bad = labels.Values.Span.IndexOfAnyExceptInRange((byte)0, (byte)(Classes - 1));
        if (bad >= 0)
            throw new DataFileException(labelPath, $"label {labels.Values.Span[bad]} of image {bad} is not in 0..{Classes - 1}");

        NDArray digits = NDArray.Zeros(labels.Shape, DType.Int32);
        TensorPrimitives.ConvertTruncating(labels.Values.Span, digits.Span<int>());
        return (Scale(images), digits);
    }

    // bytes (N, 28, 28) -> float32 (N, 784), each / 255. A row at a time, so that the second step finds it in the cache; in
    // parallel, because most of the time goes into first touching 188 MB of new memory.
    private static NDArray Scale(Idx images)
    {
        const int RowsPerTask = 500;
        int count = images.Shape[0];
        NDArray scaled = NDArray.Zeros([count, Pixels]);
        Parallel.For(0, (count + RowsPerTask - 1) / RowsPerTask, task =>
        {
            for (int row = task * RowsPerTask; row < Math.Min(count, (task + 1) * RowsPerTask); row++)
            {
                Span<float> target = scaled.Rows(row, 1).Span<float>();
                TensorPrimitives.ConvertTruncating(images.Values.Span.Slice(row * Pixels, Pixels), target);
                TensorPrimitives.Divide(target, 255f, target);
            }
        });
        return scaled;
    }
}
