// Sums over requests to one memory, of one instruction or of a whole kernel.
//
// The one thing to understand: a request is one instruction of one warp, whatever the number of lanes; sectors and wavefronts are what the request costs.
namespace MiniDL.Simulator.Counters;

/// <summary>Requests and what they cost.</summary>
public record struct AccessCounts
{
    /// <summary>Warp-level requests. Nsight Compute: <c>l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum</c> and its kin.</summary>
    public long Requests { get; set; }

    /// <summary>Sectors of 32 bytes, for memory of the device. Nsight Compute: <c>l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum</c>.</summary>
    public long Sectors { get; set; }

    /// <summary>Different bytes, counted per request: what the sectors would hold if they were used whole.</summary>
    public long UniqueBytes { get; set; }

    /// <summary>Wavefronts, for shared memory. Nsight Compute: <c>l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum</c>.</summary>
    public long Wavefronts { get; set; }

    /// <summary>Wavefronts there would be without bank conflicts.</summary>
    public long IdealWavefronts { get; set; }

    /// <summary>Wavefronts that bank conflicts add. Nsight Compute: <c>l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_ld.sum</c>.</summary>
    public readonly long BankConflicts => Wavefronts - IdealWavefronts;

    /// <summary>Sectors of one request on average; 4 is ideal for 4 bytes a lane. Nsight Compute: <c>l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio</c>.</summary>
    public readonly double SectorsPerRequest => Requests == 0 ? 0 : (double)Sectors / Requests;

    /// <summary>The part of the moved bytes that was asked for, 0 to 1. Nsight Compute: <c>smsp__sass_average_data_bytes_per_sector_mem_global_op_ld.pct</c>, in percent.</summary>
    public readonly double Efficiency => Sectors == 0 ? 0 : (double)UniqueBytes / (GlobalAccess.SectorBytes * Sectors);

    /// <summary>Bytes moved: 32 for each sector.</summary>
    public readonly long MovedBytes => GlobalAccess.SectorBytes * Sectors;

    /// <summary>The sum.</summary>
    public static AccessCounts operator +(AccessCounts a, AccessCounts b) => new()
    {
        Requests = a.Requests + b.Requests,
        Sectors = a.Sectors + b.Sectors,
        UniqueBytes = a.UniqueBytes + b.UniqueBytes,
        Wavefronts = a.Wavefronts + b.Wavefronts,
        IdealWavefronts = a.IdealWavefronts + b.IdealWavefronts,
    };

    /// <summary>So many times the counts, rounded: for launches of which only a part ran.</summary>
    public readonly AccessCounts Times(double factor) => new()
    {
        Requests = Scaled(Requests, factor),
        Sectors = Scaled(Sectors, factor),
        UniqueBytes = Scaled(UniqueBytes, factor),
        Wavefronts = Scaled(Wavefronts, factor),
        IdealWavefronts = Scaled(IdealWavefronts, factor),
    };

    internal static long Scaled(long count, double factor) => (long)Math.Round(count * factor);
}
