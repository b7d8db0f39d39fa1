// Which filter taps meet which inputs, for every position of a convolution's result: the geometry, worked out once.
//
// It stands between a convolution's shape and the micro-kernel. A position's sum is a list of segments, (input position, tap)
// pairs, over which the kernel runs through all channels. The one thing to understand: positions away from the border all have
// the same list relative to where they stand, so there are only a few different lists (9 for a 3 x 3 filter with padding 1), and
// taps next to each other along x, which meet inputs next to each other, are one segment: memory order and filter order agree.
namespace MiniDL.Cpu;

/// <summary>One kind of position: its segments, as positions and taps relative to the first.</summary>
/// <param name="Run">Taps (and input positions) that follow each other within a segment.</param>
/// <param name="Segments">Per segment: input position relative to the base, and number of the filter tap.</param>
internal sealed record TapList(int Run, (int Position, int Tap)[] Segments);

/// <summary>For every output position: the input position where its list begins, and which list it has.</summary>
internal sealed class TapTable
{
    private TapTable(List<TapList> lists, int[] bases, int[] kinds) => (Lists, Bases, Kinds) = (lists, bases, kinds);

    /// <summary>The different lists.</summary>
    public List<TapList> Lists { get; }

    /// <summary>Per output position: the input position that its list counts from.</summary>
    public int[] Bases { get; }

    /// <summary>Per output position: its list's number.</summary>
    public int[] Kinds { get; }

    /// <summary>Y from X: taps in the filter's order.</summary>
    public static TapTable Forward(ConvShape s) => Build(
        Axis(s.OH, s.KH, (y, ky) => Inside(y * s.StrideY + ky - s.PadTop, s.H)),
        Axis(s.OW, s.KW, (x, kx) => Inside(x * s.StrideX + kx - s.PadLeft, s.W)), s.W, s.KW);

    /// <summary>dX from dY: x meets tap k at ox = (x + pad - k) / stride. Taps are numbered from the last to the first, so that
    /// positions in dY rise with them.</summary>
    public static TapTable InputGradient(ConvShape s) => Build(
        Axis(s.H, s.KH, (y, ky) => Whole(y + s.PadTop - (s.KH - 1 - ky), s.StrideY, s.OH)),
        Axis(s.W, s.KW, (x, kx) => Whole(x + s.PadLeft - (s.KW - 1 - kx), s.StrideX, s.OW)), s.OW, s.KW);

    private static int Inside(int position, int size) => (uint)position < (uint)size ? position : -1;

    private static int Whole(int steps, int stride, int size) => steps >= 0 && steps % stride == 0 ? Inside(steps / stride, size) : -1;

    /// <summary>Per output coordinate along one axis: the (input coordinate, tap) pairs that exist.</summary>
    private static List<(int Position, int Tap)>[] Axis(int outputs, int taps, Func<int, int, int> meets)
    {
        var axis = new List<(int, int)>[outputs];
        for (int output = 0; output < outputs; output++)
        {
            axis[output] = [];
            for (int tap = 0; tap < taps; tap++)
                if (meets(output, tap) is >= 0 and int position) axis[output].Add((position, tap));
        }
        return axis;
    }

    private static TapTable Build(List<(int Position, int Tap)>[] ys, List<(int Position, int Tap)>[] xs, int inputWidth, int filterWidth)
    {
        var lists = new List<TapList>();
        var known = new Dictionary<string, int>();
        int[] bases = new int[ys.Length * xs.Length], kinds = new int[bases.Length];
        string[] yKeys = [.. ys.Select(Key)], xKeys = [.. xs.Select(Key)];
        for (int at = 0; at < bases.Length; at++)
        {
            (int y, int x) = Math.DivRem(at, xs.Length);
            bool any = ys[y].Count > 0 && xs[x].Count > 0;
            bases[at] = any ? ys[y][0].Position * inputWidth + xs[x][0].Position : 0;
            string key = any ? $"{yKeys[y]}|{xKeys[x]}" : "";
            if (!known.TryGetValue(key, out kinds[at]))
            {
                known[key] = kinds[at] = lists.Count;
                lists.Add(any ? List(ys[y], xs[x], inputWidth, filterWidth) : new TapList(0, []));
            }
        }
        return new TapTable(lists, bases, kinds);
    }

    /// <summary>A name for the pairs relative to the first position.</summary>
    private static string Key(List<(int Position, int Tap)> pairs) =>
        string.Join(",", pairs.Select(pair => $"{pair.Position - pairs[0].Position}:{pair.Tap}"));

    private static TapList List(List<(int Position, int Tap)> ys, List<(int Position, int Tap)> xs, int inputWidth, int filterWidth)
    {
        // One segment per row of taps if all of its taps follow each other, else one per tap.
        bool run = xs[^1].Position - xs[0].Position == xs.Count - 1 && xs[^1].Tap - xs[0].Tap == xs.Count - 1;
        var segments = new List<(int, int)>();
        foreach ((int yPosition, int yTap) in ys)
            foreach ((int xPosition, int xTap) in run ? xs[..1] : xs)
                segments.Add(((yPosition - ys[0].Position) * inputWidth + xPosition - xs[0].Position, yTap * filterWidth + xTap));
        return new TapList(run ? xs.Count : 1, [.. segments]);
    }
}
