// From counters to an estimated time.
//
//     time = launch + sum over waves of max(issue, float32, integer, float64, special, tensor, shared, first level, second level, DRAM, latency)
//
// A wave is as many blocks as the device holds at once: SMs times resident blocks (occupancy). In a full wave each SM does the work of its resident blocks; in the last
// one the busiest SM has as many as are left for it. Work is taken to be spread evenly over blocks. All but the last three terms are an SM's own: work / rate.
//
// Latency is a floor. A warp waits for memory so many times, each time for a latency that lies between the caches' and DRAM's, shortened by what it can do meanwhile; and it has its own work to
// do besides, since what is waited for is needed. If each wait stands before a barrier, the whole block waits, and its floor is
//
//     waits * (latency - work meanwhile) + the block's own work          without barriers: a warp's own work
//
// Other blocks of the SM work meanwhile, but no wave can end before its blocks have waited. Few resident warps make many waves, and so a long time: that is how occupancy matters
// (Little's law; Hong and Kim, ISCA 2009, section 3: one memory period that nothing hides, and what barriers add).
//
// The one thing to understand: the largest term is the limiter, and making any other smaller gains nothing.
using System.Globalization;
using MiniDL.Gpu;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Timing;

/// <summary>Estimates times.</summary>
public static class TimingModel
{
    /// <summary>Estimates how long a launch would take.</summary>
    /// <param name="counters">What the launch did.</param>
    /// <param name="shape">Its blocks and threads.</param>
    /// <param name="registers">Registers of a thread, from the cubin (<see cref="Devices.CubinReader"/>).</param>
    /// <param name="sharedBytes">Shared memory of a block, static and dynamic.</param>
    /// <param name="gpu">The device; must tell its clock and bandwidth.</param>
    /// <exception cref="ArgumentException">The device does not tell enough, or no block of this kind fits on it.</exception>
    /// <example><code>Console.Write(TimingModel.Estimate(counters, shape, registers: 40, sharedBytes: 0, KnownGpus.A100));</code></example>
    public static TimeEstimate Estimate(KernelCounters counters, in LaunchShape shape, int registers, int sharedBytes, GpuProperties gpu)
    {
        ArgumentNullException.ThrowIfNull(counters);
        ArgumentNullException.ThrowIfNull(gpu);
        if (gpu.ClockMHz <= 0 || gpu.MemoryGBPerSecond <= 0) throw new ArgumentException($"{gpu.Name} does not tell its clock and memory bandwidth, without which no time can be estimated");
        Occupancy occupancy = Occupancy.Of(Multiprocessor.Of(gpu), (int)shape.Block.Count, registers, sharedBytes);
        if (occupancy.BlocksPerMultiprocessor == 0)
            throw new ArgumentException($"not one block of {shape.Block.Count} threads with {registers} registers and {sharedBytes} bytes of shared memory fits on {gpu.Name}");

        Work[] works = Terms(counters, gpu, shape);
        long blocks = shape.Grid.Count, atOnce = (long)gpu.Multiprocessors * occupancy.BlocksPerMultiprocessor, full = blocks / atOnce, rest = blocks % atOnce;
        double clocks = full * works.Max(work => work.Clocks(occupancy.BlocksPerMultiprocessor, atOnce));
        if (rest > 0) clocks += works.Max(work => work.Clocks(Busiest(rest), rest));

        TimeTerm[] terms = [.. works.Select(work => new TimeTerm(work.Name, Microseconds(
            full * work.Clocks(occupancy.BlocksPerMultiprocessor, atOnce) + (rest > 0 ? work.Clocks(Busiest(rest), rest) : 0)), work.Amount))];
        Array.Sort(terms, (a, b) => b.Microseconds.CompareTo(a.Microseconds));
        return new TimeEstimate(gpu, HardwareRates.LaunchMicroseconds + Microseconds(clocks), terms, occupancy, (double)blocks / atOnce, counters.IsSampled);

        long Busiest(long blocksLeft) => (blocksLeft + gpu.Multiprocessors - 1) / gpu.Multiprocessors;
        double Microseconds(double clockCount) => clockCount / gpu.ClockMHz;
    }

    /// <summary>What a block costs of something.</summary>
    /// <param name="Name">The something.</param>
    /// <param name="PerBlock">Clocks for each block, of its SM or of the device; for latency, clocks of a wave.</param>
    /// <param name="Scope">What is shared.</param>
    /// <param name="Amount">In words.</param>
    private readonly record struct Work(string Name, double PerBlock, Scope Scope, string Amount)
    {
        /// <summary>Clocks of a wave in which the busiest SM has some blocks and the device has others.</summary>
        public double Clocks(long onMultiprocessor, long onDevice) => Scope switch
        {
            Scope.Multiprocessor => PerBlock * onMultiprocessor,
            Scope.Device => PerBlock * onDevice,
            _ => PerBlock,
        };
    }

    private enum Scope
    {
        Multiprocessor,
        Device,
        Wave,
    }

    private static Work[] Terms(KernelCounters counters, GpuProperties gpu, in LaunchShape shape)
    {
        HardwareRates rates = HardwareRates.Of(gpu);
        double blocks = shape.Grid.Count, warps = blocks * ((shape.Block.Count + 31) / 32), dramPerClock = gpu.MemoryGBPerSecond * 1e3 / gpu.ClockMHz;
        long integer = counters.Of(InstructionClass.Integer), float32 = counters.Of(InstructionClass.Float32) + counters.Of(InstructionClass.Float16);
        long special = counters.Of(InstructionClass.SpecialFunction) + counters.Of(InstructionClass.Conversion), float64 = counters.Of(InstructionClass.Float64);
        long sectors = counters.GlobalLoads.Sectors + counters.GlobalStores.Sectors + counters.GlobalAtomics.Sectors + counters.Local.Sectors;
        double secondLevel = counters.SecondLevelReadSectors < 0 ? counters.GlobalBytes : 32.0 * (counters.SecondLevelReadSectors + counters.SecondLevelWrittenSectors);
        (double read, double written) = DramModel.Bytes(counters, gpu.L2Bytes);
        Work[] own =
        [
            OfMultiprocessor("instruction issue", counters.WarpInstructions, HardwareRates.Issue, "warp instructions"),
            OfMultiprocessor("float32", 32 * (float32 + (rates.IntegerShares ? integer : 0)), rates.Float32, rates.IntegerShares ? "operations, integer ones included" : "operations"),
            OfMultiprocessor("integer", 32 * integer, rates.Integer, "operations"),
            OfMultiprocessor("float64", 32 * float64, rates.Float64, "operations"),
            OfMultiprocessor("special functions", 32 * special, rates.Special, "operations and conversions"),
            OfMultiprocessor("tensor cores", counters.TensorProducts, rates.Tensor, "multiply-adds"),
            OfMultiprocessor("shared memory", counters.SharedWavefronts, HardwareRates.SharedWavefronts, "wavefronts"),
            OfMultiprocessor("first-level cache", sectors, HardwareRates.FirstLevelSectors, "sectors"),
        ];
        double latency = Latency(counters, read), waits = counters.LoadWaits / warps;
        return
        [
            .. own,
            OfDevice("second-level cache", secondLevel, rates.SecondLevelBytesPerClock),
            OfDevice("DRAM bytes", read + written, dramPerClock),
            new Work("memory latency", Waiting(counters, latency, own.Max(work => work.PerBlock), blocks, warps), Scope.Wave, Text($"{waits:0.#} waits of {latency:0} clocks by each warp")),
        ];

        Work OfMultiprocessor(string name, double amount, double rate, string what) => new(name, amount / blocks / rate, Scope.Multiprocessor, Text($"{amount:#,0} {what}"));
        Work OfDevice(string name, double bytes, double rate) => new(name, bytes / blocks / rate, Scope.Device, Text($"{bytes:#,0} bytes"));
    }

    /// <summary>Clocks until a block, or where no barriers bind them a warp, has waited for its loads and done its own work.</summary>
    private static double Waiting(KernelCounters counters, double latency, double workOfBlock, double blocks, double warps)
    {
        if (counters.LoadWaits == 0) return 0;
        bool together = counters.Barriers >= counters.LoadWaits;
        double ownWork = together ? workOfBlock : workOfBlock * blocks / warps;
        double meanwhile = ownWork * counters.LoadCover / Math.Max(1, counters.WarpInstructions) / (counters.LoadWaits / warps);
        return counters.LoadWaits / warps * Math.Max(0, latency - meanwhile) + ownWork;
    }

    /// <summary>The mean latency of a load: where the caches' counters are known, by how many sectors came from where.</summary>
    private static double Latency(KernelCounters counters, double dramBytes)
    {
        double loaded = counters.GlobalLoads.Sectors, beyondFirst = counters.SecondLevelReadSectors;
        if (loaded == 0 || beyondFirst < 0) return HardwareRates.DramLatency;
        double dram = Math.Min(beyondFirst, dramBytes / GlobalAccess.SectorBytes), second = beyondFirst - dram, first = Math.Max(0, loaded - beyondFirst);
        return (first * HardwareRates.FirstLevelLatency + second * HardwareRates.SecondLevelLatency + dram * HardwareRates.DramLatency) / (first + second + dram);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
