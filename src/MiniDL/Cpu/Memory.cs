// The memory of a program on the CPU: a table with the address of each buffer.
//
// Temporaries and outputs lie in one arena at the offsets that the memory plan gave them. Inputs are the caller's arrays and shared variables their
// host arrays: both are pinned, so an address stays good; the inputs' addresses are set at each run. The one thing to understand: stages
// keep buffer ids, not addresses, and look the address up when they run.
namespace MiniDL.Cpu;

/// <summary>Addresses of all buffers of a program.</summary>
internal sealed unsafe class Memory : IDisposable
{
    private readonly Scratch _arena;
    private readonly Scratch _table;
    private readonly NDArray[] _kept;      // constants: kept reachable, as their addresses are
    private readonly Program _program;

    public Memory(Program program)
    {
        _program = program;
        _arena = new Scratch(program.ArenaBytes / sizeof(float) + 1, cleared: false);
        _table = new Scratch(program.Buffers.Count * 2L);
        _kept = [.. program.Buffers.Where(buffer => buffer.Kind == BufferKind.Constant).Select(buffer => ((Constant)buffer.Node.Op).Value)];
        foreach (Buffer buffer in program.Buffers)
            Addresses[buffer.Id] = buffer.Kind switch
            {
                BufferKind.Shared => (byte*)((Shared)buffer.Node).Host.Pointer,
                BufferKind.Constant => (byte*)((Constant)buffer.Node.Op).Value.Pointer,
                BufferKind.Input => null,
                _ => (byte*)_arena.Floats + buffer.Offset,
            };
    }

    /// <summary>The first byte of each buffer, by id.</summary>
    public byte** Addresses => (byte**)_table.Floats;

    /// <summary>The first element of what a view reads or writes.</summary>
    public byte* At(View view) => Addresses[view.Buffer.Id] + (long)view.Map.Offset * view.Buffer.DType.Size();

    /// <summary>The first element of a view of float32.</summary>
    public float* Floats(View view) => (float*)At(view);

    /// <summary>Points the inputs at the caller's arrays for this run.</summary>
    public void SetInputs(ReadOnlySpan<NDArray> arrays)
    {
        for (int i = 0; i < arrays.Length; i++) Addresses[_program.Inputs[i].Id] = (byte*)arrays[i].Pointer;
    }

    /// <summary>The bytes of a buffer.</summary>
    public Span<byte> Bytes(Buffer buffer) => new(Addresses[buffer.Id], checked((int)buffer.Bytes));

    public void Dispose()
    {
        _arena.Dispose();
        _table.Dispose();
        GC.KeepAlive(_kept);
    }
}
