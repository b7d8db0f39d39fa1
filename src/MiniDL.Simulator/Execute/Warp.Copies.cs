// cp.async: copies from global to shared memory that the hardware does in the background.
//
// PTX ISA 8.4, section 9.7.9.25. A thread issues copies, closes a group of them (commit_group), and waits until all but its newest N groups are done (wait_group N).
//
// The one thing to understand: here the bytes are read at once and written as late as is allowed, when the thread waits. So a kernel that reads shared memory without
// having waited reads what was there before, and is found wrong, where a real device might be lucky.
using System.Numerics;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Execute;

internal sealed unsafe partial class Warp
{
    private readonly List<PendingCopy> _copies = [];
    private readonly int[] _copyGroups = new int[Lanes.Count];

    /// <summary>What one instruction copies and has not yet written.</summary>
    private sealed class PendingCopy
    {
        public required int Pc { get; init; }

        public required int Bytes { get; init; }

        /// <summary>Lanes whose bytes are not written yet.</summary>
        public uint Lanes { get; set; }

        /// <summary>Of each lane the offset in shared memory, the 16 bytes, and the number of its group.</summary>
        public ulong[] Offsets { get; } = new ulong[Arithmetic.Lanes.Count];

        public byte[] Data { get; } = new byte[16 * Arithmetic.Lanes.Count];

        public int[] Groups { get; } = new int[Arithmetic.Lanes.Count];
    }

    private void CopyAsync(Instruction* i, byte* frame, uint active)
    {
        int bytes = AccessBytes(i);
        var copy = new PendingCopy { Pc = (int)(i - _code) + 1, Bytes = bytes, Lanes = active };
        _copyGroups.CopyTo(copy.Groups, 0);

        // Lanes that copy all bytes, in one access; lanes that want fewer get zeros for the rest, and read nothing beyond.
        uint* sizes = (uint*)Row(frame, i->B);
        uint whole = active;
        for (int lane = 0; i->B != 0 && lane < Lanes.Count; lane++) if (sizes[lane] < bytes) whole &= ~(1u << lane);
        if (whole != 0)
        {
            long bias = LocateGlobal(i, frame, whole, AccessKind.GlobalLoad);
            for (uint left = whole; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                new ReadOnlySpan<byte>((void*)((long)_addresses[lane] + bias), bytes).CopyTo(copy.Data.AsSpan(16 * lane));
            }
        }
        for (uint left = active & ~whole; left != 0; left &= left - 1) CopyPart(i, frame, copy, BitOperations.TrailingZeroCount(left), (int)sizes[BitOperations.TrailingZeroCount(left)]);

        // Where it goes is known to be good now, and written to later.
        Instruction* store = i + 1;
        FillAddresses(store, frame, active);
        _counters?.Access(copy.Pc, AccessKind.SharedStore, _addresses, active, bytes);
        LocateIn(store, active, 0, _block.Shared, _block.SharedBytes, "the block's shared memory");
        for (int lane = 0; lane < Lanes.Count; lane++) copy.Offsets[lane] = _addresses[lane];
        _copies.Add(copy);
    }

    private void CopyPart(Instruction* i, byte* frame, PendingCopy copy, int lane, int bytes)
    {
        if (bytes == 0) return;
        FillAddresses(i, frame, 1u << lane);
        byte* from = _block.Launch.Memory.Host(_addresses[lane], bytes);
        if (from == null) throw OutOfBounds(i, _addresses[lane], lane, _block.Launch.Memory.Describe(_addresses[lane] + (ulong)bytes - 1));
        new ReadOnlySpan<byte>(from, bytes).CopyTo(copy.Data.AsSpan(16 * lane));
    }

    private void CommitCopies(uint active)
    {
        for (uint left = active; left != 0; left &= left - 1) _copyGroups[BitOperations.TrailingZeroCount(left)]++;
    }

    /// <summary>Writes what lanes have copied: all but their newest groups, or, with -1, everything, committed or not.</summary>
    private void FinishCopies(uint active, int newest)
    {
        foreach (PendingCopy copy in _copies)
        {
            uint done = copy.Lanes & active;
            for (uint left = done; newest >= 0 && left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                if (copy.Groups[lane] >= _copyGroups[lane] - newest) done &= ~(1u << lane);
            }
            if (done == 0) continue;
            copy.Lanes &= ~done;
            fixed (ulong* offsets = copy.Offsets) _checks?.Shared(_code + copy.Pc, copy.Pc, AccessKind.SharedStore, offsets, done, copy.Bytes, Index);
            for (uint left = done; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                copy.Data.AsSpan(16 * lane, copy.Bytes).CopyTo(new Span<byte>(_block.Shared + copy.Offsets[lane], copy.Bytes));
            }
        }
        _copies.RemoveAll(copy => copy.Lanes == 0);
    }
}
