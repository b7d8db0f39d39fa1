// Operands become units of the frame.
//
// The one thing to understand: a number written in an instruction gets a row of its own, filled once, so that to the executor it is a register like any other.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Execute;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

internal sealed partial class Decoder
{
    private PtxInstruction _at = new("", -1, false, [], 0, 0, 0);

    /// <summary>Appends an instruction under the guard of the PTX instruction at hand.</summary>
    private void Emit(Instruction instruction, string opcode, InstructionClass kind, int flops = 0)
    {
        if (_at.Guard >= 0 && instruction.Op != Op.Fall)
        {
            instruction.Guard = (ushort)_frame.Units[_at.Guard];
            instruction.GuardNegated = _at.GuardNegated;
        }
        _code.Add(instruction);
        _origins.Add(new Origin(opcode, _at.Line, _at.File, _at.SourceLine, kind, flops));
    }

    private PtxException Fault(string message) => new(_at.Line, message);

    private PtxOperand Operand(int i) => i < _at.Operands.Length ? _at.Operands[i] : throw Fault($"'{_at.Opcode}' has {_at.Operands.Length} operands; more are expected");

    private void ExpectOperands(int count)
    {
        if (_at.Operands.Length != count) throw Fault($"'{_at.Opcode}' has {_at.Operands.Length} operands, expected {count}");
    }

    /// <summary>A source of a kind, as a unit.</summary>
    private ushort Source(PtxOperand operand, LaneKind kind, PtxType type = PtxType.None) => operand switch
    {
        RegisterOperand register => Checked(register.Register, kind),
        NumberOperand number when kind != LaneKind.Predicate => Number(kind, PtxParser.InType(number, type)),
        NumberOperand number => Number(kind, number.Bits == 0 ? 0u : uint.MaxValue),
        SymbolOperand symbol when SpecialRegisters.Find(symbol.Name) is { } special => ReadSpecial(special, kind),
        SymbolOperand or VariableOperand when kind != LaneKind.Predicate => AddressOf(operand, kind),
        _ => throw Fault($"'{_at.Opcode}' cannot take this kind of operand here"),
    };

    /// <summary>A destination of a kind, as a unit; one that nobody wants goes to a row of its own.</summary>
    private ushort Destination(PtxOperand operand, LaneKind kind) => operand switch
    {
        RegisterOperand register => Checked(register.Register, kind),
        SinkOperand => Scratch(kind),
        _ => throw Fault($"the destination of '{_at.Opcode}' is no register"),
    };

    private ushort Checked(int register, LaneKind kind)
    {
        LaneKind actual = KindOf(_function.Registers[register]);
        return actual == kind ? (ushort)_frame.Units[register] : throw Fault($"'{_at.Opcode}' takes a register of {Name(kind)}, and is given one of {Name(actual)}");
    }

    private static string Name(LaneKind kind) => kind switch { LaneKind.Predicate => "a predicate", LaneKind.Lanes64 => "64 bits", _ => "up to 32 bits" };

    private static LaneKind KindOf(PtxType type) => type switch
    {
        PtxType.Predicate => LaneKind.Predicate,
        PtxType.B128 => LaneKind.None,
        _ => type.Bytes() == 8 ? LaneKind.Lanes64 : LaneKind.Lanes32,
    };

    private static int UnitsOf(LaneKind kind) => kind switch { LaneKind.Predicate => 1, LaneKind.Lanes64 => 4, _ => 2 };

    private ushort Scratch(LaneKind kind) => (ushort)_frame.Take(UnitsOf(kind));

    /// <summary>A row with the number in every lane; equal numbers share one.</summary>
    private ushort Number(LaneKind kind, ulong bits)
    {
        if (kind == LaneKind.Lanes32) bits = (uint)bits;
        if (_numbers.TryGetValue((kind, bits), out ushort unit)) return unit;
        unit = Scratch(kind);
        _functionCode.Numbers.Add((unit, kind, bits));
        return _numbers[(kind, bits)] = unit;
    }

    private ushort ReadSpecial(SpecialRegister special, LaneKind kind)
    {
        ushort unit = Scratch(kind);
        EmitSpecial(special, unit, kind);
        return unit;
    }

    private void EmitSpecial(SpecialRegister special, ushort unit, LaneKind kind) =>
        Emit(new Instruction { Op = Op.Special, D = unit, Detail = (byte)special, Detail2 = (byte)(kind == LaneKind.Lanes64 ? 1 : 0) }, "mov", InstructionClass.Integer);

    /// <summary>The address of a variable, as a row. In local memory it depends on the depth of calls, so it is an instruction's result; all others are numbers.</summary>
    private ushort AddressOf(PtxOperand operand, LaneKind kind)
    {
        if (operand is VariableOperand { Variable: { Space: StateSpace.Local or StateSpace.Parameter } variable } local && _locals.TryGetValue(variable, out int place))
        {
            ushort unit = Scratch(kind);
            Emit(new Instruction { Op = Op.LocalAddress, D = unit, Value = place + local.Offset, Detail2 = (byte)(kind == LaneKind.Lanes64 ? 1 : 0) }, "mov", InstructionClass.Integer);
            return unit;
        }
        return Number(kind, FixedAddress(operand));
    }

    /// <summary>The address of a variable that has one before the kernel runs.</summary>
    private ulong FixedAddress(PtxOperand operand)
    {
        switch (operand)
        {
            case VariableOperand { Variable.Space: StateSpace.Shared } shared: return (ulong)(SharedOffset(shared.Variable) + shared.Offset);
            case VariableOperand { Variable.Space: StateSpace.Parameter } parameter: return (ulong)(ParameterOffset(parameter.Variable) + parameter.Offset);
            case SymbolOperand symbol when _globals.TryGetValue(symbol.Name, out ulong global): return global + (ulong)symbol.Offset;
            case SymbolOperand symbol when _shared.Find(symbol.Name) is { } variable: return (ulong)(SharedOffset(variable) + symbol.Offset);
            case SymbolOperand symbol: throw Fault($"there is no variable '{symbol.Name}'");
            default: throw Fault($"'{_at.Opcode}' cannot take the address of this");
        }
    }

    private long SharedOffset(PtxVariable variable) => SharedLayout.IsDynamic(variable) ? _shared.StaticBytes : _shared.Place(variable);
}
