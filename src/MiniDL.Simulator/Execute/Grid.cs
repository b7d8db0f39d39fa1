// All blocks of a launch, over the cores.
//
// The one thing to understand: blocks of a kernel that does not communicate between blocks may run in any order, so worker threads take them as they come, and the
// result is the same for any number of threads. Where a block can see another's doing (the results of atomics, sums of floats by atomics, volatile loads) one thread
// runs all blocks in one order; and if a block waits for a later one, those are begun too, as many as the device would hold at a time.
using System.Text;
using MiniDL.Gpu;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Timing;

namespace MiniDL.Simulator.Execute;

/// <summary>Runs a launch.</summary>
internal static class Grid
{
    /// <summary>Runs all blocks.</summary>
    /// <param name="launch">The launch.</param>
    /// <param name="threads">Worker threads at most.</param>
    /// <param name="output">Where printf writes.</param>
    /// <exception cref="GpuException">The kernel did something that stops it. Of several blocks' errors it is the one of the first in order.</exception>
    /// <returns>What was counted.</returns>
    public static Profile Run(Launch launch, int threads, TextWriter output)
    {
        long blocks = launch.BlocksToRun;
        int workers = launch.Kernel.Communicates || launch.Checks is not null ? 1 : (int)Math.Min(threads, blocks);
        var order = new BlockOrder(blocks, launch.Seed);
        var results = new Results();
        var profiles = new Profile[workers];
        for (int w = 0; w < workers; w++) profiles[w] = NewProfile(launch);
        if (workers == 1) RunInOrder(launch, order, profiles[0], results);
        else Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, w => Work(launch, order, profiles[w], results));
        results.Write(output);
        if (results.Error is { } error) throw error;
        for (int w = 1; w < workers; w++) profiles[0].Add(profiles[w]);
        return profiles[0];
    }

    private static Profile NewProfile(Launch launch)
    {
        int instructions = launch.Kernel.Code.Length;
        if (launch.Counting == Counting.Off) return new Profile(instructions, null);
        // The first-level cache and shared memory are one; what shared memory leaves is shared by the blocks that are resident.
        int firstLevel = HardwareRates.Of(launch.Properties).FirstLevelBytes, resident = launch.ResidentBlocks;
        Traffic? traffic = launch.Counting == Counting.WithCaches ? new Traffic(Math.Max(0, firstLevel / resident - launch.SharedBytes)) : null;
        return new Profile(instructions, new InstructionCounters(instructions, traffic));
    }

    /// <summary>A worker takes the next block until none is left, or one before it has failed.</summary>
    private static void Work(Launch launch, BlockOrder order, Profile profile, Results results)
    {
        using var block = new Block(launch, profile, launch.SharedBytes);
        while (order.Next() is var place and >= 0 && place < results.FailedAt)
        {
            block.Start(launch.SampledBlock(order.BlockAt(place)));
            try
            {
                while (block.Run() != BlockStatus.Done) { }
            }
            catch (GpuException error)
            {
                results.Fail(place, error);
            }
            results.Print(place, block.Output);
        }
    }

    /// <summary>One thread: the first block that is not done runs until it is done or yields; then the next one has its turn.</summary>
    private static void RunInOrder(Launch launch, BlockOrder order, Profile profile, Results results)
    {
        long resident = launch.BlocksOfWave;
        var running = new LinkedList<(long Place, Block Block)>();
        var spare = new Stack<Block>();
        try
        {
            bool more = true;
            var at = running.First;
            while (true)
            {
                at ??= Begin();
                at ??= running.First;
                if (at is null) return;
                var next = at.Next;
                (long place, Block block) = at.Value;
                if (block.Run() == BlockStatus.Done)
                {
                    results.Print(place, block.Output);
                    running.Remove(at);
                    spare.Push(block);
                }
                at = next;
            }

            LinkedListNode<(long, Block)>? Begin()
            {
                if (!more || running.Count >= resident) return null;
                long place = order.Next();
                more = place >= 0;
                if (!more) return null;
                Block block = spare.TryPop(out Block? used) ? used : new Block(launch, profile, launch.SharedBytes);
                block.Start(launch.SampledBlock(order.BlockAt(place)));
                return running.AddLast((place, block));
            }
        }
        catch (GpuException error)
        {
            results.Fail(0, error);
            foreach ((long place, Block block) in running) results.Print(place, block.Output);
        }
        finally
        {
            foreach ((_, Block block) in running) block.Dispose();
            foreach (Block block in spare) block.Dispose();
        }
    }

    /// <summary>What blocks leave behind: text and errors, sorted by place.</summary>
    private sealed class Results
    {
        private readonly SortedList<long, string> _text = [];

        public long FailedAt { get; private set; } = long.MaxValue;

        public GpuException? Error { get; private set; }

        public void Fail(long place, GpuException error)
        {
            lock (_text)
            {
                if (Error is null || place < FailedAt) (FailedAt, Error) = (place, error);
            }
        }

        public void Print(long place, StringBuilder text)
        {
            if (text.Length == 0) return;
            lock (_text) _text[place] = text.ToString();
            text.Clear();
        }

        public void Write(TextWriter output)
        {
            foreach ((long place, string text) in _text) if (place <= FailedAt || FailedAt == 0) output.Write(text);
        }
    }
}
