// Spellings of cvt: destination type, source type, rounding, .ftz, .sat.
//
// The types are met one after the other, each fixing one type argument: source, destination, rounding. What results is one loop for each combination.
//
// The one thing to understand: PTX wants a rounding exactly where something can be lost, and so does this table: cvt.f16.f32 without .rn is not an instruction.
using System.Numerics;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Arithmetic;

internal static unsafe partial class AluTable
{
    private static Alu? Conversion(Spelling s)
    {
        if (s.Type is "f16x2" or "bf16x2") return Packing(s);
        if (s.Type == "tf32") return s.SourceType == "f32" && s.Take("rna") ? Unit(&Lanes.Each<float, float, ToTensorFloat>, 1, InstructionClass.Conversion) : null;
        return s.SourceType switch
        {
            "u8" => FromInt<byte>(s),
            "s8" => FromInt<sbyte>(s),
            "u16" => FromInt<ushort>(s),
            "s16" => FromInt<short>(s),
            "u32" => FromInt<uint>(s),
            "s32" => FromInt<int>(s),
            "u64" => FromInt<ulong>(s),
            "s64" => FromInt<long>(s),
            "f32" => s.Take("ftz") ? FromFloat<float, FromSingleFlushed>(s, flush: true) : FromFloat<float, FromSingle>(s, flush: false),
            "f64" => FromFloat<double, FromDouble>(s, flush: s.Type == "f32" && s.Take("ftz")),
            "f16" => FromFloat<Half, FromHalf>(s, flush: s.Type == "f32" && s.Take("ftz")),
            "bf16" => FromFloat<ushort, FromBFloat>(s, flush: false),
            _ => null,
        };
    }

    private static Alu? FromInt<TA>(Spelling s) where TA : unmanaged, IBinaryInteger<TA> => s.Type switch
    {
        "u8" => IntToInt<TA, byte>(s),
        "s8" => IntToInt<TA, sbyte>(s),
        "u16" => IntToInt<TA, ushort>(s),
        "s16" => IntToInt<TA, short>(s),
        "u32" => IntToInt<TA, uint>(s),
        "s32" => IntToInt<TA, int>(s),
        "u64" => IntToInt<TA, ulong>(s),
        "s64" => IntToInt<TA, long>(s),
        "f32" when s.SourceType == "s32" && s.Take("rn") => Unit(&Lanes.Unary<int, IntToSingle>, 1, InstructionClass.Conversion),
        "f32" => Rounded<IntToFloat<TA, float, ToSingle>>(s.TakeOne("rn", "rz", "rm", "rp")),
        // Of 64 bits only the nearest double is provided.
        "f64" => s.TakeOne("rn", "rz", "rm", "rp") is var r && (r == "rn" || sizeof(TA) < 8) ? Rounded<IntToFloat<TA, double, ToDouble>>(r) : null,
        "f16" => Rounded<IntToFloat<TA, Half, ToHalf>>(s.TakeOne("rn", "rz", "rm", "rp")),
        "bf16" => Rounded<IntToFloat<TA, ushort, ToBFloat>>(s.TakeOne("rn", "rz", "rm", "rp")),
        _ => null,
    };

    private static Alu IntToInt<TA, TD>(Spelling s) where TA : unmanaged, IBinaryInteger<TA> where TD : unmanaged, IBinaryInteger<TD>
    {
        LaneKind from = KindOf<TA>(), to = KindOf<TD>();
        if (s.Take("sat")) return Make(&Lanes.Each<TA, TD, Clamp<TA, TD>>, Int, to, [from]);
        // The frequent ones: 32 to 64 bits and back.
        if (sizeof(TA) == 4 && to == LaneKind.Lanes64) return Make(&WideProducts.Widen<TA>, Int, to, [from]);
        if (sizeof(TD) == 4 && from == LaneKind.Lanes64) return Make(&WideProducts.Narrow, Int, to, [from]);
        return Make(&Lanes.Each<TA, TD, Truncate<TA, TD>>, Int, to, [from]);
    }

    private static Alu? FromFloat<TA, TWiden>(Spelling s, bool flush) where TA : unmanaged where TWiden : struct, IWiden<TA>
    {
        bool saturate = s.Take("sat");
        if (saturate && flush && s.SourceType != "f32") return null;
        string rounding = s.TakeOne("rn", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi");
        switch (s.Type)
        {
            // To integers .sat changes nothing: they are clamped anyway.
            case "u8": return ToInt<TA, TWiden, byte>(rounding);
            case "s8": return ToInt<TA, TWiden, sbyte>(rounding);
            case "u16": return ToInt<TA, TWiden, ushort>(rounding);
            case "s16": return ToInt<TA, TWiden, short>(rounding);
            case "u32": return ToInt<TA, TWiden, uint>(rounding);
            case "s32": return ToInt<TA, TWiden, int>(rounding);
            case "u64": return ToInt<TA, TWiden, ulong>(rounding);
            case "s64": return ToInt<TA, TWiden, long>(rounding);
        }
        // Same type or a wider one: exact, or to a whole number. A narrower one: rounded.
        bool exact = s.Type == s.SourceType || s.Type == "f64" || (s.Type == "f32" && s.SourceType is "f16" or "bf16");
        bool whole = rounding.EndsWith('i');
        if ((exact && !whole && rounding.Length > 0) || (!exact && (whole || rounding.Length == 0)) || (saturate && s.Type != "f32")) return null;
        return (s.Type, saturate, flush) switch
        {
            ("f32", true, _) => ToFloats<TA, TWiden, float, ToSingleSaturated>(rounding),
            ("f32", false, true) => ToFloats<TA, TWiden, float, ToSingleFlushed>(rounding),
            ("f32", false, false) => ToFloats<TA, TWiden, float, ToSingle>(rounding),
            ("f64", _, _) => ToFloats<TA, TWiden, double, ToDouble>(rounding),
            ("f16", _, _) => ToFloats<TA, TWiden, Half, ToHalf>(rounding),
            ("bf16", _, _) => ToFloats<TA, TWiden, ushort, ToBFloat>(rounding),
            _ => null,
        };
    }

    private static Alu? ToInt<TA, TWiden, TD>(string rounding) where TA : unmanaged where TWiden : struct, IWiden<TA> where TD : unmanaged, IBinaryInteger<TD> =>
        rounding.EndsWith('i') ? Rounded<FloatToInt<TA, TWiden, TD>>(rounding[..2]) : null;

    private static Alu? ToFloats<TA, TWiden, TD, TNarrow>(string rounding) where TA : unmanaged where TWiden : struct, IWiden<TA> where TD : unmanaged where TNarrow : struct, INarrow<TD> =>
        rounding.EndsWith('i') ? Rounded<FloatToWhole<TA, TWiden, TD, TNarrow>>(rounding[..2])
            : Rounded<FloatToFloat<TA, TWiden, TD, TNarrow>>(rounding.Length == 0 ? "rn" : rounding);

    /// <summary>cvt.rn.f16x2.f32, cvt.rn.bf16x2.f32: two floats into one lane.</summary>
    private static Alu? Packing(Spelling s)
    {
        if (s.SourceType != "f32") return null;
        return (s.Type, s.TakeOne("rn", "rz")) switch
        {
            ("f16x2", "rn") => Unit(&Lanes.Each<float, float, uint, PackHalves<ToHalf, Nearest>>, 2, InstructionClass.Conversion),
            ("f16x2", "rz") => Unit(&Lanes.Each<float, float, uint, PackHalves<ToHalf, TowardZero>>, 2, InstructionClass.Conversion),
            ("bf16x2", "rn") => Unit(&Lanes.Each<float, float, uint, PackBFloats<ToBFloat, Nearest>>, 2, InstructionClass.Conversion),
            ("bf16x2", "rz") => Unit(&Lanes.Each<float, float, uint, PackBFloats<ToBFloat, TowardZero>>, 2, InstructionClass.Conversion),
            _ => null,
        };
    }

    private static Alu? Rounded<TMaker>(string rounding) where TMaker : struct, IRoundedMaker => rounding switch
    {
        "rn" => TMaker.Make<Nearest>(),
        "rz" => TMaker.Make<TowardZero>(),
        "rm" => TMaker.Make<Down>(),
        "rp" => TMaker.Make<Up>(),
        _ => null,
    };

    /// <summary>A conversion of which only the rounding is still open.</summary>
    private interface IRoundedMaker
    {
        static abstract Alu Make<TRounding>() where TRounding : struct, IRounding;
    }

    private readonly struct IntToFloat<TA, TD, TNarrow> : IRoundedMaker where TA : unmanaged, IBinaryInteger<TA> where TD : unmanaged where TNarrow : struct, INarrow<TD>
    {
        public static Alu Make<TRounding>() where TRounding : struct, IRounding =>
            AluTable.Make(&Lanes.Each<TA, TD, FromInteger<TA, TD, TNarrow, TRounding>>, InstructionClass.Conversion, KindOf<TD>(), [KindOf<TA>()]);
    }

    private readonly struct FloatToInt<TA, TWiden, TD> : IRoundedMaker where TA : unmanaged where TWiden : struct, IWiden<TA> where TD : unmanaged, IBinaryInteger<TD>
    {
        public static Alu Make<TRounding>() where TRounding : struct, IRounding =>
            AluTable.Make(&Lanes.Each<TA, TD, ToInteger<TA, TWiden, TD, TRounding>>, InstructionClass.Conversion, KindOf<TD>(), [KindOf<TA>()]);
    }

    private readonly struct FloatToWhole<TA, TWiden, TD, TNarrow> : IRoundedMaker where TA : unmanaged where TWiden : struct, IWiden<TA> where TD : unmanaged where TNarrow : struct, INarrow<TD>
    {
        public static Alu Make<TRounding>() where TRounding : struct, IRounding =>
            AluTable.Make(&Lanes.Each<TA, TD, ToWhole<TA, TWiden, TD, TNarrow, TRounding>>, InstructionClass.Conversion, KindOf<TD>(), [KindOf<TA>()]);
    }

    private readonly struct FloatToFloat<TA, TWiden, TD, TNarrow> : IRoundedMaker where TA : unmanaged where TWiden : struct, IWiden<TA> where TD : unmanaged where TNarrow : struct, INarrow<TD>
    {
        public static Alu Make<TRounding>() where TRounding : struct, IRounding =>
            AluTable.Make(&Lanes.Each<TA, TD, ToFloat<TA, TWiden, TD, TNarrow, TRounding>>, InstructionClass.Conversion, KindOf<TD>(), [KindOf<TA>()]);
    }
}
