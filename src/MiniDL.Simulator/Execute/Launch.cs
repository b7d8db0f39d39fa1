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

    /// <summary>Waves of blocks that run; 0 for all.</summary>
    public int SampledWaves { get; init; }

    /// <summary>Blocks that a multiprocessor holds at once, as far as threads and shared memory tell.</summary>
    public int ResidentBlocks
    {
        get
        {
            int byThreads = Properties.ThreadsPerMultiprocessor / (int)Math.Max(Shape.Block.Count, 1);
            int byShared = SharedBytes == 0 ? int.MaxValue : Properties.SharedBytesPerMultiprocessor / SharedBytes;
            return Math.Max(1, Math.Min(Math.Min(byThreads, byShared), Properties.BlocksPerMultiprocessor));
        }
    }

    /// <summary>Blocks that run: the whole grid, or the first waves of it. A wave is as many as the device holds at once.</summary>
    public long BlocksToRun => SampledWaves == 0 ? Shape.Grid.Count : Math.Min(Shape.Grid.Count, (long)SampledWaves * Properties.Multiprocessors * ResidentBlocks);

    /// <summary>The device's checks; null if none is on.</summary>
    public DeviceChecks? Checks { get; init; }

    /// <summary>What is counted.</summary>
    public Counting Counting { get; init; }

    /// <summary>How many launches came before, for %gridid.</summary>
    public long Number { get; init; }

    /// <summary>Bytes of shared memory of a block, dynamic included.</summary>
    public int SharedBytes => Kernel.StaticSharedBytes + Shape.DynamicSharedBytes;

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
