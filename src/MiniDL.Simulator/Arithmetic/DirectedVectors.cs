// fma.rm and its like for a vector of lanes at a time: expf as NVRTC compiles it has one in every call.
//
// As in Rounding: the exact result is s + e in double; f, s rounded to float32, steps to its neighbour where it lies on the wrong side. Where a result is 0, infinite or
// NaN the rules are more than that, and the whole vector goes the slow way, lane by lane.
//
// The one thing to understand: among floats of one sign the next greater magnitude is the next greater bit pattern, so that a step is +1 or -1 on the bits.
using System.Runtime.Intrinsics;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>fma.rz/rm/rp.f32</summary>
internal readonly struct FusedDirected<TRounding> : ITernary<float> where TRounding : struct, IRounding
{
    public static Vector256<float> Of(Vector256<float> a, Vector256<float> b, Vector256<float> c)
    {
        // Products of two float32 are exact in double; the sum loses e.
        Vector256<double> x0 = Vector256.WidenLower(a) * Vector256.WidenLower(b), x1 = Vector256.WidenUpper(a) * Vector256.WidenUpper(b);
        Vector256<double> y0 = Vector256.WidenLower(c), y1 = Vector256.WidenUpper(c), s0 = x0 + y0, s1 = x1 + y1;
        Vector256<float> f = Vector256.Narrow(s0, s1);
        if (Vector256.EqualsAny(f, Vector256<float>.Zero) || !Vector256.LessThanAll(Vector256.Abs(f), Vector256.Create(float.PositiveInfinity))) return PerLane3<FusedRounded<TRounding>>.Of(a, b, c);
        Vector256<float> wrong = Vector256.Narrow(Wrong(Vector256.WidenLower(f), s0, Error(x0, y0, s0)).AsUInt64(), Wrong(Vector256.WidenUpper(f), s1, Error(x1, y1, s1)).AsUInt64()).AsSingle();
        return (f.AsInt32() + (wrong.AsInt32() & Step(f))).AsSingle();
    }

    private static Vector256<double> Error(Vector256<double> x, Vector256<double> y, Vector256<double> s)
    {
        Vector256<double> y2 = s - x;
        return (x - (s - y2)) + (y - y2);
    }

    /// <summary>All ones where f lies beyond s + e, seen in the direction of the rounding.</summary>
    private static Vector256<double> Wrong(Vector256<double> f, Vector256<double> s, Vector256<double> e)
    {
        Vector256<double> above = Vector256.GreaterThan(f, s) | (Vector256.Equals(f, s) & Vector256.LessThan(e, Vector256<double>.Zero));
        if (typeof(TRounding) == typeof(Down)) return above;
        Vector256<double> below = Vector256.LessThan(f, s) | (Vector256.Equals(f, s) & Vector256.GreaterThan(e, Vector256<double>.Zero));
        return typeof(TRounding) == typeof(Up) ? below : Vector256.ConditionalSelect(Vector256.GreaterThan(f, Vector256<double>.Zero), above, below);
    }

    /// <summary>What one step against the error adds to the bits: down takes 1 from positive numbers and adds 1 to negative ones.</summary>
    private static Vector256<int> Step(Vector256<float> f)
    {
        Vector256<int> sign = f.AsInt32() >> 31 | Vector256<int>.One;
        return typeof(TRounding) == typeof(Down) ? -sign : typeof(TRounding) == typeof(Up) ? sign : Vector256.Create(-1);
    }
}
