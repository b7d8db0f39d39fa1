// Reads a range of positions of a view through its strides into a tile.
//
// Axes that step evenly into each other are merged when the reader is made, so that most views become two or three axes: a bias stretched along the
// batch is (B by 0, N by 1), copied in runs of N. The one thing to understand: the range's first position is split into a multi-index once, and
// from there the innermost axis is read run by run, the outer ones counting like an odometer.
using System.Runtime.CompilerServices;

namespace MiniDL.Cpu;

/// <summary>An index map with merged axes, ready to be read.</summary>
internal sealed unsafe class StridedReader
{
    private readonly int[] _dims;
    private readonly int[] _strides;
    private readonly int _moving;   // axes up to the outermost one that moves

    public StridedReader(IndexMap map)
    {
        var dims = new List<int>();
        var strides = new List<int>();
        for (int axis = map.Shape.Rank - 1; axis >= 0; axis--)
        {
            int dim = map.Shape[axis], stride = map.Strides[axis];
            if (dim == 1) continue;
            if (dims.Count > 0 && stride == strides[^1] * dims[^1]) dims[^1] *= dim;
            else
            {
                dims.Add(dim);
                strides.Add(stride);
            }
        }
        if (dims.Count == 0)
        {
            dims.Add(1);
            strides.Add(0);
        }
        (_dims, _strides) = ([.. dims], [.. strides]);   // innermost first
        _moving = Array.FindLastIndex(_strides, stride => stride != 0) + 1;
        IsContiguous = _dims.Length == 1 && (_strides[0] == 1 || _dims[0] == 1);
    }

    /// <summary>True when position p is element p.</summary>
    public bool IsContiguous { get; }

    /// <summary>Elements of the innermost merged axis: positions that follow each other by <see cref="Stride"/>.</summary>
    public int Run => _dims[0];

    /// <summary>The distance from one element of a run to the next: 1 side by side, 0 one and the same.</summary>
    public int Stride => _strides[0];

    /// <summary>Whether all runs are the same elements: a row stretched along a batch.</summary>
    public bool OnlyRunMoves => _moving == 1;

    /// <summary>The element that a position is, counted from the one at index 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long ElementAt(int position)
    {
        if (IsContiguous) return position;
        long element = 0;
        for (int axis = 0, rest = position; axis < _moving; axis++)
        {
            (rest, int index) = Math.DivRem(rest, _dims[axis]);
            element += (long)index * _strides[axis];
        }
        return element;
    }

    /// <summary>Copies positions start to start + count - 1; <paramref name="source"/> is the element at index 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read<TElement>(TElement* source, TElement* destination, int start, int count) where TElement : unmanaged =>
        Walk<TElement, Reading>(source, destination, start, count);

    /// <summary>The other way: writes a tile to positions start to start + count - 1 of the view.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write<TElement>(TElement* target, TElement* values, int start, int count) where TElement : unmanaged =>
        Walk<TElement, Writing>(target, values, start, count);

    private interface IDirection
    {
        static abstract void Run<TElement>(TElement* view, int stride, TElement* tile, int count) where TElement : unmanaged;
    }

    private readonly struct Reading : IDirection
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Run<TElement>(TElement* view, int stride, TElement* tile, int count) where TElement : unmanaged
        {
            if (stride == 1) new ReadOnlySpan<TElement>(view, count).CopyTo(new Span<TElement>(tile, count));
            else if (stride == 0) new Span<TElement>(tile, count).Fill(*view);
            else
                for (int i = 0; i < count; i++) tile[i] = view[(nint)i * stride];
        }
    }

    private readonly struct Writing : IDirection
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Run<TElement>(TElement* view, int stride, TElement* tile, int count) where TElement : unmanaged
        {
            if (stride == 1) new ReadOnlySpan<TElement>(tile, count).CopyTo(new Span<TElement>(view, count));
            else
                for (int i = 0; i < count; i++) view[(nint)i * stride] = tile[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Walk<TElement, TDirection>(TElement* view, TElement* tile, int start, int count)
        where TElement : unmanaged where TDirection : struct, IDirection
    {
        // Split the first position into a multi-index.
        int* index = stackalloc int[Shape.MaxRank];
        nint at = 0;
        for (int axis = 0, rest = start; axis < _dims.Length; axis++)
        {
            index[axis] = rest % _dims[axis];
            rest /= _dims[axis];
            at += (nint)index[axis] * _strides[axis];
        }

        // Go on run by run along the innermost axis.
        int innerDim = _dims[0], innerStride = _strides[0];
        while (count > 0)
        {
            int run = Math.Min(count, innerDim - index[0]);
            TDirection.Run(view + at, innerStride, tile, run);
            tile += run;
            count -= run;
            at -= (nint)index[0] * innerStride;
            index[0] = 0;
            for (int axis = 1; axis < _dims.Length; axis++)
            {
                at += _strides[axis];
                if (++index[axis] < _dims[axis]) break;
                at -= (nint)_dims[axis] * _strides[axis];
                index[axis] = 0;
            }
        }
    }
}
