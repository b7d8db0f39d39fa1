// All ladders, in the order of the chapter kernels/README.md.
namespace MiniDL.Ladders;

/// <summary>The ladders there are.</summary>
public static class LadderList
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Ladder> All { get; } =
    [
        new ElementwiseLadder(),
        new TransposeLadder(),
        new ReduceLadder(),
        new ScanLadder(),
        new HistogramLadder(equal: false),
        new HistogramLadder(equal: true),
        new SoftmaxLadder(),
        new LayerNormLadder(),
        new LayerNormBackwardLadder(),
        new SgemmLadder(),
        new ConvForwardLadder(),
        new ConvDataLadder(),
        new ConvFiltersLadder(),
        new UpdateLadder(),
    ];

    /// <summary>The ladders of a folder, or one of them by its name: <c>conv</c> names three, <c>conv-data</c> one.</summary>
    /// <exception cref="ArgumentException">There are none; the message lists all.</exception>
    public static IReadOnlyList<Ladder> Find(string name)
    {
        Ladder[] found = [.. All.Where(ladder => ladder.Folder == name || ladder.Name == name)];
        return found.Length > 0 ? found : throw new ArgumentException($"there is no ladder '{name}'; there are {string.Join(", ", All.Select(ladder => ladder.Name))}");
    }
}
