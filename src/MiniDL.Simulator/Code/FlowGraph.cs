// The control-flow graph of a function, and the ranks that make diverged lanes meet again.
//
// The one thing to understand: rank = postorder number of a depth-first search over the *reversed* graph, from the exit. Of two groups of lanes, the executor
// runs the one at the lower rank, which is farther from the exit, until it reaches what the other waits at. So lanes that reached the place where both sides of
// a branch come together (the immediate post-dominator) wait there for the others, for any graph, and no dominators are ever worked out.
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

/// <summary>Basic blocks of a function's body, by number in the order of the text.</summary>
internal sealed class FlowGraph
{
    /// <summary>The first instruction of each block, and behind the last one the number of instructions.</summary>
    public List<int> Starts { get; } = [];

    /// <summary>Where control goes from each block; empty at an exit.</summary>
    public List<int[]> Successors { get; } = [];

    /// <summary>The block of each instruction.</summary>
    public int[] BlockOf { get; }

    /// <summary>Lower runs first.</summary>
    public int[] Rank { get; }

    /// <summary>Cuts a body into blocks, links them and ranks them.</summary>
    public FlowGraph(PtxFunction function)
    {
        BlockOf = new int[function.Body.Count];
        FindStarts(function);
        for (int block = 0; block + 1 < Starts.Count; block++) Successors.Add(Follow(function, block));
        Rank = RankBlocks();
    }

    /// <summary>The number of blocks.</summary>
    public int Count => Starts.Count - 1;

    /// <summary>The first word of an opcode.</summary>
    public static ReadOnlySpan<char> BaseOf(string opcode)
    {
        int dot = opcode.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? opcode : opcode.AsSpan(0, dot);
    }

    /// <summary>A block begins at a label that stands behind something, and behind every instruction that may go elsewhere.</summary>
    private void FindStarts(PtxFunction function)
    {
        int count = function.Body.Count;
        var starts = new bool[count + 1];
        starts[0] = true;
        foreach (int place in function.Labels) starts[place] = true;
        for (int i = 0; i < count; i++)
            if (BaseOf(function.Body[i].Opcode) is "bra" or "brx" or "ret" or "exit" or "trap" or "call") starts[i + 1] = true;
        for (int i = 0; i < count; i++)
        {
            if (starts[i]) Starts.Add(i);
            BlockOf[i] = Starts.Count - 1;
        }
        Starts.Add(count);
    }

    private int[] Follow(PtxFunction function, int block)
    {
        PtxInstruction last = function.Body[Starts[block + 1] - 1];
        List<int> next = [];
        void Add(int place) { if (place < BlockOf.Length && !next.Contains(BlockOf[place])) next.Add(BlockOf[place]); }

        ReadOnlySpan<char> word = BaseOf(last.Opcode);
        bool leaves = word is "bra" or "brx" or "ret" or "exit" or "trap";
        if (!leaves || last.Guard >= 0) Add(Starts[block + 1]);
        if (word is "bra" && last.Operands is [LabelOperand target]) Add(function.Labels[target.Label]);
        if (word is "brx" && last.Operands is [_, SymbolOperand table] && function.Tables.TryGetValue(table.Name, out int[]? labels))
            foreach (int label in labels) Add(function.Labels[label]);
        return [.. next];
    }

    private int[] RankBlocks()
    {
        var predecessors = new List<int>[Count];
        for (int block = 0; block < Count; block++) predecessors[block] = [];
        for (int block = 0; block < Count; block++)
            foreach (int next in Successors[block]) predecessors[next].Add(block);

        var ranks = new int[Count];
        Array.Fill(ranks, -1);
        int number = 0;
        // The exit's own predecessors first; then whatever never reaches an exit, as if it did.
        for (int block = 0; block < Count; block++) if (Successors[block].Length == 0) Search(block);
        for (int block = Count - 1; block >= 0; block--) Search(block);
        return ranks;

        void Search(int root)
        {
            if (ranks[root] != -1) return;
            const int entered = -2;
            Stack<(int Block, int Next)> path = new();
            ranks[root] = entered;
            path.Push((root, 0));
            while (path.TryPop(out (int Block, int Next) at))
            {
                if (at.Next == predecessors[at.Block].Count) { ranks[at.Block] = number++; continue; }
                path.Push((at.Block, at.Next + 1));
                int child = predecessors[at.Block][at.Next];
                if (ranks[child] != -1) continue;
                ranks[child] = entered;
                path.Push((child, 0));
            }
        }
    }
}
