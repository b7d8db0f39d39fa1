// How often each instruction ran: the raw material of all counters.
//
// The one thing to understand: lanes run straight on between branches, so it is enough to note where they enter and where they leave (+1 and -1); the count of an
// instruction is the sum of the notes up to it. Counting costs nothing per instruction.
using System.Numerics;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Execute;

/// <summary>Notes of one worker thread.</summary>
/// <param name="instructions">The length of the decoded code.</param>
/// <param name="accesses">Counts accesses to memory; null to do without.</param>
internal sealed class Profile(int instructions, InstructionCounters? accesses)
{
    private readonly long[] _warps = new long[instructions + 1];
    private readonly long[] _lanes = new long[instructions + 1];
    private readonly long[] _off = new long[instructions];

    /// <summary>Branches at which the lanes of a warp parted, by instruction.</summary>
    public long[] Diverged { get; } = new long[instructions];

    /// <summary>What memory instructions cost.</summary>
    public InstructionCounters? Accesses { get; } = accesses;

    /// <summary>A group of lanes ran from one instruction to just before another.</summary>
    public void Ran(int from, int to, int lanes)
    {
        _warps[from]++;
        _warps[to]--;
        _lanes[from] += lanes;
        _lanes[to] -= lanes;
    }

    /// <summary>Lanes of the group did not execute an instruction, for their predicate.</summary>
    public void SwitchedOff(int at, uint lanes) => _off[at] += BitOperations.PopCount(lanes);

    /// <summary>Adds another worker's.</summary>
    public void Add(Profile other)
    {
        for (int i = 0; i < _warps.Length; i++) (_warps[i], _lanes[i]) = (_warps[i] + other._warps[i], _lanes[i] + other._lanes[i]);
        for (int i = 0; i < _off.Length; i++) (_off[i], Diverged[i]) = (_off[i] + other._off[i], Diverged[i] + other.Diverged[i]);
        if (other.Accesses is not null) Accesses?.Add(other.Accesses);
    }

    /// <summary>What the launch did, by instruction: warps that executed it, lanes that did, lanes that were switched off.</summary>
    public InstructionCount[] Sum()
    {
        var counts = new InstructionCount[_off.Length];
        long warps = 0, lanes = 0;
        for (int i = 0; i < counts.Length; i++) counts[i] = new InstructionCount(warps += _warps[i], lanes += _lanes[i], _off[i], Diverged[i]);
        return counts;
    }

    /// <summary>The counters of the launch.</summary>
    public KernelCounters Count(KernelCode kernel)
    {
        var counters = new KernelCounters();
        InstructionCount[] counts = Sum();
        for (int i = 0; i < counts.Length; i++)
        {
            Origin origin = kernel.Origins[i];
            if (Accesses is not null) counters.AddAccesses(Accesses.Kinds[i], Accesses.Counts[i]);
            if (origin.Opcode.Length == 0) continue;
            counters.AddInstruction(origin.Class, counts[i].Warps, counts[i].Lanes, 0);
            counters.AddFlops((counts[i].Lanes - counts[i].Off) * origin.Flops);
            counters.AddLoadWaits(counts[i].Warps * origin.Waits, counts[i].Warps * origin.Cover);
            if (origin.Class == InstructionClass.Tensor) counters.AddTensorProducts(counts[i].Lanes * origin.Flops / (origin.Opcode.Contains(".tf32", StringComparison.Ordinal) ? 2 : 4));
            if (kernel.Code[i].Op is Op.Branch or Op.BranchIndexed) counters.AddBranches(counts[i].Warps, counts[i].Diverged);
            if (kernel.Code[i].Op is Op.Barrier or Op.BarrierReduce or Op.BarrierArrive) counters.AddBarriers(counts[i].Warps);
        }
        if (Accesses?.Traffic is { } traffic) counters.SetTraffic(traffic);
        return counters;
    }
}

/// <summary>How often an instruction ran.</summary>
/// <param name="Warps">Warps that executed it.</param>
/// <param name="Lanes">Their active lanes in all.</param>
/// <param name="Off">Of these the lanes whose predicate was off.</param>
/// <param name="Diverged">Times that lanes parted at it.</param>
internal readonly record struct InstructionCount(long Warps, long Lanes, long Off, long Diverged);
