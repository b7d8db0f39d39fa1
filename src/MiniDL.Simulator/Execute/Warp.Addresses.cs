// From lane addresses to host memory: bounds, alignment, and the pattern that lanes make.
//
// The one thing to understand: one pass over the 32 addresses answers all at once: is any outside of the memory meant, is any misaligned, are all equal (Uniform), or does
// lane i lie i elements behind lane 0 (Unit)? Lanes that are off are given the address of one that is on, so that nothing special needs to be done for them.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Checks;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Execute;

/// <summary>What the addresses of a warp look like.</summary>
internal enum Pattern { Uniform, Unit, Other }

internal sealed unsafe partial class Warp
{
    /// <summary>Result of a look at addresses.</summary>
    private enum Located { Inside, Outside, Misaligned }

    private Pattern _pattern;

    /// <summary>Register plus offset, 32 times. Registers of 32 bits are extended with zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillAddresses(Instruction* i, byte* frame, uint active)
    {
        byte* row = Row(frame, i->A);
        if ((i->Detail & Access.WideAddress) != 0)
        {
            Vector512<ulong> offset = Vector512.Create((ulong)i->Value);
            for (int lane = 0; lane < Lanes.Count; lane += 8) (Vector512.Load((ulong*)row + lane) + offset).Store(_addresses + lane);
        }
        else for (int lane = 0; lane < Lanes.Count; lane++) _addresses[lane] = ((uint*)row)[lane] + (ulong)i->Value;
        if (active != uint.MaxValue) FillInactive(active);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillInactive(uint active)
    {
        ulong first = _addresses[BitOperations.TrailingZeroCount(active)];
        for (uint off = ~active; off != 0; off &= off - 1) _addresses[BitOperations.TrailingZeroCount(off)] = first;
    }

    /// <summary>Compares the addresses of all lanes with the range [low, low + length), and finds their pattern.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Located Compare(Instruction* i, uint active, ulong low, long length)
    {
        int element = 1 << (i->Detail & Access.SizeBits), bytes = element << (i->Detail >> Access.CountShift & 3);
        long most = length - bytes;
        ulong first = _addresses[0];
        Vector512<ulong> lows = Vector512.Create(low), last = Vector512.Create((ulong)most), start = Vector512.Create(first);
        Vector512<ulong> stride = Vector512.Create((ulong)bytes), count = Vector512.Create(0ul, 1, 2, 3, 4, 5, 6, 7) * stride;
        Vector512<ulong> outside = Vector512<ulong>.Zero, different = outside, scattered = outside, bits = outside;
        for (int lane = 0; lane < Lanes.Count; lane += 8)
        {
            Vector512<ulong> address = Vector512.Load(_addresses + lane), distance = address - start;
            outside |= Vector512.GreaterThan(address - lows, last);
            different |= distance;
            scattered |= distance ^ count;
            bits |= address;
            count += stride * 8;
        }
        if (most < 0 || outside != Vector512<ulong>.Zero) return Located.Outside;
        _pattern = different == Vector512<ulong>.Zero ? Pattern.Uniform : scattered == Vector512<ulong>.Zero && active == uint.MaxValue ? Pattern.Unit : Pattern.Other;
        return (bits & Vector512.Create((ulong)bytes - 1)) == Vector512<ulong>.Zero ? Located.Inside : Located.Misaligned;
    }

    /// <summary>The host address that belongs to device address 0 for this access, after all checks; or every lane's own host address in _addresses, and 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long LocateGlobal(Instruction* i, byte* frame, uint active, AccessKind kind)
    {
        ref Allocation? recent = ref _block.Recent[i - _code];
        bool isStore = kind != AccessKind.GlobalLoad;
        FillAddresses(i, frame, active);
        _counters?.Access((int)(i - _code), kind, _addresses, active, AccessBytes(i));
        if (recent is { } known && Compare(i, active, known.Address, known.Bytes) == Located.Inside && !(isStore && known.IsConstant))
        {
            _checks?.Global(i, (int)(i - _code), kind, _addresses, active, AccessBytes(i), known, Index);
            return (long)known.Host - (long)known.Address;
        }
        return LocateGlobalSlowly(i, active, kind, isStore, ref recent);
    }

    private long LocateGlobalSlowly(Instruction* i, uint active, AccessKind kind, bool isStore, ref Allocation? recent)
    {
        DeviceMemory memory = _block.Launch.Memory;
        Allocation? found = memory.Find(_addresses[BitOperations.TrailingZeroCount(active)]);
        if (found is not null && !(isStore && found.IsConstant) && Compare(i, active, found.Address, found.Bytes) == Located.Inside)
        {
            recent = found;
            _checks?.Global(i, (int)(i - _code), kind, _addresses, active, AccessBytes(i), found, Index);
            return (long)found.Host - (long)found.Address;
        }

        // Lane by lane: several allocations are fine, anything else is an error of the lane that has it.
        int bytes = AccessBytes(i);
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            if ((active >> lane & 1) == 0) continue;
            ulong address = _addresses[lane];
            if (address % (ulong)bytes != 0) throw Misaligned(i, address, lane);
            found = memory.Find(address);
            if (found is null || (long)(address - found.Address) > found.Bytes - bytes) throw OutOfBounds(i, address, lane, memory.Describe(address + (ulong)(found is null ? 0 : bytes - 1)));
            if (isStore && found.IsConstant) throw OutOfBounds(i, address, lane, $"it is in {found.What}, which cannot be written");
            _checks?.Global(i, (int)(i - _code), kind, _addresses, 1u << lane, bytes, found, Index);
            _addresses[lane] = (ulong)(found.Host + (address - found.Address));
        }
        FillInactive(active);
        _pattern = Pattern.Other;
        return 0;
    }

    /// <summary>The same of the block's shared memory, whose addresses begin at 0 or, generic ones, at its window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long LocateShared(Instruction* i, uint active, AccessKind kind, ulong low = 0)
    {
        if (low != 0) for (int lane = 0; lane < Lanes.Count; lane++) _addresses[lane] -= low;
        _counters?.Access((int)(i - _code), kind, _addresses, active, AccessBytes(i));
        long bias = LocateIn(i, active, 0, _block.Shared, _block.SharedBytes, "the block's shared memory");
        _checks?.Shared(i, (int)(i - _code), kind, _addresses, active, AccessBytes(i), Index);
        return bias;
    }

    /// <summary>Of local memory only the addresses are checked: its words are interleaved, so that each lane's lie elsewhere.</summary>
    private void CheckLocal(Instruction* i, uint active, AccessKind kind, ulong low = 0)
    {
        LocateIn(i, active, low, _local, _localBytes, "the thread's local memory");
        if (_counters is not null && i->A != 0) CountLocal(i, active, kind, low);
    }

    /// <summary>Sectors of local memory as the device lays it out: word w of the 32 lanes side by side. Arguments and results of calls, at fixed places, would be in registers.</summary>
    private void CountLocal(Instruction* i, uint active, AccessKind kind, ulong low)
    {
        ulong* interleaved = stackalloc ulong[Lanes.Count];
        for (int lane = 0; lane < Lanes.Count; lane++) interleaved[lane] = (_addresses[lane] - low) / 4 * 128 + (ulong)lane * 4 + (_addresses[lane] & 3);
        int bytes = AccessBytes(i);
        for (int word = 0; word < bytes; word += 4)
        {
            _counters!.Access((int)(i - _code), kind, interleaved, active, Math.Min(bytes, 4));
            for (int lane = 0; lane < Lanes.Count; lane++) interleaved[lane] += 128;
        }
    }

    /// <summary>The host address that belongs to offset 0 of a range that addresses count from low; all lanes checked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long LocateIn(Instruction* i, uint active, ulong low, byte* host, long length, string what)
    {
        if (Compare(i, active, low, length) == Located.Inside) return (long)host - (long)low;
        int bytes = AccessBytes(i);
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            if ((active >> lane & 1) == 0) continue;
            ulong offset = _addresses[lane] - low;
            if (length < bytes || offset > (ulong)(length - bytes)) throw OutOfBounds(i, offset, lane, $"{what} has {length} bytes");
            if (offset % (ulong)bytes != 0) throw Misaligned(i, offset, lane);
        }
        throw Fault(i, KernelFault.IllegalAddress, $"{what}: an address is out of bounds", active);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int AccessBytes(Instruction* i) => 1 << ((i->Detail & Access.SizeBits) + (i->Detail >> Access.CountShift & 3));

    private KernelFault Misaligned(Instruction* i, ulong address, int lane) =>
        Fault(i, KernelFault.Misaligned, $"an access of {AccessBytes(i)} bytes at 0x{address:x}: the address must be a multiple of {AccessBytes(i)}", 1u << lane, CheckKind.MemCheck, address);

    private KernelFault OutOfBounds(Instruction* i, ulong address, int lane, string why) =>
        Fault(i, KernelFault.IllegalAddress, $"an access of {AccessBytes(i)} bytes at 0x{address:x} is out of bounds: {why}", 1u << lane, CheckKind.MemCheck, address);
}
