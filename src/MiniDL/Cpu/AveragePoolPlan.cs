// Average pooling and its gradient.
//
//     forward    Y[p, oy, ox] = sum over the window of X[p, y, x] / n        n = KH * KW if padding counts,
//     backward   dX[p, y, x]  = sum over the windows with (y, x) of dY / n       else the window's elements inside the plane
//
// The one thing to understand: it is linear, so the backward pass is its transpose, and it is its own second derivative's
// building block: no index is kept. Sums run in the windows' row-major order, plane by plane: the same bits with any threads.
using System.Runtime.CompilerServices;

namespace MiniDL.Cpu;

/// <summary>Average pooling of each plane; see <see cref="PoolShape"/>.</summary>
internal sealed unsafe class AveragePoolPlan(PoolShape shape, ThreadTeam team, bool countPadding = false) : PlaneWork(shape, team)
{
    private bool _backward;
    private float* _from, _to;

    /// <summary>Y from X.</summary>
    public void Forward(float* x, float* y) => Run(false, x, y);

    /// <summary>dX from dY; every element of dX is written.</summary>
    public void Backward(float* dY, float* dX) => Run(true, dY, dX);

    private void Run(bool backward, float* from, float* to)
    {
        _backward = backward;
        _from = from;
        _to = to;
        ForEachPlane();
    }

    /// <inheritdoc/>
    protected override void DoPlane(int plane)
    {
        long input = (long)plane * Shape.InputPlane, output = (long)plane * Shape.OutputPlane;
        if (_backward)
        {
            new Span<float>(_to + input, Shape.InputPlane).Clear();
            Scatter(_from + output, _to + input);
        }
        else Average(_from + input, _to + output);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Average(float* x, float* y)
    {
        int w = Shape.W;
        for (int oy = 0; oy < Shape.OH; oy++)
        {
            (int top, int bottom) = Shape.Rows(oy);
            foreach ((int left, int right) in Columns)
            {
                float sum = 0;
                for (int row = top; row < bottom; row++)
                    for (int at = row * w + left; at < row * w + right; at++) sum += x[at];
                *y++ = sum / Count(bottom - top, right - left);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scatter(float* dY, float* dX)
    {
        int w = Shape.W;
        for (int oy = 0; oy < Shape.OH; oy++)
        {
            (int top, int bottom) = Shape.Rows(oy);
            foreach ((int left, int right) in Columns)
            {
                float share = *dY++ / Count(bottom - top, right - left);
                for (int row = top; row < bottom; row++)
                    for (int at = row * w + left; at < row * w + right; at++) dX[at] += share;
            }
        }
    }

    private int Count(int rows, int columns) => countPadding ? Shape.KH * Shape.KW : rows * columns;
}
