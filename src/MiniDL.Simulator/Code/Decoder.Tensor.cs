// Tensor cores, asynchronous copies, and barriers in shared memory (PTX ISA 8.4, sections 9.7.9.25, 9.7.13 and 9.7.14.5).
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Execute;
using MiniDL.Simulator.Ptx;
using MiniDL.Simulator.Tensor;

namespace MiniDL.Simulator.Code;

internal sealed partial class Decoder
{
    /// <summary>mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {d..}, {a..}, {b..}, {c..}</summary>
    private void DecodeMatrixMultiply()
    {
        MatrixMultiply product = MatrixMultiply.Find(_at.Opcode) ?? throw Fault($"'{_at.Opcode}' is not supported; m16n8k8 of tf32 and m16n8k16 of f16 and bf16 are");
        ExpectOperands(4);
        ushort[] d = Units(Operand(0), product.RegistersOfC, isDestination: true), a = Units(Operand(1), product.RegistersOfA, isDestination: false);
        ushort[] b = Units(Operand(2), product.RegistersOfB, isDestination: false), c = Units(Operand(3), product.RegistersOfC, isDestination: false);
        _tensors.Add(new TensorSite(product, d, a, b, c));
        Emit(new Instruction { Op = Op.MatrixMultiply, E = AllLanes(), Target = _tensors.Count - 1 }, _at.Opcode, InstructionClass.Tensor, product.Flops / Lanes.Count);
    }

    private ushort[] Units(PtxOperand operand, int count, bool isDestination)
    {
        PtxOperand[] items = operand is ListOperand list ? list.Items : [operand];
        if (items.Length != count) throw Fault($"'{_at.Opcode}' takes {count} registers here, and is given {items.Length}");
        return [.. items.Select(item => isDestination ? Destination(item, LaneKind.Lanes32) : Source(item, LaneKind.Lanes32, PtxType.F32))];
    }

    private ushort AllLanes() => Number(LaneKind.Lanes32, uint.MaxValue);

    /// <summary>ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {r0, r1, r2, r3}, [address]; the words come in any order.</summary>
    private void DecodeLoadMatrix(Opcode opcode)
    {
        ExpectOperands(2);
        bool known = opcode.Take("sync") & opcode.Take("aligned") & opcode.Take("m8n8") & opcode.Take("b16");
        int count = opcode.TakeOne("x1", "x2", "x4") switch { "x4" => 4, "x2" => 2, _ => 1 };
        bool transposed = opcode.Take("trans");
        StateSpace space = opcode.TakeSpace();
        opcode.Done();
        if (!known || space != StateSpace.Shared || Operand(1) is not AddressOperand address) throw Fault($"'{_at.Opcode}' is not supported");
        var load = new Instruction { Op = Op.LoadMatrix, E = AllLanes(), Detail2 = (byte)(transposed ? 1 : 0) };
        DecodeAddress(address, ref load, ref space);

        // To the checks of addresses it is a load of 16 bytes by the lanes that give rows.
        load.Detail |= 3 | 1 << Access.CountShift;
        _tensors.Add(new TensorSite(null, Units(Operand(0), count, isDestination: true), [], [], []));
        load.Target = _tensors.Count - 1;
        Emit(load, _at.Opcode, InstructionClass.SharedMemory);
    }

    /// <summary>cp.async.cg.shared.global [to], [from], 16, bytes; cp.async.commit_group; cp.async.wait_group n; cp.async.wait_all.</summary>
    private void DecodeCopy(Opcode opcode)
    {
        if (!opcode.Take("async")) throw Fault($"'{_at.Opcode}' is not supported");
        if (opcode.Take("commit_group")) { opcode.Done(); Emit(new Instruction { Op = Op.CopyCommit }, _at.Opcode, InstructionClass.Synchronisation); return; }
        if (opcode.Take("wait_all")) { opcode.Done(); Emit(new Instruction { Op = Op.CopyWait, Value = -1 }, _at.Opcode, InstructionClass.Synchronisation); return; }
        if (opcode.Take("wait_group"))
        {
            opcode.Done();
            if (_at.Operands is not [NumberOperand { Kind: NumberKind.Integer, Bits: < 1000 } newest]) throw Fault("'cp.async.wait_group' takes a number");
            Emit(new Instruction { Op = Op.CopyWait, Value = (long)newest.Bits }, _at.Opcode, InstructionClass.Synchronisation);
            return;
        }
        if (opcode.Take("mbarrier")) { DecodeCopyArrive(opcode); return; }
        opcode.TakeOne("ca", "cg");
        bool spaces = (opcode.Take("shared") || opcode.Take("shared::cta")) & opcode.Take("global");
        opcode.Drop("L2::");
        opcode.Done();
        if (!spaces || _at.Operands is not [AddressOperand to, AddressOperand from, NumberOperand size, ..] || size.Bits is not (4 or 8 or 16) || _at.Operands.Length > 4)
            throw Fault($"'{_at.Opcode}' is not supported with these operands; [shared], [global], 4, 8 or 16 and perhaps a number of bytes are expected");

        // Two instructions: the copy as a load of global memory, and behind it the store to shared memory, whose address it has.
        var load = new Instruction { Op = Op.CopyAsync };
        StateSpace global = StateSpace.Global, shared = StateSpace.Shared;
        DecodeAddress(from, ref load, ref global);
        int log = int.Log2((int)size.Bits);
        byte bytes = (byte)(Math.Min(log, 3) | (log > 3 ? 1 << Access.CountShift : 0));
        load.Detail |= bytes;
        if (_at.Operands.Length == 4) load.B = Source(Operand(3), LaneKind.Lanes32);
        var store = new Instruction { Op = Op.Nothing };
        DecodeAddress(to, ref store, ref shared);
        store.Detail |= bytes;
        Emit(load, _at.Opcode, InstructionClass.GlobalMemory);
        Emit(store, "", InstructionClass.SharedMemory);
    }

    private void DecodeCopyArrive(Opcode opcode)
    {
        bool arrive = opcode.Take("arrive"), counts = opcode.Take("noinc");
        StateSpace space = opcode.TakeSpace();
        opcode.TakeType();
        opcode.Done();
        if (!arrive || _at.Operands is not [AddressOperand address]) throw Fault($"'{_at.Opcode}' is not supported");
        EmitBarrierObject(counts ? BarrierObjectMode.ArriveAfterCopies : BarrierObjectMode.TouchAfterCopies, address, space, default);
    }

    /// <summary>mbarrier.init.shared.b64 [a], n; arrive state, [a]; test_wait p, [a], state; test_wait.parity p, [a], parity.</summary>
    private void DecodeBarrierObject(Opcode opcode)
    {
        string what = opcode.TakeOne("init", "inval", "arrive", "test_wait", "try_wait");
        bool parity = opcode.Take("parity");
        opcode.TakeOne("release", "acquire", "relaxed");
        opcode.TakeOne("cta");
        StateSpace space = opcode.TakeSpace();
        opcode.TakeType();
        opcode.Done();
        PtxOperand[] operands = _at.Operands;
        switch (what, operands)
        {
            case ("init", [AddressOperand address, _]):
                EmitBarrierObject(BarrierObjectMode.Initialise, address, space, new Instruction { B = Source(operands[1], LaneKind.Lanes32) });
                break;
            case ("inval", [AddressOperand address]): EmitBarrierObject(BarrierObjectMode.Touch, address, space, default); break;
            case ("arrive", [_, AddressOperand address]):
                EmitBarrierObject(BarrierObjectMode.Arrive, address, space, new Instruction { D = Destination(operands[0], LaneKind.Lanes64) });
                break;
            case ("test_wait" or "try_wait", [_, AddressOperand address, ..]) when operands.Length is 3 or 4:
                EmitBarrierObject(parity ? BarrierObjectMode.TestParity : BarrierObjectMode.Test, address, space, new Instruction
                {
                    D = Destination(operands[0], LaneKind.Predicate),
                    B = Source(operands[2], parity ? LaneKind.Lanes32 : LaneKind.Lanes64),
                });
                break;
            default: throw Fault($"'{_at.Opcode}' is not supported with these operands");
        }
    }

    private void EmitBarrierObject(BarrierObjectMode mode, AddressOperand address, StateSpace space, Instruction instruction)
    {
        if (space != StateSpace.Shared) throw Fault("barriers are in shared memory: '.shared' is expected");
        instruction.Op = Op.BarrierObject;
        instruction.Detail2 = (byte)mode;
        instruction.Order = Order.Strong | Order.Fences;
        DecodeAddress(address, ref instruction, ref space);
        instruction.Detail |= 3;
        Emit(instruction, _at.Opcode, InstructionClass.Synchronisation);
    }
}
