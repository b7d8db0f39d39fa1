// Comparisons and logic. Inside a tile a bool takes 4 bytes like everything else: a mask, all bits set for true and none for
// false. That is what vector comparisons produce and what Where consumes, and and/or/not are then bitwise.
//
// The one thing to understand: comparisons with NaN are false, except x != NaN, which is true (IEEE 754, 5.11).
using System.Runtime.Intrinsics;

namespace MiniDL.Ops;

internal static partial class Tile
{
    /// <summary>mask = x &lt; y, for float or int.</summary>
    public static void Less<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<uint> mask) => Map<LessOp<T>, T, uint>(x, y, mask);

    /// <summary>mask = x &lt;= y, for float or int.</summary>
    public static void LessOrEqual<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<uint> mask) => Map<LessOrEqualOp<T>, T, uint>(x, y, mask);

    /// <summary>mask = x &gt; y, for float or int.</summary>
    public static void Greater<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<uint> mask) => Map<LessOp<T>, T, uint>(y, x, mask);

    /// <summary>mask = x &gt;= y, for float or int.</summary>
    public static void GreaterOrEqual<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<uint> mask) => Map<LessOrEqualOp<T>, T, uint>(y, x, mask);

    /// <summary>mask = x == y, for float, int or masks.</summary>
    public static void Equal<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<uint> mask) => Map<EqualOp<T>, T, uint>(x, y, mask);

    /// <summary>mask = x != y, for float, int or masks.</summary>
    public static void NotEqual<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<uint> mask) => Map<NotEqualOp<T>, T, uint>(x, y, mask);

    /// <summary>dst = x and y.</summary>
    public static void And(ReadOnlySpan<uint> x, ReadOnlySpan<uint> y, Span<uint> dst) => Map<AndOp, uint, uint>(x, y, dst);

    /// <summary>dst = x or y.</summary>
    public static void Or(ReadOnlySpan<uint> x, ReadOnlySpan<uint> y, Span<uint> dst) => Map<OrOp, uint, uint>(x, y, dst);

    /// <summary>dst = either x or y, not both.</summary>
    public static void Xor(ReadOnlySpan<uint> x, ReadOnlySpan<uint> y, Span<uint> dst) => Map<XorOp, uint, uint>(x, y, dst);

    /// <summary>dst = not x.</summary>
    public static void Not(ReadOnlySpan<uint> x, Span<uint> dst) => Map<NotOp, uint, uint>(x, dst);

    private readonly struct LessOp<T> : ITileMap2<T, uint>
    {
        public static Vector512<uint> Apply(Vector512<T> x, Vector512<T> y) => Vector512.LessThan(x, y).As<T, uint>();
    }

    private readonly struct LessOrEqualOp<T> : ITileMap2<T, uint>
    {
        public static Vector512<uint> Apply(Vector512<T> x, Vector512<T> y) => Vector512.LessThanOrEqual(x, y).As<T, uint>();
    }

    private readonly struct EqualOp<T> : ITileMap2<T, uint>
    {
        public static Vector512<uint> Apply(Vector512<T> x, Vector512<T> y) => Vector512.Equals(x, y).As<T, uint>();
    }

    private readonly struct NotEqualOp<T> : ITileMap2<T, uint>
    {
        public static Vector512<uint> Apply(Vector512<T> x, Vector512<T> y) => ~Vector512.Equals(x, y).As<T, uint>();
    }

    private readonly struct AndOp : ITileMap2<uint, uint>
    {
        public static Vector512<uint> Apply(Vector512<uint> x, Vector512<uint> y) => x & y;
    }

    private readonly struct OrOp : ITileMap2<uint, uint>
    {
        public static Vector512<uint> Apply(Vector512<uint> x, Vector512<uint> y) => x | y;
    }

    private readonly struct XorOp : ITileMap2<uint, uint>
    {
        public static Vector512<uint> Apply(Vector512<uint> x, Vector512<uint> y) => x ^ y;
    }

    private readonly struct NotOp : ITileMap<uint, uint>
    {
        public static Vector512<uint> Apply(Vector512<uint> x) => ~x;
    }
}
