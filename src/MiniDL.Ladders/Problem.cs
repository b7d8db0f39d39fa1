// A problem: sizes, arrays with their first contents, what must come out, and what it costs at least.
//
// The one thing to understand: expected results come from a plain loop in double precision over the definition. Inputs are small whole numbers where that makes float32
// sums exact, so that a wrong result is not off by a little but wrong (tolerance 0); where exponentials or roots are involved, a relative tolerance.
using System.Globalization;

namespace MiniDL.Ladders;

/// <summary>Something to compute.</summary>
public sealed record Problem
{
    /// <summary>The size in words, such as <c>4096 x 4096 x 4096</c>.</summary>
    public required string Size { get; init; }

    /// <summary>Sizes as the kernels' macros, such as M, N, K; in order.</summary>
    public required IReadOnlyList<(string Name, object Value)> Macros { get; init; }

    /// <summary>The arrays that every rung gets, in the order of the ladder's signature.</summary>
    public required IReadOnlyList<ProblemArray> Arrays { get; init; }

    /// <summary>Floating-point operations by the formula, a multiply-add being two.</summary>
    public required double Flops { get; init; }

    /// <summary>Bytes that must move at least: each input read once, each output written once.</summary>
    public required double MinimumBytes { get; init; }

    /// <summary>Works the outputs out in double precision, by the definition: from all arrays' first contents to the final ones of all that are written.</summary>
    public required Func<IReadOnlyDictionary<string, double[]>, IReadOnlyDictionary<string, double[]>> Reference { get; init; }

    /// <summary>How far a result may be off, relative to the larger of 1 and the expected magnitude. 0: not at all.</summary>
    public double Tolerance { get; init; }

    /// <summary>Elements by which each array is moved from an address that is a multiple of 256 bytes. Tests set it to 1, so that nothing is aligned to 8 or 16 bytes.</summary>
    public int Offset { get; init; }

    /// <summary>True if each array begins at a multiple of 16 bytes, so that float4 may be used where sizes allow.</summary>
    public bool IsAligned => Offset % 4 == 0;

    /// <summary>A size by its macro's name.</summary>
    /// <exception cref="ArgumentException">There is no such macro.</exception>
    public int this[string macro] => Macros.Any(pair => pair.Name == macro) ? Convert.ToInt32(Macros.First(pair => pair.Name == macro).Value, CultureInfo.InvariantCulture)
        : throw new ArgumentException($"the problem {Size} has no macro {macro}; it has {string.Join(", ", Macros.Select(pair => pair.Name))}");
}

/// <summary>What happens to an array.</summary>
public enum ArrayRole
{
    /// <summary>Read; must be as it was afterwards.</summary>
    Input,

    /// <summary>Written, every element; holds NaN (or -1) before.</summary>
    Output,

    /// <summary>Read and written.</summary>
    InputOutput,
}

/// <summary>An array of a problem.</summary>
/// <param name="Name">As the kernels' parameter is called.</param>
/// <param name="Count">Elements.</param>
/// <param name="Role">What happens to it.</param>
/// <param name="First">Its first content, by position; not asked for outputs.</param>
/// <param name="IsInteger">int32 rather than float32.</param>
public sealed record ProblemArray(string Name, int Count, ArrayRole Role, Func<int, double> First, bool IsInteger = false)
{
    /// <summary>A whole number from 0 to 5 that looks random, the same for the same position: sums of products of these are exact in float32.</summary>
    /// <param name="i">The position.</param>
    /// <param name="salt">Another number gives another array.</param>
    public static double Whole(int i, int salt = 0) => Mixed(i, salt) % 6;

    /// <summary>A number that looks random, evenly spread over -1 to 1.</summary>
    /// <param name="i">The position.</param>
    /// <param name="salt">Another number gives another array.</param>
    public static double Spread(int i, int salt = 0) => (float)(Mixed(i, salt) / (double)uint.MaxValue * 2 - 1);

    /// <summary>Mixes the bits of a position. Source: the finaliser of MurmurHash3, A. Appleby.</summary>
    private static uint Mixed(int i, int salt)
    {
        uint bits = (uint)i + 0x9E3779B9u * (uint)(salt + 1);
        bits = (bits ^ (bits >> 16)) * 0x85EBCA6Bu;
        bits = (bits ^ (bits >> 13)) * 0xC2B2AE35u;
        return bits ^ (bits >> 16);
    }
}
