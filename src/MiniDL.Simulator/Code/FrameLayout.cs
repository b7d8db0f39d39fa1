// Gives every register of a function its place in the frame.
//
// NVVM writes each value to a register of its own, thousands in an unrolled kernel; with 128 bytes each they would not stay in the processor's cache. So places are
// shared by registers that are not alive at the same time: liveness by the usual backward iteration over blocks, then a linear scan (Poletto and Sarkar, 1999).
//
// The one thing to understand: a lane that is off keeps its own column of every row, so what is alive is a question of one thread, and divergence does not matter.
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

/// <summary>Places of a function's registers.</summary>
internal sealed class FrameLayout
{
    private readonly int[] _first, _last;
    private readonly Stack<int>[] _free = [new(), new(), new(), new(), new()];
    private readonly HashSet<int> _undefined = [];

    // Registers that matter beyond a block: liveness is worked out for these alone.
    private readonly List<int> _registers = [];

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
        int[] far = FindFar(function, graph);
        var (entering, defined) = (new BitSet[graph.Count], new BitSet[graph.Count]);
        FindLocal(function, graph, far, entering, defined);

        // Backwards until nothing changes: alive at the start = read here, or alive behind and not written here.
        var behind = new BitSet(_registers.Count);
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int block = graph.Count - 1; block >= 0; block--)
            {
                FindBehind(graph, block, entering, behind);
                changed |= entering[block].AddExcept(behind, defined[block]);
            }
        }

        // Alive at the edge of a block: the range reaches there.
        for (int block = 0; block < graph.Count; block++)
        {
            FindBehind(graph, block, entering, behind);
            foreach (int i in entering[block].Members()) Extend(_registers[i], graph.Starts[block]);
            foreach (int i in behind.Members()) Extend(_registers[i], graph.Starts[block + 1] - 1);
        }
        if (graph.Count > 0) foreach (int i in entering[0].Members()) _undefined.Add(_registers[i]);
    }

    private static void FindBehind(FlowGraph graph, int block, BitSet[] entering, BitSet behind)
    {
        behind.Clear();
        foreach (int next in graph.Successors[block]) behind.Add(entering[next]);
    }

    /// <summary>Registers that matter beyond a block: seen in several, or read before they are written in one. All others, the great majority, need no iteration.</summary>
    /// <returns>Of each such register its number among them; of the others -1.</returns>
    private int[] FindFar(PtxFunction function, FlowGraph graph)
    {
        var home = new int[function.Registers.Count];
        var far = new int[function.Registers.Count];
        Array.Fill(home, -1);
        Array.Fill(far, -1);
        List<int> written = [], read = [];
        for (int i = 0; i < function.Body.Count; i++)
        {
            RegisterUse.Find(function.Body[i], written, read);
            foreach (int r in read) Note(r, isRead: true);
            foreach (int r in written) Note(r, isRead: false);

            void Note(int r, bool isRead)
            {
                Extend(r, i);
                int block = graph.BlockOf[i];
                if (far[r] < 0 && (home[r] >= 0 ? home[r] != block : isRead)) { far[r] = _registers.Count; _registers.Add(r); }
                home[r] = block;
            }
        }
        return far;
    }

    /// <summary>What each block reads before it writes, and what it writes.</summary>
    private void FindLocal(PtxFunction function, FlowGraph graph, int[] far, BitSet[] entering, BitSet[] defined)
    {
        List<int> written = [], read = [];
        for (int block = 0; block < graph.Count; block++)
        {
            (entering[block], defined[block]) = (new BitSet(_registers.Count), new BitSet(_registers.Count));
            for (int i = graph.Starts[block]; i < graph.Starts[block + 1]; i++)
            {
                RegisterUse.Find(function.Body[i], written, read);
                foreach (int r in read) if (far[r] >= 0 && !defined[block].Has(far[r])) entering[block].Add(far[r]);
                foreach (int r in written) if (far[r] >= 0) defined[block].Add(far[r]);
            }
        }
    }

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
