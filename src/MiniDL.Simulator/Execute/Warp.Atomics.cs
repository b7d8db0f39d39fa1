// Atomics: lane after lane, in the order of the lanes.
//
// The one thing to understand: other blocks may be at the same word at the same moment, on other cores, so global memory is changed by compare-and-exchange. Shared
// memory belongs to the block, and a block runs on one core.
using System.Numerics;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Execute;

internal sealed unsafe partial class Warp
{
    private void Atomic(Instruction* i, byte* frame, uint active)
    {
        if ((i->Detail & Access.Polls) != 0) _polls++;
        for (uint left = active; left != 0;)
        {
            FillAddresses(i, frame, left);
            uint lanes = left;
            StateSpace space = i->Op == Op.AtomicShared ? StateSpace.Shared : StateSpace.Global;
            if (i->Op == Op.AtomicGeneric) lanes = SameSpace(left, out space);
            left &= ~lanes;
            FillAddresses(i, frame, lanes);
            ulong window = i->Op == Op.AtomicGeneric ? Windows.Shared : 0;
            long bias = space switch
            {
                StateSpace.Shared => LocateShared(i, lanes, AccessKind.SharedAtomic, window),
                StateSpace.Global => LocateGlobal(i, frame, lanes, AccessKind.GlobalAtomic),
                _ => throw Fault(i, KernelFault.IllegalAddress, "atomics work on global and shared memory", lanes),
            };
            Update(i, frame, lanes, bias, space == StateSpace.Global);
        }
    }

    private void Update(Instruction* i, byte* frame, uint lanes, long bias, bool global)
    {
        byte* b = Row(frame, i->B), c = Row(frame, i->C), d = Row(frame, i->D);
        var (kind, type) = ((AtomicKind)i->Target, (AtomicType)i->Detail2);
        bool wide = (i->Detail & Access.SizeBits) == 3;
        for (; lanes != 0; lanes &= lanes - 1)
        {
            int lane = BitOperations.TrailingZeroCount(lanes);
            void* at = (void*)((long)_addresses[lane] + bias);
            if (wide) ((ulong*)d)[lane] = Change64((ulong*)at, kind, type, ((ulong*)b)[lane], ((ulong*)c)[lane], global);
            else ((uint*)d)[lane] = Change32((uint*)at, kind, type, ((uint*)b)[lane], ((uint*)c)[lane], global);
        }
    }

    private static uint Change32(uint* at, AtomicKind kind, AtomicType type, uint b, uint c, bool global)
    {
        while (true)
        {
            uint old = Volatile.Read(ref *at), value = (uint)Atomics.Apply(kind, type, old, b, c, flush: global);
            if (!global) { *at = value; return old; }
            if (Interlocked.CompareExchange(ref *at, value, old) == old) return old;
        }
    }

    private static ulong Change64(ulong* at, AtomicKind kind, AtomicType type, ulong b, ulong c, bool global)
    {
        while (true)
        {
            ulong old = Volatile.Read(ref *at), value = Atomics.Apply(kind, type, old, b, c, flush: global);
            if (!global) { *at = value; return old; }
            if (Interlocked.CompareExchange(ref *at, value, old) == old) return old;
        }
    }
}
