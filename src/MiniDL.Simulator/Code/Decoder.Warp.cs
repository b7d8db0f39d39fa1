// Instructions between the lanes of a warp and between the warps of a block.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Execute;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

internal sealed partial class Decoder
{
    /// <summary>shfl.sync.bfly.b32 d|p, a, b, c, membermask</summary>
    private void DecodeShuffle(Opcode opcode)
    {
        ExpectOperands(5);
        bool sync = opcode.Take("sync");
        string mode = opcode.TakeOne("up", "down", "bfly", "idx");
        PtxType type = opcode.TakeType();
        opcode.Done();
        if (!sync || type != PtxType.B32 || !Enum.TryParse(mode, ignoreCase: true, out ShuffleMode how)) throw Fault($"'{_at.Opcode}' is not supported; shfl.sync.MODE.b32 is");
        PtxOperand first = Operand(0) is PairOperand pair ? pair.First : Operand(0);
        Emit(new Instruction
        {
            Op = Op.Shuffle,
            Detail = (byte)how,
            D = Destination(first, LaneKind.Lanes32),
            Value = Operand(0) is PairOperand both ? Destination(both.Second, LaneKind.Predicate) : 0,
            A = Source(Operand(1), LaneKind.Lanes32),
            B = Source(Operand(2), LaneKind.Lanes32),
            C = Source(Operand(3), LaneKind.Lanes32),
            E = Source(Operand(4), LaneKind.Lanes32),
        }, _at.Opcode, InstructionClass.Synchronisation);
    }

    /// <summary>vote.sync.ballot.b32 d, {!}a, membermask</summary>
    private void DecodeVote(Opcode opcode)
    {
        ExpectOperands(3);
        bool sync = opcode.Take("sync");
        string mode = opcode.TakeOne("all", "any", "uni", "ballot");
        opcode.TakeType();
        opcode.Done();
        if (!sync || !Enum.TryParse(mode, ignoreCase: true, out VoteMode how)) throw Fault($"'{_at.Opcode}' is not supported; vote.sync is");
        (ushort predicate, bool negated) = Predicate(Operand(1));
        Emit(new Instruction
        {
            Op = Op.Vote,
            Detail = (byte)how,
            Detail2 = (byte)(negated ? 1 : 0),
            A = predicate,
            E = Source(Operand(2), LaneKind.Lanes32),
            D = Destination(Operand(0), how == VoteMode.Ballot ? LaneKind.Lanes32 : LaneKind.Predicate),
        }, _at.Opcode, InstructionClass.Synchronisation);
    }

    private (ushort Unit, bool Negated) Predicate(PtxOperand operand) => operand is NegatedOperand negated
        ? (Source(new RegisterOperand(negated.Register), LaneKind.Predicate), true)
        : (Source(operand, LaneKind.Predicate), false);

    /// <summary>match.any.sync.b32 d, a, membermask; match.all.sync.b32 d|p, a, membermask</summary>
    private void DecodeMatch(Opcode opcode)
    {
        ExpectOperands(3);
        bool any = opcode.Take("any"), all = opcode.Take("all"), sync = opcode.Take("sync");
        LaneKind kind = KindOf(opcode.TakeType());
        opcode.Done();
        if (any == all || !sync) throw Fault($"'{_at.Opcode}' is not supported; match.any.sync and match.all.sync are");
        PtxOperand first = Operand(0) is PairOperand pair ? pair.First : Operand(0);
        Emit(new Instruction
        {
            Op = Op.Match,
            Detail = (byte)(all ? 1 : 0),
            Detail2 = (byte)(kind == LaneKind.Lanes64 ? 1 : 0),
            D = Destination(first, LaneKind.Lanes32),
            A = Source(Operand(1), kind),
            Value = Operand(0) is PairOperand both ? Destination(both.Second, LaneKind.Predicate) : 0,
            E = Source(Operand(2), LaneKind.Lanes32),
        }, _at.Opcode, InstructionClass.Synchronisation);
    }

    /// <summary>redux.sync.add.s32 d, a, membermask</summary>
    private void DecodeReduce(Opcode opcode)
    {
        ExpectOperands(3);
        bool sync = opcode.Take("sync");
        string name = opcode.TakeOne("add", "min", "max", "and", "or", "xor");
        PtxType type = opcode.TakeType();
        opcode.Done();
        if (!sync || type is not (PtxType.S32 or PtxType.U32 or PtxType.B32) || !Enum.TryParse(name, ignoreCase: true, out AtomicKind how)) throw Fault($"'{_at.Opcode}' is not supported");
        Emit(new Instruction
        {
            Op = Op.Reduce,
            Detail = (byte)how,
            Detail2 = (byte)(type == PtxType.S32 ? 1 : 0),
            D = Destination(Operand(0), LaneKind.Lanes32),
            A = Source(Operand(1), LaneKind.Lanes32),
            E = Source(Operand(2), LaneKind.Lanes32),
        }, _at.Opcode, InstructionClass.Synchronisation);
    }

    /// <summary>elect.sync d|p, membermask: the lowest lane is chosen.</summary>
    private void DecodeElect(Opcode opcode)
    {
        ExpectOperands(2);
        if (!opcode.Take("sync")) throw Fault("elect.sync is supported");
        opcode.Done();
        if (Operand(0) is not PairOperand pair) throw Fault("'elect' has two destinations");
        Emit(new Instruction { Op = Op.Elect, D = Destination(pair.First, LaneKind.Lanes32), B = Destination(pair.Second, LaneKind.Predicate), E = Source(Operand(1), LaneKind.Lanes32) },
            _at.Opcode, InstructionClass.Synchronisation);
    }

    /// <summary>bar.sync a, b; bar.arrive a, b; bar.red.popc.u32 d, a, b, {!}c; bar.warp.sync membermask. barrier is the newer name.</summary>
    private void DecodeBarrier(Opcode opcode)
    {
        opcode.Take("cta");
        opcode.Take("aligned");
        bool ofWarp = opcode.Take("warp");
        string what = opcode.TakeOne("sync", "arrive", "red");
        if (ofWarp && what == "sync")
        {
            opcode.Done();
            ExpectOperands(1);
            Emit(new Instruction { Op = Op.WarpBarrier, E = Source(Operand(0), LaneKind.Lanes32) }, _at.Opcode, InstructionClass.Synchronisation);
            return;
        }
        if (what == "red" && !ofWarp) { DecodeBarrierReduce(opcode); return; }
        opcode.Done();
        if (ofWarp || what == "") throw Fault($"'{_at.Opcode}' is not supported");
        Emit(new Instruction { Op = what == "sync" ? Op.Barrier : Op.BarrierArrive, A = Source(Operand(0), LaneKind.Lanes32), B = _at.Operands.Length > 1 ? Source(Operand(1), LaneKind.Lanes32) : (ushort)0 },
            _at.Opcode, InstructionClass.Synchronisation);
    }

    private void DecodeBarrierReduce(Opcode opcode)
    {
        string name = opcode.TakeOne("popc", "and", "or");
        PtxType type = opcode.TakeType();
        opcode.Done();
        bool count = name == "popc";
        if (name == "" || count != (type == PtxType.U32)) throw Fault($"'{_at.Opcode}' is not supported");
        (ushort predicate, bool negated) = Predicate(Operand(_at.Operands.Length - 1));
        Emit(new Instruction
        {
            Op = Op.BarrierReduce,
            Detail = (byte)(name switch { "and" => VoteMode.All, "or" => VoteMode.Any, _ => VoteMode.Ballot }),
            Detail2 = (byte)(negated ? 1 : 0),
            C = predicate,
            D = Destination(Operand(0), count ? LaneKind.Lanes32 : LaneKind.Predicate),
            A = Source(Operand(1), LaneKind.Lanes32),
            B = _at.Operands.Length > 3 ? Source(Operand(2), LaneKind.Lanes32) : (ushort)0,
        }, _at.Opcode, InstructionClass.Synchronisation);
    }
}
