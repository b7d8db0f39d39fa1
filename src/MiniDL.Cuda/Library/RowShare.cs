// How rows are shared out to lanes by the kernels that are built on kernels/softmax/row.cuh: the macros and the launch that it asks for.
//
// The one thing to understand: a row gets one lane for each element, or for each float4 where rows are aligned, so that none idles; up to a warp, whose lanes combine
// by shuffles. Where a lane of a warp would hold too many elements, registers grow scarce, and a block takes the row.
using System.Numerics;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Lanes, threads and blocks for rows.</summary>
/// <param name="Rows">R.</param>
/// <param name="Columns">C.</param>
/// <param name="IsAligned">Arrays begin at multiples of 16 bytes.</param>
/// <param name="Held">Arrays of which a thread holds its part of a row in registers: 1 for softmax, 2 for its gradient.</param>
internal readonly record struct RowShare(int Rows, int Columns, bool IsAligned = true, int Held = 1)
{
    private const int MostColumnsOfWarp = 1024, MostRegisters = 96, BlocksEnough = 128, LongestStrip = 16;

    /// <summary>Threads of a block.</summary>
    public static int Threads => 256;

    /// <summary>Lanes that share a row: a power of two up to 32, or all threads of a block.</summary>
    public int Lanes => Columns > MostColumnsOfWarp || Columns * Held > 32 * MostRegisters ? Threads : (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(32, IsAligned && Columns % 4 == 0 ? Columns / 4 : Columns));

    /// <summary>Rows that a block has at the same time.</summary>
    public int RowsPerBlock => Threads / Lanes;

    /// <summary>The macros that row.cuh wants in front of it.</summary>
    public IReadOnlyList<(string Name, object Value)> Macros => [("ROWS", Rows), ("COLUMNS", Columns), ("LANES", Lanes), ("BLOCK", Threads), ("ALIGNED", IsAligned ? 1 : 0)];

    /// <summary>The launch, if every lane has one row to do.</summary>
    public LaunchShape Launch => LaunchOf(1);

    /// <summary>Rows for each lane where doing several one after the other saves something: as many as leave enough blocks.</summary>
    public int Strip => Math.Clamp(Rows / (RowsPerBlock * BlocksEnough), 1, LongestStrip);

    /// <summary>The launch, if every lane has so many rows to do.</summary>
    public LaunchShape LaunchOf(int strip) => new(new Dim3((Rows + RowsPerBlock * strip - 1) / (RowsPerBlock * strip)), new Dim3(Threads));
}
