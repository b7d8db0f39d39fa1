// Problems of the conv ladders: at which sizes every rung must be right, and with which numbers.
//
// The one thing to understand: all numbers are small and whole, so the sums are exact and results compare to the bit. Filters and dy are as often negative as positive: else a
// relu would never have anything to do.
namespace MiniDL.Ladders;

/// <summary>Sizes and contents that the three ladders share.</summary>
internal static class ConvProblems
{
    private static readonly Convolution s_onePixel = new([1, 1, 1, 1], [1, 1, 1, 1], Convolution.Valid);
    private static readonly Convolution s_small = new([2, 32, 7, 7], [64, 32, 3, 3], Convolution.Valid);
    private static readonly Convolution s_uneven = new([3, 12, 13, 11], [9, 12, 3, 4], new ConvGeometry(2, 3, 1, 2, 2, 1));
    private static readonly Convolution s_square = new([9, 5, 8, 8], [6, 5, 3, 3], new ConvGeometry(1, 1, 1, 1, 1, 1));

    private static readonly Convolution[] s_others =
    [
        new([2, 1, 10, 10], [32, 1, 3, 3], new ConvGeometry(1, 1, 2, 2, 2, 2)),   // one channel, windows of one pixel in the corners
        new([2, 40, 5, 5], [33, 40, 1, 1], Convolution.Valid),                    // points
        new([2, 3, 21, 20], [4, 3, 1, 2], new ConvGeometry(3, 3, 0, 0, 0, 0)),    // strides above the filter: pixels of no window
        new([1, 4, 2, 3], [3, 4, 5, 5], new ConvGeometry(1, 2, 4, 3, 3, 4)),      // a filter larger than the image
        new([4, 16, 1, 33], [12, 16, 1, 5], new ConvGeometry(1, 1, 0, 0, 2, 2)),  // rows
        new([31, 2, 5, 7], [3, 2, 3, 2], new ConvGeometry(1, 1, 1, 0, 0, 1)),     // primes
    ];

    /// <summary>Problems for all rungs of a ladder.</summary>
    /// <param name="of">Makes a problem of a size; with NaN and infinity among its pixels, or its gradients, or not.</param>
    public static IReadOnlyList<Problem> Checks(Func<Convolution, bool, Problem> of) =>
    [
        .. new[] { s_onePixel, s_small, s_uneven, s_square }.Concat(s_others).Select(size => of(size, false)),
        .. new[] { s_small, s_uneven, s_square }.Select(size => of(size, false) with { Offset = 1 }),
        of(s_uneven, true),
    ];

    /// <summary>An array of whole numbers from -3 to 3, half of them below zero.</summary>
    public static ProblemArray Signed(string name, Shape shape, int salt) => Input(name, shape, i => ProblemArray.Whole(i, salt) - 2 - i % 2);

    /// <summary>An array of whole numbers from 0 to 5.</summary>
    public static ProblemArray Pixels(string name, Shape shape, int salt) => Input(name, shape, i => ProblemArray.Whole(i, salt));

    /// <summary>The same array with a NaN and an infinity in it: they must spoil what they reach and no more.</summary>
    public static ProblemArray Spoiled(ProblemArray array) => array with { First = i => i == 7 ? double.NaN : i == array.Count / 2 ? double.PositiveInfinity : array.First(i) };

    /// <summary>An array that is written.</summary>
    public static ProblemArray Output(string name, Shape shape) => new(name, checked((int)shape.Count), ArrayRole.Output, _ => 0);

    private static ProblemArray Input(string name, Shape shape, Func<int, double> first) => new(name, checked((int)shape.Count), ArrayRole.Input, first);
}
