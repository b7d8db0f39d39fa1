// The 32 lanes of a warp: how one instruction goes over all of them.
//
// A register of a warp is a row of 32 lanes: uint for anything of up to 32 bits, ulong for 64 bits. A predicate of a warp is one uint, lane i in bit i. An operation
// is a struct whose static method works on a vector of lanes (IUnary, IBinary, ITernary) or on one lane (IEach); the loops here run it over the row, and since
// the struct is a type argument, the JIT makes one loop of plain vector instructions for each operation, reached through a function pointer (AluTable).
//
// The one thing to understand: every operation computes all 32 lanes and can do so harmlessly, because none throws and none has a side effect. A warp with lanes off
// computes into a scratch row and then takes the lanes that are on (Blend).
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>One source, one result of the same type, a vector of lanes at a time.</summary>
internal interface IUnary<T>
{
    static abstract Vector256<T> Of(Vector256<T> a);
}

/// <summary>Two sources, a vector of lanes at a time.</summary>
internal interface IBinary<T>
{
    static abstract Vector256<T> Of(Vector256<T> a, Vector256<T> b);
}

/// <summary>Three sources, a vector of lanes at a time.</summary>
internal interface ITernary<T>
{
    static abstract Vector256<T> Of(Vector256<T> a, Vector256<T> b, Vector256<T> c);
}

/// <summary>One source, one lane at a time; types may differ.</summary>
internal interface IEach<TA, TD>
{
    static abstract TD Of(TA a);
}

/// <summary>Two sources, one lane at a time.</summary>
internal interface IEach<TA, TB, TD>
{
    static abstract TD Of(TA a, TB b);
}

/// <summary>Three sources, one lane at a time.</summary>
internal interface IEach<TA, TB, TC, TD>
{
    static abstract TD Of(TA a, TB b, TC c);
}

/// <summary>Loops over the lanes. All have one signature, so that a function pointer can hold any: destination, then four sources of which the unused are ignored.</summary>
/// <example><code>Lanes.Ternary&lt;float, FusedMultiplyAdd&gt;(d, a, b, c);   // fma.rn.f32 for a full warp</code></example>
internal static unsafe class Lanes
{
    /// <summary>Threads of a warp.</summary>
    public const int Count = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unary<T, TOp>(void* d, void* a, void* b = null, void* c = null, void* e = null) where T : unmanaged where TOp : struct, IUnary<T>
    {
        int width = Vector256<T>.Count;
        for (int i = 0; i < Count; i += 4 * width)
        {
            T* from = (T*)a + i, to = (T*)d + i;
            TOp.Of(Vector256.Load(from)).Store(to);
            TOp.Of(Vector256.Load(from + width)).Store(to + width);
            TOp.Of(Vector256.Load(from + 2 * width)).Store(to + 2 * width);
            TOp.Of(Vector256.Load(from + 3 * width)).Store(to + 3 * width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Binary<T, TOp>(void* d, void* a, void* b, void* c = null, void* e = null) where T : unmanaged where TOp : struct, IBinary<T>
    {
        int width = Vector256<T>.Count;
        for (int i = 0; i < Count; i += 4 * width)
        {
            T* x = (T*)a + i, y = (T*)b + i, to = (T*)d + i;
            TOp.Of(Vector256.Load(x), Vector256.Load(y)).Store(to);
            TOp.Of(Vector256.Load(x + width), Vector256.Load(y + width)).Store(to + width);
            TOp.Of(Vector256.Load(x + 2 * width), Vector256.Load(y + 2 * width)).Store(to + 2 * width);
            TOp.Of(Vector256.Load(x + 3 * width), Vector256.Load(y + 3 * width)).Store(to + 3 * width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Ternary<T, TOp>(void* d, void* a, void* b, void* c, void* e = null) where T : unmanaged where TOp : struct, ITernary<T>
    {
        int width = Vector256<T>.Count;
        for (int i = 0; i < Count; i += 4 * width)
        {
            T* x = (T*)a + i, y = (T*)b + i, z = (T*)c + i, to = (T*)d + i;
            TOp.Of(Vector256.Load(x), Vector256.Load(y), Vector256.Load(z)).Store(to);
            TOp.Of(Vector256.Load(x + width), Vector256.Load(y + width), Vector256.Load(z + width)).Store(to + width);
            TOp.Of(Vector256.Load(x + 2 * width), Vector256.Load(y + 2 * width), Vector256.Load(z + 2 * width)).Store(to + 2 * width);
            TOp.Of(Vector256.Load(x + 3 * width), Vector256.Load(y + 3 * width), Vector256.Load(z + 3 * width)).Store(to + 3 * width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Each<TA, TD, TOp>(void* d, void* a, void* b = null, void* c = null, void* e = null)
        where TA : unmanaged where TD : unmanaged where TOp : struct, IEach<TA, TD>
    {
        for (int i = 0; i < Count; i++) Write(d, i, TOp.Of(Read<TA>(a, i)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Each<TA, TB, TD, TOp>(void* d, void* a, void* b, void* c = null, void* e = null)
        where TA : unmanaged where TB : unmanaged where TD : unmanaged where TOp : struct, IEach<TA, TB, TD>
    {
        for (int i = 0; i < Count; i++) Write(d, i, TOp.Of(Read<TA>(a, i), Read<TB>(b, i)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Each<TA, TB, TC, TD, TOp>(void* d, void* a, void* b, void* c, void* e = null)
        where TA : unmanaged where TB : unmanaged where TC : unmanaged where TD : unmanaged where TOp : struct, IEach<TA, TB, TC, TD>
    {
        for (int i = 0; i < Count; i++) Write(d, i, TOp.Of(Read<TA>(a, i), Read<TB>(b, i), Read<TC>(c, i)));
    }

    /// <summary>Two 16-bit numbers in each lane (f16x2, bf16x2): a row of 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pairs<T, TOp>(void* d, void* a, void* b = null, void* c = null, void* e = null) where T : unmanaged where TOp : struct, IEach<T, T>
    {
        for (int i = 0; i < 2 * Count; i++) ((T*)d)[i] = TOp.Of(((T*)a)[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pairs2<T, TOp>(void* d, void* a, void* b, void* c = null, void* e = null) where T : unmanaged where TOp : struct, IEach<T, T, T>
    {
        for (int i = 0; i < 2 * Count; i++) ((T*)d)[i] = TOp.Of(((T*)a)[i], ((T*)b)[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pairs3<T, TOp>(void* d, void* a, void* b, void* c, void* e = null) where T : unmanaged where TOp : struct, IEach<T, T, T, T>
    {
        for (int i = 0; i < 2 * Count; i++) ((T*)d)[i] = TOp.Of(((T*)a)[i], ((T*)b)[i], ((T*)c)[i]);
    }

    /// <summary>Lane <paramref name="i"/> of a row as T. A type of 8 or 16 bits is the low end of its lane: what lies above is never looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(void* row, int i) where T : unmanaged => sizeof(T) == 8 ? ((T*)row)[i] : *(T*)((uint*)row + i);

    /// <summary>Sets a lane. 8 and 16 bits are extended to the lane's 32, with their sign if they have one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(void* row, int i, T value) where T : unmanaged
    {
        if (sizeof(T) >= 4) ((T*)row)[i] = value;
        else if (typeof(T) == typeof(sbyte)) ((int*)row)[i] = *(sbyte*)&value;
        else if (typeof(T) == typeof(short)) ((int*)row)[i] = *(short*)&value;
        else ((uint*)row)[i] = sizeof(T) == 1 ? *(byte*)&value : *(ushort*)&value;
    }

    /// <summary>The same value in every lane of 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill32(uint* d, uint value)
    {
        for (int i = 0; i < Count; i += 8) Vector256.Create(value).Store(d + i);
    }

    /// <summary>The same value in every lane of 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill64(ulong* d, ulong value)
    {
        for (int i = 0; i < Count; i += 4) Vector256.Create(value).Store(d + i);
    }

    /// <summary>Takes the lanes of <paramref name="s"/> whose bit is set in <paramref name="mask"/>; the others keep what <paramref name="d"/> holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Blend32(uint* d, uint* s, uint mask)
    {
        for (int i = 0; i < Count; i += 8)
            Vector256.ConditionalSelect(Mask32(mask >> i), Vector256.Load(s + i), Vector256.Load(d + i)).Store(d + i);
    }

    /// <summary>As <see cref="Blend32"/>, for 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Blend64(ulong* d, ulong* s, uint mask)
    {
        for (int i = 0; i < Count; i += 4)
            Vector256.ConditionalSelect(Mask64(mask >> i), Vector256.Load(s + i), Vector256.Load(d + i)).Store(d + i);
    }

    /// <summary>Bits 0 to 7 as lanes of all ones or zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Mask32(uint bits)
    {
        Vector256<uint> one = Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128);
        return Vector256.Equals(Vector256.Create(bits) & one, one);
    }

    /// <summary>Bits 0 to 3 as lanes of all ones or zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Mask64(uint bits)
    {
        Vector256<ulong> one = Vector256.Create(1ul, 2, 4, 8);
        return Vector256.Equals(Vector256.Create((ulong)bits) & one, one);
    }
}
