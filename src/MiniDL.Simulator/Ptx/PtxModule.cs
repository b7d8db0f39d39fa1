// What a PTX text says, as objects: the result of parsing, the input of decoding.
//
// The one thing to understand: names inside of functions are resolved here already, scopes being gone afterwards; names of the module (variables, functions) stay
// names until a kernel is decoded, so that a reference to something missing only matters to the kernel that has it.
namespace MiniDL.Simulator.Ptx;

/// <summary>A parsed text.</summary>
internal sealed class PtxModule
{
    /// <summary>Variables in the order of the text.</summary>
    public List<PtxVariable> Variables { get; } = [];

    /// <summary>Functions that have a body, or are known only by name.</summary>
    public Dictionary<string, PtxFunction> Functions { get; } = new(StringComparer.Ordinal);

    /// <summary>Source files by their number in <c>.loc</c>.</summary>
    public Dictionary<int, string> Files { get; } = [];

    /// <summary>The number behind <c>sm_</c>; 0 if there is none.</summary>
    public int Target { get; set; }
}

/// <summary>A variable, or a parameter.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Space">Where it lives.</param>
/// <param name="Bytes">Its size; 0 for an array without a size, such as dynamic shared memory.</param>
/// <param name="Alignment">Its alignment in bytes.</param>
/// <param name="Line">The line that declares it.</param>
internal sealed record PtxVariable(string Name, StateSpace Space, long Bytes, int Alignment, int Line)
{
    /// <summary>The contents at the start; bytes that it does not name are 0.</summary>
    public byte[] Contents { get; init; } = [];

    /// <summary>Places in the contents where the address of a symbol goes.</summary>
    public IReadOnlyList<(int At, int Bytes, string Symbol, long Offset)> Addresses { get; init; } = [];

    /// <summary>True if it is declared here and defined elsewhere.</summary>
    public bool IsExternal { get; init; }
}

/// <summary>A function: a kernel or a device function.</summary>
internal sealed class PtxFunction(string name, bool isKernel, int line)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Whether the host can launch it.</summary>
    public bool IsKernel { get; } = isKernel;

    /// <summary>The line where it begins.</summary>
    public int Line { get; } = line;

    /// <summary>What it takes.</summary>
    public List<PtxVariable> Parameters { get; } = [];

    /// <summary>What it gives back; at most one in what NVRTC writes.</summary>
    public List<PtxVariable> Results { get; } = [];

    /// <summary>Types of its registers, by number.</summary>
    public List<PtxType> Registers { get; } = [];

    /// <summary>Local, shared and param variables of its body.</summary>
    public List<PtxVariable> Variables { get; } = [];

    /// <summary>Its instructions in order.</summary>
    public List<PtxInstruction> Body { get; } = [];

    /// <summary>The instruction at which each label stands, by number; a label at the end stands at Body.Count.</summary>
    public List<int> Labels { get; } = [];

    /// <summary>Lists of labels for <c>brx.idx</c>, by name.</summary>
    public Dictionary<string, int[]> Tables { get; } = new(StringComparer.Ordinal);

    /// <summary>False if only declared.</summary>
    public bool HasBody { get; set; }

    /// <summary>The largest block that <c>.maxntid</c> or <c>.reqntid</c> allows; 0 if not said.</summary>
    public int MostThreads { get; set; }
}

/// <summary>An instruction.</summary>
/// <param name="Opcode">The opcode with all modifiers, such as <c>ld.global.v4.f32</c>.</param>
/// <param name="Guard">The register of the predicate in front, or -1.</param>
/// <param name="GuardNegated">Whether the predicate must be false.</param>
/// <param name="Operands">The operands in order.</param>
/// <param name="Line">Its line in the PTX text.</param>
/// <param name="File">The source file's number of the last <c>.loc</c>; 0 if unknown.</param>
/// <param name="SourceLine">The source line of the last <c>.loc</c>.</param>
internal sealed record PtxInstruction(string Opcode, int Guard, bool GuardNegated, PtxOperand[] Operands, int Line, int File, int SourceLine);
