// Which bytes of a piece of memory were ever written: one bit each.
//
// The rules of initcheck. Uploads, fills, stores, atomics, cuBLAS' results and a module's own variables write; a copy carries over what its source has. A load, an
// atomic or a copy to the host of a byte that was not written is a finding. Fresh memory, and the shared memory of a block that begins, have no byte written.
//
// The one thing to understand: it is by bytes, since structures have gaps and flags have one byte.
using System.Numerics;

namespace MiniDL.Simulator.Checks;

/// <summary>The written bytes of an allocation or of a block's shared memory.</summary>
/// <param name="bytes">Its size.</param>
internal sealed unsafe class InitMap(long bytes)
{
    // One word more than needed, so that 16 bits can be looked at from anywhere.
    private readonly ulong[] _words = new ulong[(bytes + 63) / 64 + 1];

    /// <summary>Nothing is written any more.</summary>
    public void Clear() => _words.AsSpan().Clear();

    /// <summary>Marks a range as written.</summary>
    public void Mark(long offset, long count)
    {
        for (long end = offset + count; offset < end;)
        {
            int bit = (int)(offset % 64);
            long taken = Math.Min(64 - bit, end - offset);
            _words[offset / 64] |= Ones(taken) << bit;
            offset += taken;
        }
    }

    /// <summary>The first byte of a range that was not written, or -1.</summary>
    public long FirstMissing(long offset, long count)
    {
        for (long end = offset + count; offset < end;)
        {
            int bit = (int)(offset % 64);
            long taken = Math.Min(64 - bit, end - offset);
            ulong missing = ~(_words[offset / 64] >> bit) & Ones(taken);
            if (missing != 0) return offset + BitOperations.TrailingZeroCount(missing);
            offset += taken;
        }
        return -1;
    }

    /// <summary>A copy: the destination's bytes are written where the source's were.</summary>
    public void CopyFrom(InitMap source, long sourceOffset, long offset, long count)
    {
        for (long i = 0; i < count; i++)
        {
            bool written = (source._words[(sourceOffset + i) / 64] >> (int)((sourceOffset + i) % 64) & 1) != 0;
            ulong bit = 1UL << (int)((offset + i) % 64);
            ref ulong word = ref _words[(offset + i) / 64];
            word = written ? word | bit : word & ~bit;
        }
    }

    /// <summary>The lanes that read a byte nobody wrote.</summary>
    /// <param name="addresses">Of 32 lanes.</param>
    /// <param name="origin">The address of the first byte of this memory.</param>
    /// <param name="mask">The lanes that are on; their accesses are in bounds.</param>
    /// <param name="size">Bytes of each lane, at most 16.</param>
    public uint MissingLanes(ulong* addresses, ulong origin, uint mask, int size)
    {
        uint missing = 0;
        ulong wanted = Ones(size);
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            if ((Bits(addresses[lane] - origin) & wanted) != wanted) missing |= 1u << lane;
        }
        return missing;
    }

    /// <summary>Marks what lanes write.</summary>
    public void MarkLanes(ulong* addresses, ulong origin, uint mask, int size)
    {
        for (uint left = mask; left != 0; left &= left - 1)
            Mark((long)(addresses[BitOperations.TrailingZeroCount(left)] - origin), size);
    }

    /// <summary>The bits of 64 bytes from an offset on; those beyond the next word's first 16 are not to be used.</summary>
    private ulong Bits(ulong offset)
    {
        int bit = (int)(offset % 64);
        ulong word = offset / 64, bits = _words[word] >> bit;
        return bit > 48 ? bits | _words[word + 1] << (64 - bit) : bits;
    }

    private static ulong Ones(long count) => count >= 64 ? ulong.MaxValue : (1UL << (int)count) - 1;
}
