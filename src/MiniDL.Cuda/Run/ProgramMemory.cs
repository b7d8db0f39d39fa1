// Where a program's buffers are on the device: one allocation, four regions.
//
//     | run state, inputs | constants | arena: temporaries and outputs, as the memory plan placed them | scratch of the kernels |
//
// Shared variables lie elsewhere, for all functions together (Residents). The one thing to understand: no address ever changes while the program lives, so
// launches can be packed once and captured into a graph.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>The memory of one program.</summary>
internal sealed class ProgramMemory : IDisposable
{
    private const int BufferAlignment = 64;    // as in the memory plan: whole sectors of 32 bytes, and what float4 needs
    private const int RegionAlignment = 256;   // as the driver aligns an allocation
    private const int RunStateBytes = 2 * sizeof(ulong);

    private readonly DeviceState _state;
    private readonly Program _program;
    private readonly IGpuMemory _memory;
    private readonly ulong[] _addresses;   // by buffer id
    private readonly long _scratch;

    /// <summary>Allocates.</summary>
    /// <exception cref="GpuException">There is not enough memory.</exception>
    public ProgramMemory(DeviceState state, ProgramPlan plan, string function)
    {
        (_state, _program) = (state, plan.Program);
        Program program = plan.Program;

        // Lay out inputs behind the run state, then constants; the plan has laid out the arena.
        var offsets = new long[program.Buffers.Count];
        long end = RunStateBytes;
        InputOffsets = new long[program.Inputs.Count];
        for (int i = 0; i < InputOffsets.Length; i++) InputOffsets[i] = offsets[program.Inputs[i].Id] = Take(program.Inputs[i].Bytes, BufferAlignment, ref end);
        InputBytes = end;
        foreach (Buffer constant in Constants) offsets[constant.Id] = Take(constant.Bytes, BufferAlignment, ref end);
        long constantBytes = end - InputBytes, arena = Take(program.ArenaBytes, RegionAlignment, ref end);
        _scratch = Take(plan.ScratchBytes, RegionAlignment, ref end);

        // One allocation. The last bytes are nobody's, so that even a buffer without elements has an address inside.
        _memory = state.Allocate(end + RegionAlignment, () => $"{function}: temporaries and outputs {program.ArenaBytes:N0} bytes, inputs {InputBytes:N0}, constants {constantBytes:N0}, scratch {plan.ScratchBytes:N0}");
        _addresses = [.. program.Buffers.Select(buffer => buffer.Kind switch
        {
            BufferKind.Shared => state.Residents.Of((Shared)buffer.Node).Address,
            BufferKind.Input or BufferKind.Constant => _memory.Address + (ulong)offsets[buffer.Id],
            _ when buffer.Offset < 0 => 0UL,   // fused away: no stage touches it
            _ => _memory.Address + (ulong)(arena + buffer.Offset),
        })];
    }

    /// <summary>Gives the constants their values.</summary>
    public void UploadConstants()
    {
        foreach (Buffer constant in Constants) _state.Staging.Upload(_addresses[constant.Id], ((Constant)constant.Node.Op).Value.Bytes());
    }

    /// <summary>The size of the allocation.</summary>
    public long Bytes => _memory.Bytes;

    /// <summary>Run state and inputs: what a step uploads.</summary>
    public ulong InputBlock => _memory.Address;

    /// <summary>The size of that, in bytes.</summary>
    public long InputBytes { get; }

    /// <summary>Where each input lies in it.</summary>
    public long[] InputOffsets { get; }

    /// <summary>The device's address of a buffer's first element.</summary>
    public ulong AddressOf(Buffer buffer) => _addresses[buffer.Id];

    /// <summary>The device's address that an argument stands for.</summary>
    /// <exception cref="ArgumentException">It stands for a number.</exception>
    public ulong AddressOf(KernelArgument argument) => argument switch
    {
        BufferArgument buffer => _addresses[buffer.Buffer.Id] + (ulong)((long)buffer.Offset * buffer.Buffer.DType.Size()),
        ScratchArgument scratch => _memory.Address + (ulong)(_scratch + scratch.ByteOffset),
        RunStateArgument => _memory.Address,
        _ => throw new ArgumentException($"{argument} has no address"),
    };

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private IEnumerable<Buffer> Constants => _program.Buffers.Where(buffer => buffer.Kind == BufferKind.Constant);

    private static long Take(long bytes, int alignment, ref long end)
    {
        long start = (end + alignment - 1) / alignment * alignment;
        end = start + bytes;
        return start;
    }
}
