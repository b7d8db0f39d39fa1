// From parsed PTX to code that runs: one kernel, with every function it may call.
//
// The one thing to understand: decoding never fails for an instruction that is wrong or unknown. It becomes an Unsupported instruction that holds the message, so that
// the error comes when the instruction is reached, and a kernel that never does runs.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

/// <summary>Decodes a kernel. This part: the functions one after the other, places of variables, and jumps.</summary>
internal sealed partial class Decoder
{
    private readonly PtxModule _module;
    private readonly IReadOnlyDictionary<string, ulong> _globals;
    private readonly PtxFunction _kernel;
    private readonly List<Instruction> _code = [];
    private readonly List<Origin> _origins = [];
    private readonly List<int> _ranks = [];
    private readonly List<string> _messages = [];
    private readonly List<CallSite> _calls = [];
    private readonly List<TensorSite> _tensors = [];
    private readonly List<int[]> _tables = [];
    private readonly Dictionary<string, FunctionCode> _functions = new(StringComparer.Ordinal);
    private readonly List<PtxFunction> _order = [];
    private readonly SharedLayout _shared;
    private readonly bool _jitter;
    private bool _communicates;

    // Of the function being decoded.
    private PtxFunction _function;
    private FunctionCode _functionCode = new() { Name = "" };
    private FlowGraph _graph = null!;
    private FrameLayout _frame = null!;
    private readonly Dictionary<PtxVariable, int> _locals = [];
    private readonly Dictionary<(LaneKind, ulong), ushort> _numbers = [];
    private readonly List<(int Pc, int Place)> _jumps = [];

    private Decoder(PtxModule module, PtxFunction kernel, IReadOnlyDictionary<string, ulong> globals, bool jitter)
    {
        (_module, _function, _kernel, _globals, _jitter) = (module, kernel, kernel, globals, jitter);
        _shared = new SharedLayout(module);
    }

    /// <summary>Decodes.</summary>
    /// <param name="module">The module.</param>
    /// <param name="kernel">The kernel of it.</param>
    /// <param name="globals">Addresses of the module's global and constant variables.</param>
    /// <param name="jitter">Approximate functions stray within their documented bounds.</param>
    public static KernelCode Decode(PtxModule module, PtxFunction kernel, IReadOnlyDictionary<string, ulong> globals, bool jitter = false) =>
        new Decoder(module, kernel, globals, jitter).Decode();

    private KernelCode Decode()
    {
        // First which functions and shared variables there are: where dynamic shared memory begins depends on all of them.
        Reach(_kernel.Name);
        for (int i = 0; i < _order.Count; i++) Survey(_order[i]);
        foreach (PtxFunction function in _order) DecodeFunction(function);
        return new KernelCode
        {
            Name = _kernel.Name,
            Code = Pinned(_code),
            Origins = [.. _origins],
            Ranks = [.. _ranks],
            Calls = [.. _calls],
            Tensors = [.. _tensors],
            Tables = [.. _tables],
            Messages = [.. _messages],
            Functions = [.. _order.Select(f => _functions[f.Name])],
            StaticSharedBytes = _shared.StaticBytes,
            ParameterBytes = ParameterBytes(),
            Parameters = ParameterPlaces(),
            MostThreads = _kernel.MostThreads,
            Communicates = _communicates,
            Files = _module.Files,
        };
    }

    /// <summary>Instructions where they cannot move: warps hold pointers to them.</summary>
    private static Instruction[] Pinned(List<Instruction> code)
    {
        Instruction[] pinned = GC.AllocateUninitializedArray<Instruction>(code.Count, pinned: true);
        code.CopyTo(pinned);
        return pinned;
    }

    /// <summary>The code of a function that is called; its turn to be decoded comes later.</summary>
    private FunctionCode Reach(string name)
    {
        if (_functions.TryGetValue(name, out FunctionCode? known)) return known;
        PtxFunction function = _module.Functions[name];
        _order.Add(function);
        FunctionCode code = _functions[name] = new FunctionCode { Name = name };
        if (!function.IsKernel) LayOutArguments(function, code);
        return code;
    }

    private void Survey(PtxFunction function)
    {
        foreach (PtxInstruction instruction in function.Body)
        {
            bool isCall = FlowGraph.BaseOf(instruction.Opcode) is "call";
            foreach (PtxOperand operand in instruction.Operands)
            {
                PtxOperand named = operand is AddressOperand address ? address.Base : operand;
                if (isCall && named is SymbolOperand call && _module.Functions.TryGetValue(call.Name, out PtxFunction? callee) && callee is { HasBody: true, IsKernel: false }) Reach(call.Name);
                PtxVariable? variable = named switch { VariableOperand v => v.Variable, SymbolOperand s => _shared.Find(s.Name), _ => null };
                if (variable is { Space: StateSpace.Shared } && !SharedLayout.IsDynamic(variable)) _shared.Place(variable);
            }
        }
    }

    /// <summary>A function finds its arguments at the start of its part of local memory, and leaves its results behind them.</summary>
    private static void LayOutArguments(PtxFunction function, FunctionCode code)
    {
        int at = 0;
        (int, int)[] LayOut(List<PtxVariable> variables) => [.. variables.Select(v => (Place(ref at, v), (int)v.Bytes))];
        code.Parameters = LayOut(function.Parameters);
        code.Results = LayOut(function.Results);
        code.LocalBytes = at;
    }

    private static int Place(ref int at, PtxVariable variable)
    {
        long start = (at + variable.Alignment - 1) & -variable.Alignment;
        if (start + variable.Bytes > 1 << 20) throw new PtxException(variable.Line, $"'{variable.Name}' takes the function's local memory beyond 1 MiB a thread");
        at = (int)(start + variable.Bytes);
        return (int)start;
    }

    private void DecodeFunction(PtxFunction function)
    {
        (_function, _functionCode) = (function, _functions[function.Name]);
        _graph = new FlowGraph(function);
        _frame = new FrameLayout(function, _graph);
        _numbers.Clear();
        _jumps.Clear();
        LayOutLocals();
        _functionCode.Entry = _code.Count;
        _functionCode.Undefined = _frame.Undefined;
        var starts = new int[function.Body.Count + 1];
        for (int i = 0; i < function.Body.Count; i++)
        {
            starts[i] = _code.Count;
            DecodeOne(function.Body[i], i);
            if (FallsThrough(i)) Emit(new Instruction { Op = Op.Fall }, "", InstructionClass.Control);
        }

        (int Waits, int Cover)[] stretches = LoadChains.Find(function, _graph);
        for (int i = 0; i < stretches.Length; i++)
            if (starts[i] < _origins.Count) _origins[starts[i]] = _origins[starts[i]] with { Waits = stretches[i].Waits, Cover = stretches[i].Cover };

        // The closing brace returns.
        starts[^1] = _code.Count;
        _at = new PtxInstruction("ret", -1, false, [], function.Body.Count > 0 ? function.Body[^1].Line : function.Line, 0, 0);
        Emit(new Instruction { Op = function.IsKernel ? Op.Exit : Op.Return }, "", InstructionClass.Control);
        Link(starts);
        _functionCode.End = _code.Count;
        _functionCode.FrameUnits = _frame.Count;
    }

    private void LayOutLocals()
    {
        _locals.Clear();
        for (int i = 0; i < _functionCode.Parameters.Length; i++) _locals[_function.Parameters[i]] = _functionCode.Parameters[i].At;
        for (int i = 0; i < _functionCode.Results.Length; i++) _locals[_function.Results[i]] = _functionCode.Results[i].At;
        int at = _functionCode.LocalBytes;
        foreach (PtxVariable variable in _function.Variables)
            if (variable.Space is StateSpace.Local or StateSpace.Parameter) _locals[variable] = Place(ref at, variable);
        _functionCode.LocalBytes = (at + 15) & ~15;
    }

    /// <summary>Whether a block ends here and simply goes on to the next: the executor then looks whether lanes wait there.</summary>
    private bool FallsThrough(int i)
    {
        int block = _graph.BlockOf[i];
        if (i + 1 != _graph.Starts[block + 1] || i + 1 >= _function.Body.Count) return false;
        return FlowGraph.BaseOf(_function.Body[i].Opcode) is not ("bra" or "brx" or "ret" or "exit" or "trap");
    }

    /// <summary>Jumps get their targets, now that every instruction has its place, and every instruction the rank of its block.</summary>
    private void Link(int[] starts)
    {
        foreach ((int pc, int place) in _jumps)
        {
            Instruction jump = _code[pc];
            if (jump.Op == Op.BranchIndexed) _tables[jump.Target] = [.. _tables[jump.Target].Select(p => starts[p])];
            else jump.Target = starts[place];
            _code[pc] = jump;
        }
        for (int i = 0; i < _function.Body.Count; i++)
            for (int pc = starts[i]; pc < starts[i + 1]; pc++) _ranks.Add(_graph.Rank[_graph.BlockOf[i]]);
        _ranks.Add(int.MaxValue);
    }

    private int ParameterBytes()
    {
        int at = 0;
        foreach (PtxVariable parameter in _kernel.Parameters) Place(ref at, parameter);
        return at;
    }

    private (int At, int Bytes)[] ParameterPlaces()
    {
        int at = 0;
        return [.. _kernel.Parameters.Select(parameter => (Place(ref at, parameter), (int)parameter.Bytes))];
    }

    private int ParameterOffset(PtxVariable parameter)
    {
        int at = 0;
        foreach (PtxVariable each in _kernel.Parameters)
        {
            int start = Place(ref at, each);
            if (ReferenceEquals(each, parameter)) return start;
        }
        throw Fault($"'{parameter.Name}' is no parameter of the kernel");
    }
}
