// How often a warp must wait for memory: the longest chain of loads of which each needs the one before for its address.
//
//     x = a[i];  y = b[i];  s += x * y;        one wait: both loads are on their way together
//     j = index[i];  s += a[j];                two waits: the second address is the first load's result
//
// The one thing to understand: ptxas moves loads up as far as it may, so loads of one stretch of code that do not need each other are waited for together, however the
// PTX has them. A stretch ends with its basic block, at barriers, fences and atomics.
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

/// <summary>Finds waits for global memory, for estimates of time.</summary>
internal static class LoadChains
{
    /// <summary>For each instruction of a function how often a warp has waited since the last one that has a number: 0 but at the ends of stretches.</summary>
    public static int[] Find(PtxFunction function, FlowGraph graph)
    {
        var waits = new int[function.Body.Count];
        Dictionary<int, int> depth = [];    // of each register, the loads of this stretch it depends on, one after the other
        List<int> written = [], read = [];
        int longest = 0;
        for (int i = 0; i < waits.Length; i++)
        {
            PtxInstruction instruction = function.Body[i];
            RegisterUse.Find(instruction, written, read);
            int before = 0;
            foreach (int register in read) before = Math.Max(before, depth.GetValueOrDefault(register));
            int after = IsGlobalLoad(instruction.Opcode) ? before + 1 : before;
            foreach (int register in written) depth[register] = after;
            longest = Math.Max(longest, after);
            if (!EndsStretch(instruction.Opcode) && i + 1 != graph.Starts[graph.BlockOf[i] + 1]) continue;
            waits[i] = longest;
            longest = 0;
            depth.Clear();
        }
        return waits;
    }

    private static bool IsGlobalLoad(string opcode) =>
        opcode.StartsWith("ld.", StringComparison.Ordinal)
        && !opcode.Contains(".shared", StringComparison.Ordinal) && !opcode.Contains(".param", StringComparison.Ordinal) && !opcode.Contains(".const", StringComparison.Ordinal);

    private static bool EndsStretch(string opcode) => FlowGraph.BaseOf(opcode) is "bar" or "barrier" or "membar" or "fence" or "atom" or "red" or "call";
}
