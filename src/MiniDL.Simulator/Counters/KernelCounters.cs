// What one launch did, in numbers: the totals and the ratios that say where its time may go.
//
// Named after Nsight Compute's metrics where there is one, so that what is learnt here can be looked up there. Two differences: instructions are PTX's, not what ptxas
// makes of them; and nothing is measured, everything is counted.
//
// The one thing to understand: arithmetic intensity, FLOPs for each byte moved, says on which side of the roofline a kernel lies; efficiency and conflicts say
// whether it moves more bytes than it must.
namespace MiniDL.Simulator.Counters;

/// <summary>Counters of a launch. Can be added up, over workers or over launches.</summary>
/// <example><code>
/// var total = new KernelCounters();
/// foreach (KernelCounters launch in launches) total.Add(launch);
/// Console.WriteLine(total.GlobalLoads.SectorsPerRequest);
/// </code></example>
public sealed class KernelCounters
{
    private readonly long[] _byClass = new long[Enum.GetValues<InstructionClass>().Length];

    /// <summary>Warp-level instructions. Nsight Compute: <c>smsp__inst_executed.sum</c>.</summary>
    public long WarpInstructions => _byClass.Sum();

    /// <summary>Instructions of single threads, guarded-off lanes included. Nsight Compute: <c>smsp__thread_inst_executed.sum</c>.</summary>
    public long ThreadInstructions { get; private set; }

    /// <summary>Floating-point operations, of all widths: an addition or product is 1, a fused multiply-add 2. Nsight Compute: the sum over
    /// <c>smsp__sass_thread_inst_executed_op_fadd_pred_on.sum</c>, <c>..._fmul_...</c> and twice <c>..._ffma_...</c>.</summary>
    public long Flops { get; private set; }

    /// <summary>Branch instructions of warps. Nsight Compute: <c>smsp__sass_branch_targets.sum</c>.</summary>
    public long Branches { get; private set; }

    /// <summary>Branches at which the lanes of a warp parted, at PTX level. Nsight Compute: <c>smsp__sass_branch_targets_threads_divergent.sum</c>.</summary>
    public long DivergentBranches { get; private set; }

    /// <summary>Arrivals of warps at barriers of their block.</summary>
    public long Barriers { get; private set; }

    /// <summary>How often warps must wait for loads of global memory, at least: loads that do not need each other's results are waited for together.</summary>
    public long LoadWaits { get; private set; }

    /// <summary>Instructions that warps can execute during these waits, since they need nothing of what is waited for.</summary>
    public long LoadCover { get; private set; }

    /// <summary>Multiply-adds of the tensor cores, in TF32 ones: of 16-bit numbers two are one, as they take half the time.</summary>
    public long TensorProducts { get; private set; }

    /// <summary>Loads of global memory. Nsight Compute: <c>..._mem_global_op_ld</c>.</summary>
    public AccessCounts GlobalLoads { get; private set; }

    /// <summary>Stores to global memory. Nsight Compute: <c>..._mem_global_op_st</c>.</summary>
    public AccessCounts GlobalStores { get; private set; }

    /// <summary>Atomics and reductions on global memory. Nsight Compute: <c>..._mem_global_op_atom</c> and <c>..._op_red</c>.</summary>
    public AccessCounts GlobalAtomics { get; private set; }

    /// <summary>Loads of shared memory. Nsight Compute: <c>..._mem_shared_op_ld</c>.</summary>
    public AccessCounts SharedLoads { get; private set; }

    /// <summary>Stores to shared memory. Nsight Compute: <c>..._mem_shared_op_st</c>.</summary>
    public AccessCounts SharedStores { get; private set; }

    /// <summary>Atomics on shared memory. Nsight Compute: <c>..._mem_shared_op_atom</c>.</summary>
    public AccessCounts SharedAtomics { get; private set; }

    /// <summary>Loads and stores of local memory, which should not be there: arrays indexed at run time, or spills. Nsight Compute: <c>..._mem_local_op_ld</c>, <c>..._op_st</c>.</summary>
    public AccessCounts Local { get; private set; }

    /// <summary>What was read beyond the first-level cache; null if nobody followed the sectors.</summary>
    public SecondLevelCounts? SecondLevelReads { get; private set; }

    /// <summary>What was written to the second-level cache; null if nobody followed the sectors.</summary>
    public SecondLevelCounts? SecondLevelWrites { get; private set; }

    /// <summary>Sectors that passed from the second to the first level, or -1 if nobody followed them. Nsight Compute: <c>lts__t_sectors_op_read.sum</c>.</summary>
    public long SecondLevelReadSectors => SecondLevelReads?.All ?? -1;

    /// <summary>Sectors that were written to the second level, or -1. Nsight Compute: <c>lts__t_sectors_op_write.sum</c>.</summary>
    public long SecondLevelWrittenSectors => SecondLevelWrites?.All ?? -1;

    /// <summary>Different sectors that were read, or -1: what must come from DRAM if nothing is in the cache.</summary>
    public long FootprintReadSectors => SecondLevelReads?.Different ?? -1;

    /// <summary>Different sectors that were written, or -1.</summary>
    public long FootprintWrittenSectors => SecondLevelWrites?.Different ?? -1;

    /// <summary>Different sectors that were read or written, or -1.</summary>
    public long FootprintSectors { get; private set; } = -1;

    /// <summary>Waves: how often the device was filled with blocks. 1 if nobody followed the sectors.</summary>
    public long Waves { get; private set; } = 1;

    /// <summary>The part of the launch's blocks that ran; the counts are scaled up from it. 1 if all did.</summary>
    public double SampledFraction { get; private set; } = 1;

    /// <summary>True if only a part of the launch ran.</summary>
    public bool IsSampled => SampledFraction < 1;

    /// <summary>Warp-level instructions of a class.</summary>
    public long Of(InstructionClass kind) => _byClass[(int)kind];

    /// <summary>Threads of a warp that are active on average, at most 32. Nsight Compute: <c>smsp__thread_inst_executed_per_inst_executed.ratio</c>.</summary>
    public double ThreadsPerInstruction => WarpInstructions == 0 ? 0 : (double)ThreadInstructions / WarpInstructions;

    /// <summary>The part of branches at which lanes did not part, 0 to 1. Nsight Compute: <c>smsp__sass_average_branch_targets_threads_uniform.pct</c>, in percent.</summary>
    public double BranchUniformity => Branches == 0 ? 1 : 1 - (double)DivergentBranches / Branches;

    /// <summary>Bytes of the sectors of all requests to global memory: what the kernel moves if no cache helps.</summary>
    public long GlobalBytes => GlobalLoads.MovedBytes + GlobalStores.MovedBytes + GlobalAtomics.MovedBytes;

    /// <summary>Wavefronts of shared memory.</summary>
    public long SharedWavefronts => SharedLoads.Wavefronts + SharedStores.Wavefronts + SharedAtomics.Wavefronts;

    /// <summary>Wavefronts of shared memory that bank conflicts added.</summary>
    public long BankConflicts => SharedLoads.BankConflicts + SharedStores.BankConflicts + SharedAtomics.BankConflicts;

    /// <summary>FLOPs for each byte of the footprint if it is known, else of all requests: the x axis of the roofline.</summary>
    public double ArithmeticIntensity => Bytes == 0 ? double.PositiveInfinity : (double)Flops / Bytes;

    private long Bytes => FootprintReadSectors >= 0 ? GlobalAccess.SectorBytes * (FootprintReadSectors + FootprintWrittenSectors) : GlobalBytes;

    /// <summary>Counts an instruction that warps executed so many times, with so many lanes in all.</summary>
    internal void AddInstruction(InstructionClass kind, long warps, long lanes, int flopsPerLane)
    {
        _byClass[(int)kind] += warps;
        ThreadInstructions += lanes;
        Flops += lanes * flopsPerLane;
    }

    /// <summary>Counts floating-point operations.</summary>
    internal void AddFlops(long flops) => Flops += flops;

    /// <summary>Counts branches.</summary>
    internal void AddBranches(long executed, long diverged) => (Branches, DivergentBranches) = (Branches + executed, DivergentBranches + diverged);

    /// <summary>Counts barriers.</summary>
    internal void AddBarriers(long arrivals) => Barriers += arrivals;

    /// <summary>Counts waits for loads, and instructions that can be executed meanwhile.</summary>
    internal void AddLoadWaits(long waits, long meanwhile) => (LoadWaits, LoadCover) = (LoadWaits + waits, LoadCover + meanwhile);

    /// <summary>Counts multiply-adds of the tensor cores.</summary>
    internal void AddTensorProducts(long products) => TensorProducts += products;

    /// <summary>Counts what an instruction did to memory.</summary>
    internal void AddAccesses(AccessKind kind, in AccessCounts counts)
    {
        switch (kind)
        {
            case AccessKind.GlobalLoad: GlobalLoads += counts; break;
            case AccessKind.GlobalStore: GlobalStores += counts; break;
            case AccessKind.GlobalAtomic: GlobalAtomics += counts; break;
            case AccessKind.SharedLoad: SharedLoads += counts; break;
            case AccessKind.SharedStore: SharedStores += counts; break;
            case AccessKind.SharedAtomic: SharedAtomics += counts; break;
            case AccessKind.LocalLoad or AccessKind.LocalStore: Local += counts; break;
            case AccessKind.None: break;
        }
    }

    /// <summary>Notes where sectors went.</summary>
    internal void SetTraffic(Traffic traffic) =>
        (SecondLevelReads, SecondLevelWrites, FootprintSectors, Waves) = (traffic.Reads, traffic.Writes, traffic.Union(reads: true, writes: true).Count, traffic.Waves);

    /// <summary>Adds the counts of another launch. Footprints are added too: launches are taken to touch different bytes.</summary>
    public void Add(KernelCounters other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (int i = 0; i < _byClass.Length; i++) _byClass[i] += other._byClass[i];
        ThreadInstructions += other.ThreadInstructions;
        Flops += other.Flops;
        AddBranches(other.Branches, other.DivergentBranches);
        AddBarriers(other.Barriers);
        AddLoadWaits(other.LoadWaits, other.LoadCover);
        AddTensorProducts(other.TensorProducts);
        GlobalLoads += other.GlobalLoads;
        GlobalStores += other.GlobalStores;
        GlobalAtomics += other.GlobalAtomics;
        SharedLoads += other.SharedLoads;
        SharedStores += other.SharedStores;
        SharedAtomics += other.SharedAtomics;
        Local += other.Local;
        (SecondLevelReads, SecondLevelWrites) = (Sum(SecondLevelReads, other.SecondLevelReads), Sum(SecondLevelWrites, other.SecondLevelWrites));
        FootprintSectors = FootprintSectors < 0 && other.FootprintSectors < 0 ? -1 : Math.Max(FootprintSectors, 0) + Math.Max(other.FootprintSectors, 0);
        Waves += other.Waves;
        SampledFraction = Math.Min(SampledFraction, other.SampledFraction);

        static SecondLevelCounts? Sum(SecondLevelCounts? a, SecondLevelCounts? b) => a is null && b is null ? null : a.GetValueOrDefault() + b.GetValueOrDefault();
    }

    /// <summary>Scales everything up after only a part of the blocks ran; different sectors up to what there is of them.</summary>
    /// <param name="fraction">The part that ran, above 0 and at most 1.</param>
    /// <param name="footprint">The different sectors of the whole launch, read, written, and either; not given if nobody followed them.</param>
    internal KernelCounters Sampled(double fraction, (long Read, long Written, long Either) footprint = default)
    {
        double factor = 1 / fraction;
        for (int i = 0; i < _byClass.Length; i++) _byClass[i] = Scaled(_byClass[i]);
        (ThreadInstructions, Flops, TensorProducts) = (Scaled(ThreadInstructions), Scaled(Flops), Scaled(TensorProducts));
        (Branches, DivergentBranches, Barriers) = (Scaled(Branches), Scaled(DivergentBranches), Scaled(Barriers));
        (LoadWaits, LoadCover, Waves) = (Scaled(LoadWaits), Scaled(LoadCover), Scaled(Waves));
        (GlobalLoads, GlobalStores, GlobalAtomics) = (GlobalLoads.Times(factor), GlobalStores.Times(factor), GlobalAtomics.Times(factor));
        (SharedLoads, SharedStores, SharedAtomics, Local) = (SharedLoads.Times(factor), SharedStores.Times(factor), SharedAtomics.Times(factor), Local.Times(factor));
        (SecondLevelReads, SecondLevelWrites) = (SecondLevelReads?.Times(factor, footprint.Read), SecondLevelWrites?.Times(factor, footprint.Written));
        if (FootprintSectors >= 0) FootprintSectors = footprint.Either;
        SampledFraction = fraction;
        return this;

        long Scaled(long count) => AccessCounts.Scaled(count, factor);
    }
}
