// The parameters of a generated kernel: one pointer for each buffer it touches, and the run state if it draws random numbers.
//
// The one thing to understand: __restrict__ promises that nobody else writes what a pointer reads. The memory plan lets a result take the place of an
// input that dies, so the promise is given only where it holds: a buffer that shares bytes with another one, either of them written, goes without.
namespace MiniDL.Cuda;

/// <summary>Collects buffers and gives each a name.</summary>
internal sealed class Parameters
{
    private readonly List<Buffer> _buffers = [];
    private readonly HashSet<Buffer> _written = [];
    private readonly Dictionary<Buffer, string> _names = [];
    private readonly string _prefix;

    /// <summary>The parameters of some bodies: what is read, in order, then what is only written.</summary>
    public Parameters(params IEnumerable<FusedBody> bodies) : this("", bodies) { }

    /// <summary>The same, each name with something in front, so that it is none of a hand-written kernel's own, nor of its macros'.</summary>
    public Parameters(string prefix, params IEnumerable<FusedBody> bodies)
    {
        _prefix = prefix;
        foreach (FusedBody body in bodies)
        {
            foreach (Load load in body.Instructions.OfType<Load>()) Add(load.View.Buffer);
            foreach (Store store in body.Stores) AddWritten(store.View.Buffer);
            NeedsRun |= body.Instructions.Any(instruction => instruction is RandomNumbers);
        }
    }

    /// <summary>True when random numbers are drawn.</summary>
    public bool NeedsRun { get; }

    /// <summary>Where scratch buffers of the generator's own lie; all others are the program's.</summary>
    public IReadOnlyDictionary<Buffer, long> Scratch { get; init; } = new Dictionary<Buffer, long>();

    /// <summary>All buffers in the order of the parameters.</summary>
    public IReadOnlyList<Buffer> Buffers => _buffers;

    /// <summary>Adds a buffer that is written.</summary>
    public void AddWritten(Buffer buffer)
    {
        Add(buffer);
        _written.Add(buffer);
    }

    /// <summary>The name of a buffer's pointer.</summary>
    public string this[Buffer buffer] => _names[buffer];

    /// <summary>The names in the order of the parameter list.</summary>
    public IEnumerable<string> Names => _buffers.Select(buffer => _names[buffer]).Concat(NeedsRun ? ["run"] : []);

    /// <summary>The parameter list.</summary>
    public string Declarations => string.Join(", ", _buffers.Select(Declaration).Concat(NeedsRun ? ["const uint64* __restrict__ run"] : []));

    /// <summary>The arguments that belong to it.</summary>
    public IReadOnlyList<KernelArgument> Arguments =>
        [.. _buffers.Select(buffer => Scratch.TryGetValue(buffer, out long offset) ? (KernelArgument)new ScratchArgument(offset) : new BufferArgument(buffer, 0)), .. NeedsRun ? [new RunStateArgument()] : Array.Empty<KernelArgument>()];

    /// <summary>The bytes of the packed arguments.</summary>
    public int Bytes => 8 * (_buffers.Count + (NeedsRun ? 1 : 0));

    /// <summary>For the header comment: each buffer's name, dtype and shape.</summary>
    public IEnumerable<string> Described => _buffers.Select(buffer => $"{_names[buffer]}: {buffer.Node.Type}{(_written.Contains(buffer) ? ", written" : "")}")
        .Concat(NeedsRun ? ["run: the seed and the number of the run"] : []);

    /// <summary>A pointer's type: <c>const float* __restrict__</c>.</summary>
    public string TypeOf(Buffer buffer)
    {
        bool shared = _buffers.Any(other => other != buffer && other.Overlaps(buffer) && (_written.Contains(other) || _written.Contains(buffer)));
        return $"{(_written.Contains(buffer) ? "" : "const ")}{CudaText.TypeOf(buffer.DType)}*{(shared ? "" : " __restrict__")}";
    }

    private string Declaration(Buffer buffer) => $"{TypeOf(buffer)} {_names[buffer]}";

    private void Add(Buffer buffer)
    {
        if (_names.ContainsKey(buffer)) return;
        string name = _prefix + CudaText.Identifier(buffer);
        _names[buffer] = _names.ContainsValue(name) ? $"{name}_{_buffers.Count}" : name;
        _buffers.Add(buffer);
    }
}
