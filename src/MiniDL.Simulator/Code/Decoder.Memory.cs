// Loads, stores and atomics.
//
// The one thing to understand: caches are not simulated, so what only steers them (.nc, .cg, .cs, L1::no_allocate) is read and dropped. Volatile and acquiring
// loads are marked: a loop of them may be waiting for somebody.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Execute;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

internal sealed partial class Decoder
{
    private void DecodeLoad(Opcode opcode)
    {
        ExpectOperands(2);
        Instruction load = DecodeAccess(opcode, out StateSpace space, Operand(0), Operand(1), isLoad: true);
        load.Op = space switch
        {
            StateSpace.Global or StateSpace.Constant => Op.LoadGlobal,
            StateSpace.Shared => Op.LoadShared,
            StateSpace.Local => load.A == 0 ? Op.LoadFrame : Op.LoadLocal,
            StateSpace.Parameter => Op.LoadParameter,
            _ => Op.LoadGeneric,
        };
        Emit(load, _at.Opcode, ClassOf(space));
    }

    private void DecodeStore(Opcode opcode)
    {
        ExpectOperands(2);
        Instruction store = DecodeAccess(opcode, out StateSpace space, Operand(1), Operand(0), isLoad: false);
        store.Op = space switch
        {
            StateSpace.Global => Op.StoreGlobal,
            StateSpace.Shared => Op.StoreShared,
            StateSpace.Local => store.A == 0 ? Op.StoreFrame : Op.StoreLocal,
            StateSpace.Generic => Op.StoreGeneric,
            _ => throw Fault("constants and a kernel's parameters cannot be written"),
        };
        Emit(store, _at.Opcode, ClassOf(space));
    }

    private static InstructionClass ClassOf(StateSpace space) => space switch
    {
        StateSpace.Shared => InstructionClass.SharedMemory,
        StateSpace.Local => InstructionClass.LocalMemory,
        StateSpace.Parameter or StateSpace.Constant => InstructionClass.Constant,
        _ => InstructionClass.GlobalMemory,
    };

    private Instruction DecodeAccess(Opcode opcode, out StateSpace space, PtxOperand data, PtxOperand at, bool isLoad)
    {
        PtxType type = opcode.TakeType();
        space = opcode.TakeSpace();
        int count = opcode.TakeOne("v2", "v4") switch { "v2" => 2, "v4" => 4, _ => 1 };
        Order order = TakeOrdering(opcode);
        bool polls = (order & Order.Strong) != 0;
        if (opcode.Take("nc")) order |= Order.ReadOnly;
        opcode.TakeOne("ca", "cg", "cs", "lu", "cv", "wb", "wt");
        opcode.Drop("L1::");
        opcode.Drop("L2::");
        opcode.Done();
        if (type is PtxType.None or PtxType.Predicate or PtxType.B128) throw Fault($"'{_at.Opcode}' has no type that can be loaded or stored");

        // Registers may be wider than what is loaded, and all have one width.
        PtxOperand[] items = data is ListOperand list ? list.Items : [data];
        if (items.Length != count) throw Fault($"'{_at.Opcode}' takes {count} registers, and is given {items.Length}");
        LaneKind kind = items.Any(item => item is RegisterOperand r && KindOf(_function.Registers[r.Register]) == LaneKind.Lanes64) ? LaneKind.Lanes64 : LaneKind.Lanes32;
        if (type.Bytes() == 8) kind = LaneKind.Lanes64;
        ushort Unit(int i) => i >= items.Length ? (ushort)0 : isLoad ? Destination(items[i], kind) : Source(items[i], kind, type);

        // A local or param variable of a device function lies at a fixed place of the function's local memory.
        var access = new Instruction { Order = order, D = Unit(0), B = Unit(1), C = Unit(2), E = Unit(3) };
        if (at is not AddressOperand address) throw Fault($"'{_at.Opcode}' takes an address in brackets");
        DecodeAddress(address, ref access, ref space);
        access.Detail = (byte)(int.Log2(type.Bytes()) | int.Log2(count) << Access.CountShift | (type.IsSigned() ? Access.Signed : 0) | (kind == LaneKind.Lanes64 ? Access.Wide : 0)
            | access.Detail | (polls && space is not (StateSpace.Local or StateSpace.Parameter) ? Access.Polls : 0));
        if (polls && isLoad && space is StateSpace.Global or StateSpace.Generic) _communicates |= polls;
        return access;
    }

    private static Order TakeOrdering(Opcode opcode)
    {
        string ordering = opcode.TakeOne("volatile", "relaxed", "acquire", "release", "acq_rel", "mmio");
        opcode.TakeOne("weak");
        Order scope = opcode.TakeOne("cta", "cluster", "gpu", "sys") == "cta" ? Order.None : Order.OfDevice;
        return ordering switch { "" => Order.None, "release" or "acq_rel" => Order.Strong | Order.Fences | scope, _ => Order.Strong };
    }

    private void DecodeAddress(AddressOperand address, ref Instruction access, ref StateSpace space)
    {
        access.Value = address.Offset;
        switch (address.Base)
        {
            case RegisterOperand register:
                LaneKind kind = KindOf(_function.Registers[register.Register]);
                if (kind is not (LaneKind.Lanes32 or LaneKind.Lanes64)) throw Fault("an address is in a register of 32 or 64 bits");
                access.A = (ushort)_frame.Units[register.Register];
                access.Detail = (byte)(kind == LaneKind.Lanes64 ? Access.WideAddress : 0);
                if (space == StateSpace.Parameter && !_function.IsKernel) space = StateSpace.Local;
                break;
            case VariableOperand local when _locals.TryGetValue(local.Variable, out int place):
                access.Value += place + local.Offset;
                space = StateSpace.Local;
                break;
            case VariableOperand { Variable.Space: StateSpace.Parameter } parameter:
                access.Value += ParameterOffset(parameter.Variable) + parameter.Offset;
                break;
            case NumberOperand number:
                access.A = Number(LaneKind.Lanes64, number.Bits);
                access.Detail = Access.WideAddress;
                break;
            default:
                access.A = Number(LaneKind.Lanes64, FixedAddress(address.Base));
                access.Detail = Access.WideAddress;
                break;
        }
    }

    /// <summary>atom.global.add.f32 d, [a], b and red.global.add.f32 [a], b; cas has a third operand.</summary>
    private void DecodeAtomic(Opcode opcode)
    {
        bool isReduction = opcode.Base == "red";
        PtxType type = opcode.TakeType();
        StateSpace space = opcode.TakeSpace();
        Order order = TakeOrdering(opcode) | Order.Strong;
        opcode.TakeOne("noftz");
        opcode.Drop("L2::");
        string name = opcode.TakeOne("add", "and", "or", "xor", "cas", "exch", "min", "max", "inc", "dec");
        opcode.Done();
        if (!Enum.TryParse(name, ignoreCase: true, out AtomicKind kind)) throw Fault($"'{_at.Opcode}' is not supported");
        AtomicType element = AtomicTypes.Find(kind, type) ?? throw Fault($"'{_at.Opcode}' is not supported for this type");

        int first = isReduction ? 0 : 1;
        ExpectOperands(first + (kind == AtomicKind.Cas ? 3 : 2));
        LaneKind lanes = KindOf(type);
        if (Operand(first) is not AddressOperand address) throw Fault($"'{_at.Opcode}' takes an address in brackets");
        var atomic = new Instruction { Order = order, D = isReduction ? Scratch(lanes) : Destination(Operand(0), lanes), B = Source(Operand(first + 1), lanes, type) };
        if (kind == AtomicKind.Cas) atomic.C = Source(Operand(first + 2), lanes, type);
        DecodeAddress(address, ref atomic, ref space);
        atomic.Op = space switch
        {
            StateSpace.Global => Op.AtomicGlobal,
            StateSpace.Shared => Op.AtomicShared,
            StateSpace.Generic => Op.AtomicGeneric,
            _ => throw Fault("atomics work on global and shared memory"),
        };
        atomic.Target = (int)kind;
        atomic.Detail |= (byte)(int.Log2(type.Bytes()) | (isReduction ? 0 : Access.Polls));
        atomic.Detail2 = (byte)element;

        // Sums of integers come out the same in any order; who got which old value, and sums of floats, do not.
        bool anyOrder = isReduction && type is not (PtxType.F32 or PtxType.F64) && kind != AtomicKind.Exch;
        if (space != StateSpace.Shared && !anyOrder) _communicates = true;
        Emit(atomic, _at.Opcode, InstructionClass.Atomic);
    }
}
