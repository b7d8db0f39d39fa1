// A ladder: one computation, written again and again, each time a little faster. Its kernels lie in a folder of kernels/, one file for each rung.
//
// The bench measures ladders, the tests check them, and both take everything from here: which rungs there are, at which sizes they must be right, how each is launched.
// The one thing to understand: all rungs of a ladder solve the same Problem, with the same arrays, so that they can be compared to the bit.
namespace MiniDL.Ladders;

/// <summary>Rungs that compute the same.</summary>
/// <example><code>Rung naive = Ladders.Find("sgemm").Rungs[0];</code></example>
public abstract class Ladder
{
    /// <summary>What the bench calls it, such as <c>sgemm</c> or <c>conv-filters</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Its folder of <c>kernels/</c>, such as <c>sgemm</c> or <c>conv</c>.</summary>
    public abstract string Folder { get; }

    /// <summary>What it computes, as a formula.</summary>
    public abstract string Formula { get; }

    /// <summary>What its speed is told in.</summary>
    public abstract Measure Measure { get; }

    /// <summary>From the first to the last. The last is not always the fastest.</summary>
    public abstract IReadOnlyList<Rung> Rungs { get; }

    /// <summary>The rung whose file the executor uses, or that stands for what the executor generates; null if the ladder is for study only.</summary>
    public virtual Rung? Best => null;

    /// <summary>The problem that <c>--n</c> asks for.</summary>
    /// <param name="n">A side of a square matrix, a number of elements: each ladder says which.</param>
    public abstract Problem OfSize(int n);

    /// <summary>What <see cref="OfSize"/> is given where nobody asks for a size: large enough that a real GPU is busy. On the simulator it is sampled.</summary>
    public abstract int DefaultSize { get; }

    /// <summary>Problems at which every rung must be right, small enough for the simulator with all checks on: 1, primes, ragged ones, multiples of the tiles.</summary>
    public abstract IReadOnlyList<Problem> Checks { get; }
}

/// <summary>What a speed is told in.</summary>
public enum Measure
{
    /// <summary>Floating-point operations a second, in 10^9: <see cref="Problem.Flops"/> by time.</summary>
    GigaFlops,

    /// <summary>Bytes a second, in 10^9: <see cref="Problem.MinimumBytes"/> by time. Bytes that a kernel moves in vain do not count.</summary>
    GigaBytes,
}
