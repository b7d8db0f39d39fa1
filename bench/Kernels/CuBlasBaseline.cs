// What cuBLAS takes for the same product: float32 and TF32, two baselines that are not to be mixed up.
//
// The one thing to understand: cuBLAS is column-major, so row-major C = A B is asked for as C' = B' A': B is the first operand, and M and N change places.
using System.Globalization;
using MiniDL.Cuda;
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Kernels;

/// <summary>Times cuBLAS.</summary>
internal sealed class CuBlasBaseline(IGpu gpu, DeviceClock clock)
{
    private const string ProductFolder = "sgemm";
    private static readonly (int, int) s_tensorFloat32Since = (8, 0);

    /// <summary>The median times in microseconds; null where there is nothing to compare with: another ladder, no cuBLAS, no tensor cores for TF32.</summary>
    public (double? Float32, double? TensorFloat32) Microseconds(Ladder ladder, PlacedProblem placed)
    {
        if (ladder.Folder != ProductFolder) return (null, null);
        try
        {
            return (Time(placed, GemmCompute.Float32), gpu.Properties.Capability.CompareTo(s_tensorFloat32Since) >= 0 ? Time(placed, GemmCompute.TensorFloat32) : null);
        }
        catch (MissingLibraryException missing)
        {
            Console.WriteLine($"no comparison with cuBLAS: {missing.Message}");
            return (null, null);
        }
    }

    private double Time(PlacedProblem placed, GemmCompute compute)
    {
        GemmCall call = CallOf(placed, compute);
        return clock.MedianMicroseconds(placed.Stream, () => gpu.Gemm(call, placed.Stream));
    }

    /// <summary>The product of a problem of <c>kernels/sgemm</c>, as cuBLAS is asked for it.</summary>
    internal static GemmCall CallOf(PlacedProblem placed, GemmCompute compute)
    {
        (int m, int n, int k) = (placed.Problem["M"], placed.Problem["N"], placed.Problem["K"]);
        return new GemmCall(GemmOperand.AsIs, GemmOperand.AsIs, n, m, k,
            Scale(placed.Problem, "ALPHA"), placed.AddressOf("b"), n, 0, placed.AddressOf("a"), k, 0,
            Scale(placed.Problem, "BETA"), placed.AddressOf("c"), n, 0, Compute: compute);
    }

    // The macro is a literal of CUDA: 2.0f.
    private static float Scale(Problem problem, string macro) =>
        float.Parse($"{problem.Macros.First(pair => pair.Name == macro).Value}".TrimEnd('f'), CultureInfo.InvariantCulture);
}
