// A product as kernels/sgemm/09_double_buffer.cu takes it: sizes, strides, and how its operands are best read.
//
// The one thing to understand: a warp should read memory where it lies together. So of each operand the kernel is told which of its two dims has
// neighbours in memory (along K or not), and whether four of them always make one aligned float4.
namespace MiniDL.Cuda;

/// <summary>C (M x N, contiguous) = Alpha * A B + Beta * C, for each of a batch.</summary>
internal sealed record SgemmProblem(int Batch, int M, int N, int K, float Alpha, float Beta, SgemmOperand A, SgemmOperand B)
{
    /// <summary>The problem of a stage.</summary>
    public static SgemmProblem Of(GemmStage stage) => new(stage.Batch, stage.M, stage.N, stage.K, stage.Alpha, stage.Beta,
        SgemmOperand.Of(stage.A.Map, side: 1, k: 2), SgemmOperand.Of(stage.B.Map, side: 2, k: 1));

    /// <summary>The problem's macros.</summary>
    public IEnumerable<(string Name, object Value)> Sizes =>
        [("BATCH", Batch), ("M", M), ("N", N), ("K", K), ("ALPHA", CudaText.Literal(Alpha, DType.Float32)), ("BETA", CudaText.Literal(Beta, DType.Float32)), .. Layout];

    /// <summary>Those of them that tell how operands lie.</summary>
    public IEnumerable<(string Name, object Value)> Layout =>
    [
        ("A_BATCH", A.BatchStride), ("A_ROW", A.SideStride), ("A_COLUMN", A.KStride), ("A_ALONG_K", A.AlongK ? 1 : 0), ("A_VECTOR", A.Vector),
        ("B_BATCH", B.BatchStride), ("B_ROW", B.KStride), ("B_COLUMN", B.SideStride), ("B_ALONG_K", B.AlongK ? 1 : 0), ("B_VECTOR", B.Vector),
    ];
}

/// <summary>An operand: its stride along K and along its other dim, M or N.</summary>
internal readonly record struct SgemmOperand(int BatchStride, int SideStride, int KStride, bool AlongK, string Vector)
{
    /// <summary>The operand that a map of (batch, rows, columns) reads.</summary>
    /// <param name="map">The map.</param>
    /// <param name="side">The axis that is M or N.</param>
    /// <param name="k">The axis that is K.</param>
    public static SgemmOperand Of(IndexMap map, int side, int k)
    {
        int batchStride = map.Shape[0] == 1 ? 0 : map.Strides[0];
        bool alongK = GemmSteps.Along(map.Shape[k], map.Strides[k]) <= GemmSteps.Along(map.Shape[side], map.Strides[side]);
        (int inner, int outer) = alongK ? (k, side) : (side, k);

        // Every run starts at a multiple of 4 elements, buffers being aligned, and has a multiple of 4.
        bool aligned = map.Shape[inner] % 4 == 0 && map.Strides[inner] == 1 && map.Offset % 4 == 0 && batchStride % 4 == 0 && (map.Shape[outer] <= 1 || map.Strides[outer] % 4 == 0);
        return new SgemmOperand(batchStride, map.Strides[side], map.Strides[k], alongK, aligned ? "float4" : "float");
    }
}
