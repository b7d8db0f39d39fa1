// A shadow of memory in which every access leaves its stamp: finds races.
//
// The rules of racecheck. Two accesses of the same byte by different threads race if at least one writes, they are not both strong (atomic, volatile, .relaxed, .acquire,
// .release), and nothing orders them. Ordered are accesses
//   1. of one thread, in program order;
//   2. of threads of one block with a barrier between that both passed;
//   3. of lanes of one warp with a .sync instruction between in which both took part;
//   4. of any threads if the first, or one ordered behind it, executed a fence and then a strong write to an address that the second, or one ordered before it, then
//      looked at with a strong read or an atomic (Releases);
//   5. of different launches.
// Lanes of one instruction that write one byte race, too. Different blocks of a launch are never in order but by rule 4.
//
// A word of four bytes has three stamps: the last write, the last read, and a read by another warp. What they cannot hold is forgotten: a race may be missed, but none is
// invented. Of bytes of one word written by several threads the last is remembered.
//
// The one thing to understand: races are found by what the program says, not by what happened. The accesses may have come in a harmless order this time.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace MiniDL.Simulator.Checks;

/// <summary>What an access does.</summary>
internal enum AccessMode
{
    /// <summary>Reads.</summary>
    Read,

    /// <summary>Writes.</summary>
    Write,

    /// <summary>Reads and writes in one.</summary>
    Atomic,
}

/// <summary>The shadow of shared memory of a block, or of the device's memory.</summary>
/// <param name="log">Where findings go.</param>
/// <param name="blocks">The numbers that blocks have in stamps.</param>
/// <param name="isShared">Shared memory: stamps of other blocks mean nothing.</param>
internal sealed unsafe class RaceShadow(FindingLog log, BlockNumbers blocks, bool isShared)
{
    private const int PageWords = 4096;
    private readonly Dictionary<ulong, Cell[]> _pages = [];
    private readonly Dictionary<ulong, Releases> _releases = [];
    private ulong _latest = ulong.MaxValue;
    private Cell[] _page = [];

    /// <summary>Where findings go; each launch has a log of its own.</summary>
    public FindingLog Log { get; set; } = log;

    private struct Cell
    {
        public Stamp Write, Read, OtherRead;
    }

    /// <summary>A launch begins: what was released before it is in order anyway.</summary>
    public void BeginLaunch() => _releases.Clear();

    /// <summary>The lanes that look at a word which this launch has written before, whoever did: what a load through the read-only path must not do.</summary>
    public uint WrittenInLaunch(ulong* addresses, uint mask, int bytes)
    {
        uint written = 0;
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            for (int word = 0; word < Math.Max(1, bytes / 4); word++)
                if (At(addresses[lane] / 4 + (ulong)word).Write.Block >= blocks.First) written |= 1u << lane;
        }
        return written;
    }

    /// <summary>A warp's access.</summary>
    /// <param name="mode">What it does.</param>
    /// <param name="strong">Whether it is atomic, volatile, or has .relaxed, .acquire or .release.</param>
    /// <param name="addresses">Of 32 lanes: device addresses, or offsets in shared memory.</param>
    /// <param name="mask">The lanes that are on; their accesses are in bounds and aligned.</param>
    /// <param name="bytes">Bytes of each lane.</param>
    /// <param name="clocks">The clocks of the block.</param>
    /// <param name="warp">The warp's number in the block.</param>
    /// <param name="pc">The instruction.</param>
    public void Access(AccessMode mode, bool strong, ulong* addresses, uint mask, int bytes, BlockClocks clocks, int warp, int pc)
    {
        ulong previous = ulong.MaxValue;
        int words = Math.Max(1, bytes / 4);
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left), thread = warp * 32 + lane;
            ulong address = addresses[lane];
            // An access is aligned to its size: it has whole words, all in one page, or lies within a word.
            ref Cell first = ref At(address / 4);
            uint byteMask = bytes >= 4 ? 0xF : ((1u << bytes) - 1) << (int)(address & 3);
            Stamp now = Stamp.Of(clocks.Serial, thread, pc, clocks.BarrierClock(thread), clocks.WarpClock(thread), byteMask, strong);
            // Lanes that read the same as their neighbour only leave a note that they are several.
            bool again = mode == AccessMode.Read && address == previous;
            previous = address;
            for (int word = 0; word < words; word++)
            {
                ref Cell cell = ref Unsafe.Add(ref first, word);
                if (again && cell.Read.Pc == pc) cell.Read.Several = true;
                else if (mode == AccessMode.Read) Read(ref cell, now, clocks, address + 4 * (ulong)word, bytes);
                else Write(ref cell, now, clocks, address + 4 * (ulong)word, bytes, mode);
            }
            if (strong) Order(mode, address, clocks, thread);
        }
    }

    private void Read(ref Cell cell, in Stamp now, BlockClocks clocks, ulong address, int bytes)
    {
        if (cell.Write.Block != 0 && Races(cell.Write, now, clocks)) Report("read after write", now, cell.Write, address, bytes);

        // A read by the same warp at the same time joins; any other moves the last read to second place, unless it is known to be over.
        if (cell.Read.IsAlongside(now))
        {
            if (cell.Read.Thread != now.Thread) cell.Read.Several = true;
            cell.Read.ByteMask |= now.ByteMask;
            return;
        }
        bool isOver = cell.Read.Block != now.Block ? isShared || cell.Read.Block < blocks.First : clocks.IsBefore(cell.Read, now.Thread) && !cell.Read.Several;
        if (!isOver && (cell.Read.Block != now.Block || cell.Read.Warp != now.Warp)) cell.OtherRead = cell.Read;
        cell.Read = now;
    }

    private void Write(ref Cell cell, in Stamp now, BlockClocks clocks, ulong address, int bytes, AccessMode mode)
    {
        string what = mode == AccessMode.Atomic ? "atomic" : "write";
        if (cell.Write.Block != 0 && Races(cell.Write, now, clocks)) Report(what + " after write", now, cell.Write, address, bytes);
        if (cell.Read.Block != 0 && Races(cell.Read, now, clocks)) Report($"{what} after read", now, cell.Read, address, bytes);
        if (cell.OtherRead.Block != 0 && Races(cell.OtherRead, now, clocks)) Report($"{what} after read", now, cell.OtherRead, address, bytes);

        // Whoever comes next is compared with this write, and so, if that is in order, is in order with what was before it.
        if ((cell.Read.ByteMask & ~now.ByteMask) == 0) cell.Read = default;
        if ((cell.OtherRead.ByteMask & ~now.ByteMask) == 0) cell.OtherRead = default;
        cell.Write = now;
    }

    /// <summary>The rules, of which one is enough to be in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Races(in Stamp past, in Stamp now, BlockClocks clocks)
    {
        // The frequent case first: a barrier lies between.
        if (past.Block == now.Block && past.BarrierClock < now.BarrierClock) return false;
        return RacesWithoutBarrier(past, now, clocks);
    }

    private bool RacesWithoutBarrier(in Stamp past, in Stamp now, BlockClocks clocks)
    {
        if (past.Block < blocks.First || (past.ByteMask & now.ByteMask) == 0 || (past.IsStrong && now.IsStrong)) return false;
        if (past.Block != now.Block) return !isShared && !clocks.IsReleased(past, now.Thread);
        // Several lanes did it: at least one of them is another thread.
        bool sameThread = past.Thread == now.Thread && !past.Several;
        bool met = past.Warp == now.Warp && past.WarpClock < now.WarpClock;
        return !sameThread && !met && !clocks.IsReleased(past, now.Thread);
    }

    /// <summary>A strong access orders: looking acquires, and writing after a fence releases.</summary>
    private void Order(AccessMode mode, ulong address, BlockClocks clocks, int thread)
    {
        bool releases = mode != AccessMode.Read && clocks.LastFence(thread).Done;
        if (!_releases.TryGetValue(address, out Releases? here))
        {
            if (!releases) return;
            _releases[address] = here = new();
        }
        if (mode != AccessMode.Write) clocks.Acquire(here, thread);
        if (releases) here.Add(clocks, thread);
    }

    private void Report(string what, in Stamp now, in Stamp past, ulong address, int bytes) =>
        Log.Add(new RawFinding(CheckKind.RaceCheck, $"race: {what} in {(isShared ? "shared" : "global")} memory", now.Pc, NumberOf(now), now.Thread, address, bytes, past.Pc, NumberOf(past), past.Thread));

    private long NumberOf(in Stamp stamp) => blocks.InGrid(stamp.Block);

    private ref Cell At(ulong word)
    {
        ulong number = word / PageWords;
        if (number != _latest)
        {
            if (!_pages.TryGetValue(number, out Cell[]? page)) _pages[number] = page = new Cell[PageWords];
            (_latest, _page) = (number, page);
        }
        return ref _page[word % PageWords];
    }
}
