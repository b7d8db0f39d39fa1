// The shape of an array or of a symbolic tensor: a list of dims, each a count of elements or unknown.
//
// Shapes stand at the very start of the pipeline: an expression is built with what is known of its shapes, and once a
// function meets real arrays every dim is known. The one thing to understand: a shape is compared by value, and an
// unknown dim (-1, printed "?") is a promise that it is not 1, so that broadcasting is decided when the graph is built.
using System.Collections;
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>An immutable list of dims, row-major, outermost first; rank 0 is a scalar. Compared by value.</summary>
/// <remarks>Shape letters used everywhere: B batch, C channels, H height, W width, K the summed dim of a product,
/// M and N the other two, R and C rows and columns of a matrix.</remarks>
/// <example><code>Shape s = [128, 784]; int columns = s[^1]; long n = s.Count;</code></example>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public sealed class Shape : IEquatable<Shape>, IReadOnlyList<int>
{
    /// <summary>The value of a dim that is not known before run time.</summary>
    public const int Unknown = -1;

    /// <summary>The largest rank. Axis sets and strided loads are sized by it.</summary>
    public const int MaxRank = 8;

    /// <summary>The shape of a scalar: no dims, one element.</summary>
    public static readonly Shape Scalar = new([]);

    private readonly int[] _dims;

    private Shape(int[] dims) => _dims = dims;

    /// <summary>Makes a shape from dims; <see cref="Unknown"/> marks an unknown one.</summary>
    /// <exception cref="ArgumentException">A dim below -1, or more than <see cref="MaxRank"/> dims.</exception>
    public static Shape Create(ReadOnlySpan<int> dims)
    {
        if (dims.Length > MaxRank)
            throw new ArgumentException($"rank {dims.Length} is above the largest rank, {MaxRank}");
        foreach (int dim in dims)
            if (dim < Unknown)
                throw new ArgumentException($"a dim must be 0 or more (or Shape.Unknown), not {dim}");
        return dims.IsEmpty && Scalar is not null ? Scalar : new Shape(dims.ToArray());
    }

    /// <summary>The number of dims.</summary>
    public int Rank => _dims.Length;

    /// <summary>The dim at <paramref name="axis"/>, outermost 0.</summary>
    public int this[int axis] => _dims[axis];

    /// <summary>The dim at an axis; <c>^1</c> is the innermost.</summary>
    public int this[Index axis] => _dims[axis];

    /// <summary>All dims, outermost first.</summary>
    public ReadOnlySpan<int> Dims => _dims;

    /// <summary>True when no dim is unknown.</summary>
    public bool IsKnown => Array.IndexOf(_dims, Unknown) < 0;

    /// <summary>The number of elements: the product of the dims (1 for a scalar).</summary>
    /// <exception cref="InvalidOperationException">A dim is unknown.</exception>
    public long Count => Product(0, Rank);

    /// <summary>The product of the dims from <paramref name="from"/> up to but not including <paramref name="to"/>.</summary>
    /// <exception cref="InvalidOperationException">One of them is unknown.</exception>
    public long Product(int from, int to)
    {
        long product = 1;
        for (int axis = from; axis < to; axis++)
        {
            if (_dims[axis] == Unknown)
                throw new InvalidOperationException($"the number of elements of {this} is not known before run time");
            product = checked(product * _dims[axis]);
        }
        return product;
    }

    /// <summary>Elements to step over, per axis, to reach the next index of that axis in row-major order.</summary>
    /// <example>(2, 3, 4) has strides (12, 4, 1).</example>
    public int[] Strides()
    {
        var strides = new int[Rank];
        int step = 1;
        for (int axis = Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = step;
            step = checked(step * _dims[axis]);
        }
        return strides;
    }

    /// <summary>The axis in 0..rank-1 that <paramref name="axis"/> names; -1 is the innermost.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The shape has no such axis.</exception>
    public int Axis(int axis)
    {
        int positive = axis < 0 ? axis + Rank : axis;
        return (uint)positive < (uint)Rank
            ? positive
            : throw new ArgumentOutOfRangeException(nameof(axis), $"axis {axis} does not exist in shape {this} of rank {Rank}");
    }

    /// <summary>This shape with one dim replaced.</summary>
    public Shape With(int axis, int dim)
    {
        var dims = (int[])_dims.Clone();
        dims[axis] = dim;
        return new Shape(dims);
    }

    /// <summary>This shape followed by <paramref name="tail"/>.</summary>
    public Shape Concat(Shape tail) => Create([.. _dims, .. tail._dims]);

    /// <summary>True when an array of shape <paramref name="actual"/> may stand where this shape is declared:
    /// the same rank, and equal dims wherever this one is known.</summary>
    public bool Accepts(Shape actual)
    {
        if (actual.Rank != Rank) return false;
        for (int axis = 0; axis < Rank; axis++)
            if (_dims[axis] != Unknown && _dims[axis] != actual._dims[axis]) return false;
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(Shape? other) => other is not null && _dims.AsSpan().SequenceEqual(other._dims);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Shape);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int dim in _dims) hash.Add(dim);
        return hash.ToHashCode();
    }

    /// <summary>The dims in parentheses, "?" for an unknown one: (?, 784).</summary>
    public override string ToString() =>
        $"({string.Join(", ", _dims.Select(dim => dim == Unknown ? "?" : dim.ToString()))})";

    int IReadOnlyCollection<int>.Count => Rank;

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)_dims).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
