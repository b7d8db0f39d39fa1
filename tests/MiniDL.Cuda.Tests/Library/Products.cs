// Products of strided views, straight from the definition, and stages to plan them by.
namespace MiniDL.Cuda.Tests;

internal static class Products
{
    /// <summary>A product of any views; the result contiguous, in a buffer of its own.</summary>
    public static GemmStage Stage(IndexMap a, IndexMap b, float alpha = 1, float beta = 0) => new("gemm",
        new View(SimulatedSteps.BufferOf(Extent(a), "a"), a), new View(SimulatedSteps.BufferOf(Extent(b), "b"), b),
        new View(SimulatedSteps.BufferOf(a.Shape[0] * a.Shape[1] * b.Shape[2], "c"), IndexMap.Contiguous([a.Shape[0], a.Shape[1], b.Shape[2]])), alpha, beta);

    /// <summary>Memory for the stage's buffers: whole numbers.</summary>
    public static Dictionary<Buffer, float[]> Memory(GemmStage stage) =>
        new[] { stage.A, stage.B, stage.C }.ToDictionary(view => view.Buffer, view => SimulatedSteps.WholeNumbers(view.Buffer.Count, seed: view.Buffer.Name[0]));

    /// <summary>C = alpha * A B + beta * C.</summary>
    public static float[] Multiply(GemmStage stage, IReadOnlyDictionary<Buffer, float[]> memory)
    {
        float[] a = memory[stage.A.Buffer], b = memory[stage.B.Buffer], c = [.. memory[stage.C.Buffer]];
        for (int p = 0; p < stage.Batch; p++)
            for (int m = 0; m < stage.M; m++)
                for (int n = 0; n < stage.N; n++)
                {
                    float sum = 0;
                    for (int k = 0; k < stage.K; k++) sum += a[At(stage.A.Map, p, m, k)] * b[At(stage.B.Map, p, k, n)];
                    int i = At(stage.C.Map, p, m, n);
                    c[i] = stage.Alpha * sum + (stage.Beta == 0 ? 0 : stage.Beta * c[i]);
                }
        return c;
    }

    /// <summary>The element of a buffer that a map reads.</summary>
    public static int At(IndexMap map, int i, int j, int k) => map.Offset + i * map.Strides[0] + j * map.Strides[1] + k * map.Strides[2];

    // One more than the last element that is read.
    private static int Extent(IndexMap map) => map.Shape.Count == 0 ? 1 :
        1 + map.Offset + Enumerable.Range(0, 3).Sum(axis => Math.Max(0, (map.Shape[axis] - 1) * map.Strides[axis]));
}
