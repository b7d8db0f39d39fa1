// The checks of a block: told of every access and of everything that puts threads in order.
//
// The one thing to understand: this only passes on. What a race is stands in Checks/RaceShadow, what is uninitialised in InitMap, what lanes must do in SyncCheck.
using System.Numerics;
using MiniDL.Simulator.Checks;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Execute;

/// <summary>Checks of the block that runs.</summary>
internal sealed unsafe class BlockChecks
{
    private readonly DeviceChecks _device;
    private readonly BlockClocks _clocks;
    private readonly RaceShadow? _sharedRaces;
    private readonly InitMap? _sharedWritten;
    private long _block;

    /// <summary>Checks for blocks of a launch.</summary>
    public BlockChecks(DeviceChecks device, int threads, int sharedBytes)
    {
        _device = device;
        _clocks = new BlockClocks(threads);
        if (device.Has(CheckKinds.Race)) _sharedRaces = new RaceShadow(device.Log, device.Numbers, isShared: true);
        if (device.Has(CheckKinds.Initialised)) _sharedWritten = new InitMap(sharedBytes);
    }

    /// <summary>A block begins.</summary>
    public void Start(long block)
    {
        _block = block;
        _clocks.Start(_device.Numbers.Begin(block));
        _sharedWritten?.Clear();
    }

    /// <summary>An access to one allocation of the device's memory, in bounds.</summary>
    public void Global(Instruction* i, int pc, AccessKind kind, ulong* addresses, uint active, int bytes, Allocation allocation, int warp)
    {
        AccessMode mode = ModeOf(kind);
        if (_device.Races is { } races)
        {
            if ((i->Order & Order.Fences) != 0) Fence(warp, active, i->Order);
            races.Access(mode, (i->Order & Order.Strong) != 0, addresses, active, bytes, _clocks, warp, pc);
            if ((i->Order & Order.ReadOnly) != 0 && races.WrittenInLaunch(addresses, active, bytes) is var stale and not 0)
                Report(CheckKind.RaceCheck, "read through the read-only cache (ld.global.nc) of what this kernel has written", pc, warp, stale, addresses[BitOperations.TrailingZeroCount(stale)], bytes);
        }
        if (allocation.Written is { } written) Initialised(written, mode, addresses, allocation.Address, active, bytes, warp, pc, "global");
    }

    /// <summary>An access to shared memory, by offsets.</summary>
    public void Shared(Instruction* i, int pc, AccessKind kind, ulong* offsets, uint active, int bytes, int warp)
    {
        AccessMode mode = ModeOf(kind);
        if (_sharedRaces is not null)
        {
            if ((i->Order & Order.Fences) != 0) Fence(warp, active, i->Order);
            _sharedRaces.Access(mode, (i->Order & Order.Strong) != 0, offsets, active, bytes, _clocks, warp, pc);
        }
        if (_sharedWritten is not null) Initialised(_sharedWritten, mode, offsets, 0, active, bytes, warp, pc, "shared");
    }

    private void Initialised(InitMap written, AccessMode mode, ulong* addresses, ulong origin, uint active, int bytes, int warp, int pc, string memory)
    {
        if (mode != AccessMode.Write && written.MissingLanes(addresses, origin, active, bytes) is var missing and not 0)
            Report(CheckKind.InitCheck, $"read of {memory} memory that was never written", pc, warp, missing, addresses[BitOperations.TrailingZeroCount(missing)], bytes);
        if (mode != AccessMode.Read) written.MarkLanes(addresses, origin, active, bytes);
    }

    /// <summary>Lanes executed a fence.</summary>
    public void Fence(int warp, uint lanes, Order order)
    {
        if (_device.Has(CheckKinds.Race)) _clocks.Fence(warp, lanes, (order & Order.OfDevice) != 0);
    }

    /// <summary>Lanes took part in one .sync instruction that names the members.</summary>
    public void Synchronise(int warp, uint lanes, uint members, int pc)
    {
        _clocks.Synchronise(warp, lanes & members);
        if (_device.Has(CheckKinds.Synchronisation) && SyncCheck.NotNamed(lanes, members) is var strangers and not 0)
            Report(CheckKind.SyncCheck, $"lanes {Warp.Names(strangers)} execute an instruction whose mask 0x{members:x8} does not name them", pc, warp, strangers, 0, 0);
    }

    /// <summary>Lanes read each other by shuffle.</summary>
    public void Shuffled(int warp, ReadOnlySpan<int> sources, uint lanes, int pc)
    {
        if (_device.Has(CheckKinds.Synchronisation) && SyncCheck.ReadsAbsentLane(sources, lanes) is var wrong and not 0)
            Report(CheckKind.SyncCheck, "shuffle from a lane that does not take part", pc, warp, wrong, 0, 0);
    }

    /// <summary>Warps passed a barrier of the block together.</summary>
    public void PassBarrier(ReadOnlySpan<(int Warp, uint Lanes)> arrived) => _clocks.PassBarrier(arrived);

    /// <summary>A fault that ends the kernel is a finding, too.</summary>
    public void Failed(KernelFault fault, int warp, int pc)
    {
        if (fault.Check is not { } check || !_device.Has(check == CheckKind.MemCheck ? CheckKinds.Memory : CheckKinds.Synchronisation)) return;
        _device.Log.Add(new RawFinding(check, fault.Message, pc, _block, warp * 32 + Math.Max(fault.Lane, 0), fault.Address, fault.Bytes));
    }

    private void Report(CheckKind check, string what, int pc, int warp, uint lanes, ulong address, int bytes) =>
        _device.Log.Add(new RawFinding(check, what, pc, _block, warp * 32 + BitOperations.TrailingZeroCount(lanes), address, bytes));

    private static AccessMode ModeOf(AccessKind kind) => kind switch
    {
        AccessKind.GlobalLoad or AccessKind.SharedLoad => AccessMode.Read,
        AccessKind.GlobalStore or AccessKind.SharedStore => AccessMode.Write,
        _ => AccessMode.Atomic,
    };
}
