// Conversions between the three kinds of element of a tile: float, int and mask; and between masks and the one-byte bools
// that bool arrays hold in memory.
//
// The one thing to understand: float to int truncates toward zero, saturates (3e9 becomes 2147483647) and turns NaN into 0,
// on every machine; the processor's own instruction would give -2147483648 for all of these.
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MiniDL.Ops;

internal static partial class Tile
{
    /// <summary>dst = x truncated toward zero, saturating; 0 for NaN.</summary>
    public static void FloatToInt(ReadOnlySpan<float> x, Span<int> dst) => Map<FloatToIntOp, float, int>(x, dst);

    /// <summary>dst = x, rounded to the nearest float.</summary>
    public static void IntToFloat(ReadOnlySpan<int> x, Span<float> dst) => Map<IntToFloatOp, int, float>(x, dst);

    /// <summary>dst = 1 where the mask is set, else 0.</summary>
    public static void MaskToFloat(ReadOnlySpan<uint> mask, Span<float> dst) => Map<MaskToFloatOp, uint, float>(mask, dst);

    /// <summary>dst = 1 where the mask is set, else 0.</summary>
    public static void MaskToInt(ReadOnlySpan<uint> mask, Span<int> dst) => Map<MaskToIntOp, uint, int>(mask, dst);

    /// <summary>mask = x != 0, for float or int; NaN is not 0.</summary>
    public static void ToMask<T>(ReadOnlySpan<T> x, Span<uint> mask) => Map<ToMaskOp<T>, T, uint>(x, mask);

    /// <summary>mask = the bools of an array, one byte each; any byte but 0 is true.</summary>
    public static void BoolsToMask(ReadOnlySpan<bool> x, Span<uint> mask)
    {
        CheckLength(x.Length, mask.Length);
        ref byte bytes = ref MemoryMarshal.GetReference(MemoryMarshal.AsBytes(x));
        ref uint masks = ref MemoryMarshal.GetReference(mask);
        int i = 0;
        for (; i <= mask.Length - Lanes; i += Lanes)
        {
            // Set whole bytes for true, then repeat the sign from 8 to 16 to 32 bits.
            Vector128<sbyte> set = ~Vector128.Equals(Vector128.LoadUnsafe(ref bytes, (nuint)i), Vector128<byte>.Zero).AsSByte();
            (Vector128<short> low, Vector128<short> high) = Vector128.Widen(set);
            (Vector256<int> first, Vector256<int> last) = Vector256.Widen(Vector256.Create(low, high));
            Vector512.Create(first, last).AsUInt32().StoreUnsafe(ref masks, (nuint)i);
        }
        for (; i < mask.Length; i++)
            mask[i] = x[i] ? uint.MaxValue : 0;
    }

    /// <summary>The bools of an array, bytes of 0 or 1 = mask.</summary>
    public static void MaskToBools(ReadOnlySpan<uint> mask, Span<bool> dst)
    {
        CheckLength(mask.Length, dst.Length);
        ref uint masks = ref MemoryMarshal.GetReference(mask);
        ref byte bytes = ref MemoryMarshal.GetReference(MemoryMarshal.AsBytes(dst));
        int i = 0;
        for (; i <= dst.Length - Lanes; i += Lanes)
        {
            Vector512<uint> ones = Vector512.LoadUnsafe(ref masks, (nuint)i) & Vector512<uint>.One;
            Vector256<ushort> halves = Vector256.Narrow(ones.GetLower(), ones.GetUpper());
            Vector128.Narrow(halves.GetLower(), halves.GetUpper()).StoreUnsafe(ref bytes, (nuint)i);
        }
        for (; i < dst.Length; i++)
            dst[i] = mask[i] != 0;
    }

    private readonly struct FloatToIntOp : ITileMap<float, int>
    {
        public static Vector512<int> Apply(Vector512<float> x) => Vector512.ConvertToInt32(x);
    }

    private readonly struct IntToFloatOp : ITileMap<int, float>
    {
        public static Vector512<float> Apply(Vector512<int> x) => Vector512.ConvertToSingle(x);
    }

    private readonly struct MaskToFloatOp : ITileMap<uint, float>
    {
        public static Vector512<float> Apply(Vector512<uint> mask) => mask.AsSingle() & Vector512<float>.One;
    }

    private readonly struct MaskToIntOp : ITileMap<uint, int>
    {
        public static Vector512<int> Apply(Vector512<uint> mask) => mask.AsInt32() & Vector512<int>.One;
    }

    private readonly struct ToMaskOp<T> : ITileMap<T, uint>
    {
        public static Vector512<uint> Apply(Vector512<T> x) => ~Vector512.Equals(x, Vector512<T>.Zero).As<T, uint>();
    }
}
