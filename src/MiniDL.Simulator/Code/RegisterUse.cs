// Which registers an instruction writes and which it reads.
//
// The one thing to understand: PTX names the destination first, except where nothing is written to a register: stores, branches, barriers and their like.
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

/// <summary>Finds the registers of an instruction.</summary>
internal static class RegisterUse
{
    /// <summary>Adds the registers written and the registers read to two lists.</summary>
    public static void Find(PtxInstruction instruction, List<int> written, List<int> read)
    {
        written.Clear();
        read.Clear();
        if (instruction.Guard >= 0) read.Add(instruction.Guard);
        for (int i = 0; i < instruction.Operands.Length; i++)
        {
            bool isDestination = i == 0 && HasDestination(instruction);
            Collect(instruction.Operands[i], isDestination ? written : read, read);
        }

        // A guarded instruction leaves what was there where the guard is off: it reads it, in effect.
        if (instruction.Guard >= 0) read.AddRange(written);
    }

    private static bool HasDestination(PtxInstruction instruction) => FlowGraph.BaseOf(instruction.Opcode) switch
    {
        "st" or "red" or "bra" or "brx" or "ret" or "exit" or "trap" or "membar" or "fence" or "stmatrix" or "cp" or "prefetch" or "prefetchu" or "nanosleep" or "brkpt" => false,
        "bar" or "barrier" => instruction.Opcode.Contains(".red.", StringComparison.Ordinal),
        "wmma" => !instruction.Opcode.StartsWith("wmma.store", StringComparison.Ordinal),
        "mbarrier" => instruction.Operands is [RegisterOperand or SinkOperand, ..],
        _ => true,
    };

    private static void Collect(PtxOperand operand, List<int> into, List<int> addresses)
    {
        switch (operand)
        {
            case RegisterOperand register: into.Add(register.Register); break;
            case NegatedOperand negated: into.Add(negated.Register); break;
            case AddressOperand address: Collect(address.Base, addresses, addresses); break;
            case PairOperand pair: Collect(pair.First, into, addresses); Collect(pair.Second, into, addresses); break;
            case ListOperand list: foreach (PtxOperand item in list.Items) Collect(item, into, addresses); break;
        }
    }
}
