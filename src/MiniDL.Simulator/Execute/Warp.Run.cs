// The interpreter: one switch.
//
// The one thing to understand: what is hot is kept in local variables (pc, mask, frame) and written back to the warp's fields around the few operations that change
// them: those of control. Everything else works on rows of the frame under the mask of active lanes.
using System.Numerics;
using System.Runtime.CompilerServices;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Code;

namespace MiniDL.Simulator.Execute;

internal sealed unsafe partial class Warp
{
    /// <summary>Runs until the warp exits, waits at a barrier of the block, or yields.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public WarpStatus Run()
    {
        int pc = Pc, start = pc;
        uint mask = Mask;
        byte* frame = Frame;
        while (true)
        {
            Instruction* i = _code + pc;
            uint active = mask;
            if (i->Guard != 0)
            {
                uint guard = *(uint*)Row(frame, i->Guard);
                active &= i->GuardNegated ? ~guard : guard;
                if (i->Op != Op.Branch)
                {
                    _profile.SwitchedOff(pc, mask & ~active);
                    if (active == 0) { pc++; continue; }
                }
            }
            switch (i->Op)
            {
                case Op.FmaFloat: if (active == uint.MaxValue) Hot.Fma(Row(frame, i->D), Row(frame, i->A), Row(frame, i->B), Row(frame, i->C)); else Compute32(i, frame, active); break;
                case Op.AddFloat: if (active == uint.MaxValue) Hot.Add(Row(frame, i->D), Row(frame, i->A), Row(frame, i->B)); else Compute32(i, frame, active); break;
                case Op.MultiplyFloat: if (active == uint.MaxValue) Hot.Multiply(Row(frame, i->D), Row(frame, i->A), Row(frame, i->B)); else Compute32(i, frame, active); break;
                case Op.Lanes32: Compute32(i, frame, active); break;
                case Op.Lanes64: Compute64(i, frame, active); break;
                case Op.LanesPredicate: ComputePredicate(i, frame, active); break;
                case Op.CompareCombined: CompareCombined(i, frame, active); break;

                case Op.Move32: Lanes.Blend32((uint*)Row(frame, i->D), (uint*)Row(frame, i->A), active); break;
                case Op.Move64: Lanes.Blend64((ulong*)Row(frame, i->D), (ulong*)Row(frame, i->A), active); break;
                case Op.Unpack64 or Op.Pack64 or Op.Unpack32 or Op.Pack32: Repack(i, frame, active); break;
                case Op.Special: ReadSpecial(i, frame, active); break;
                case Op.LocalAddress: Spread64(i, frame, active, (ulong)(_localBase + i->Value)); break;
                case Op.ToGeneric or Op.FromGeneric or Op.IsSpace: ConvertAddress(i, frame, active); break;

                case Op.LoadGlobal: LoadGlobal(i, frame, active); break;
                case Op.LoadShared: LoadShared(i, frame, active); break;
                case Op.LoadLocal or Op.LoadFrame: LoadLocal(i, frame, active); break;
                case Op.LoadGeneric: LoadGeneric(i, frame, active); break;
                case Op.LoadParameter: LoadParameter(i, frame, active); break;
                case Op.StoreGlobal: StoreGlobal(i, frame, active); break;
                case Op.StoreShared: StoreShared(i, frame, active); break;
                case Op.StoreLocal or Op.StoreFrame: StoreLocal(i, frame, active); break;
                case Op.StoreGeneric: StoreGeneric(i, frame, active); break;
                case Op.AtomicGlobal or Op.AtomicShared or Op.AtomicGeneric: Atomic(i, frame, active); break;

                case Op.CopyAsync: CopyAsync(i, frame, active); break;
                case Op.CopyCommit: CommitCopies(active); break;
                case Op.CopyWait: FinishCopies(active, (int)i->Value); break;
                case Op.BarrierObject: UseBarrierObject(i, frame, active); break;

                case Op.ActiveMask: Spread32(i, frame, active, active); break;
                case Op.Fence: _block.Checks?.Fence(Index, active, i->Order); break;
                case Op.Nothing: if (i->Detail == Access.Polls) _polls += PatientPolls; break;

                case Op.Shuffle or Op.Vote or Op.Match or Op.Reduce or Op.Elect or Op.WarpBarrier or Op.MatrixMultiply or Op.LoadMatrix:
                    if (TrySynchronise(i, frame, active)) break;
                    Segment(start, pc, mask);
                    WaitForLanes(i, frame, active, pc);
                    (pc, mask, start) = (Pc, Mask, Pc);
                    frame = Frame;
                    continue;

                case Op.Fall:
                    if (_waitingCount == 0) break;
                    Segment(start, pc + 1, mask);
                    Pc = pc + 1;
                    Reschedule();
                    (pc, mask, start) = (Pc, Mask, Pc);
                    frame = Frame;
                    continue;

                case Op.Branch when active == 0 && _waitingCount == 0: break;

                case Op.Branch when active == mask && _waitingCount == 0 && _polls < PatientPolls:
                    Segment(start, pc + 1, mask);
                    start = pc = i->Target;
                    continue;

                case Op.BarrierArrive when active == Alive: Pc = pc; _block.Barriers.Announce(this, i, frame); break;

                default:
                    Segment(start, pc + (i->Op is Op.Barrier or Op.BarrierReduce ? 0 : 1), mask);
                    Pc = pc;
                    WarpStatus status = Control(i, frame, active);
                    if (status != WarpStatus.Ready) return status;
                    (pc, mask, start) = (Pc, Mask, Pc);
                    frame = Frame;
                    continue;
            }
            pc++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Row(byte* frame, ushort unit) => frame + unit * Instruction.Unit;

    /// <summary>Notes what ran, and stops a block that has run too long.</summary>
    private void Segment(int from, int to, uint mask)
    {
        _profile.Ran(from, to, BitOperations.PopCount(mask));
        _block.Budget -= to - from;
        if (_block.Budget >= 0) return;
        Pc = from;
        throw new KernelFault(KernelFault.Timeout, $"a block has executed {_block.Launch.InstructionLimit} warp instructions and is not done: does a loop never end? SimulatorOptions.InstructionLimit can be raised", mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run(Instruction* i, byte* frame, void* to) =>
        ((delegate*<void*, void*, void*, void*, void*, void>)i->Value)(to, Row(frame, i->A), Row(frame, i->B), Row(frame, i->C), Row(frame, i->E));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Compute32(Instruction* i, byte* frame, uint active)
    {
        if (active == uint.MaxValue) { Run(i, frame, Row(frame, i->D)); return; }
        Run(i, frame, _scratch);
        Lanes.Blend32((uint*)Row(frame, i->D), (uint*)_scratch, active);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Compute64(Instruction* i, byte* frame, uint active)
    {
        if (active == uint.MaxValue) { Run(i, frame, Row(frame, i->D)); return; }
        Run(i, frame, _scratch);
        Lanes.Blend64((ulong*)Row(frame, i->D), (ulong*)_scratch, active);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ComputePredicate(Instruction* i, byte* frame, uint active)
    {
        uint result = 0;
        Run(i, frame, &result);
        uint* to = (uint*)Row(frame, i->D);
        *to = Blend(*to, result, active);
    }

    /// <summary>setp with a second destination, a predicate to combine with, or both.</summary>
    private static void CompareCombined(Instruction* i, byte* frame, uint active)
    {
        uint compared = 0;
        Run(i, frame, &compared);
        uint with = i->Detail == 0 ? 0 : *(uint*)Row(frame, i->C) ^ (i->Detail2 != 0 ? uint.MaxValue : 0);
        uint* p = (uint*)Row(frame, i->D), q = (uint*)Row(frame, i->E);
        *p = Blend(*p, Predicates.Combined((Combine)i->Detail, compared, with), active);
        if (i->E != 0) *q = Blend(*q, Predicates.Combined((Combine)i->Detail, ~compared, with), active);
    }
}
