// How many threads a launch has, and how they are arranged.
//
// The one thing to understand: a grid of blocks of threads; the threads of a block share memory and can wait for each other, blocks cannot.
namespace MiniDL.Gpu;

/// <summary>Three extents, as CUDA counts blocks and threads.</summary>
/// <example><code>var grid = new Dim3(128, 4);   // 128 x 4 x 1</code></example>
public readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    /// <summary>X * Y * Z.</summary>
    public long Count => (long)X * Y * Z;

    /// <summary>For listings: <c>128x4</c>, trailing ones left out.</summary>
    public override string ToString() => Z != 1 ? $"{X}x{Y}x{Z}" : Y != 1 ? $"{X}x{Y}" : $"{X}";
}

/// <summary>The configuration of a launch.</summary>
/// <param name="Grid">Blocks.</param>
/// <param name="Block">Threads of each block, at most 1,024.</param>
/// <param name="DynamicSharedBytes">Shared memory beyond what the kernel declares.</param>
public readonly record struct LaunchShape(Dim3 Grid, Dim3 Block, int DynamicSharedBytes = 0);
