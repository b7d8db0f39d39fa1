// How the 64-bit address space is cut up.
//
// The one thing to understand: a generic address says by its value which memory it means. Shared, local and parameter memory each have a window; everything else is
// memory of the device. The gaps between are nobody's, so that a small mistake in an address is found.
namespace MiniDL.Simulator.Execute;

/// <summary>Where windows begin.</summary>
internal static class Windows
{
    /// <summary>Shared memory of the thread's block.</summary>
    public const ulong Shared = 0x1_0000_0000;

    /// <summary>Local memory of the thread.</summary>
    public const ulong Local = 0x2_0000_0000;

    /// <summary>The kernel's parameters.</summary>
    public const ulong Parameter = 0x3_0000_0000;

    /// <summary>The size of each of these windows.</summary>
    public const ulong Size = 0x1000_0000;

    /// <summary>The first address that memory of the device can have.</summary>
    public const ulong Global = 0x7_0000_0000;
}
