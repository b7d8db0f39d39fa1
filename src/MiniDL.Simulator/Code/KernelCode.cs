// A kernel and every function it may call, decoded: what the executor runs.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Tensor;

namespace MiniDL.Simulator.Code;

/// <summary>The decoded code of one kernel.</summary>
internal sealed class KernelCode
{
    /// <summary>The kernel's name.</summary>
    public required string Name { get; init; }

    /// <summary>Instructions of all functions, the kernel's first, in an array that the garbage collector does not move.</summary>
    public required Instruction[] Code { get; init; }

    /// <summary>What each instruction is and where it came from.</summary>
    public required Origin[] Origins { get; init; }

    /// <summary>Of each instruction the rank of its block.</summary>
    public required int[] Ranks { get; init; }

    /// <summary>The kernel, then the functions it may call.</summary>
    public required FunctionCode[] Functions { get; init; }

    /// <summary>Calls, in the numbers that Call instructions give.</summary>
    public required CallSite[] Calls { get; init; }

    /// <summary>Instructions of the tensor cores, in the numbers that they give.</summary>
    public required TensorSite[] Tensors { get; init; }

    /// <summary>Targets of indexed branches.</summary>
    public required int[][] Tables { get; init; }

    /// <summary>Messages of what is not supported.</summary>
    public required string[] Messages { get; init; }

    /// <summary>Shared memory that the code declares, in bytes; dynamic shared memory begins behind it.</summary>
    public required int StaticSharedBytes { get; init; }

    /// <summary>Bytes of the parameter block.</summary>
    public required int ParameterBytes { get; init; }

    /// <summary>Where each parameter lies in the block, and how many bytes it has.</summary>
    public required (int At, int Bytes)[] Parameters { get; init; }

    /// <summary>The most threads of a block that the kernel was compiled for; 0 if not said.</summary>
    public required int MostThreads { get; init; }

    /// <summary>True if a block can see what another block does while both run, by atomics or volatile accesses: then blocks run in a fixed order, on one thread.</summary>
    public required bool Communicates { get; init; }

    /// <summary>Source files by number.</summary>
    public required IReadOnlyDictionary<int, string> Files { get; init; }

    /// <summary>The function that an instruction belongs to.</summary>
    public FunctionCode FunctionAt(int pc)
    {
        foreach (FunctionCode function in Functions) if (pc >= function.Entry && pc < function.End) return function;
        return Functions[0];
    }

    /// <summary>Where an instruction comes from, for people: the source line if there is line information, else the line of the PTX.</summary>
    public string Where(int pc)
    {
        Origin origin = Origins[pc];
        return origin.File > 0 && Files.TryGetValue(origin.File, out string? file) ? $"{file}:{origin.SourceLine}" : $"PTX line {origin.PtxLine}";
    }
}

/// <summary>Where an instruction comes from, and what counters want to know of it.</summary>
/// <param name="Opcode">As the PTX spells it; empty for one that decoding put in.</param>
/// <param name="PtxLine">The line of the PTX.</param>
/// <param name="File">The source file's number; 0 if unknown.</param>
/// <param name="SourceLine">The source line.</param>
/// <param name="Class">The class.</param>
/// <param name="Flops">Floating-point operations of each lane.</param>
/// <param name="Waits">How often a warp has waited for loads since the last instruction that says so (LoadChains).</param>
/// <param name="Cover">Instructions that it can execute during these waits.</param>
internal readonly record struct Origin(string Opcode, int PtxLine, int File, int SourceLine, InstructionClass Class, int Flops, int Waits = 0, int Cover = 0);

/// <summary>A function's place in the code, and what a call of it needs.</summary>
internal sealed class FunctionCode
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its first instruction.</summary>
    public int Entry { get; set; }

    /// <summary>Behind its last instruction.</summary>
    public int End { get; set; }

    /// <summary>Units of its frame.</summary>
    public int FrameUnits { get; set; }

    /// <summary>Bytes of its part of local memory: arguments, results, local variables, arguments of calls it makes.</summary>
    public int LocalBytes { get; set; }

    /// <summary>Rows that hold a number in every lane.</summary>
    public List<(int Unit, LaneKind Kind, ulong Bits)> Numbers { get; } = [];

    /// <summary>Rows that must not show what the frame held before.</summary>
    public IReadOnlyList<(int Unit, int Units)> Undefined { get; set; } = [];

    /// <summary>Where its arguments lie in its local memory, and how many bytes they have.</summary>
    public (int At, int Bytes)[] Parameters { get; set; } = [];

    /// <summary>Where its results lie.</summary>
    public (int At, int Bytes)[] Results { get; set; } = [];
}

/// <summary>A matrix product or the loading of matrices: more registers than an instruction has room for.</summary>
/// <param name="Product">The product; null for ldmatrix.</param>
/// <param name="D">Units of the destination's registers.</param>
/// <param name="A">Of A.</param>
/// <param name="B">Of B.</param>
/// <param name="C">Of C.</param>
internal sealed record TensorSite(MatrixMultiply? Product, ushort[] D, ushort[] A, ushort[] B, ushort[] C);

/// <summary>A call: which function, and where the caller's local memory has the arguments and wants the results.</summary>
internal sealed record CallSite(FunctionCode Caller, FunctionCode Callee, int[] Arguments, int[] Results);
