// Max pooling and what differentiation asks of it.
//
//     forward    Y[p, oy, ox] = max over the window of X[p, y, x];  Index[p, oy, ox] = y * W + x of the element chosen
//     backward   dX[p, i]     = sum of dY[p, oy, ox] over the windows whose Index is i
//     gather     V[p, oy, ox] = U[p, Index[p, oy, ox]]       (the backward's own gradient: second derivatives)
//
// The one thing to understand: the choice is made once, in the forward pass, and kept as an index; on a tie the first element in
// row-major order is chosen, and a NaN, the first one, beats every number. Scattering runs plane by plane in the outputs' order,
// so overlapping windows add up in the same order with any number of threads.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace MiniDL.Cpu;

/// <summary>Max pooling of each plane; see <see cref="PoolShape"/>.</summary>
internal sealed unsafe class MaxPoolPlan(PoolShape shape, ThreadTeam team) : PlaneWork(shape, team)
{
    /// <summary>Wider planes do not take the way over the stack.</summary>
    private const int MaxPairWidth = 4096;

    private enum Direction { Forward, Backward, Gather }

    private Direction _direction;
    private float* _from, _to;
    private int* _index;

    /// <summary>Y and Index from X.</summary>
    public void Forward(float* x, float* y, int* index) => Run(Direction.Forward, x, y, index);

    /// <summary>dX from dY and the forward pass's Index; every element of dX is written.</summary>
    public void Backward(float* dY, int* index, float* dX) => Run(Direction.Backward, dY, dX, index);

    /// <summary>V from U, which is shaped like X.</summary>
    public void Gather(float* u, int* index, float* v) => Run(Direction.Gather, u, v, index);

    private void Run(Direction direction, float* from, float* to, int* index)
    {
        _direction = direction;
        _from = from;
        _to = to;
        _index = index;
        ForEachPlane();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void DoPlane(int plane)
    {
        long input = (long)plane * Shape.InputPlane, output = (long)plane * Shape.OutputPlane;
        int* index = _index + output;
        switch (_direction)
        {
            case Direction.Forward:
                ForwardPlane(_from + input, _to + output, index);
                break;
            case Direction.Backward:
                new Span<float>(_to + input, Shape.InputPlane).Clear();
                for (int i = 0; i < Shape.OutputPlane; i++) _to[input + index[i]] += _from[output + i];
                break;
            default:
                for (int i = 0; i < Shape.OutputPlane; i++) _to[output + i] = _from[input + index[i]];
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardPlane(float* x, float* y, int* index)
    {
        if (Shape is { KH: 2, KW: 2, StrideY: 2, StrideX: 2, PadTop: 0, PadLeft: 0, W: <= MaxPairWidth })
            ForwardPairs(x, y, index);
        else
            for (int oy = 0; oy < Shape.OH; oy++)
                for (int ox = 0; ox < Shape.OW; ox++) *index++ = Choose(x, oy, ox, out *y++);
    }

    /// <summary>2 x 2 windows side by side. Rows that have no whole number of whole windows go through a copy that is filled up
    /// with minus infinity; that is never chosen, since a window's first element is real and a tie goes to the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardPairs(float* x, float* y, int* index)
    {
        int w = Shape.W, ow = Shape.OW, count = (ow + 3) / 4 * 4, width = Math.Max(w, 2 * count);
        float* top = stackalloc float[2 * width], best = stackalloc float[count];
        int* chosen = stackalloc int[count];
        new Span<float>(top, 2 * width).Fill(float.NegativeInfinity);
        for (int oy = 0; oy < Shape.OH; oy++, y += ow, index += ow)
        {
            int start = 2 * oy * w;
            bool two = 2 * oy + 1 < Shape.H;
            if (two && ow >= 4 && 2 * ow <= w)
            {
                PairRow(x + start, x + start + w, start, w, ow, y, index);
                continue;
            }
            new Span<float>(x + start, w).CopyTo(new Span<float>(top, w));
            if (two) new Span<float>(x + start + w, w).CopyTo(new Span<float>(top + width, w));
            else new Span<float>(top + width, w).Fill(float.NegativeInfinity);
            PairRow(top, top + width, start, w, count, best, chosen);
            new Span<float>(best, ow).CopyTo(new Span<float>(y, ow));
            new Span<int>(chosen, ow).CopyTo(new Span<int>(index, ow));
        }
    }

    /// <summary>The position and value of one window's maximum.</summary>
    private int Choose(float* x, int oy, int ox, out float best)
    {
        (int top, int bottom) = Shape.Rows(oy);
        (int left, int right) = Columns[ox];
        int chosen = top * Shape.W + left;
        best = x[chosen];
        for (int row = top; row < bottom; row++)
            for (int at = row * Shape.W + left; at < row * Shape.W + right; at++)
                if (!(x[at] <= best) && !float.IsNaN(best))
                {
                    best = x[at];
                    chosen = at;
                }
        return chosen;
    }

    /// <summary>A row of <paramref name="count"/> (at least 4) windows, four at a time; the last four overlap those before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PairRow(float* topRow, float* bottomRow, int start, int w, int count, float* y, int* index)
    {
        for (int ox = 0; ; ox = Math.Min(ox + 4, count - 4))
        {
            float* top = topRow + 2 * ox, bottom = bottomRow + 2 * ox;
            Vector128<float> best = Even(Vector128.Load(top), Vector128.Load(top + 4));
            Vector128<int> position = Vector128.Create(start + 2 * ox) + Vector128.Create(0, 2, 4, 6), chosen = position;
            Take(ref best, ref chosen, Odd(Vector128.Load(top), Vector128.Load(top + 4)), position + Vector128.Create(1));
            Take(ref best, ref chosen, Even(Vector128.Load(bottom), Vector128.Load(bottom + 4)), position + Vector128.Create(w));
            Take(ref best, ref chosen, Odd(Vector128.Load(bottom), Vector128.Load(bottom + 4)), position + Vector128.Create(w + 1));
            best.Store(y + ox);
            chosen.Store(index + ox);
            if (ox + 4 >= count) return;
        }
    }

    // The same rule as in Choose, in four lanes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(ref Vector128<float> best, ref Vector128<int> chosen, Vector128<float> value, Vector128<int> position)
    {
        Vector128<float> better = Vector128.AndNot(Vector128.Equals(best, best), Vector128.LessThanOrEqual(value, best));
        best = Vector128.ConditionalSelect(better, value, best);
        chosen = Vector128.ConditionalSelect(better.AsInt32(), position, chosen);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Even(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.Shuffle(x, y, 0b10_00_10_00)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.UnzipEven(x, y)
        : Vector128.Create(x[0], x[2], y[0], y[2]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Odd(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.Shuffle(x, y, 0b11_01_11_01)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.UnzipOdd(x, y)
        : Vector128.Create(x[1], x[3], y[1], y[3]);
}
