// Finds the function for an instruction's spelling.
//
// A spelling is a base (add), modifiers in any order (.rn.ftz.sat) and one type, or two for cvt. The base picks a method, here and in the other parts of this
// class (Float, Integer, Convert), which picks a function by type and modifiers.
//
// The one thing to understand: a modifier that nobody asked about makes the lookup fail. Guessing that an unknown modifier does not matter would be a silent error.
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>From spellings to functions.</summary>
/// <example><code>
/// Alu fma = AluTable.Find("fma.rn.f32")!;
/// fma.Run(d, a, b, c, null);
/// </code></example>
internal static unsafe partial class AluTable
{
    /// <summary>The instruction of this spelling, or null if it is not arithmetic that is known here.</summary>
    /// <param name="spelling">Opcode with modifiers and types, such as <c>setp.lt.and.ftz.f32</c>.</param>
    /// <param name="jitter">Approximations take a seed and stray within their documented bounds.</param>
    public static Alu? Find(string spelling, bool jitter = false)
    {
        Spelling s = new(spelling);
        Alu? found = s.Base switch
        {
            "add" or "sub" or "mul" or "fma" or "mad" or "div" or "min" or "max" or "neg" or "abs" or "sad" or "rem" => s.Type switch
            {
                "f32" => Float(s, jitter),
                "f64" => Double(s),
                "f16" => Small<Half, Float16>(s, pairs: false),
                "f16x2" => Small<Half, Float16>(s, pairs: true),
                "bf16" => Small<ushort, BFloat16>(s, pairs: false),
                "bf16x2" => Small<ushort, BFloat16>(s, pairs: true),
                _ => Integer(s),
            },
            "rcp" or "sqrt" or "rsqrt" or "ex2" or "lg2" or "sin" or "cos" or "tanh" => Function(s, jitter),
            "copysign" => s.Type == "f32" ? Unit(&Lanes.Binary<float, CopySignFloat>, 2, InstructionClass.Float32) : s.Type == "f64" ? Unit64(&Lanes.Binary<double, CopySignDouble>, 2) : null,
            "and" or "or" or "xor" or "not" or "mov" => Logic(s),
            "shl" or "shr" or "shf" or "bfe" or "bfi" or "brev" or "clz" or "popc" or "bfind" or "prmt" or "lop3" => Bits(s),
            "dp4a" => Dot<uint, DotBytes<uint, uint>, DotBytes<uint, int>, DotBytes<int, uint>, DotBytes<int, int>>(s),
            "dp2a" when s.Take("lo") => Dot<uint, DotHalves<uint, uint, uint>, DotHalves<uint, int, uint>, DotHalves<int, uint, uint>, DotHalves<int, int, uint>>(s),
            "dp2a" when s.Take("hi") => Dot<uint, DotHalves<uint, uint, High>, DotHalves<uint, int, High>, DotHalves<int, uint, High>, DotHalves<int, int, High>>(s),
            "setp" => Comparison(s),
            "selp" => Selection(s),
            "cvt" => Conversion(s),
            _ => null,
        };
        return found is not null && s.AllTaken ? found : null;
    }

    private static Alu Make(delegate*<void*, void*, void*, void*, void*, void> run, InstructionClass kind, LaneKind destination, LaneKind[] sources, int flops = 0, bool seed = false) =>
        new() { Run = run, Class = kind, Destination = destination, Sources = sources, Flops = flops, TakesSeed = seed };

    /// <summary>All registers of 32 bits.</summary>
    private static Alu Unit(delegate*<void*, void*, void*, void*, void*, void> run, int sources, InstructionClass kind, int flops = 0, bool seed = false) =>
        Make(run, kind, LaneKind.Lanes32, Same(LaneKind.Lanes32, sources), flops, seed);

    /// <summary>All registers of 64 bits.</summary>
    private static Alu Unit64(delegate*<void*, void*, void*, void*, void*, void> run, int sources, InstructionClass kind = InstructionClass.Float64, int flops = 0) =>
        Make(run, kind, LaneKind.Lanes64, Same(LaneKind.Lanes64, sources), flops);

    private static LaneKind[] Same(LaneKind kind, int count)
    {
        var kinds = new LaneKind[count];
        Array.Fill(kinds, kind);
        return kinds;
    }
}

/// <summary>An opcode taken apart. Each modifier that is asked for and found is ticked off.</summary>
internal sealed class Spelling
{
    private static readonly HashSet<string> Types =
        ["pred", "b16", "b32", "b64", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f16", "f16x2", "bf16", "bf16x2", "tf32", "f32", "f64"];

    private readonly List<string> _left;

    public Spelling(string text)
    {
        string[] parts = text.Split('.');
        Base = parts[0];
        int types = 0;
        int most = Base is "cvt" or "dp4a" or "dp2a" ? 2 : 1;
        while (types < parts.Length - 1 && types < most && Types.Contains(parts[^(types + 1)])) types++;
        Type = types > 0 ? parts[^types] : "";
        SourceType = types > 0 ? parts[^1] : "";
        _left = [.. parts[1..(parts.Length - types)]];
    }

    /// <summary>The opcode without anything.</summary>
    public string Base { get; }

    /// <summary>The type; of two, the destination's.</summary>
    public string Type { get; }

    /// <summary>The source's type, where there are two; else as <see cref="Type"/>.</summary>
    public string SourceType { get; }

    /// <summary>True if every modifier was asked for.</summary>
    public bool AllTaken => _left.Count == 0;

    /// <summary>True if the modifier is there.</summary>
    public bool Take(string modifier) => _left.Remove(modifier);

    /// <summary>The first of the modifiers that is there, or an empty text.</summary>
    public string TakeOne(params ReadOnlySpan<string> modifiers)
    {
        foreach (string modifier in modifiers)
        {
            if (_left.Remove(modifier)) return modifier;
        }
        return "";
    }
}
