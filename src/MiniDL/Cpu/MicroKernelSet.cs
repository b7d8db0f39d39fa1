// The micro-kernels of one vector width, by size of tile, and the choice of the width.
//
// It is read when a plan is made. The one thing to understand: a tile wants as many sums as there are registers for, less a
// few for the operands: 8 x 3 with 32 registers (AVX-512, NEON), 6 x 2 with 16 (AVX2, SSE).
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace MiniDL.Cpu;

/// <summary>The micro-kernels for every tile of 1..<see cref="Rows"/> rows and 1..<see cref="Vectors"/> vectors of columns.</summary>
internal sealed unsafe class MicroKernelSet
{
    /// <summary>The most floats in a tile of any width: 8 rows of 3 vectors of 16.</summary>
    public const int MaxTile = 8 * 48;

    private readonly delegate*<TileCall*, void>[] _kernels;   // [(rows - 1) * 3 + vectors - 1]

    private MicroKernelSet(int lanes, int rows, int vectors, delegate*<TileCall*, void>[] kernels)
    {
        Lanes = lanes;
        Rows = rows;
        Vectors = vectors;
        _kernels = kernels;
    }

    /// <summary>Floats per vector.</summary>
    public int Lanes { get; }

    /// <summary>Rows of the largest tile.</summary>
    public int Rows { get; }

    /// <summary>Vectors across the largest tile.</summary>
    public int Vectors { get; }

    /// <summary>The kernel for a tile of this size.</summary>
    public delegate*<TileCall*, void> this[int rows, int vectors] => _kernels[(rows - 1) * 3 + vectors - 1];

    /// <summary>The widest kernels that this processor runs in hardware.</summary>
    public static MicroKernelSet Best() =>
        Vector512.IsHardwareAccelerated ? OfWidth(16) : Vector256.IsHardwareAccelerated ? OfWidth(8) : OfWidth(4);

    /// <summary>The kernels over vectors of 16, 8 or 4 floats; any of them is correct on any processor.</summary>
    public static MicroKernelSet OfWidth(int lanes) => lanes switch
    {
        16 => new MicroKernelSet(16, 8, 3, Compile<Simd512, Vector512<float>>()),
        8 => new MicroKernelSet(8, 6, 2, Compile<Simd256, Vector256<float>>()),
        4 when AdvSimd.IsSupported => new MicroKernelSet(4, 8, 3, Compile<Simd128, Vector128<float>>()),
        4 => new MicroKernelSet(4, 6, 2, Compile<Simd128, Vector128<float>>()),
        _ => throw new ArgumentOutOfRangeException(nameof(lanes), $"vectors have 4, 8 or 16 floats, not {lanes}"),
    };

    // Taking an address compiles nothing yet: the JIT compiles a kernel when it is first called.
    private static delegate*<TileCall*, void>[] Compile<TSimd, TVector>()
        where TSimd : struct, ISimd<TVector> where TVector : struct =>
    [
        &MicroKernel<TSimd, TVector, One, One>.Run, &MicroKernel<TSimd, TVector, One, Two>.Run, &MicroKernel<TSimd, TVector, One, Three>.Run,
        &MicroKernel<TSimd, TVector, Two, One>.Run, &MicroKernel<TSimd, TVector, Two, Two>.Run, &MicroKernel<TSimd, TVector, Two, Three>.Run,
        &MicroKernel<TSimd, TVector, Three, One>.Run, &MicroKernel<TSimd, TVector, Three, Two>.Run, &MicroKernel<TSimd, TVector, Three, Three>.Run,
        &MicroKernel<TSimd, TVector, Four, One>.Run, &MicroKernel<TSimd, TVector, Four, Two>.Run, &MicroKernel<TSimd, TVector, Four, Three>.Run,
        &MicroKernel<TSimd, TVector, Five, One>.Run, &MicroKernel<TSimd, TVector, Five, Two>.Run, &MicroKernel<TSimd, TVector, Five, Three>.Run,
        &MicroKernel<TSimd, TVector, Six, One>.Run, &MicroKernel<TSimd, TVector, Six, Two>.Run, &MicroKernel<TSimd, TVector, Six, Three>.Run,
        &MicroKernel<TSimd, TVector, Seven, One>.Run, &MicroKernel<TSimd, TVector, Seven, Two>.Run, &MicroKernel<TSimd, TVector, Seven, Three>.Run,
        &MicroKernel<TSimd, TVector, Eight, One>.Run, &MicroKernel<TSimd, TVector, Eight, Two>.Run, &MicroKernel<TSimd, TVector, Eight, Three>.Run,
    ];
}
