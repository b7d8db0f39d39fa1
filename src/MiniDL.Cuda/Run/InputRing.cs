// How a step's inputs reach the device: packed into a slot of pinned memory, uploaded with one copy, without waiting.
//
//     host     pack 0 | pack 1 | pack 2 | (waits until upload 0 is done) pack 3 ...
//     stream          upload 0, step 0, upload 1, step 1, upload 2, step 2, ...
//
// The one thing to understand: a slot must not be written while the GPU may still read it, so each has an event set behind its upload. With three slots the
// host packs ahead of the GPU, and waits only when it is that far ahead.
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Slots of pinned memory, each as large as the run state and all inputs.</summary>
internal sealed class InputRing : IDisposable
{
    private const int Slots = 3;

    private readonly DeviceState _state;
    private readonly ProgramMemory _memory;
    private readonly IPinnedMemory _pinned;
    private readonly IGpuEvent[] _uploaded;   // set when the GPU has read the slot
    private readonly long _pitch;             // bytes from one slot to the next
    private int _next;

    /// <summary>Allocates the slots for the inputs of a program.</summary>
    public InputRing(DeviceState state, ProgramMemory memory)
    {
        (_state, _memory) = (state, memory);
        _pitch = (memory.InputBytes + 63) / 64 * 64;
        _pinned = state.Gpu.AllocatePinned(Slots * _pitch);
        _uploaded = [.. Enumerable.Range(0, Slots).Select(_ => state.Gpu.CreateEvent())];
    }

    /// <summary>Packs and uploads. The arrays are free to be changed on return.</summary>
    public void Send(ReadOnlySpan<NDArray> inputs, in RunState run)
    {
        // Take the slot that was used longest ago, once the GPU has read it.
        int slot = _next;
        _next = (slot + 1) % Slots;
        _state.Gpu.Wait(_uploaded[slot]);

        long start = slot * _pitch;
        ulong seed = run.Seed, counter = run.Counter;
        MemoryMarshal.Write(_pinned.Span(start, sizeof(ulong)), in seed);
        MemoryMarshal.Write(_pinned.Span(start + sizeof(ulong), sizeof(ulong)), in counter);
        for (int i = 0; i < inputs.Length; i++)
        {
            Span<byte> bytes = inputs[i].Bytes();
            bytes.CopyTo(_pinned.Span(start + _memory.InputOffsets[i], bytes.Length));
        }

        _state.Gpu.Upload(_memory.InputBlock, _pinned.Address + (nint)start, _memory.InputBytes, _state.Stream);
        _state.Gpu.Record(_uploaded[slot], _state.Stream);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IGpuEvent mark in _uploaded) mark.Dispose();
        _pinned.Dispose();
    }
}
