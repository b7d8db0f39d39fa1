// How often a warp must wait for memory: the longest chain of loads of which each needs the one before for its address. And what it can do meanwhile.
//
//     x = a[i];  y = b[i];  s += x * y;        one wait: both loads are on their way together
//     j = index[i];  s += a[j];                two waits: the second address is the first load's result
//     x = a[i];  t += u * v;  s[i] = x;        one wait, covered by one instruction: the product needs neither a load nor is needed by one
//
// The one thing to understand: ptxas moves loads up and what needs them down as far as it may, so within a basic block loads that do not need each other are waited for together,
// and whatever has nothing to do with them can be executed meanwhile, however the PTX has them. And a warp waits where a loaded value is needed: what a block of a forward branch loads
// and does not use (`if (inside) x = a[i];`) is still on its way in the next. Barriers, fences, atomics, calls and loops end that.
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

/// <summary>Finds waits for global memory, for estimates of time.</summary>
internal sealed class LoadChains
{
    private readonly PtxFunction _function;
    private readonly FlowGraph _graph;
    private readonly Dictionary<int, int> _depth = [];    // of each register, the loads on their way that it depends on, one after the other
    private readonly List<int> _written = [], _read = [];
    private int _cover;                                   // instructions since the loads that are on their way, in blocks that did not need them

    private readonly HashSet<int> _loopHeads = [];

    private LoadChains(PtxFunction function, FlowGraph graph)
    {
        (_function, _graph) = (function, graph);
        for (int block = 0; block < graph.Count; block++) _loopHeads.UnionWith(graph.Successors[block].Where(next => next <= block));
    }

    /// <summary>For each instruction of a function how often a warp has waited since the last one that has a number, and how many instructions since then can be executed
    /// during the waits: 0 but at the ends of stretches.</summary>
    public static (int Waits, int Cover)[] Find(PtxFunction function, FlowGraph graph)
    {
        var chains = new LoadChains(function, graph);
        var stretches = new (int Waits, int Cover)[function.Body.Count];
        for (int first = 0, i = 0; i < stretches.Length; i++)
        {
            bool isLast = i + 1 == graph.Starts[graph.BlockOf[i] + 1];
            if (!isLast && !EndsStretch(function.Body[i].Opcode)) continue;
            stretches[i] = chains.Stretch(first, i, goesOn: isLast && !EndsStretch(function.Body[i].Opcode) && chains.GoesOn(graph.BlockOf[i]));
            first = i + 1;
        }
        return stretches;
    }

    /// <summary>The waits of some instructions in a row, and what covers them.</summary>
    private (int Waits, int Cover) Stretch(int first, int last, bool goesOn)
    {
        int longest = _depth.Count > 0 ? _depth.Values.Max() : 0, needed = 0;
        for (int i = first; i <= last; i++)
        {
            RegisterUse.Find(_function.Body[i], _written, _read);
            int before = 0;
            foreach (int register in _read) before = Math.Max(before, _depth.GetValueOrDefault(register));
            int after = IsGlobalLoad(_function.Body[i].Opcode) ? before + 1 : before;
            foreach (int register in _written) _depth[register] = after;
            (longest, needed) = (Math.Max(longest, after), Math.Max(needed, before));
            if (WaitsForCopies(_function.Body[i])) (longest, needed) = (Math.Max(longest, 1), Math.Max(needed, 1));
        }
        int waits = goesOn ? needed : longest, free = longest > 0 ? Free(first, last) : 0;

        // What nobody has needed yet stays on its way, if control goes on.
        foreach ((int register, int its) in _depth.ToArray())
            if (goesOn && its > waits) _depth[register] = its - waits;
            else _depth.Remove(register);
        (int cover, _cover) = waits > 0 ? (_cover + free, 0) : (0, _depth.Count > 0 ? _cover + free : 0);
        return (waits, cover);
    }

    /// <summary>Instructions in a row that neither need a load that is on its way nor are needed by one.</summary>
    private int Free(int first, int last)
    {
        HashSet<int> wanted = [];
        int free = 0;
        for (int i = last; i >= first; i--)
        {
            RegisterUse.Find(_function.Body[i], _written, _read);
            bool isWanted = IsGlobalLoad(_function.Body[i].Opcode) || _written.Any(wanted.Contains);
            foreach (int register in _written) wanted.Remove(register);
            if (isWanted) wanted.UnionWith(_read);
            if (!isWanted && !_written.Concat(_read).Any(register => _depth.GetValueOrDefault(register) > 0)) free++;
        }
        return free;
    }

    /// <summary>Whether control may go on to the next block in the text, and neither this one nor that is an end of a loop.</summary>
    private bool GoesOn(int block) => _graph.Successors[block].Contains(block + 1) && _graph.Successors[block].All(next => next > block) && !_loopHeads.Contains(block + 1);

    private static bool IsGlobalLoad(string opcode) =>
        opcode.StartsWith("ld.", StringComparison.Ordinal)
        && !opcode.Contains(".shared", StringComparison.Ordinal) && !opcode.Contains(".param", StringComparison.Ordinal) && !opcode.Contains(".const", StringComparison.Ordinal);

    /// <summary>Waiting for the newest copies is waiting for memory; waiting for all but the newest is not, if things go well.</summary>
    private static bool WaitsForCopies(PtxInstruction instruction) =>
        instruction.Opcode == "cp.async.wait_all" || (instruction.Opcode == "cp.async.wait_group" && instruction.Operands is [NumberOperand { Bits: 0 }]);

    private static bool EndsStretch(string opcode) => FlowGraph.BaseOf(opcode) is "bar" or "barrier" or "membar" or "fence" or "atom" or "red" or "call";
}
