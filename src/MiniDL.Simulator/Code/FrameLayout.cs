// Gives every register of a function its place in the frame.
//
// NVVM writes each value to a register of its own, thousands in an unrolled kernel; with 128 bytes each they would not stay in the processor's cache. So places are
// shared by registers that are not alive at the same time: liveness by the usual backward iteration over blocks, then a linear scan (Poletto and Sarkar, 1999).
//
// The one thing to understand: a lane that is off keeps its own column of every row, so what is alive is a question of one thread, and divergence does not matter.
using System.Collections;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

/// <summary>Places of a function's registers.</summary>
internal sealed class FrameLayout
{
    private readonly int[] _first, _last;
    private readonly Stack<int>[] _free = [new(), new(), new(), new(), new()];

    /// <summary>The unit of each register; 0 for one that is never used.</summary>
    public int[] Units { get; }

    /// <summary>Units taken so far, the always-true predicate at 0 included.</summary>
    public int Count { get; private set; } = 1;

    /// <summary>Registers that may be read before they are written: whatever the frame held must not show.</summary>
    public List<(int Unit, int Units)> Undefined { get; } = [];

    /// <summary>Lays out a function's registers.</summary>
    public FrameLayout(PtxFunction function, FlowGraph graph)
    {
        int count = function.Registers.Count;
        (Units, _first, _last) = (new int[count], new int[count], new int[count]);
        Array.Fill(_first, int.MaxValue);
        Array.Fill(_last, -1);
        FindRanges(function, graph);
        Assign(function);
    }

    /// <summary>Units of a register: a predicate has 1, up to 32 bits 2, 64 bits 4.</summary>
    public static int UnitsOf(PtxType type) => type == PtxType.Predicate ? 1 : type.Bytes() <= 4 ? 2 : 4;

    /// <summary>Takes more units: for numbers, and for results nobody wants.</summary>
    public int Take(int units)
    {
        if (Count + units > ushort.MaxValue) throw new PtxException(0, "a function has more registers alive at a time than the simulator holds");
        Count += units;
        return Count - units;
    }

    /// <summary>From the first to the last instruction at which each register is alive, in the order of the text.</summary>
    private void FindRanges(PtxFunction function, FlowGraph graph)
    {
        int blocks = graph.Count, registers = function.Registers.Count;
        var defined = new BitArray[blocks];
        var alive = new BitArray[blocks];
        List<int> written = [], read = [];

        // What each block reads before it writes, and what it writes.
        for (int block = 0; block < blocks; block++)
        {
            (defined[block], alive[block]) = (new BitArray(registers), new BitArray(registers));
            for (int i = graph.Starts[block]; i < graph.Starts[block + 1]; i++)
            {
                RegisterUse.Find(function.Body[i], written, read);
                foreach (int r in read) { Extend(r, i); if (!defined[block][r]) alive[block][r] = true; }
                foreach (int r in written) { Extend(r, i); defined[block][r] = true; }
            }
        }

        // Backwards until nothing changes: alive at the start = read here, or alive behind and not written here.
        var behind = new BitArray(registers);
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int block = blocks - 1; block >= 0; block--)
            {
                behind.SetAll(false);
                foreach (int next in graph.Successors[block]) behind.Or(alive[next]);
                BitArray entering = new BitArray(defined[block]).Not().And(behind).Or(alive[block]);
                if (Same(entering, alive[block])) continue;
                alive[block] = entering;
                changed = true;
            }
        }

        for (int block = 0; block < blocks; block++)
        {
            behind.SetAll(false);
            foreach (int next in graph.Successors[block]) behind.Or(alive[next]);
            for (int r = 0; r < registers; r++)
            {
                if (alive[block][r]) Extend(r, graph.Starts[block]);
                if (behind[r]) Extend(r, graph.Starts[block + 1] - 1);
            }
        }
        for (int r = 0; blocks > 0 && r < registers; r++) if (alive[0][r]) _undefined.Add(r);
    }

    private readonly HashSet<int> _undefined = [];

    private static bool Same(BitArray a, BitArray b) => !new BitArray(a).Xor(b).HasAnySet();

    private void Extend(int register, int at)
    {
        _first[register] = Math.Min(_first[register], at);
        _last[register] = Math.Max(_last[register], at);
    }

    /// <summary>In the order of their beginnings, each takes a place that has become free, else a new one.</summary>
    private void Assign(PtxFunction function)
    {
        int[] order = [.. Enumerable.Range(0, function.Registers.Count).Where(r => _last[r] >= 0).OrderBy(r => _first[r])];
        var ends = new PriorityQueue<int, int>();
        foreach (int r in order)
        {
            // A place is free again only behind the last reader: an instruction that shuffles lanes may write its destination while it still reads.
            while (ends.TryPeek(out int ended, out int end) && end < _first[r]) { ends.Dequeue(); _free[UnitsOf(function.Registers[ended])].Push(Units[ended]); }
            int units = UnitsOf(function.Registers[r]);
            Units[r] = _free[units].TryPop(out int place) ? place : Take(units);
            ends.Enqueue(r, _last[r]);
            if (_undefined.Contains(r)) Undefined.Add((Units[r], units));
        }
    }
}
