// One instruction: by its first word to the part that knows it.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Execute;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

internal sealed partial class Decoder
{
    private void DecodeOne(PtxInstruction instruction, int place)
    {
        _at = instruction;
        int before = _code.Count;
        try
        {
            DecodeKnown(instruction, place);
        }
        catch (PtxException problem)
        {
            // What was decoded so far of this instruction must not run.
            _code.RemoveRange(before, _code.Count - before);
            _origins.RemoveRange(before, _origins.Count - before);
            _jumps.RemoveAll(jump => jump.Pc >= before);
            string message = problem.Line > 0 ? problem.Message : Fault(problem.Message.Replace("PTX: ", "", StringComparison.Ordinal)).Message;
            _messages.Add(message);
            Emit(new Instruction { Op = Op.Unsupported, Target = _messages.Count - 1 }, instruction.Opcode, InstructionClass.Control);
        }
    }

    private void DecodeKnown(PtxInstruction instruction, int place)
    {
        var opcode = new Opcode(instruction.Opcode);
        switch (opcode.Base)
        {
            case "ld" or "ldu": DecodeLoad(opcode); break;
            case "st": DecodeStore(opcode); break;
            case "atom" or "red": DecodeAtomic(opcode); break;
            case "cvta": DecodeAddressConversion(opcode); break;
            case "isspacep": DecodeIsSpace(opcode); break;
            case "mov": DecodeMove(opcode); break;
            case "shfl": DecodeShuffle(opcode); break;
            case "vote": DecodeVote(opcode); break;
            case "match": DecodeMatch(opcode); break;
            case "redux": DecodeReduce(opcode); break;
            case "elect": DecodeElect(opcode); break;
            case "activemask": ExpectOperands(1); Emit(new Instruction { Op = Op.ActiveMask, D = Destination(Operand(0), LaneKind.Lanes32) }, instruction.Opcode, InstructionClass.Synchronisation); break;
            case "bar" or "barrier": DecodeBarrier(opcode); break;
            case "membar" or "fence":
                Emit(new Instruction { Op = Op.Fence, Order = Order.Fences | (opcode.Take("cta") ? 0 : Order.OfDevice) }, instruction.Opcode, InstructionClass.Synchronisation);
                break;
            case "prefetch" or "prefetchu" or "discard" or "applypriority" or "pmevent" or "griddepcontrol" or "brkpt":
                Emit(new Instruction { Op = Op.Nothing }, instruction.Opcode, InstructionClass.Control);
                break;
            case "nanosleep": Emit(new Instruction { Op = Op.Nothing, Detail = Access.Polls }, instruction.Opcode, InstructionClass.Control); break;
            case "mma": DecodeMatrixMultiply(); break;
            case "ldmatrix": DecodeLoadMatrix(opcode); break;
            case "cp": DecodeCopy(opcode); break;
            case "mbarrier": DecodeBarrierObject(opcode); break;
            case "bra": DecodeBranch(); break;
            case "brx": DecodeIndexedBranch(); break;
            case "call": DecodeCall(); break;
            case "ret": Emit(new Instruction { Op = _function.IsKernel ? Op.Exit : Op.Return }, instruction.Opcode, InstructionClass.Control); break;
            case "exit": Emit(new Instruction { Op = Op.Exit }, instruction.Opcode, InstructionClass.Control); break;
            case "trap": Emit(new Instruction { Op = Op.Trap }, instruction.Opcode, InstructionClass.Control); break;
            default: DecodeArithmetic(instruction.Opcode, place); break;
        }
    }

    /// <summary>Everything that works lane by lane on registers: the table of spellings has it, or nobody does.</summary>
    private void DecodeArithmetic(string spelling, int place)
    {
        Alu alu = AluTable.Find(spelling, _jitter) ?? throw Fault($"the instruction '{spelling}' is not supported");
        int sources = alu.Sources.Count;
        bool combined = alu.Combine != Combine.None || Operand(0) is PairOperand;
        ExpectOperands(1 + sources + (alu.Combine != Combine.None ? 1 : 0));
        PtxType type = PtxTypes.Parse(spelling.AsSpan(spelling.LastIndexOf('.') + 1));
        ushort Read(int i) => i < sources ? Source(NegatedAware(i + 1), alu.Sources[i], type) : (ushort)0;

        PtxOperand first = Operand(0) is PairOperand pair ? pair.First : Operand(0);
        var instruction = new Instruction { A = Read(0), B = Read(1), C = Read(2), E = Read(3), D = Destination(first, alu.Destination) };
        if (alu.TakesSeed) instruction.E = Number(LaneKind.Lanes64, (ulong)place);
        unsafe { instruction.Value = (long)alu.Run; }
        instruction.Op = alu.Destination switch { LaneKind.Predicate => Op.LanesPredicate, LaneKind.Lanes64 => Op.Lanes64, _ => FastCase(spelling) };
        if (combined) Combined(ref instruction, alu, sources);
        Emit(instruction, spelling, alu.Class, alu.Flops);
    }

    private PtxOperand NegatedAware(int i) => Operand(i) is NegatedOperand ? throw Fault($"'{_at.Opcode}' cannot take a negated predicate") : Operand(i);

    private static Op FastCase(string spelling) => spelling switch
    {
        "fma.rn.f32" => Op.FmaFloat,
        "add.f32" or "add.rn.f32" => Op.AddFloat,
        "mul.f32" or "mul.rn.f32" => Op.MultiplyFloat,
        _ => Op.Lanes32,
    };

    /// <summary>setp.lt.and.s32 p|q, a, b, !c: the comparison and its opposite, each combined with c.</summary>
    private void Combined(ref Instruction instruction, Alu alu, int sources)
    {
        if (alu.Destination != LaneKind.Predicate) throw Fault($"'{_at.Opcode}' has one destination");
        instruction.Op = Op.CompareCombined;
        instruction.Detail = (byte)alu.Combine;
        if (alu.Combine != Combine.None)
        {
            PtxOperand with = Operand(1 + sources);
            instruction.Detail2 = (byte)(with is NegatedOperand ? 1 : 0);
            instruction.C = Source(with is NegatedOperand negated ? new RegisterOperand(negated.Register) : with, LaneKind.Predicate);
        }
        if (Operand(0) is PairOperand pair) instruction.E = Destination(pair.Second, LaneKind.Predicate);
    }
}
