// An index map as an expression: from the position that a thread computes to the element it reads or writes.
//
//   bias (625) stretched to (128, 625):   i % 625          transpose of (784, 128):   i % 784 * 128 + i / 784
//
// Axes that step evenly into each other are merged first, so a straight map is just i. The one thing to understand: all dims are constants in the text, and positions
// are unsigned, so the compiler turns each division into a multiplication and a shift.
namespace MiniDL.Cuda;

/// <summary>What four consecutive positions, the first a multiple of four, find in a buffer.</summary>
internal enum FourKind
{
    /// <summary>Elements here and there.</summary>
    Scattered,

    /// <summary>Four consecutive elements, the first a multiple of four: one load of 16 bytes.</summary>
    Straight,

    /// <summary>One element.</summary>
    Same,
}

/// <summary>An index map with merged axes.</summary>
internal sealed class IndexText
{
    private readonly List<(int Dim, int Stride)> _axes = [];   // innermost first
    private readonly int _offset;

    public IndexText(IndexMap map) : this(map.Shape.Dims, [.. map.Strides], map.Offset) { }

    /// <summary>Dims and strides, outermost first.</summary>
    public IndexText(ReadOnlySpan<int> dims, ReadOnlySpan<int> strides, int offset = 0)
    {
        _offset = offset;
        for (int axis = dims.Length - 1; axis >= 0; axis--)
        {
            if (dims[axis] == 1) continue;
            if (_axes.Count > 0 && strides[axis] == _axes[^1].Stride * _axes[^1].Dim) _axes[^1] = (_axes[^1].Dim * dims[axis], _axes[^1].Stride);
            else _axes.Add((dims[axis], strides[axis]));
        }
    }

    /// <summary>The element at a position.</summary>
    /// <param name="position">The name of a variable.</param>
    public string At(string position) => Sum(Terms(position), _offset);

    /// <summary>The element at a row and a column of rows of <paramref name="columns"/>; by the position <c>i</c> if the axes do not part there.</summary>
    public static string At(IndexMap map, int columns)
    {
        var whole = new IndexText(map);
        if (map.IsContiguous) return whole.At("i");
        int axis = map.Shape.Rank, inner = 1;
        while (axis > 0 && inner < columns) inner *= map.Shape[--axis];
        if (inner != columns) return whole.At("i");
        ReadOnlySpan<int> dims = map.Shape.Dims;
        int[] strides = [.. map.Strides];
        return Sum([.. new IndexText(dims[..axis], strides.AsSpan(0, axis)).Terms("row"), .. new IndexText(dims[axis..], strides.AsSpan(axis)).Terms("column")], map.Offset);
    }

    /// <summary>What four consecutive positions find.</summary>
    public FourKind Four
    {
        get
        {
            if (_axes.All(axis => axis.Stride == 0)) return FourKind.Same;
            (int dim, int stride) = _axes[0];
            bool wholeFours = _axes.Count == 1 || dim % 4 == 0;
            if (stride == 0 && wholeFours) return FourKind.Same;
            bool aligned = _offset % 4 == 0 && _axes.Skip(1).All(axis => axis.Stride % 4 == 0);
            return stride == 1 && wholeFours && aligned ? FourKind.Straight : FourKind.Scattered;
        }
    }

    /// <summary>The number of positions after which the same elements come again, as along the batch of a bias; 0 if none do. What is the same
    /// everywhere does not count.</summary>
    public int Period => _axes.Count > 1 && _axes[^1].Stride == 0 ? _axes.SkipLast(1).Aggregate(1, (product, axis) => product * axis.Dim) : 0;

    private List<(bool Negative, string Text)> Terms(string position)
    {
        var terms = new List<(bool, string)>();
        int inner = 1;
        for (int axis = 0; axis < _axes.Count; axis++)
        {
            (int dim, int stride) = _axes[axis];
            if (stride != 0)
            {
                string index = (inner == 1 ? position : $"{position} / {inner}") + (axis == _axes.Count - 1 ? "" : $" % {dim}");
                terms.Add((stride < 0, Math.Abs(stride) == 1 ? index : $"{index} * {Math.Abs(stride)}"));
            }
            inner *= dim;
        }
        return terms;
    }

    private static string Sum(List<(bool Negative, string Text)> terms, int offset)
    {
        // The first term is a positive one, so that nothing negative is ever formed where it would show.
        (bool Negative, string Text)[] ordered = [.. terms.OrderBy(term => term.Negative)];
        string text = offset != 0 || ordered.Length == 0 || ordered[0].Negative ? $"{offset}" : "";
        foreach ((bool negative, string term) in ordered) text += text.Length == 0 ? term : negative ? $" - {term}" : $" + {term}";
        return text;
    }
}
