// Memory that a plan needs while it runs: packed panels, tiles, tables of offsets.
//
// A plan allocates it once, when it is made, so that a warm run allocates nothing. The one thing to understand: blocks are
// aligned to 64 bytes, a cache line and the widest vector, and every part that is cut from one is too, so that a packed panel
// is loaded without touching two lines per load and two workers never share a line.
using System.Runtime.InteropServices;

namespace MiniDL.Cpu;

/// <summary>A block of native memory, aligned to 64 bytes, filled with zeros once unless that is not wanted; freed by Dispose.</summary>
internal sealed unsafe class Scratch : IDisposable
{
    private const int Alignment = 64;

    /// <summary>Allocates <paramref name="floats"/> 4-byte elements (at least one line). Memory that is always written before it is read need not be
    /// <paramref name="cleared"/>: the system then hands it out page by page when it is first used.</summary>
    public Scratch(long floats, bool cleared = true)
    {
        nuint bytes = (nuint)Math.Max(Alignment, checked(Padded(floats) * sizeof(float)));
        Floats = (float*)NativeMemory.AlignedAlloc(bytes, Alignment);
        if (cleared) NativeMemory.Clear(Floats, bytes);
    }

    /// <summary>Frees the block if nobody has: plans are disposed with their function, at the latest by the collector.</summary>
    ~Scratch() => Free();

    /// <summary>The first element; null after Dispose.</summary>
    public float* Floats { get; private set; }

    /// <summary>The same memory as 32-bit integers.</summary>
    public int* Ints => (int*)Floats;

    /// <summary><paramref name="floats"/> rounded up to whole cache lines: the pitch of parts that start aligned.</summary>
    public static long Padded(long floats) => (floats + 15) / 16 * 16;

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Floats);
        Floats = null;
    }
}
