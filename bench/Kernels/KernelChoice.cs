// What `bench -- kernels` was asked for: which ladders, which rungs, which size, on what.
//
// The one thing to understand: everything that can be wrong with a command line is found here, before anything runs, and told in one line.
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Kernels;

/// <summary>A command line, understood.</summary>
/// <param name="Ladders">The ladders, each with the rungs and the size.</param>
/// <param name="HasSize">The size was given; else each ladder has its default.</param>
/// <param name="Device">Where.</param>
/// <param name="Write">The tables of the chapter are to be written.</param>
internal sealed record KernelChoice(IReadOnlyList<LadderChoice> Ladders, bool HasSize, DeviceChoice Device, bool Write = false)
{
    private const double MostBytes = 4L << 30;   // of all arrays: on the simulator they lie in the host's memory

    /// <summary>Understands a command line.</summary>
    /// <param name="ladder">A ladder's name, or that of a folder with several; null for all.</param>
    /// <param name="rung">A rung's number; null for all.</param>
    /// <param name="n">What <see cref="Ladder.OfSize"/> is given; null for each ladder's default.</param>
    /// <param name="device">cuda, sim or sim:GPU; null for a real GPU if there is one.</param>
    /// <param name="write">Write the tables of the chapter.</param>
    /// <exception cref="ArgumentException">Something is wrong; the message says what can be given.</exception>
    /// <example><code>KernelChoice choice = KernelChoice.Of("sgemm", rung: 5, n: 1024, device: "sim:a100");</code></example>
    public static KernelChoice Of(string? ladder, int? rung, int? n, string? device, bool write = false)
    {
        if (write && (rung is not null || n is not null)) throw new ArgumentException("--write writes whole tables at the ladders' own sizes: leave --rung and --n out");
        DeviceChoice where = DeviceChoice.Of(device);
        IReadOnlyList<Ladder> ladders = ladder is null ? LadderList.All : LadderList.Find(ladder);
        if (rung is { } number && !ladders.Any(one => one.Rungs.Any(its => its.Number == number)))
            throw new ArgumentException($"there is no rung {number}: {string.Join(", ", ladders.Select(one => $"{one.Name} has 1 to {one.Rungs.Count}"))}");
        if (n is < 1) throw new ArgumentException($"--n takes a whole number above 0, not {n}");
        return new KernelChoice(
            [.. ladders.Select(one => new LadderChoice(one, [.. one.Rungs.Where(its => rung is null || its.Number == rung)], ProblemOf(one, n))).Where(one => one.Rungs.Count > 0)],
            n is not null, where, write);
    }

    private static Problem ProblemOf(Ladder ladder, int? n)
    {
        Problem problem;
        try
        {
            problem = ladder.OfSize(n ?? ladder.DefaultSize);
        }
        catch (Exception refused) when (refused is ArgumentException or OverflowException)
        {
            throw new ArgumentException($"ladder {ladder.Name} has no size {n}: {refused.Message}");
        }

        // Counts are ints and may have wrapped around; the bytes are a double and have not. An array that is read and written counts twice in them.
        double bytes = problem.Arrays.Sum(array => sizeof(float) * (double)array.Count);
        if (problem.Arrays.Any(array => array.Count < 0) || problem.MinimumBytes > 2 * bytes || bytes > MostBytes)
            throw new ArgumentException($"--n {n} is too large for ladder {ladder.Name}: {problem.Size} has at least {Math.Max(bytes, problem.MinimumBytes) / 1e9:#,0.0} GB of arrays, and {MostBytes / 1e9:0.0} is the most; its default is {ladder.DefaultSize}");
        return problem;
    }
}

/// <summary>A ladder, some of its rungs, and a size.</summary>
internal sealed record LadderChoice(Ladder Ladder, IReadOnlyList<Rung> Rungs, Problem Problem);

/// <summary>Where rungs run.</summary>
/// <param name="TryReal">A real GPU, if there is one or none of the others is allowed.</param>
/// <param name="Simulated">Which GPUs the simulator stands for; empty if it must be a real one.</param>
internal sealed record DeviceChoice(bool TryReal, IReadOnlyList<GpuProperties> Simulated)
{
    /// <summary>What the simulator stands for where nobody says: a data-centre card, and the desktop card of the first published ladder of matrix products.</summary>
    public static IReadOnlyList<GpuProperties> Usual { get; } = [KnownGpus.A100, KnownGpus.Rtx3090];

    /// <summary>Understands --device.</summary>
    /// <exception cref="ArgumentException">It is none of them, or no known GPU.</exception>
    public static DeviceChoice Of(string? name) => name switch
    {
        null => new(true, Usual),
        "cuda" => new(true, []),
        "sim" => new(false, Usual),
        _ when name.StartsWith("sim:", StringComparison.Ordinal) => new(false, [KnownGpus.Find(name["sim:".Length..])]),
        _ => throw new ArgumentException($"--device takes cuda, sim or sim:GPU, not '{name}'"),
    };
}
