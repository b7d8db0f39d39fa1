// Bits moved about: fields, reversal, counting, bytes permuted, funnel shifts, logic by truth table.
//
// PTX, sections 9.7.1.19 to 9.7.1.24 and 9.7.9. Each is a few lines of scalar C# close to the manual's own pseudo-code; none is frequent.
//
// The one thing to understand: positions and lengths of fields are taken modulo 256 and clipped at the top, never wrapped; length 0 extracts 0 and inserts nothing.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>bfe.{u,s}{32,64}: bits pos .. pos+len-1 of a at the bottom; a signed T repeats the field's top bit, or a's sign if the field sticks out.</summary>
internal readonly struct ExtractField<T> : IEach<T, uint, uint, T> where T : unmanaged, IBinaryInteger<T>
{
    public static T Of(T a, uint position, uint length)
    {
        int width = 8 * Unsafe.SizeOf<T>(), pos = (int)(position & 0xff), len = (int)(length & 0xff);
        if (len == 0) return T.Zero;
        bool signed = T.IsNegative(T.Zero - T.One);
        // Beyond the top there is only the sign (or 0).
        if (pos >= width) return signed && T.IsNegative(a) ? ~T.Zero : T.Zero;
        int kept = Math.Min(len, width - pos);
        // Up to the top, then down again: >> repeats the sign of a signed T.
        return (a << (width - pos - kept)) >> (width - kept);
    }
}

/// <summary>bfi.b{32,64}: b with the low len bits of a at pos.</summary>
internal readonly struct InsertField<T> where T : unmanaged, IBinaryInteger<T>
{
    public static T Of(T a, T b, uint position, uint length)
    {
        int width = 8 * Unsafe.SizeOf<T>(), pos = (int)(position & 0xff), len = (int)(length & 0xff);
        if (len == 0 || pos >= width) return b;
        int kept = Math.Min(len, width - pos);
        T ones = (kept == width ? ~T.Zero : (T.One << kept) - T.One) << pos;
        return ((a << pos) & ones) | (b & ~ones);
    }
}

/// <summary>brev.b{32,64}: bit i goes to width - 1 - i.</summary>
internal readonly struct ReverseBits<T> : IEach<T, T> where T : unmanaged, IBinaryInteger<T>
{
    public static T Of(T a)
    {
        T reversed = T.Zero;
        for (int i = 0; i < 8 * Unsafe.SizeOf<T>(); i++) reversed = (reversed << 1) | ((a >> i) & T.One);
        return reversed;
    }
}

/// <summary>clz.b{32,64}: zeros above the highest one; the width for 0.</summary>
internal readonly struct LeadingZeros<T> : IEach<T, uint> where T : IBinaryInteger<T>
{
    public static uint Of(T a) => uint.CreateTruncating(T.LeadingZeroCount(a));
}

/// <summary>popc.b{32,64}: the number of ones.</summary>
internal readonly struct CountOnes<T> : IEach<T, uint> where T : IBinaryInteger<T>
{
    public static uint Of(T a) => uint.CreateTruncating(T.PopCount(a));
}

/// <summary>bfind: the position of the highest bit that differs from the sign; 0xFFFFFFFF if there is none.</summary>
internal readonly struct FindBit<T> : IEach<T, uint> where T : unmanaged, IBinaryInteger<T>
{
    public static uint Of(T a) => 8u * (uint)Unsafe.SizeOf<T>() - 1u - LeadingZeros<T>.Of(T.IsNegative(a) ? ~a : a);
}

/// <summary>bfind.shiftamt: how far to shift left so that the found bit stands on top; 0xFFFFFFFF if there is none.</summary>
internal readonly struct FindBitShift<T> : IEach<T, uint> where T : unmanaged, IBinaryInteger<T>
{
    public static uint Of(T a) => FindBit<T>.Of(a) is var bit && bit == uint.MaxValue ? bit : 8u * (uint)Unsafe.SizeOf<T>() - 1u - bit;
}

/// <summary>prmt.b32: each selector nibble takes one of the eight bytes of {b, a}; with its bit 3 set, that byte's sign, eight times.</summary>
internal readonly struct Permute : IEach<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint selector)
    {
        ulong bytes = ((ulong)b << 32) | a;
        uint result = 0;
        for (int i = 0; i < 4; i++)
        {
            uint nibble = (selector >> (4 * i)) & 0xf, chosen = (uint)(bytes >> (int)(8 * (nibble & 7))) & 0xff;
            if (nibble >= 8) chosen = chosen >= 0x80 ? 0xffu : 0;
            result |= chosen << (8 * i);
        }
        return result;
    }
}

/// <summary>shf.l: {b, a} shifted left, the upper half. wrap takes the count modulo 32, clamp stops at 32.</summary>
internal readonly struct FunnelLeft<TCount> : IEach<uint, uint, uint, uint> where TCount : struct, IEach<uint, uint>
{
    public static uint Of(uint a, uint b, uint count) => (uint)(((((ulong)b << 32) | a) << (int)TCount.Of(count)) >> 32);
}

/// <summary>shf.r: {b, a} shifted right, the lower half.</summary>
internal readonly struct FunnelRight<TCount> : IEach<uint, uint, uint, uint> where TCount : struct, IEach<uint, uint>
{
    public static uint Of(uint a, uint b, uint count) => (uint)((((ulong)b << 32) | a) >> (int)TCount.Of(count));
}

/// <summary>.wrap</summary>
internal readonly struct WrapCount : IEach<uint, uint>
{
    public static uint Of(uint a) => a & 31;
}

/// <summary>.clamp</summary>
internal readonly struct ClampCount : IEach<uint, uint>
{
    public static uint Of(uint a) => Math.Min(a, 32);
}

/// <summary>The operations with four sources, which have loops of their own.</summary>
internal static unsafe class FourSources
{
    /// <summary>bfi.b{32,64} d, a, b, position, length</summary>
    public static void Insert<T>(void* d, void* a, void* b, void* position, void* length) where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i < Lanes.Count; i++) ((T*)d)[i] = InsertField<T>.Of(((T*)a)[i], ((T*)b)[i], ((uint*)position)[i], ((uint*)length)[i]);
    }

    /// <summary>lop3.b32 d, a, b, c, table: bit 4a + 2b + c of the table, for each bit. The same table in all lanes.</summary>
    public static void Logic(void* d, void* a, void* b, void* c, void* table)
    {
        uint rows = *(uint*)table;
        for (int i = 0; i < Lanes.Count; i++)
        {
            uint x = ((uint*)a)[i], y = ((uint*)b)[i], z = ((uint*)c)[i], result = 0;
            for (int row = 0; row < 8; row++)
            {
                if ((rows >> row & 1) == 0) continue;
                result |= ((row & 4) != 0 ? x : ~x) & ((row & 2) != 0 ? y : ~y) & ((row & 1) != 0 ? z : ~z);
            }
            ((uint*)d)[i] = result;
        }
    }
}
