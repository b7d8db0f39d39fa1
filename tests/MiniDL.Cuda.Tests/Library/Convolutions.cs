// Convolutions and their gradients straight from the definition, and stages to plan them by.
namespace MiniDL.Cuda.Tests;

internal static class Convolutions
{
    /// <summary>A convolution of images (B, C, H, W) with filters (O, C, KH, KW), each operand in a buffer of its own.</summary>
    public static ConvStage Stage(ConvDirection direction, Shape x, Shape f, ConvGeometry? geometry = null)
    {
        geometry ??= new ConvGeometry(1, 1, 0, 0, 0, 0);
        Shape y = [x[0], f[0], geometry.OutH(x[2], f[2]), geometry.OutW(x[3], f[3])];
        return new ConvStage("conv2d", direction, geometry, Whole(x, "x"), Whole(f, "f"), Whole(y, "y"));
    }

    /// <summary>Memory for the stage's buffers: whole numbers.</summary>
    public static Dictionary<Buffer, float[]> Memory(ConvStage stage) =>
        new[] { stage.X, stage.F, stage.Y }.ToDictionary(view => view.Buffer, view => SimulatedSteps.WholeNumbers(view.Buffer.Count, seed: view.Buffer.Name[0]));

    /// <summary>What the stage writes: each term x * f = y of the sum is visited once.</summary>
    public static float[] Compute(ConvStage stage, IReadOnlyDictionary<Buffer, float[]> memory)
    {
        float[] x = memory[stage.X.Buffer], f = memory[stage.F.Buffer], y = memory[stage.Y.Buffer], result = new float[stage.Writes.Single().Buffer.Count];
        Shape images = stage.X.Map.Shape, filters = stage.F.Map.Shape, maps = stage.Y.Map.Shape;
        ConvGeometry g = stage.Geometry;
        for (int b = 0; b < maps[0]; b++)
            for (int o = 0; o < maps[1]; o++)
                for (int i = 0; i < maps[2]; i++)
                    for (int j = 0; j < maps[3]; j++)
                        for (int c = 0; c < filters[1]; c++)
                            for (int p = 0; p < filters[2]; p++)
                                for (int q = 0; q < filters[3]; q++)
                                {
                                    int row = i * g.StrideY + p - g.Top, column = j * g.StrideX + q - g.Left;
                                    if (row < 0 || row >= images[2] || column < 0 || column >= images[3]) continue;
                                    int ix = ((b * images[1] + c) * images[2] + row) * images[3] + column, iy = ((b * maps[1] + o) * maps[2] + i) * maps[3] + j;
                                    int iw = ((o * filters[1] + c) * filters[2] + p) * filters[3] + q;
                                    if (stage.Direction == ConvDirection.Forward) result[iy] += x[ix] * f[iw];
                                    else if (stage.Direction == ConvDirection.InputGrad) result[ix] += y[iy] * f[iw];
                                    else result[iw] += x[ix] * y[iy];
                                }
        return result;
    }

    private static View Whole(Shape shape, string name) => new(SimulatedSteps.BufferOf((int)shape.Count, name), IndexMap.Contiguous(shape));
}
