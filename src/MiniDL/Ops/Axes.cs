// How builders read the axes that users name: from the end if negative, each once, and an error that names the op if it is not there.
namespace MiniDL;

public static partial class T
{
    /// <summary>The axes asked for, from 0, in rising order, each once.</summary>
    private static Ints AxesOf(string op, Tensor x, int? axis, int[]? axes)
    {
        if (axis is not null && axes is not null) throw GraphException.About(op, "give axis or axes, not both", [x]);
        IEnumerable<int> asked = axis is { } one ? [one] : axes ?? Enumerable.Range(0, x.Rank);
        var positive = new SortedSet<int>();
        foreach (int a in asked)
            if (!positive.Add(AxisOf(op, x, a, x.Rank))) throw GraphException.About(op, $"axis {a} is named twice", [x]);
        return [.. positive];
    }

    /// <summary>The axis in 0..rank-1 that <paramref name="axis"/> names; -1 is the innermost.</summary>
    private static int AxisOf(string op, Tensor x, int axis, int rank) => axis >= -rank && axis < rank ? axis < 0 ? axis + rank : axis
        : throw GraphException.About(op, $"axis {axis} does not exist in rank {rank}", [x]);
}
