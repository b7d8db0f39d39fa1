// Comparisons and selection: setp makes a predicate, selp chooses by one.
//
// PTX, section 9.7.6. A predicate of a warp is one uint, so a comparison of 32 lanes ends in four moves of eight sign bits.
//
// The one thing to understand: an ordered comparison (eq, lt, ...) with a NaN is false, ne too; the unordered (equ, ltu, ...) is then true.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>eq, and equ's half for numbers.</summary>
internal readonly struct Equal<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => Vector256.Equals(a, b);
}

/// <summary>lt; on unsigned types lo.</summary>
internal readonly struct Less<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => Vector256.LessThan(a, b);
}

/// <summary>le; on unsigned types ls.</summary>
internal readonly struct LessOrEqual<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => Vector256.LessThanOrEqual(a, b);
}

/// <summary>ne on floats: both are numbers and differ.</summary>
internal readonly struct OrderedNotEqual<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => Vector256.LessThan(a, b) | Vector256.LessThan(b, a);
}

/// <summary>num: both are numbers.</summary>
internal readonly struct BothNumbers<T> : IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => Vector256.Equals(a, a) & Vector256.Equals(b, b);
}

/// <summary>The opposite comparison: an unordered one is the opposite of an ordered one.</summary>
internal readonly struct Opposite<T, TCompare> : IBinary<T> where TCompare : struct, IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => ~TCompare.Of(a, b);
}

/// <summary>Sources exchanged: gt is lt of (b, a).</summary>
internal readonly struct Exchanged<T, TCompare> : IBinary<T> where TCompare : struct, IBinary<T>
{
    public static Vector256<T> Of(Vector256<T> a, Vector256<T> b) => TCompare.Of(b, a);
}

/// <summary>.ftz of a comparison: sources flushed.</summary>
internal readonly struct FlushSources<TCompare> : IBinary<float> where TCompare : struct, IBinary<float>
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b) => TCompare.Of(Float32.Flush(a), Float32.Flush(b));
}

/// <summary>How setp combines its comparison with a third, predicate source: <c>setp.lt.and.f32 p|q, a, b, c</c>.</summary>
internal enum Combine
{
    None,
    And,
    Or,
    Xor,
}

/// <summary>Loops for predicates: the destination of a comparison is the address of one uint.</summary>
internal static unsafe class Predicates
{
    /// <summary>setp.CMP.type p, a, b</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compare<T, TCompare>(void* p, void* a, void* b, void* c = null, void* e = null) where T : unmanaged where TCompare : struct, IBinary<T>
    {
        int width = Vector256<T>.Count;
        uint mask = 0;
        for (int i = 0; i < Lanes.Count; i += width)
            mask |= TCompare.Of(Vector256.Load((T*)a + i), Vector256.Load((T*)b + i)).ExtractMostSignificantBits() << i;
        *(uint*)p = mask;
    }

    /// <summary>The same of types of 16 bits: each lane is made a T of 32 first.</summary>
    public static void CompareEach<TS, T, TWiden, TCompare>(void* p, void* a, void* b, void* c = null, void* e = null)
        where TS : unmanaged where T : unmanaged where TWiden : struct, IEach<TS, T> where TCompare : struct, IBinary<T>
    {
        T* x = stackalloc T[Lanes.Count], y = stackalloc T[Lanes.Count];
        for (int i = 0; i < Lanes.Count; i++) (x[i], y[i]) = (TWiden.Of(Lanes.Read<TS>(a, i)), TWiden.Of(Lanes.Read<TS>(b, i)));
        Compare<T, TCompare>(p, x, y);
    }

    /// <summary>What setp writes to p; to q goes the same of ~compared.</summary>
    public static uint Combined(Combine how, uint compared, uint predicate) => how switch
    {
        Combine.And => compared & predicate,
        Combine.Or => compared | predicate,
        Combine.Xor => compared ^ predicate,
        _ => compared,
    };

    /// <summary>selp of 32 bits and less: a where the predicate holds, else b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Select32(void* d, void* a, void* b, void* predicate, void* e = null)
    {
        uint mask = *(uint*)predicate;
        for (int i = 0; i < Lanes.Count; i += 8)
            Vector256.ConditionalSelect(Lanes.Mask32(mask >> i), Vector256.Load((uint*)a + i), Vector256.Load((uint*)b + i)).Store((uint*)d + i);
    }

    /// <summary>selp of 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Select64(void* d, void* a, void* b, void* predicate, void* e = null)
    {
        uint mask = *(uint*)predicate;
        for (int i = 0; i < Lanes.Count; i += 4)
            Vector256.ConditionalSelect(Lanes.Mask64(mask >> i), Vector256.Load((ulong*)a + i), Vector256.Load((ulong*)b + i)).Store((ulong*)d + i);
    }

    /// <summary>and.pred</summary>
    public static void And(void* d, void* a, void* b, void* c = null, void* e = null) => *(uint*)d = *(uint*)a & *(uint*)b;

    /// <summary>or.pred</summary>
    public static void Or(void* d, void* a, void* b, void* c = null, void* e = null) => *(uint*)d = *(uint*)a | *(uint*)b;

    /// <summary>xor.pred</summary>
    public static void Xor(void* d, void* a, void* b, void* c = null, void* e = null) => *(uint*)d = *(uint*)a ^ *(uint*)b;

    /// <summary>not.pred</summary>
    public static void Not(void* d, void* a, void* b = null, void* c = null, void* e = null) => *(uint*)d = ~*(uint*)a;

    /// <summary>mov.pred</summary>
    public static void Move(void* d, void* a, void* b = null, void* c = null, void* e = null) => *(uint*)d = *(uint*)a;
}
