// A block: its warps, its shared memory, its barriers.
//
// The one thing to understand: a warp runs until it must wait; then it is the next one's turn. A barrier opens when all warps that have not exited have come to it, or as
// many threads as the instruction says. The order of the warps is fixed, or permuted by the seed, and shows nothing to a kernel that synchronises correctly.
using System.Runtime.InteropServices;
using System.Text;
using MiniDL.Gpu;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Checks;
using MiniDL.Simulator.Code;

namespace MiniDL.Simulator.Execute;

/// <summary>What became of a block.</summary>
internal enum BlockStatus { Done, Yielded }

/// <summary>Runs blocks of a launch, one after the other.</summary>
internal sealed unsafe class Block : IDisposable
{
    private readonly Warp[] _warps;
    private readonly WarpStatus[] _status;
    private readonly int[] _order;
    private readonly byte* _memory;
    private Dim3 _index;

    /// <summary>Memory and warps for blocks of a launch.</summary>
    public Block(Launch launch, Profile profile, int sharedBytes)
    {
        (Launch, Profile, SharedBytes) = (launch, profile, sharedBytes);
        if (launch.Checks is { } checks) Checks = new BlockChecks(checks, (int)launch.Shape.Block.Count, sharedBytes);
        Recent = new Allocation?[launch.Kernel.Code.Length];
        int parameters = (launch.Parameters.Length + 63) & ~63;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(parameters + sharedBytes + 64), 64);
        Parameters = _memory;
        Shared = _memory + parameters;
        launch.Parameters.CopyTo(new Span<byte>(Parameters, parameters));
        _warps = new Warp[(launch.Shape.Block.Count + Lanes.Count - 1) / Lanes.Count];
        for (int w = 0; w < _warps.Length; w++) _warps[w] = new Warp(this, w);
        _status = new WarpStatus[_warps.Length];
        _order = [.. Enumerable.Range(0, _warps.Length)];
    }

    /// <summary>The launch.</summary>
    public Launch Launch { get; }

    /// <summary>Counts.</summary>
    public Profile Profile { get; }

    /// <summary>Who checks what warps do; null if nobody.</summary>
    public BlockChecks? Checks { get; }

    /// <summary>Its barriers.</summary>
    public BlockBarriers Barriers { get; } = new();

    /// <summary>Shared memory.</summary>
    public byte* Shared { get; }

    /// <summary>Its size.</summary>
    public int SharedBytes { get; }

    /// <summary>The parameter block.</summary>
    public byte* Parameters { get; }

    /// <summary>The allocation that each instruction used last.</summary>
    public Allocation?[] Recent { get; }

    /// <summary>Warp instructions that may still be executed.</summary>
    public long Budget { get; set; }

    /// <summary>The block's number in the grid.</summary>
    public long Number { get; private set; }

    /// <summary>What printf wrote.</summary>
    public StringBuilder Output { get; } = new();

    /// <summary>Begins a block.</summary>
    public void Start(long number)
    {
        Number = number;
        _index = Launch.BlockAt(number);
        Profile.Accesses?.Traffic?.BeginBlock(number / Launch.BlocksOfWave);
        Checks?.Start(number);
        Budget = Launch.InstructionLimit;
        Barriers.Start();
        Array.Clear(_status);
        // Shared memory starts as garbage; always the same garbage, so that a kernel that reads it does the same each time.
        NativeMemory.Fill(Shared, (nuint)SharedBytes, 0xff);
        if (Launch.Seed != 0) PermuteWarps(number);
        foreach (Warp warp in _warps) warp.Start();
    }

    /// <summary>An order that depends on the seed and the block alone, not on what this worker ran before.</summary>
    private void PermuteWarps(long number)
    {
        for (int w = 0; w < _order.Length; w++) _order[w] = w;
        new Random(unchecked(Launch.Seed * 1_000_003 + (int)number)).Shuffle(_order);
    }

    /// <summary>Runs the block until it is done, or until all its warps wait for something outside of it.</summary>
    public BlockStatus Run()
    {
        while (true)
        {
            bool any = false, yielded = true;
            foreach (int w in _order)
            {
                if (_status[w] is not (WarpStatus.Ready or WarpStatus.Yielded)) continue;
                any = true;
                _status[w] = RunWarp(_warps[w]);
                yielded &= _status[w] == WarpStatus.Yielded;
            }
            if (Array.TrueForAll(_status, s => s == WarpStatus.Exited)) return BlockStatus.Done;
            if (Barriers.Open(_warps, _status, Checks)) continue;
            if (!any) throw Stuck();
            if (yielded) return BlockStatus.Yielded;
        }
    }

    private WarpStatus RunWarp(Warp warp)
    {
        try
        {
            WarpStatus status = warp.Run();
            // A barrier that is named wrongly is the fault of the warp that names it.
            if (status == WarpStatus.AtBarrier) BlockBarriers.Which(warp, warp.AtInstruction, warp.AtFrame);
            return status;
        }
        catch (KernelFault fault)
        {
            throw Place(fault, warp);
        }
    }

    /// <summary>Adds which thread of which block, and where in the source.</summary>
    private GpuException Place(KernelFault fault, Warp warp)
    {
        Checks?.Failed(fault, warp.Index, warp.Pc);
        int thread = warp.Index * Lanes.Count + Math.Max(fault.Lane, 0);
        return new GpuException($"kernel {Launch.Kernel.Name}", fault.Code, $"{fault.Message} (at {Launch.Kernel.Where(warp.Pc)}, '{Launch.Kernel.Origins[warp.Pc].Opcode}', block {Place(_index)}, thread {Place(Launch.ThreadAt(thread))})");
    }

    private static string Place(Dim3 p) => $"({p.X},{p.Y},{p.Z})";

    private GpuException Stuck()
    {
        string where = string.Join("; ", _warps.Where(w => _status[w.Index] == WarpStatus.AtBarrier).Select(w => $"warp {w.Index} at barrier {BlockBarriers.Which(w, w.AtInstruction, w.AtFrame).Barrier}, {Launch.Kernel.Where(w.Pc)}"));
        Warp first = _warps.First(w => _status[w.Index] == WarpStatus.AtBarrier);
        Checks?.Failed(new KernelFault(KernelFault.LaunchFailed, $"deadlock: warps wait at barriers that the others never reach: {where}") { Check = CheckKind.SyncCheck }, first.Index, first.Pc);
        return new GpuException($"kernel {Launch.Kernel.Name}", KernelFault.LaunchFailed, $"deadlock in block {Place(_index)}: warps wait at barriers that the others never reach: {where}");
    }

    /// <summary>Special registers that are the same for all lanes.</summary>
    public ulong Special(SpecialRegister which, int warp) => which switch
    {
        SpecialRegister.NtidX => (ulong)Launch.Shape.Block.X,
        SpecialRegister.NtidY => (ulong)Launch.Shape.Block.Y,
        SpecialRegister.NtidZ => (ulong)Launch.Shape.Block.Z,
        SpecialRegister.CtaidX => (ulong)_index.X,
        SpecialRegister.CtaidY => (ulong)_index.Y,
        SpecialRegister.CtaidZ => (ulong)_index.Z,
        SpecialRegister.NctaidX => (ulong)Launch.Shape.Grid.X,
        SpecialRegister.NctaidY => (ulong)Launch.Shape.Grid.Y,
        SpecialRegister.NctaidZ => (ulong)Launch.Shape.Grid.Z,
        SpecialRegister.WarpId => (ulong)warp,
        SpecialRegister.NwarpId => (ulong)(Launch.Properties.ThreadsPerMultiprocessor / Lanes.Count),
        SpecialRegister.SmId => (ulong)(Number % Launch.Properties.Multiprocessors),
        SpecialRegister.NsmId => (ulong)Launch.Properties.Multiprocessors,
        SpecialRegister.GridId => (ulong)Launch.Number,
        // There is no time; what was executed so far stands in for it.
        SpecialRegister.Clock or SpecialRegister.Clock64 or SpecialRegister.GlobalTimer => (ulong)(Launch.InstructionLimit - Budget),
        SpecialRegister.ClockHigh or SpecialRegister.GlobalTimerHigh => (ulong)(Launch.InstructionLimit - Budget) >> 32,
        SpecialRegister.DynamicSharedSize => (ulong)Launch.Shape.DynamicSharedBytes,
        SpecialRegister.TotalSharedSize => (ulong)Launch.SharedBytes,
        _ => Lanes.Count,
    };

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        foreach (Warp warp in _warps) warp.Dispose();
        NativeMemory.AlignedFree(_memory);
    }
}
