// Spellings of setp: eighteen comparisons, for each type.
//
// The one thing to understand: four comparisons are enough (eq, lt, le, and "both are numbers"); the others are these with sources exchanged or negated, and for floats
// the negation is what makes a comparison unordered: ltu is not ge.
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Arithmetic;

internal static unsafe partial class AluTable
{
    private static Alu? Comparison(Spelling s)
    {
        string name = s.TakeOne("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan");
        Combine combine = s.TakeOne("and", "or", "xor") switch { "and" => Combine.And, "or" => Combine.Or, "xor" => Combine.Xor, _ => Combine.None };
        bool flush = s.Type == "f32" && s.Take("ftz");
        return s.Type switch
        {
            "f32" => flush ? Compared<float, FlushedLoop>(name, combine, floats: true) : Compared<float, PlainLoop<float>>(name, combine, floats: true),
            "f64" => Compared<double, PlainLoop<double>>(name, combine, floats: true),
            "f16" => Compared<float, EachLoop<Half, float, HalfToSingle>>(name, combine, floats: true),
            "bf16" => Compared<float, EachLoop<ushort, float, BFloatToSingle>>(name, combine, floats: true),
            "s16" => Compared<int, EachLoop<short, int, Truncate<short, int>>>(name, combine, floats: false),
            "u16" or "b16" => Compared<uint, EachLoop<ushort, uint, Truncate<ushort, uint>>>(name, combine, floats: false),
            "s32" => Compared<int, PlainLoop<int>>(name, combine, floats: false),
            "u32" or "b32" => Compared<uint, PlainLoop<uint>>(name, combine, floats: false),
            "s64" => Compared<long, PlainLoop<long>>(name, combine, floats: false),
            "u64" or "b64" => Compared<ulong, PlainLoop<ulong>>(name, combine, floats: false),
            _ => null,
        };
    }

    private static Alu? Compared<T, TLoop>(string name, Combine combine, bool floats) where T : unmanaged where TLoop : struct, IComparisonLoop<T> => name switch
    {
        "eq" => TLoop.Make<Equal<T>>(combine),
        "ne" => floats ? TLoop.Make<OrderedNotEqual<T>>(combine) : TLoop.Make<Opposite<T, Equal<T>>>(combine),
        "lt" or "lo" => TLoop.Make<Less<T>>(combine),
        "le" or "ls" => TLoop.Make<LessOrEqual<T>>(combine),
        "gt" or "hi" => TLoop.Make<Exchanged<T, Less<T>>>(combine),
        "ge" or "hs" => TLoop.Make<Exchanged<T, LessOrEqual<T>>>(combine),
        _ when !floats => null,
        "equ" => TLoop.Make<Opposite<T, OrderedNotEqual<T>>>(combine),
        "neu" => TLoop.Make<Opposite<T, Equal<T>>>(combine),
        "ltu" => TLoop.Make<Opposite<T, Exchanged<T, LessOrEqual<T>>>>(combine),
        "leu" => TLoop.Make<Opposite<T, Exchanged<T, Less<T>>>>(combine),
        "gtu" => TLoop.Make<Opposite<T, LessOrEqual<T>>>(combine),
        "geu" => TLoop.Make<Opposite<T, Less<T>>>(combine),
        "num" => TLoop.Make<BothNumbers<T>>(combine),
        "nan" => TLoop.Make<Opposite<T, BothNumbers<T>>>(combine),
        _ => null,
    };

    /// <summary>A way to run a comparison over lanes.</summary>
    private interface IComparisonLoop<T> where T : unmanaged
    {
        static abstract Alu Make<TCompare>(Combine combine) where TCompare : struct, IBinary<T>;
    }

    /// <summary>Lanes of 32 or 64 bits.</summary>
    private readonly struct PlainLoop<T> : IComparisonLoop<T> where T : unmanaged
    {
        public static Alu Make<TCompare>(Combine combine) where TCompare : struct, IBinary<T> => Setp(&Predicates.Compare<T, TCompare>, KindOf<T>(), ClassOf<T>(), combine);
    }

    /// <summary>float32 with .ftz.</summary>
    private readonly struct FlushedLoop : IComparisonLoop<float>
    {
        public static Alu Make<TCompare>(Combine combine) where TCompare : struct, IBinary<float> =>
            Setp(&Predicates.Compare<float, FlushSources<TCompare>>, LaneKind.Lanes32, InstructionClass.Float32, combine);
    }

    /// <summary>16 bits, compared as T.</summary>
    private readonly struct EachLoop<TS, T, TWiden> : IComparisonLoop<T> where TS : unmanaged where T : unmanaged where TWiden : struct, IEach<TS, T>
    {
        public static Alu Make<TCompare>(Combine combine) where TCompare : struct, IBinary<T> =>
            Setp(&Predicates.CompareEach<TS, T, TWiden, TCompare>, LaneKind.Lanes32, typeof(T) == typeof(float) ? InstructionClass.Float16 : InstructionClass.Integer, combine);
    }

    private readonly struct HalfToSingle : IEach<Half, float>
    {
        public static float Of(Half a) => (float)a;
    }

    private readonly struct BFloatToSingle : IEach<ushort, float>
    {
        public static float Of(ushort a) => (float)BFloat16.Wide(a);
    }

    private static Alu Setp(delegate*<void*, void*, void*, void*, void*, void> run, LaneKind source, InstructionClass kind, Combine combine) => new()
    {
        Run = run,
        Class = kind,
        Destination = LaneKind.Predicate,
        Sources = combine == Combine.None ? [source, source] : [source, source, LaneKind.Predicate],
        Combine = combine,
    };

    private static LaneKind KindOf<T>() where T : unmanaged => sizeof(T) == 8 ? LaneKind.Lanes64 : LaneKind.Lanes32;

    private static InstructionClass ClassOf<T>() => typeof(T) == typeof(float) ? InstructionClass.Float32 : typeof(T) == typeof(double) ? InstructionClass.Float64 : InstructionClass.Integer;
}
