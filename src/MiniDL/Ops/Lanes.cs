// How int32 and bool travel through tile routines, whose spans are typed as float: the same bits, read as another type.
//
// The one thing to understand: inside a tile every element takes 4 bytes, so one delegate type and one kind of register serve all dtypes; nothing
// is converted here.
using System.Runtime.InteropServices;

namespace MiniDL.Ops;

/// <summary>Tiles are spans of 4-byte lanes typed as float; these read the same lanes as int32 or as masks.</summary>
internal static class Lanes
{
    /// <summary>The same lanes as int32, for reading.</summary>
    public static ReadOnlySpan<int> Ints(ReadOnlySpan<float> lanes) => MemoryMarshal.Cast<float, int>(lanes);

    /// <summary>The same lanes as int32, for writing.</summary>
    public static Span<int> Ints(Span<float> lanes) => MemoryMarshal.Cast<float, int>(lanes);

    /// <summary>The same lanes as masks, for reading.</summary>
    public static ReadOnlySpan<uint> Masks(ReadOnlySpan<float> lanes) => MemoryMarshal.Cast<float, uint>(lanes);

    /// <summary>The same lanes as masks, for writing.</summary>
    public static Span<uint> Masks(Span<float> lanes) => MemoryMarshal.Cast<float, uint>(lanes);
}
