// mov, and conversions between address windows.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Execute;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

internal sealed partial class Decoder
{
    private void DecodeMove(Opcode opcode)
    {
        ExpectOperands(2);
        PtxType type = opcode.TakeType();
        opcode.Done();
        PtxOperand to = Operand(0), from = Operand(1);
        LaneKind kind = KindOf(type);
        if (to is ListOperand parts) { Unpack(parts.Items, Source(from, kind, type), kind); return; }
        if (from is ListOperand items) { Pack(Destination(to, kind), items.Items, kind); return; }
        if (from is SymbolOperand symbol && SpecialRegisters.Find(symbol.Name) is { } special)
        {
            if (kind is not (LaneKind.Lanes32 or LaneKind.Lanes64)) throw Fault("a special register is no predicate");
            EmitSpecial(special, Destination(to, kind), kind);
            return;
        }
        if (kind == LaneKind.Predicate)
        {
            DecodeArithmetic(_at.Opcode, 0);
            return;
        }
        if (kind == LaneKind.None) throw Fault($"'{_at.Opcode}' is not supported");
        Emit(new Instruction { Op = kind == LaneKind.Lanes64 ? Op.Move64 : Op.Move32, D = Destination(to, kind), A = Source(from, kind, type) }, _at.Opcode, InstructionClass.Integer);
    }

    /// <summary>mov.b64 {lo, hi}, r and mov.b32 {lo, hi}, r: parts of half the size.</summary>
    private void Unpack(PtxOperand[] parts, ushort from, LaneKind kind)
    {
        if (parts.Length != 2) throw Fault($"'{_at.Opcode}' with {parts.Length} parts is not supported, only with 2");
        Emit(new Instruction
        {
            Op = kind == LaneKind.Lanes64 ? Op.Unpack64 : Op.Unpack32,
            A = from,
            D = Destination(parts[0], LaneKind.Lanes32),
            E = Destination(parts[1], LaneKind.Lanes32),
        }, _at.Opcode, InstructionClass.Integer);
    }

    private void Pack(ushort to, PtxOperand[] parts, LaneKind kind)
    {
        if (parts.Length != 2) throw Fault($"'{_at.Opcode}' with {parts.Length} parts is not supported, only with 2");
        Emit(new Instruction
        {
            Op = kind == LaneKind.Lanes64 ? Op.Pack64 : Op.Pack32,
            D = to,
            A = Source(parts[0], LaneKind.Lanes32),
            B = Source(parts[1], LaneKind.Lanes32),
        }, _at.Opcode, InstructionClass.Integer);
    }

    /// <summary>cvta.shared.u64 makes a generic address of one in shared memory; cvta.to.shared.u64 goes back. Global and constant addresses are generic as they are.</summary>
    private void DecodeAddressConversion(Opcode opcode)
    {
        ExpectOperands(2);
        bool back = opcode.Take("to");
        StateSpace space = opcode.TakeSpace();
        PtxType type = opcode.TakeType();
        opcode.Done();
        LaneKind kind = KindOf(type);
        if (kind != LaneKind.Lanes64) throw Fault("only cvta of 64 bits is supported");
        ushort a = Source(Operand(1), kind), d = Destination(Operand(0), kind);
        long window = space switch
        {
            StateSpace.Shared => (long)Windows.Shared,
            StateSpace.Local => (long)Windows.Local,
            StateSpace.Parameter => (long)(_function.IsKernel ? Windows.Parameter : Windows.Local),
            _ => 0,
        };
        Op op = window == 0 ? Op.Move64 : back ? Op.FromGeneric : Op.ToGeneric;
        Emit(new Instruction { Op = op, D = d, A = a, Value = window }, _at.Opcode, InstructionClass.Integer);
    }

    private void DecodeIsSpace(Opcode opcode)
    {
        ExpectOperands(2);
        StateSpace space = opcode.TakeSpace();
        opcode.Done();
        Emit(new Instruction { Op = Op.IsSpace, D = Destination(Operand(0), LaneKind.Predicate), A = Source(Operand(1), LaneKind.Lanes64), Detail = (byte)space }, _at.Opcode, InstructionClass.Integer);
    }
}
