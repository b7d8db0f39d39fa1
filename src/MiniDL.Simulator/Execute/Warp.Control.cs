// Branches, calls, exits and barriers.
//
// The one thing to understand: return addresses are kept lane by lane, since lanes that were called from different places may have met inside of a function. A return
// sends each to its own caller.
using System.Numerics;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Code;

namespace MiniDL.Simulator.Execute;

internal sealed unsafe partial class Warp
{
    private int[] _returns = new int[4 * Lanes.Count];

    /// <summary>Executes what changes Pc, Mask or the frame. Pc is at the instruction.</summary>
    private WarpStatus Control(Instruction* i, byte* frame, uint active)
    {
        switch (i->Op)
        {
            case Op.Branch: return Branch(i, active);
            case Op.BranchIndexed: BranchIndexed(i, frame, active); break;
            case Op.Call: Call(i, active); break;
            case Op.Return: Return(active); break;
            case Op.Exit:
                SplitGuard(active);
                ExitLanes(Mask);
                return Alive == 0 ? WarpStatus.Exited : WarpStatus.Ready;
            case Op.Barrier or Op.BarrierReduce or Op.BarrierArrive:
                SplitGuard(active);
                if (Mask == Alive) return WarpStatus.AtBarrier;
                Block(uint.MaxValue);
                break;
            case Op.Printf: Printf(i, active); Pc++; break;
            case Op.AssertFail: throw AssertionFault(i, active);
            case Op.Trap: throw Fault(i, KernelFault.LaunchFailed, "the kernel stopped itself with a trap", active);
            case Op.Unsupported: throw Fault(i, KernelFault.IllegalInstruction, _kernel.Messages[i->Target], active);
            default: throw Fault(i, KernelFault.IllegalInstruction, $"the simulator has no case for {i->Op}", active);
        }
        return WarpStatus.Ready;
    }

    private WarpStatus Branch(Instruction* i, uint active)
    {
        int behind = Pc + 1;
        if (active != Mask && active != 0)
        {
            _profile.Diverged[Pc]++;
            Part(active, i->Target, behind);
            return WarpStatus.Ready;
        }
        bool isLoop = active != 0 && i->Target <= Pc;
        Pc = active != 0 ? i->Target : behind;
        if (isLoop && _polls >= PatientPolls) return Rotate() ? WarpStatus.Yielded : WarpStatus.Ready;
        Reschedule();
        return WarpStatus.Ready;
    }

    /// <summary>Each lane goes to the label that its register counts; beyond the last label is undefined, and an error here.</summary>
    private void BranchIndexed(Instruction* i, byte* frame, uint active)
    {
        int[] targets = _kernel.Tables[i->Target];
        uint* index = (uint*)Row(frame, i->A);
        SplitGuard(active);
        Group from = Current;
        for (uint left = Mask; left != 0;)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            if (index[lane] >= targets.Length) throw Fault(i, KernelFault.IllegalInstruction, $"'brx' to label {index[lane]} of {targets.Length}", 1u << lane);
            (from.Mask, from.Pc) = (0, targets[index[lane]]);
            for (int other = lane; other < Lanes.Count; other++)
                if ((left >> other & 1) != 0 && index[other] < targets.Length && targets[index[other]] == from.Pc) from.Mask |= 1u << other;
            left &= ~from.Mask;
            Wait(from);
        }
        Mask = 0;
        Reschedule();
    }

    /// <summary>Lanes whose guard is off go on behind an instruction that the others stay at.</summary>
    private void SplitGuard(uint active)
    {
        if (active == Mask) return;
        Group others = Current;
        (others.Mask, others.Pc) = (Mask & ~active, Pc + 1);
        Mask = active;
        Wait(others);
    }

    private void Call(Instruction* i, uint active)
    {
        CallSite site = _kernel.Calls[i->Target];
        int behind = Pc + 1;
        SplitGuard(active);
        if (_returns.Length < (_depth + 1) * Lanes.Count) Array.Resize(ref _returns, 2 * _returns.Length);
        for (int lane = 0; lane < Lanes.Count; lane++) if ((Mask >> lane & 1) != 0) _returns[_depth * Lanes.Count + lane] = behind;

        // A new frame and a new part of local memory behind the caller's; then the arguments.
        int callerLocal = _localBase;
        GrowStack(_frameUnit + site.Caller.FrameUnits + site.Callee.FrameUnits);
        GrowLocal(_localBase + site.Caller.LocalBytes + site.Callee.LocalBytes);
        _depth++;
        _frameUnit += site.Caller.FrameUnits;
        _localBase += site.Caller.LocalBytes;
        EnterFrame(site.Callee, Mask);
        for (int k = 0; k < site.Arguments.Length; k++)
            CopyLocal(callerLocal + site.Arguments[k], _localBase + site.Callee.Parameters[k].At, site.Callee.Parameters[k].Bytes, Mask);
        Pc = site.Callee.Entry;
        Reschedule();
    }

    private void Return(uint active)
    {
        SplitGuard(active);
        Group callee = Current;
        for (uint left = callee.Mask; left != 0;)
        {
            int lane = BitOperations.TrailingZeroCount(left), behind = _returns[(callee.Depth - 1) * Lanes.Count + lane];
            CallSite site = _kernel.Calls[_code[behind - 1].Target];
            var caller = new Group { Pc = behind, Depth = callee.Depth - 1, FrameUnit = callee.FrameUnit - site.Caller.FrameUnits, LocalBase = callee.LocalBase - site.Caller.LocalBytes };
            for (int other = lane; other < Lanes.Count; other++)
                if ((left >> other & 1) != 0 && _returns[(callee.Depth - 1) * Lanes.Count + other] == behind) caller.Mask |= 1u << other;
            left &= ~caller.Mask;
            for (int k = 0; k < site.Results.Length; k++)
                CopyLocal(callee.LocalBase + site.Callee.Results[k].At, caller.LocalBase + site.Results[k], site.Callee.Results[k].Bytes, caller.Mask);
            Wait(caller);
        }
        Mask = 0;
        Reschedule();
    }

    /// <summary>Copies words of local memory of some lanes.</summary>
    private void CopyLocal(int from, int to, int bytes, uint lanes)
    {
        for (int word = 0; word < bytes; word += 4)
            Lanes.Blend32((uint*)(_local + (long)(to + word) / 4 * 128), (uint*)(_local + (long)(from + word) / 4 * 128), lanes);
    }

    /// <summary>The barrier instruction that the warp is at.</summary>
    public Instruction* AtInstruction => _code + Pc;

    /// <summary>The frame of the running group.</summary>
    public byte* AtFrame => Frame;

    /// <summary>Goes on behind a barrier.</summary>
    public void PassBarrier()
    {
        _profile.Ran(Pc, Pc + 1, BitOperations.PopCount(Mask));
        Pc++;
    }

    /// <summary>The result of a bar.red: how many of the barrier's threads said yes, or whether all or any did.</summary>
    public void TakeReduced(int yes, int threads)
    {
        Instruction* i = AtInstruction;
        if (i->Detail == (byte)VoteMode.Ballot) { Spread32(i, Frame, Mask, (uint)yes); return; }
        bool result = i->Detail == (byte)VoteMode.All ? yes == threads : yes > 0;
        uint* d = (uint*)Row(Frame, i->D);
        *d = Blend(*d, result ? uint.MaxValue : 0, Mask);
    }
}
