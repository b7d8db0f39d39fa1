// Spellings of integer arithmetic, bit fields, logic, comparisons and selection.
//
// The one thing to understand: where signed and unsigned are the same operation the table says so by giving both the same function.
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Arithmetic;

internal static unsafe partial class AluTable
{
    private const InstructionClass Int = InstructionClass.Integer;

    private static Alu? Integer(Spelling s)
    {
        string part = s.TakeOne("lo", "hi", "wide");
        if (part.Length > 0 && s.Base is not ("mul" or "mad")) return null;
        return s.Type switch
        {
            "s32" => s.Take("sat") ? Saturated(s, part) : Integer32<int>(s, part),
            "u32" => Integer32<uint>(s, part),
            "s64" => Integer64<long, Int128>(s, part),
            "u64" => Integer64<ulong, UInt128>(s, part),
            "s16" => Integer16<short, int>(s, part),
            "u16" => Integer16<ushort, uint>(s, part),
            _ => null,
        };
    }

    private static Alu? Integer32<T>(Spelling s, string part) where T : unmanaged, System.Numerics.IBinaryInteger<T> => (s.Base, part) switch
    {
        ("add", "") => Unit(&Lanes.Binary<uint, Add<uint>>, 2, Int),
        ("sub", "") => Unit(&Lanes.Binary<uint, Subtract<uint>>, 2, Int),
        ("mul", "lo") => Unit(&Lanes.Binary<uint, MultiplyLow<uint>>, 2, Int),
        ("mul", "hi") => Unit(&WideProducts.High<T>, 2, Int),
        ("mul", "wide") => Make(&WideProducts.Multiply<T>, Int, LaneKind.Lanes64, Same(LaneKind.Lanes32, 2)),
        ("mad", "lo") => Unit(&Lanes.Ternary<uint, MultiplyAddLow<uint>>, 3, Int),
        ("mad", "hi") => typeof(T) == typeof(int) ? Unit(&Lanes.Each<int, int, int, int, MultiplyAddHigh<int, long>>, 3, Int) : Unit(&Lanes.Each<uint, uint, uint, uint, MultiplyAddHigh<uint, ulong>>, 3, Int),
        ("mad", "wide") => Make(&WideProducts.MultiplyAdd<T>, Int, LaneKind.Lanes64, [LaneKind.Lanes32, LaneKind.Lanes32, LaneKind.Lanes64]),
        ("div", "") => Unit(&Lanes.Each<T, T, T, Divide<T>>, 2, Int),
        ("rem", "") => Unit(&Lanes.Each<T, T, T, Remainder<T>>, 2, Int),
        ("min", "") => Unit(&Lanes.Binary<T, Minimum<T>>, 2, Int),
        ("max", "") => Unit(&Lanes.Binary<T, Maximum<T>>, 2, Int),
        ("neg", "") => Unit(&Lanes.Unary<uint, Negate<uint>>, 1, Int),
        ("abs", "") => Unit(&Lanes.Unary<int, Absolute<int>>, 1, Int),
        ("sad", "") => Unit(&Lanes.Each<T, T, T, T, SumOfDifferences<T>>, 3, Int),
        _ => null,
    };

    private static Alu? Saturated(Spelling s, string part) => (s.Base, part) switch
    {
        ("add", "") => Unit(&Lanes.Each<int, int, int, AddSaturated>, 2, Int),
        ("sub", "") => Unit(&Lanes.Each<int, int, int, SubtractSaturated>, 2, Int),
        _ => null,
    };

    private static Alu? Integer64<T, TWide>(Spelling s, string part)
        where T : unmanaged, System.Numerics.IBinaryInteger<T> where TWide : unmanaged, System.Numerics.IBinaryInteger<TWide> => (s.Base, part) switch
        {
            ("add", "") => Unit64(&Lanes.Binary<ulong, Add<ulong>>, 2, Int),
            ("sub", "") => Unit64(&Lanes.Binary<ulong, Subtract<ulong>>, 2, Int),
            ("mul", "lo") => Unit64(&Lanes.Binary<ulong, MultiplyLow<ulong>>, 2, Int),
            ("mul", "hi") => Unit64(&Lanes.Each<T, T, T, MultiplyHigh<T, TWide>>, 2, Int),
            ("mad", "lo") => Unit64(&Lanes.Ternary<ulong, MultiplyAddLow<ulong>>, 3, Int),
            ("mad", "hi") => Unit64(&Lanes.Each<T, T, T, T, MultiplyAddHigh<T, TWide>>, 3, Int),
            ("div", "") => Unit64(&Lanes.Each<T, T, T, Divide<T>>, 2, Int),
            ("rem", "") => Unit64(&Lanes.Each<T, T, T, Remainder<T>>, 2, Int),
            ("min", "") => Unit64(&Lanes.Binary<T, Minimum<T>>, 2, Int),
            ("max", "") => Unit64(&Lanes.Binary<T, Maximum<T>>, 2, Int),
            ("neg", "") => Unit64(&Lanes.Unary<ulong, Negate<ulong>>, 1, Int),
            ("abs", "") => Unit64(&Lanes.Unary<long, Absolute<long>>, 1, Int),
            ("sad", "") => Unit64(&Lanes.Each<T, T, T, T, SumOfDifferences<T>>, 3, Int),
            _ => null,
        };

    private static Alu? Integer16<T, TWide>(Spelling s, string part)
        where T : unmanaged, System.Numerics.IBinaryInteger<T> where TWide : unmanaged, System.Numerics.IBinaryInteger<TWide> => (s.Base, part) switch
        {
            ("add", "") => Unit(&Lanes.Each<T, T, T, AddEach<T>>, 2, Int),
            ("sub", "") => Unit(&Lanes.Each<T, T, T, SubtractEach<T>>, 2, Int),
            ("mul", "lo") => Unit(&Lanes.Each<T, T, T, MultiplyEach<T>>, 2, Int),
            ("mul", "hi") => Unit(&Lanes.Each<T, T, T, MultiplyHigh<T, TWide>>, 2, Int),
            ("mul", "wide") => Unit(&Lanes.Each<T, T, TWide, MultiplyWide<T, TWide>>, 2, Int),
            ("mad", "lo") => Unit(&Lanes.Each<T, T, T, T, MultiplyAddEach<T>>, 3, Int),
            ("mad", "wide") => Unit(&Lanes.Each<T, T, TWide, TWide, MultiplyAddWide<T, TWide>>, 3, Int),
            ("div", "") => Unit(&Lanes.Each<T, T, T, Divide<T>>, 2, Int),
            ("rem", "") => Unit(&Lanes.Each<T, T, T, Remainder<T>>, 2, Int),
            ("min", "") => Unit(&Lanes.Each<T, T, T, MinimumEach<T>>, 2, Int),
            ("max", "") => Unit(&Lanes.Each<T, T, T, MaximumEach<T>>, 2, Int),
            ("neg", "") => Unit(&Lanes.Each<T, T, NegateEach<T>>, 1, Int),
            ("abs", "") => Unit(&Lanes.Each<T, T, AbsoluteEach<T>>, 1, Int),
            _ => null,
        };

    private static Alu? Logic(Spelling s) => (s.Base, s.Type) switch
    {
        ("and", "pred") => Make(&Predicates.And, Int, LaneKind.Predicate, Same(LaneKind.Predicate, 2)),
        ("or", "pred") => Make(&Predicates.Or, Int, LaneKind.Predicate, Same(LaneKind.Predicate, 2)),
        ("xor", "pred") => Make(&Predicates.Xor, Int, LaneKind.Predicate, Same(LaneKind.Predicate, 2)),
        ("not", "pred") => Make(&Predicates.Not, Int, LaneKind.Predicate, Same(LaneKind.Predicate, 1)),
        ("mov", "pred") => Make(&Predicates.Move, Int, LaneKind.Predicate, Same(LaneKind.Predicate, 1)),
        ("and", "b16" or "b32") => Unit(&Lanes.Binary<uint, And<uint>>, 2, Int),
        ("or", "b16" or "b32") => Unit(&Lanes.Binary<uint, Or<uint>>, 2, Int),
        ("xor", "b16" or "b32") => Unit(&Lanes.Binary<uint, Xor<uint>>, 2, Int),
        ("not", "b16" or "b32") => Unit(&Lanes.Unary<uint, Not<uint>>, 1, Int),
        ("mov", "b16" or "u16" or "s16" or "f16" or "b32" or "u32" or "s32" or "f32") => Unit(&Lanes.Unary<uint, Move<uint>>, 1, Int),
        ("and", "b64") => Unit64(&Lanes.Binary<ulong, And<ulong>>, 2, Int),
        ("or", "b64") => Unit64(&Lanes.Binary<ulong, Or<ulong>>, 2, Int),
        ("xor", "b64") => Unit64(&Lanes.Binary<ulong, Xor<ulong>>, 2, Int),
        ("not", "b64") => Unit64(&Lanes.Unary<ulong, Not<ulong>>, 1, Int),
        ("mov", "b64" or "u64" or "s64" or "f64") => Unit64(&Lanes.Unary<ulong, Move<ulong>>, 1, Int),
        _ => null,
    };

    private static Alu? Bits(Spelling s)
    {
        LaneKind l32 = LaneKind.Lanes32, l64 = LaneKind.Lanes64;
        return (s.Base, s.TakeOne("l", "r"), s.TakeOne("wrap", "clamp", "shiftamt"), s.Type) switch
        {
            ("shl", "", "", "b32") => Unit(&Lanes.Binary<uint, ShiftLeft>, 2, Int),
            ("shr", "", "", "u32" or "b32") => Unit(&Lanes.Binary<uint, ShiftRight>, 2, Int),
            ("shr", "", "", "s32") => Unit(&Lanes.Binary<uint, ShiftRightSigned>, 2, Int),
            ("shl", "", "", "b64") => Make(&Shifts64.Left, Int, l64, [l64, l32]),
            ("shr", "", "", "u64" or "b64") => Make(&Shifts64.Right, Int, l64, [l64, l32]),
            ("shr", "", "", "s64") => Make(&Lanes.Each<long, uint, long, ShiftRight<long>>, Int, l64, [l64, l32]),
            ("shl", "", "", "b16") => Unit(&Lanes.Each<ushort, uint, ushort, ShiftLeft<ushort>>, 2, Int),
            ("shr", "", "", "u16" or "b16") => Unit(&Lanes.Each<ushort, uint, ushort, ShiftRight<ushort>>, 2, Int),
            ("shr", "", "", "s16") => Unit(&Lanes.Each<short, uint, short, ShiftRight<short>>, 2, Int),
            ("shf", "l", "wrap", "b32") => Unit(&Lanes.Each<uint, uint, uint, uint, FunnelLeft<WrapCount>>, 3, Int),
            ("shf", "l", "clamp", "b32") => Unit(&Lanes.Each<uint, uint, uint, uint, FunnelLeft<ClampCount>>, 3, Int),
            ("shf", "r", "wrap", "b32") => Unit(&Lanes.Each<uint, uint, uint, uint, FunnelRight<WrapCount>>, 3, Int),
            ("shf", "r", "clamp", "b32") => Unit(&Lanes.Each<uint, uint, uint, uint, FunnelRight<ClampCount>>, 3, Int),
            ("bfe", "", "", "u32") => Unit(&Lanes.Each<uint, uint, uint, uint, ExtractField<uint>>, 3, Int),
            ("bfe", "", "", "s32") => Unit(&Lanes.Each<int, uint, uint, int, ExtractField<int>>, 3, Int),
            ("bfe", "", "", "u64") => Make(&Lanes.Each<ulong, uint, uint, ulong, ExtractField<ulong>>, Int, l64, [l64, l32, l32]),
            ("bfe", "", "", "s64") => Make(&Lanes.Each<long, uint, uint, long, ExtractField<long>>, Int, l64, [l64, l32, l32]),
            ("bfi", "", "", "b32") => Unit(&FourSources.Insert<uint>, 4, Int),
            ("bfi", "", "", "b64") => Make(&FourSources.Insert<ulong>, Int, l64, [l64, l64, l32, l32]),
            ("lop3", "", "", "b32") => Unit(&FourSources.Logic, 4, Int),
            ("prmt", "", "", "b32") => Unit(&Lanes.Each<uint, uint, uint, uint, Permute>, 3, Int),
            ("brev", "", "", "b32") => Unit(&Lanes.Each<uint, uint, ReverseBits<uint>>, 1, Int),
            ("brev", "", "", "b64") => Make(&Lanes.Each<ulong, ulong, ReverseBits<ulong>>, Int, l64, [l64]),
            ("clz", "", "", "b32") => Unit(&Lanes.Each<uint, uint, LeadingZeros<uint>>, 1, Int),
            ("clz", "", "", "b64") => Make(&Lanes.Each<ulong, uint, LeadingZeros<ulong>>, Int, l32, [l64]),
            ("popc", "", "", "b32") => Unit(&Lanes.Each<uint, uint, CountOnes<uint>>, 1, Int),
            ("popc", "", "", "b64") => Make(&Lanes.Each<ulong, uint, CountOnes<ulong>>, Int, l32, [l64]),
            ("bfind", "", "", "u32") => Unit(&Lanes.Each<uint, uint, FindBit<uint>>, 1, Int),
            ("bfind", "", "", "s32") => Unit(&Lanes.Each<int, uint, FindBit<int>>, 1, Int),
            ("bfind", "", "", "u64") => Make(&Lanes.Each<ulong, uint, FindBit<ulong>>, Int, l32, [l64]),
            ("bfind", "", "", "s64") => Make(&Lanes.Each<long, uint, FindBit<long>>, Int, l32, [l64]),
            ("bfind", "", "shiftamt", "u32") => Unit(&Lanes.Each<uint, uint, FindBitShift<uint>>, 1, Int),
            ("bfind", "", "shiftamt", "s32") => Unit(&Lanes.Each<int, uint, FindBitShift<int>>, 1, Int),
            ("bfind", "", "shiftamt", "u64") => Make(&Lanes.Each<ulong, uint, FindBitShift<ulong>>, Int, l32, [l64]),
            ("bfind", "", "shiftamt", "s64") => Make(&Lanes.Each<long, uint, FindBitShift<long>>, Int, l32, [l64]),
            _ => null,
        };
    }

    private static Alu? Selection(Spelling s) => s.Type switch
    {
        "b16" or "u16" or "s16" or "b32" or "u32" or "s32" or "f32" => Make(&Predicates.Select32, Int, LaneKind.Lanes32, [LaneKind.Lanes32, LaneKind.Lanes32, LaneKind.Predicate]),
        "b64" or "u64" or "s64" or "f64" => Make(&Predicates.Select64, Int, LaneKind.Lanes64, [LaneKind.Lanes64, LaneKind.Lanes64, LaneKind.Predicate]),
        _ => null,
    };

    /// <summary>dp4a and dp2a by the types of their two factors.</summary>
    private static Alu? Dot<T, TUU, TUS, TSU, TSS>(Spelling s)
        where T : unmanaged where TUU : struct, IEach<T, T, T, T> where TUS : struct, IEach<T, T, T, T> where TSU : struct, IEach<T, T, T, T> where TSS : struct, IEach<T, T, T, T> => (s.Type, s.SourceType) switch
        {
            ("u32", "u32") => Unit(&Lanes.Each<T, T, T, T, TUU>, 3, Int),
            ("u32", "s32") => Unit(&Lanes.Each<T, T, T, T, TUS>, 3, Int),
            ("s32", "u32") => Unit(&Lanes.Each<T, T, T, T, TSU>, 3, Int),
            ("s32", "s32") => Unit(&Lanes.Each<T, T, T, T, TSS>, 3, Int),
            _ => null,
        };
}
