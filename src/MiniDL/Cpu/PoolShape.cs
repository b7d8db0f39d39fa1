// The sizes of a two-dimensional pooling, NCHW, and the planes shared out among the team.
//
// Window (oy, ox) covers rows oy * StrideY - PadTop and KH - 1 more, clipped to the plane, and columns alike. The one thing to
// understand: the output's size is the caller's decision (floor: only whole windows; ceil: clipped ones at the end too), and
// what lies outside the plane is never looked at: no maximum is taken of a padding.
namespace MiniDL.Cpu;

/// <summary>Pools each of <see cref="Planes"/> (= B * C) planes [H,W] to [OH,OW].</summary>
internal sealed record PoolShape
{
    /// <summary>Sizes without padding; strides equal to the window.</summary>
    /// <exception cref="ArgumentException">A window lies wholly outside the plane (checked when a plan is made).</exception>
    public PoolShape(int planes, int h, int w, int kh, int kw, int oh, int ow)
    {
        (Planes, H, W, KH, KW, OH, OW) = (planes, h, w, kh, kw, oh, ow);
        (StrideY, StrideX) = (kh, kw);
    }

    public int Planes { get; }
    public int H { get; }
    public int W { get; }
    public int KH { get; }
    public int KW { get; }
    public int OH { get; }
    public int OW { get; }

    /// <summary>From one window to the next.</summary>
    public int StrideY { get; init; }
    public int StrideX { get; init; }

    /// <summary>Rows above, and columns left of, the plane, at which the first windows begin.</summary>
    public int PadTop { get; init; }
    public int PadLeft { get; init; }

    /// <summary>Elements of an input plane, and of an output plane.</summary>
    public int InputPlane => H * W;
    public int OutputPlane => OH * OW;

    /// <summary>The rows of window row <paramref name="oy"/>: from First to before End.</summary>
    public (int First, int End) Rows(int oy) => Clip(oy * StrideY - PadTop, KH, H);

    /// <summary>The columns of window column <paramref name="ox"/>.</summary>
    public (int First, int End) Columns(int ox) => Clip(ox * StrideX - PadLeft, KW, W);

    /// <summary>Throws if a window is empty: its maximum and its mean would not exist.</summary>
    public PoolShape Checked()
    {
        for (int oy = 0; oy < OH; oy++) Check(Rows(oy), oy, "row", H);
        for (int ox = 0; ox < OW; ox++) Check(Columns(ox), ox, "column", W);
        return this;
    }

    private static (int, int) Clip(int start, int length, int size) => (Math.Max(0, start), Math.Min(size, start + length));

    private static void Check((int First, int End) window, int at, string axis, int size)
    {
        if (window.First >= window.End)
            throw new ArgumentException($"pooling window {axis} {at} lies wholly outside the input's {size} {axis}s; use less padding or a smaller output");
    }
}

/// <summary>Shares planes out among a team, a few at a time.</summary>
internal abstract class PlaneWork(PoolShape shape, ThreadTeam team) : ITeamWork
{
    private readonly int _perItem = Math.Max(1, 8192 / Math.Max(1, shape.InputPlane));

    /// <summary>The sizes.</summary>
    protected PoolShape Shape { get; } = shape.Checked();

    /// <summary>The columns of every window: <see cref="PoolShape.Columns"/>, worked out once.</summary>
    protected (int First, int End)[] Columns { get; } = [.. Enumerable.Range(0, shape.OW).Select(shape.Columns)];

    /// <summary>Calls <see cref="DoPlane"/> once for every plane.</summary>
    protected void ForEachPlane() => team.Run(this, (Shape.Planes + _perItem - 1) / _perItem);

    /// <summary>Computes one plane.</summary>
    protected abstract void DoPlane(int plane);

    void ITeamWork.Do(int item, int worker)
    {
        int end = Math.Min(Shape.Planes, (item + 1) * _perItem);
        for (int plane = item * _perItem; plane < end; plane++) DoPlane(plane);
    }
}
