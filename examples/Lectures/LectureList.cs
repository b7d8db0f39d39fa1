// The lectures' further topics: what there is besides the progression.
namespace MiniDL.Examples;

/// <summary>One lecture.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Title">A line that describes it.</param>
/// <param name="Run">Does it, and returns the line of <c>--json</c>. The second argument is what stands behind the name on the command line, or null.</param>
public sealed record Lecture(string Name, string Title, Func<Session, string?, string> Run)
{
    /// <summary>Whether it is one training run, which can be logged, saved and resumed.</summary>
    public bool IsTrainingRun { get; init; }
}

/// <summary>All lectures, in the order in which they are listed.</summary>
public static class LectureList
{
    /// <summary>The list.</summary>
    public static readonly Lecture[] All =
    [
        new("summary", "well-known networks as tables, counted without a number in memory", SummaryLecture.Run),
        new("keras", "the convolutional net of Keras' examples", KerasLecture.Run) { IsTrainingRun = true },
        new("resnet", "a small residual net", ResNetLecture.Run) { IsTrainingRun = true },
        new("moons", "two moons: what hidden units are for; SGD and RMSprop on their way", MoonsLecture.Run),
        new("universal", "universal approximation: fits with 1, 2, 4, 8 and more units", UniversalLecture.Run),
        new("imagekernels", "image kernels: blur, sharpen and Sobel's edges on a digit", ImageKernelsLecture.Run),
        new("knn", "K nearest neighbours: all distances by one product of matrices", KnnLecture.Run),
        new("features", "what the first layers learn: weights, filters and feature maps as pictures", FeaturesLecture.Run),
        new("deepdream", "the image that a class likes best, by gradient ascent on the input", DeepDreamLecture.Run),
        new("lrfinder", "how large the learning rate should be: a sweep, and a trial", LrFinderLecture.Run),
        new("difference", "the models of the progression in one table and one plot", DifferenceLecture.Run),
        new("transfer", "features learned on the digits 0 to 4, and a head for 5 to 9", TransferLecture.Run),
        new("augment", "a thousand images, with noise and shifts and without", AugmentLecture.Run),
    ];

    /// <summary>The lecture of a name, or null.</summary>
    public static Lecture? Find(string name) => Array.Find(All, lecture => lecture.Name == name);
}
