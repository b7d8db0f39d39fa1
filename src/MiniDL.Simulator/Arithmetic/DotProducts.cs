// Dot products of small integers packed in a register: dp4a of four bytes with four, dp2a of two halves with two bytes.
//
// PTX, sections 9.7.1.22 and 9.7.1.23. NVRTC finds dp2a by itself where a kernel multiplies and adds numbers that it can prove to be small.
//
// The one thing to understand: each operand is signed or not on its own; the sum wraps at 32 bits.
namespace MiniDL.Simulator.Arithmetic;

/// <summary>dp4a: c + sum over i of byte i of a times byte i of b.</summary>
internal readonly struct DotBytes<TA, TB> : IEach<uint, uint, uint, uint> where TA : struct where TB : struct
{
    public static uint Of(uint a, uint b, uint c)
    {
        for (int i = 0; i < 32; i += 8) c += (uint)(Parts.Byte<TA>(a, i) * Parts.Byte<TB>(b, i));
        return c;
    }
}

/// <summary>dp2a.lo (first = 0) and dp2a.hi (first = 16): c + sum over i of half i of a times byte i of that half of b.</summary>
internal readonly struct DotHalves<TA, TB, TPlace> : IEach<uint, uint, uint, uint> where TA : struct where TB : struct where TPlace : struct
{
    public static uint Of(uint a, uint b, uint c)
    {
        int first = typeof(TPlace) == typeof(High) ? 16 : 0;
        for (int i = 0; i < 2; i++) c += (uint)(Parts.Half<TA>(a, 16 * i) * Parts.Byte<TB>(b, first + 8 * i));
        return c;
    }
}

/// <summary>The bytes of the upper half.</summary>
internal readonly struct High;

/// <summary>Parts of a register; a type argument of int means signed, uint unsigned.</summary>
internal static class Parts
{
    public static int Byte<T>(uint x, int at) => typeof(T) == typeof(int) ? (sbyte)(x >> at) : (byte)(x >> at);

    public static int Half<T>(uint x, int at) => typeof(T) == typeof(int) ? (short)(x >> at) : (ushort)(x >> at);
}
