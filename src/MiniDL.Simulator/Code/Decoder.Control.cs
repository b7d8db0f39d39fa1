// Branches and calls.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

internal sealed partial class Decoder
{
    private void DecodeBranch()
    {
        if (_at.Operands is not [LabelOperand target]) throw Fault("'bra' takes one label");
        _jumps.Add((_code.Count, _function.Labels[target.Label]));
        Emit(new Instruction { Op = Op.Branch }, _at.Opcode, InstructionClass.Control);
    }

    /// <summary>brx.idx r, table: to the label that r counts.</summary>
    private void DecodeIndexedBranch()
    {
        ExpectOperands(2);
        if (Operand(1) is not SymbolOperand table || !_function.Tables.TryGetValue(table.Name, out int[]? labels)) throw Fault("'brx' takes a list of '.branchtargets'");
        ushort index = Source(Operand(0), LaneKind.Lanes32);
        _jumps.Add((_code.Count, 0));
        _tables.Add([.. labels.Select(label => _function.Labels[label])]);
        Emit(new Instruction { Op = Op.BranchIndexed, A = index, Target = _tables.Count - 1 }, _at.Opcode, InstructionClass.Control);
    }

    /// <summary>call (results), name, (arguments): results and arguments are param variables of the caller.</summary>
    private void DecodeCall()
    {
        PtxOperand[] operands = _at.Operands;
        ListOperand results = operands is [ListOperand first, ..] ? first : new ListOperand([]);
        int at = operands is [ListOperand, ..] ? 1 : 0;
        if (Operand(at) is not SymbolOperand name) throw Fault("calls through a register are not supported");
        ListOperand arguments = at + 1 < operands.Length && operands[at + 1] is ListOperand list ? list : new ListOperand([]);
        int[] from = Places(arguments), to = Places(results);
        if (name.Name is "vprintf" or "__assertfail") { DecodeRuntimeCall(name.Name, from, to); return; }
        if (!_module.Functions.TryGetValue(name.Name, out PtxFunction? callee)) throw Fault($"there is no function '{name.Name}'");
        if (!callee.HasBody || callee.IsKernel) throw Fault($"'{name.Name}' cannot be called: it is {(callee.IsKernel ? "a kernel" : "not defined in this module, and no function of the device's run-time library that is supported")}");
        FunctionCode code = Reach(name.Name);
        if (from.Length != code.Parameters.Length || to.Length > code.Results.Length) throw Fault($"'{name.Name}' takes {code.Parameters.Length} arguments, and is given {from.Length}");
        _calls.Add(new CallSite(_functionCode, code, from, to));
        Emit(new Instruction { Op = Op.Call, Target = _calls.Count - 1 }, _at.Opcode, InstructionClass.Control);
    }

    private void DecodeRuntimeCall(string name, int[] arguments, int[] results)
    {
        bool isPrintf = name == "vprintf";
        if (arguments.Length != (isPrintf ? 2 : 5)) throw Fault($"'{name}' takes {(isPrintf ? 2 : 5)} arguments, and is given {arguments.Length}");
        var stub = new FunctionCode { Name = name };
        _calls.Add(new CallSite(_functionCode, stub, arguments, results));
        Emit(new Instruction { Op = isPrintf ? Op.Printf : Op.AssertFail, Target = _calls.Count - 1 }, _at.Opcode, InstructionClass.Control);
    }

    private int[] Places(ListOperand list) =>
        [.. list.Items.Select(item => item is VariableOperand variable && _locals.TryGetValue(variable.Variable, out int place) ? place : throw Fault("arguments and results of calls are param variables"))];
}
