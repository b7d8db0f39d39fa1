// The operands an instruction can have (PTX ISA 8.4, section 6).
namespace MiniDL.Simulator.Ptx;

/// <summary>An operand.</summary>
internal abstract record PtxOperand;

/// <summary>A register of the function, by number.</summary>
internal sealed record RegisterOperand(int Register) : PtxOperand;

/// <summary>A predicate that is taken negated: <c>!%p1</c>.</summary>
internal sealed record NegatedOperand(int Register) : PtxOperand;

/// <summary>A number. Integers are 64 bits in two's complement; floats are their bits.</summary>
internal sealed record NumberOperand(ulong Bits, NumberKind Kind) : PtxOperand;

/// <summary>A variable of the function, and a distance in bytes.</summary>
internal sealed record VariableOperand(PtxVariable Variable, long Offset) : PtxOperand;

/// <summary>A name of the module or a special register, and a distance in bytes.</summary>
internal sealed record SymbolOperand(string Name, long Offset) : PtxOperand;

/// <summary>A memory operand: what is in brackets. The base is a register, a variable, a symbol or a number.</summary>
internal sealed record AddressOperand(PtxOperand Base, long Offset) : PtxOperand;

/// <summary>Several registers or numbers in braces, or the arguments of a call in parentheses.</summary>
internal sealed record ListOperand(PtxOperand[] Items) : PtxOperand;

/// <summary>Two destinations: <c>%r1|%p1</c>.</summary>
internal sealed record PairOperand(PtxOperand First, PtxOperand Second) : PtxOperand;

/// <summary>A label of the function, by number.</summary>
internal sealed record LabelOperand(int Label) : PtxOperand;

/// <summary>A destination that nobody wants: <c>_</c>.</summary>
internal sealed record SinkOperand : PtxOperand;

/// <summary>How a number was written.</summary>
internal enum NumberKind
{
    Integer,

    /// <summary>The bits of a float32: <c>0f3F800000</c>.</summary>
    Single,

    /// <summary>The bits of a float64: <c>0d3FF0000000000000</c>, or a decimal with a point.</summary>
    Double,
}
