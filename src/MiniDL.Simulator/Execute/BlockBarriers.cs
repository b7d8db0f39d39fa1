// The barriers of a block: bar.sync, bar.arrive, bar.red (PTX ISA 8.4, section 9.7.13.1).
//
// There are sixteen, told apart by number. One opens when all warps that have not exited have come to it, or, if the instruction says for how many threads it is, when so
// many have come or have announced themselves (bar.arrive).
//
// The one thing to understand: a warp that waits stands at the instruction, with all its threads; opening the barrier moves it one instruction on.
using System.Numerics;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Code;

namespace MiniDL.Simulator.Execute;

/// <summary>Barriers of the block that runs.</summary>
internal sealed unsafe class BlockBarriers
{
    private const int Count = 16, MostThreads = 1024;
    private readonly List<(int Warp, uint Lanes)>[] _announced = new List<(int, uint)>[Count];
    private readonly List<Warp> _here = [];

    /// <summary>No warp has come to any barrier.</summary>
    public BlockBarriers()
    {
        for (int barrier = 0; barrier < Count; barrier++) _announced[barrier] = [];
    }

    /// <summary>A block begins.</summary>
    public void Start()
    {
        foreach (List<(int, uint)> announced in _announced) announced.Clear();
    }

    /// <summary>bar.arrive: counts, and does not wait.</summary>
    public void Announce(Warp warp, Instruction* at, byte* frame)
    {
        (int barrier, int threads) = Which(warp, at, frame);
        if (threads == 0) throw new KernelFault(KernelFault.IllegalInstruction, "'bar.arrive' must say how many threads the barrier is for");
        _announced[barrier].Add((warp.Index, warp.Mask));
    }

    /// <summary>The barrier that an instruction names, and for how many threads it is; 0 for all.</summary>
    public static (int Barrier, int Threads) Which(Warp warp, Instruction* at, byte* frame)
    {
        int lane = BitOperations.TrailingZeroCount(warp.Mask);
        uint barrier = ((uint*)(frame + at->A * Instruction.Unit))[lane];
        uint threads = at->B == 0 ? 0 : ((uint*)(frame + at->B * Instruction.Unit))[lane];
        if (barrier >= Count) throw new KernelFault(KernelFault.IllegalInstruction, $"barrier {barrier} of {Count}");
        if (threads % Lanes.Count != 0 || threads > MostThreads) throw new KernelFault(KernelFault.IllegalInstruction, $"a barrier for {threads} threads: a multiple of 32 up to {MostThreads} is expected");
        return ((int)barrier, (int)threads);
    }

    /// <summary>Lets the warps go whose barrier is complete; true if there are any.</summary>
    public bool Open(Warp[] warps, WarpStatus[] status, BlockChecks? checks)
    {
        uint waitedFor = 0;
        int alive = 0;
        foreach (Warp warp in warps)
        {
            if (status[warp.Index] != WarpStatus.Exited) alive++;
            if (status[warp.Index] == WarpStatus.AtBarrier) waitedFor |= 1u << Which(warp, warp.AtInstruction, warp.AtFrame).Barrier;
        }
        bool opened = false;
        for (; waitedFor != 0; waitedFor &= waitedFor - 1) opened |= Open(BitOperations.TrailingZeroCount(waitedFor), warps, status, alive, checks);
        return opened;
    }

    private bool Open(int barrier, Warp[] warps, WarpStatus[] status, int alive, BlockChecks? checks)
    {
        _here.Clear();
        int wanted = 0;
        foreach (Warp warp in warps)
        {
            if (status[warp.Index] != WarpStatus.AtBarrier) continue;
            (int its, int threads) = Which(warp, warp.AtInstruction, warp.AtFrame);
            if (its != barrier) continue;
            _here.Add(warp);
            wanted = Math.Max(wanted, threads);
        }
        List<(int Warp, uint Lanes)> announced = _announced[barrier];
        bool complete = wanted == 0 ? _here.Count == alive : (_here.Count + announced.Count) * Lanes.Count >= wanted;
        if (!complete) return false;
        Reduce();
        checks?.PassBarrier([.. _here.Select(warp => (warp.Index, warp.Mask)), .. announced]);
        announced.Clear();
        foreach (Warp warp in _here)
        {
            warp.PassBarrier();
            status[warp.Index] = WarpStatus.Ready;
        }
        return true;
    }

    /// <summary>bar.red: all threads of the barrier get the count, the conjunction or the disjunction of their predicates.</summary>
    private void Reduce()
    {
        int yes = 0, threads = 0;
        foreach (Warp warp in _here)
        {
            Instruction* at = warp.AtInstruction;
            if (at->Op != Op.BarrierReduce) continue;
            uint its = *(uint*)(warp.AtFrame + at->C * Instruction.Unit) ^ (at->Detail2 != 0 ? uint.MaxValue : 0);
            yes += BitOperations.PopCount(its & warp.Mask);
            threads += BitOperations.PopCount(warp.Mask);
        }
        foreach (Warp warp in _here) if (warp.AtInstruction->Op == Op.BarrierReduce) warp.TakeReduced(yes, threads);
    }
}
