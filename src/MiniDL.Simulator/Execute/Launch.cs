// A launch: what is the same for all blocks of it.
using MiniDL.Gpu;
using MiniDL.Simulator.Code;

namespace MiniDL.Simulator.Execute;

/// <summary>One kernel, its shape and its arguments.</summary>
internal sealed class Launch
{
    /// <summary>The code.</summary>
    public required KernelCode Kernel { get; init; }

    /// <summary>Blocks and threads.</summary>
    public required LaunchShape Shape { get; init; }

    /// <summary>The parameter block, at least as long as the kernel says.</summary>
    public required byte[] Parameters { get; init; }

    /// <summary>Memory of the device.</summary>
    public required DeviceMemory Memory { get; init; }

    /// <summary>What the device is.</summary>
    public required GpuProperties Properties { get; init; }

    /// <summary>Permutes the order of blocks and of warps; 0 is the natural order.</summary>
    public int Seed { get; init; }

    /// <summary>The most warp instructions that a block may execute.</summary>
    public long InstructionLimit { get; init; }

    /// <summary>The device's checks; null if none is on.</summary>
    public DeviceChecks? Checks { get; init; }

    /// <summary>What is counted.</summary>
    public Counting Counting { get; init; }

    /// <summary>Registers of a thread, from the cubin; 0 if there was none.</summary>
    public int Registers { get; init; }

    /// <summary>Only so many waves of blocks are run, evenly spread over the grid; 0 for all.</summary>
    public int SampledWaves { get; init; }

    /// <summary>Blocks that a multiprocessor holds at once.</summary>
    public int ResidentBlocks => Math.Max(1, Occupancy.Of(Multiprocessor.Of(Properties), (int)Shape.Block.Count, Registers, SharedBytes).BlocksPerMultiprocessor);

    /// <summary>A wave: the blocks that the whole device holds at once.</summary>
    public long BlocksOfWave => (long)Properties.Multiprocessors * ResidentBlocks;

    /// <summary>The blocks that are run.</summary>
    public long BlocksToRun => SampledWaves > 0 ? Math.Min(Shape.Grid.Count, SampledWaves * BlocksOfWave) : Shape.Grid.Count;

    /// <summary>How many launches came before, for %gridid.</summary>
    public long Number { get; init; }

    /// <summary>Bytes of shared memory of a block, dynamic included.</summary>
    public int SharedBytes => Kernel.StaticSharedBytes + Shape.DynamicSharedBytes;

    /// <summary>The number of the block at a place among those that are run. A sample is of whole waves: the first, and others at even distances.</summary>
    public long SampledBlock(long place)
    {
        long blocks = Shape.Grid.Count, run = BlocksToRun;
        if (run == blocks) return place;
        long wave = place / BlocksOfWave, fullWaves = blocks / BlocksOfWave;
        return wave * fullWaves / SampledWaves * BlocksOfWave + place % BlocksOfWave;
    }

    /// <summary>The place in the grid of the block with a number.</summary>
    public Dim3 BlockAt(long number)
    {
        long x = number % Shape.Grid.X, rest = number / Shape.Grid.X;
        return new Dim3((int)x, (int)(rest % Shape.Grid.Y), (int)(rest / Shape.Grid.Y));
    }

    /// <summary>The place in the block of the thread with a number.</summary>
    public Dim3 ThreadAt(int number)
    {
        int x = number % Shape.Block.X, rest = number / Shape.Block.X;
        return new Dim3(x, rest % Shape.Block.Y, rest / Shape.Block.Y);
    }
}
