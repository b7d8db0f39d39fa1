// Spellings of float arithmetic: f32, f64, the small formats, and the special functions.
//
// The one thing to understand: .ftz and .sat are wrappers around any operation (Float32.cs), so the four combinations are made here, once, for every operation.
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Arithmetic;

internal static unsafe partial class AluTable
{
    private static Alu? Float(Spelling s, bool jitter)
    {
        bool flush = s.Take("ftz"), saturate = s.Take("sat"), orNaN = s.Take("NaN");
        if (orNaN && s.Base is not ("min" or "max")) return null;
        if (saturate && s.Base is not ("add" or "sub" or "mul" or "fma" or "mad")) return null;
        string rounding = s.TakeOne("rn", "rz", "rm", "rp", "approx", "full");
        return (s.Base, rounding) switch
        {
            ("add", "" or "rn") => Two<AddFloat>(flush, saturate),
            ("add", "rz") => Two<PerLane2<AddRounded<TowardZero>>>(flush, saturate),
            ("add", "rm") => Two<PerLane2<AddRounded<Down>>>(flush, saturate),
            ("add", "rp") => Two<PerLane2<AddRounded<Up>>>(flush, saturate),
            ("sub", "" or "rn") => Two<SubtractFloat>(flush, saturate),
            ("sub", "rz") => Two<PerLane2<SubtractRounded<TowardZero>>>(flush, saturate),
            ("sub", "rm") => Two<PerLane2<SubtractRounded<Down>>>(flush, saturate),
            ("sub", "rp") => Two<PerLane2<SubtractRounded<Up>>>(flush, saturate),
            ("mul", "" or "rn") => Two<MultiplyFloat>(flush, saturate),
            ("mul", "rz") => Two<PerLane2<MultiplyRounded<TowardZero>>>(flush, saturate),
            ("mul", "rm") => Two<PerLane2<MultiplyRounded<Down>>>(flush, saturate),
            ("mul", "rp") => Two<PerLane2<MultiplyRounded<Up>>>(flush, saturate),
            ("fma" or "mad", "rn") => Three<FusedMultiplyAdd>(flush, saturate),
            ("fma" or "mad", "rz") => Three<FusedDirected<TowardZero>>(flush, saturate),
            ("fma" or "mad", "rm") => Three<FusedDirected<Down>>(flush, saturate),
            ("fma" or "mad", "rp") => Three<FusedDirected<Up>>(flush, saturate),
            ("div", "rn") => Two<DivideFloat>(flush, false),
            ("div", "rz") => Two<PerLane2<DivideRounded<TowardZero>>>(flush, false),
            ("div", "rm") => Two<PerLane2<DivideRounded<Down>>>(flush, false),
            ("div", "rp") => Two<PerLane2<DivideRounded<Up>>>(flush, false),
            ("div", "full") => Quotient<DivideFull>(flush, jitter),
            ("div", "approx") => Quotient<DivideApproximately>(flush, jitter),
            ("min", "") => orNaN ? Two<MinimumOrNaN>(flush, false, flops: 0) : Two<MinimumFloat>(flush, false, flops: 0),
            ("max", "") => orNaN ? Two<MaximumOrNaN>(flush, false, flops: 0) : Two<MaximumFloat>(flush, false, flops: 0),
            ("neg", "") => One<NegateFloat>(flush, InstructionClass.Float32, 0),
            ("abs", "") => One<AbsoluteFloat>(flush, InstructionClass.Float32, 0),
            _ => null,
        };
    }

    private static Alu One<TOp>(bool flush, InstructionClass kind, int flops) where TOp : struct, IUnary<float> =>
        flush ? Unit(&Lanes.Unary<float, Flush1<TOp>>, 1, kind, flops) : Unit(&Lanes.Unary<float, TOp>, 1, kind, flops);

    private static Alu Two<TOp>(bool flush, bool saturate, int flops = 1) where TOp : struct, IBinary<float> => (flush, saturate) switch
    {
        (false, false) => Unit(&Lanes.Binary<float, TOp>, 2, InstructionClass.Float32, flops),
        (true, false) => Unit(&Lanes.Binary<float, Flush2<TOp>>, 2, InstructionClass.Float32, flops),
        (false, true) => Unit(&Lanes.Binary<float, Saturate2<TOp>>, 2, InstructionClass.Float32, flops),
        (true, true) => Unit(&Lanes.Binary<float, Saturate2<Flush2<TOp>>>, 2, InstructionClass.Float32, flops),
    };

    private static Alu Three<TOp>(bool flush, bool saturate) where TOp : struct, ITernary<float> => (flush, saturate) switch
    {
        (false, false) => Unit(&Lanes.Ternary<float, TOp>, 3, InstructionClass.Float32, flops: 2),
        (true, false) => Unit(&Lanes.Ternary<float, Flush3<TOp>>, 3, InstructionClass.Float32, flops: 2),
        (false, true) => Unit(&Lanes.Ternary<float, Saturate3<TOp>>, 3, InstructionClass.Float32, flops: 2),
        (true, true) => Unit(&Lanes.Ternary<float, Saturate3<Flush3<TOp>>>, 3, InstructionClass.Float32, flops: 2),
    };

    private static Alu Quotient<TOp>(bool flush, bool jitter) where TOp : struct, IBinary<float> => (jitter, flush) switch
    {
        (false, _) => Two<TOp>(flush, false),
        (true, false) => Unit(&Jitter.Divide<TOp>, 2, InstructionClass.Float32, flops: 1, seed: true),
        (true, true) => Unit(&Jitter.Divide<Flush2<TOp>>, 2, InstructionClass.Float32, flops: 1, seed: true),
    };

    private static Alu? Function(Spelling s, bool jitter)
    {
        bool flush = s.Take("ftz");
        string rounding = s.TakeOne("approx", "rn", "rz", "rm", "rp");
        return (s.Base, rounding, s.Type) switch
        {
            ("rcp", "approx", "f32") => Special<Reciprocal>(flush, jitter),
            ("sqrt", "approx", "f32") => Special<SquareRoot>(flush, jitter),
            ("rsqrt", "approx", "f32") => Special<ReciprocalRoot>(flush, jitter),
            ("ex2", "approx", "f32") => Special<Exponential2>(flush, jitter),
            ("lg2", "approx", "f32") => Special<Logarithm2>(flush, jitter),
            ("sin", "approx", "f32") => Special<Sine>(flush, jitter),
            ("cos", "approx", "f32") => Special<Cosine>(flush, jitter),
            ("tanh", "approx", "f32") => Special<HyperbolicTangent>(flush, jitter),
            ("rcp", "rn", "f32") => One<ReciprocalFloat>(flush, InstructionClass.Float32, 1),
            ("rcp", "rz", "f32") => One<PerLane1<ReciprocalRounded<TowardZero>>>(flush, InstructionClass.Float32, 1),
            ("rcp", "rm", "f32") => One<PerLane1<ReciprocalRounded<Down>>>(flush, InstructionClass.Float32, 1),
            ("rcp", "rp", "f32") => One<PerLane1<ReciprocalRounded<Up>>>(flush, InstructionClass.Float32, 1),
            ("sqrt", "rn", "f32") => One<SquareRootFloat>(flush, InstructionClass.Float32, 1),
            ("sqrt", "rz", "f32") => One<PerLane1<SquareRootRounded<TowardZero>>>(flush, InstructionClass.Float32, 1),
            ("sqrt", "rm", "f32") => One<PerLane1<SquareRootRounded<Down>>>(flush, InstructionClass.Float32, 1),
            ("sqrt", "rp", "f32") => One<PerLane1<SquareRootRounded<Up>>>(flush, InstructionClass.Float32, 1),
            ("rcp", "rn", "f64") when !flush => Unit64(&Lanes.Unary<double, ReciprocalDouble>, 1, flops: 1),
            ("sqrt", "rn", "f64") when !flush => Unit64(&Lanes.Unary<double, SquareRootDouble>, 1, flops: 1),
            ("ex2", "approx", "f16") when !flush => Unit(&Lanes.Each<Half, Half, ApproximateSmall<Half, Float16, Exponential2>>, 1, InstructionClass.SpecialFunction, 1),
            ("tanh", "approx", "f16") when !flush => Unit(&Lanes.Each<Half, Half, ApproximateSmall<Half, Float16, HyperbolicTangent>>, 1, InstructionClass.SpecialFunction, 1),
            ("ex2", "approx", "f16x2") when !flush => Unit(&Lanes.Pairs<Half, ApproximateSmall<Half, Float16, Exponential2>>, 1, InstructionClass.SpecialFunction, 2),
            ("tanh", "approx", "f16x2") when !flush => Unit(&Lanes.Pairs<Half, ApproximateSmall<Half, Float16, HyperbolicTangent>>, 1, InstructionClass.SpecialFunction, 2),
            _ => null,
        };
    }

    private static Alu Special<TOp>(bool flush, bool jitter) where TOp : struct, IApproximation => (jitter, flush) switch
    {
        (false, _) => One<Approximate<TOp>>(flush, InstructionClass.SpecialFunction, 1),
        (true, false) => Unit(&Jitter.Unary<TOp>, 1, InstructionClass.SpecialFunction, 1, seed: true),
        (true, true) => Unit(&Jitter.UnaryFlush<TOp>, 1, InstructionClass.SpecialFunction, 1, seed: true),
    };

    private static Alu? Double(Spelling s) => (s.Base, s.TakeOne("rn", "rz", "rm", "rp")) switch
    {
        ("add", "" or "rn") => Unit64(&Lanes.Binary<double, AddDouble>, 2, flops: 1),
        ("add", "rz") => Unit64(&Lanes.Each<double, double, double, AddDoubleRounded<TowardZero>>, 2, flops: 1),
        ("add", "rm") => Unit64(&Lanes.Each<double, double, double, AddDoubleRounded<Down>>, 2, flops: 1),
        ("add", "rp") => Unit64(&Lanes.Each<double, double, double, AddDoubleRounded<Up>>, 2, flops: 1),
        ("sub", "" or "rn") => Unit64(&Lanes.Binary<double, SubtractDouble>, 2, flops: 1),
        ("sub", "rz") => Unit64(&Lanes.Each<double, double, double, SubtractDoubleRounded<TowardZero>>, 2, flops: 1),
        ("sub", "rm") => Unit64(&Lanes.Each<double, double, double, SubtractDoubleRounded<Down>>, 2, flops: 1),
        ("sub", "rp") => Unit64(&Lanes.Each<double, double, double, SubtractDoubleRounded<Up>>, 2, flops: 1),
        ("mul", "" or "rn") => Unit64(&Lanes.Binary<double, MultiplyDouble>, 2, flops: 1),
        ("mul", "rz") => Unit64(&Lanes.Each<double, double, double, MultiplyDoubleRounded<TowardZero>>, 2, flops: 1),
        ("mul", "rm") => Unit64(&Lanes.Each<double, double, double, MultiplyDoubleRounded<Down>>, 2, flops: 1),
        ("mul", "rp") => Unit64(&Lanes.Each<double, double, double, MultiplyDoubleRounded<Up>>, 2, flops: 1),
        ("fma" or "mad", "rn") => Unit64(&Lanes.Ternary<double, FusedDouble>, 3, flops: 2),
        ("fma" or "mad", "rz") => Unit64(&Lanes.Each<double, double, double, double, FusedDoubleRounded<TowardZero>>, 3, flops: 2),
        ("fma" or "mad", "rm") => Unit64(&Lanes.Each<double, double, double, double, FusedDoubleRounded<Down>>, 3, flops: 2),
        ("fma" or "mad", "rp") => Unit64(&Lanes.Each<double, double, double, double, FusedDoubleRounded<Up>>, 3, flops: 2),
        ("div", "rn") => Unit64(&Lanes.Binary<double, DivideDouble>, 2, flops: 1),
        ("min", "") => Unit64(&Lanes.Binary<double, MinimumDouble>, 2),
        ("max", "") => Unit64(&Lanes.Binary<double, MaximumDouble>, 2),
        ("neg", "") => Unit64(&Lanes.Unary<double, NegateDouble>, 1),
        ("abs", "") => Unit64(&Lanes.Unary<double, AbsoluteDouble>, 1),
        _ => null,
    };

    private static Alu? Small<T, TFormat>(Spelling s, bool pairs) where T : unmanaged where TFormat : struct, ISmallFloat<T>
    {
        InstructionClass kind = InstructionClass.Float16;
        int each = pairs ? 2 : 1;
        return (s.Base, s.TakeOne("rn"), s.Take("relu"), pairs) switch
        {
            ("add", _, false, false) => Unit(&Lanes.Each<T, T, T, AddSmall<T, TFormat>>, 2, kind, each),
            ("add", _, false, true) => Unit(&Lanes.Pairs2<T, AddSmall<T, TFormat>>, 2, kind, each),
            ("sub", _, false, false) => Unit(&Lanes.Each<T, T, T, SubtractSmall<T, TFormat>>, 2, kind, each),
            ("sub", _, false, true) => Unit(&Lanes.Pairs2<T, SubtractSmall<T, TFormat>>, 2, kind, each),
            ("mul", _, false, false) => Unit(&Lanes.Each<T, T, T, MultiplySmall<T, TFormat>>, 2, kind, each),
            ("mul", _, false, true) => Unit(&Lanes.Pairs2<T, MultiplySmall<T, TFormat>>, 2, kind, each),
            ("fma", "rn", false, false) => Unit(&Lanes.Each<T, T, T, T, FusedSmall<T, TFormat>>, 3, kind, 2 * each),
            ("fma", "rn", false, true) => Unit(&Lanes.Pairs3<T, FusedSmall<T, TFormat>>, 3, kind, 2 * each),
            ("fma", "rn", true, false) => Unit(&Lanes.Each<T, T, T, T, FusedReluSmall<T, TFormat>>, 3, kind, 2 * each),
            ("fma", "rn", true, true) => Unit(&Lanes.Pairs3<T, FusedReluSmall<T, TFormat>>, 3, kind, 2 * each),
            ("min", "", false, false) => Unit(&Lanes.Each<T, T, T, MinimumSmall<T, TFormat>>, 2, kind),
            ("min", "", false, true) => Unit(&Lanes.Pairs2<T, MinimumSmall<T, TFormat>>, 2, kind),
            ("max", "", false, false) => Unit(&Lanes.Each<T, T, T, MaximumSmall<T, TFormat>>, 2, kind),
            ("max", "", false, true) => Unit(&Lanes.Pairs2<T, MaximumSmall<T, TFormat>>, 2, kind),
            ("neg", "", false, false) => Unit(&Lanes.Each<ushort, ushort, NegateSmall>, 1, kind),
            ("neg", "", false, true) => Unit(&Lanes.Pairs<ushort, NegateSmall>, 1, kind),
            ("abs", "", false, false) => Unit(&Lanes.Each<ushort, ushort, AbsoluteSmall>, 1, kind),
            ("abs", "", false, true) => Unit(&Lanes.Pairs<ushort, AbsoluteSmall>, 1, kind),
            _ => null,
        };
    }
}
