// Comparisons, logic on their results, and choice. All but where give no gradient.
//
// The one thing to understand: a bool is one byte in memory but a mask of 32 zeros or ones inside a tile, so that "where" and
// "and" are single bit operations on whole vectors.
using System.Runtime.CompilerServices;
using MiniDL.Ops;
using static MiniDL.Ops.Lanes;

namespace MiniDL;

/// <summary>Comparisons, boolean ops and selection.</summary>
internal static class Logic
{
    public static readonly Elementwise Less = Compare("less", (a, b) => a < b, "{0} < {1}", (a, b, y) => Tile.Less<float>(a, b, Masks(y)), (a, b, y) => Tile.Less<int>(Ints(a), Ints(b), Masks(y)));

    public static readonly Elementwise LessEqual = Compare("less_equal", (a, b) => a <= b, "{0} <= {1}", (a, b, y) => Tile.LessOrEqual<float>(a, b, Masks(y)), (a, b, y) => Tile.LessOrEqual<int>(Ints(a), Ints(b), Masks(y)));

    public static readonly Elementwise Greater = Compare("greater", (a, b) => a > b, "{0} > {1}", (a, b, y) => Tile.Greater<float>(a, b, Masks(y)), (a, b, y) => Tile.Greater<int>(Ints(a), Ints(b), Masks(y)));

    public static readonly Elementwise GreaterEqual = Compare("greater_equal", (a, b) => a >= b, "{0} >= {1}", (a, b, y) => Tile.GreaterOrEqual<float>(a, b, Masks(y)), (a, b, y) => Tile.GreaterOrEqual<int>(Ints(a), Ints(b), Masks(y)));

    public static readonly Elementwise Equal = Compare("equal", (a, b) => a == b, "{0} == {1}", (a, b, y) => Tile.Equal<float>(a, b, Masks(y)), (a, b, y) => Tile.Equal<int>(Ints(a), Ints(b), Masks(y)), ElementTypes.Equality);

    public static readonly Elementwise NotEqual = Compare("not_equal", (a, b) => a != b, "{0} != {1}", (a, b, y) => Tile.NotEqual<float>(a, b, Masks(y)), (a, b, y) => Tile.NotEqual<int>(Ints(a), Ints(b), Masks(y)), ElementTypes.Equality);

    public static readonly Elementwise And = Elementwise.Binary("and", (a, b) => a * b,
        (a, b, y, g) => (null, null),
        "{0} && {1}", (a, b, y) => Tile.And(Masks(a), Masks(b), Masks(y)), ElementTypes.Logic);

    public static readonly Elementwise Or = Elementwise.Binary("or", Math.Max,
        (a, b, y, g) => (null, null),
        "{0} || {1}", (a, b, y) => Tile.Or(Masks(a), Masks(b), Masks(y)), ElementTypes.Logic);

    public static readonly Elementwise Not = Elementwise.Unary("not", x => 1 - x,
        (x, y, g) => null,
        "!{0}", (x, y) => Tile.Not(Masks(x), Masks(y)), ElementTypes.Logic);

    public static readonly Elementwise Where = new("where", 3, ElementTypes.Select)
    {
        Meaning = (condition, a, b) => condition != 0 ? a : b,
        Derivative = (inputs, y, g) => [null, T.Where(inputs[0], g, 0), T.Where(inputs[0], 0, g)],
        Cuda = "({0} ? {1} : {2})",
        Tile = (condition, a, b, y) => Tile.Where<float>(Masks(condition), a, b, y),
        RelativeError = 0,
    };

    private static Elementwise Compare(string symbol, Func<double, double, bool> meaning, string cuda, BinaryTile tile, BinaryTile intTile, ElementTypes types = ElementTypes.Compare) =>
        Elementwise.Binary(symbol, (a, b) => meaning(a, b) ? 1 : 0, (a, b, y, g) => (null, null), cuda, tile, types, intTile, error: 0);
}

public static partial class T
{
    /// <summary>Where a &lt; b, elementwise with broadcasting, as bool. False where either is NaN.</summary>
    public static Tensor Less(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Logic.Less.Of(a, b);
    }

    /// <summary>Where a &lt;= b, elementwise with broadcasting, as bool. False where either is NaN.</summary>
    public static Tensor LessEqual(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Logic.LessEqual.Of(a, b);
    }

    /// <summary>Where a &gt; b, elementwise with broadcasting, as bool. False where either is NaN.</summary>
    public static Tensor Greater(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Logic.Greater.Of(a, b);
    }

    /// <summary>Where a &gt;= b, elementwise with broadcasting, as bool. False where either is NaN.</summary>
    public static Tensor GreaterEqual(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Logic.GreaterEqual.Of(a, b);
    }

    /// <summary>Where a = b, elementwise with broadcasting, as bool. False where either is NaN.</summary>
    public static Tensor Equal(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Logic.Equal.Of(a, b);
    }

    /// <summary>Where a and b differ, elementwise with broadcasting, as bool. A NaN differs from everything.</summary>
    public static Tensor NotEqual(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Logic.NotEqual.Of(a, b);
    }

    /// <summary>Where both are true. bool.</summary>
    public static Tensor And(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Logic.And.Of(a, b);
    }

    /// <summary>Where either is true. bool.</summary>
    public static Tensor Or(Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Logic.Or.Of(a, b);
    }

    /// <summary>Where x is false. bool.</summary>
    public static Tensor Not(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Logic.Not.Of(x);
    }

    /// <summary>a where the condition is true, else b, with broadcasting. The side not taken gives no gradient, not even NaN.</summary>
    public static Tensor Where(Tensor condition, Tensor a, Tensor b, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        using var at = Source.Here(file, line);
        return Logic.Where.Of(condition, a, b);
    }
}
