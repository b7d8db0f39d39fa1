// A warp: 32 threads that execute together, with their registers and their local memory.
//
// Registers lie in frames, one for each call that is under way; a frame is rows of 32 lanes (see Instruction). Local memory is interleaved, word i of all lanes side
// by side, as on the device, so that lanes that use the same offset use one row.
//
// The one thing to understand: at any time one group of lanes runs (Mask, at Pc), and the other groups wait (Warp.Groups). A register's row holds all lanes, whatever
// group they are in; a group only ever changes its own columns.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Checks;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Execute;

/// <summary>Why a warp stopped running.</summary>
internal enum WarpStatus
{
    /// <summary>It can go on.</summary>
    Ready,

    /// <summary>It waits at a barrier of the block.</summary>
    AtBarrier,

    /// <summary>It waits for another thread in a loop, and lets others go first.</summary>
    Yielded,

    /// <summary>All its threads are done.</summary>
    Exited,
}

/// <summary>A warp of a block.</summary>
internal sealed unsafe partial class Warp : IDisposable
{
    private const int MostStackUnits = 1 << 20, MostLocalBytes = 1 << 19;
    private readonly Block _block;
    private readonly KernelCode _kernel;
    private readonly Instruction* _code;
    private readonly Profile _profile;
    private readonly InstructionCounters? _counters;
    private readonly BlockChecks? _checks;
    private byte* _stack, _local;
    private int _stackUnits, _localBytes;
    private bool _isSetUp;

    // Scratch: addresses of an access, results before they are blended in; then tid and lane rows.
    private readonly byte* _rows;
    private readonly ulong* _addresses;
    private readonly byte* _scratch;

    /// <summary>The threads that exist and have not exited.</summary>
    public uint Alive { get; private set; }

    /// <summary>The number of the warp in its block.</summary>
    public int Index { get; }

    /// <summary>Where the running group is.</summary>
    public int Pc { get; private set; }

    /// <summary>The lanes of the running group.</summary>
    public uint Mask { get; private set; }

    /// <summary>Makes a warp; it lives as long as a launch, and runs one block after the other.</summary>
    public Warp(Block block, int index)
    {
        (_block, Index, _kernel, _profile, _counters, _checks) = (block, index, block.Launch.Kernel, block.Profile, block.Profile.Accesses, block.Checks);
        _code = (Instruction*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_kernel.Code));
        FunctionCode entry = _kernel.Functions[0];
        _rows = Allocate(16 * 256);
        _addresses = (ulong*)_rows;
        _scratch = _rows + 256;
        GrowStack(entry.FrameUnits);
        GrowLocal(entry.LocalBytes);
        for (int lane = 0; lane < Lanes.Count; lane++) FillThread(lane);
    }

    private byte* Frame => _stack + (long)_frameUnit * Instruction.Unit;

    /// <summary>Puts all threads at the kernel's beginning.</summary>
    public void Start()
    {
        FunctionCode entry = _kernel.Functions[0];
        int threads = (int)Math.Min(_block.Launch.Shape.Block.Count - (long)Index * Lanes.Count, Lanes.Count);
        Alive = threads >= Lanes.Count ? uint.MaxValue : (1u << threads) - 1;
        (Mask, Pc, _depth, _frameUnit, _localBase, _waitingCount, _polls, _turns) = (Alive, entry.Entry, 0, 0, 0, 0, 0, 0);
        // The numbers of the kernel's own frame stay as they are from block to block: no instruction writes to them.
        if (!_isSetUp) EnterFrame(entry, uint.MaxValue);
        else ClearUndefined(entry, uint.MaxValue);
        _isSetUp = true;

        _copies.Clear();
        Array.Clear(_copyGroups);

        // What a block left in local memory must not be seen by the next.
        NativeMemory.Fill(_local, (nuint)_localBytes * Lanes.Count, 0xff);
    }

    /// <summary>Sets what a function expects of its frame: the predicate that is always true, its numbers, and nothing of the past in registers it may read unwritten.</summary>
    private void EnterFrame(FunctionCode function, uint lanes)
    {
        byte* frame = Frame;
        *(uint*)frame |= lanes;
        foreach ((int unit, LaneKind kind, ulong bits) in function.Numbers)
        {
            byte* row = frame + unit * Instruction.Unit;
            if (kind == LaneKind.Predicate) *(uint*)row = Blend(*(uint*)row, (uint)bits, lanes);
            else if (kind == LaneKind.Lanes64) { Lanes.Fill64((ulong*)_scratch, bits); Lanes.Blend64((ulong*)row, (ulong*)_scratch, lanes); }
            else { Lanes.Fill32((uint*)_scratch, (uint)bits); Lanes.Blend32((uint*)row, (uint*)_scratch, lanes); }
        }
        ClearUndefined(function, lanes);
    }

    private void ClearUndefined(FunctionCode function, uint lanes)
    {
        byte* frame = Frame;
        NativeMemory.Clear(_scratch, 256);
        foreach ((int unit, int units) in function.Undefined)
        {
            byte* row = frame + unit * Instruction.Unit;
            if (units == 1) *(uint*)row &= ~lanes;
            else if (units == 4) Lanes.Blend64((ulong*)row, (ulong*)_scratch, lanes);
            else Lanes.Blend32((uint*)row, (uint*)_scratch, lanes);
        }
    }

    private static uint Blend(uint old, uint value, uint mask) => (old & ~mask) | (value & mask);

    private void GrowStack(int units)
    {
        if (units <= _stackUnits) return;
        if (units > MostStackUnits) throw new KernelFault(KernelFault.LaunchFailed, "the stack overflows: calls are nested too deeply", Mask);
        int wanted = Math.Max(units, Math.Min(2 * _stackUnits, MostStackUnits));
        _stack = Grow(_stack, (long)_stackUnits * Instruction.Unit, (long)wanted * Instruction.Unit);
        _stackUnits = wanted;
    }

    private void GrowLocal(int bytes)
    {
        if (bytes <= _localBytes) return;
        if (bytes > MostLocalBytes) throw new KernelFault(KernelFault.LaunchFailed, $"the stack overflows: a thread needs more than {MostLocalBytes} bytes of local memory", Mask);
        int wanted = Math.Max(bytes, Math.Min(2 * _localBytes, MostLocalBytes));
        _local = Grow(_local, (long)_localBytes * Lanes.Count, (long)wanted * Lanes.Count);
        _localBytes = wanted;
    }

    private static byte* Allocate(long bytes)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Instruction.Unit);
        NativeMemory.Clear(memory, (nuint)bytes);
        return memory;
    }

    private static byte* Grow(byte* old, long oldBytes, long bytes)
    {
        byte* grown = Allocate(bytes);
        if (old == null) return grown;
        Buffer.MemoryCopy(old, grown, bytes, oldBytes);
        NativeMemory.AlignedFree(old);
        return grown;
    }

    /// <summary>A fault at an instruction.</summary>
    private KernelFault Fault(Instruction* at, string code, string message, uint lanes, CheckKind? check = null, ulong address = 0)
    {
        Pc = (int)(at - _code);
        return new KernelFault(code, message, lanes) { Check = check, Address = address, Bytes = check is null ? 0 : AccessBytes(at) };
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_stack);
        NativeMemory.AlignedFree(_local);
        NativeMemory.AlignedFree(_rows);
    }
}
