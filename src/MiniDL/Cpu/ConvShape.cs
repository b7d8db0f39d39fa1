// The sizes of a two-dimensional convolution (correlation: the filter is not flipped), NCHW.
//
//     Y[b, o, oy, ox] = sum over c, ky, kx of X[b, c, oy * StrideY + ky - PadTop, ox * StrideX + kx - PadLeft] * F[o, c, ky, kx]
//
// The one thing to understand: padding is not a number that takes part in the sum; what lies outside X is left out. So a NaN in
// a filter or in a gradient does not become a NaN through "0 * NaN" at the border.
namespace MiniDL.Cpu;

/// <summary>X[B,C,H,W] with filters F[O,C,KH,KW] gives Y[B,O,OH,OW].</summary>
internal sealed record ConvShape(int B, int C, int H, int W, int O, int KH, int KW)
{
    /// <summary>Steps of the filter over X, per step of Y.</summary>
    public int StrideY { get; init; } = 1;
    public int StrideX { get; init; } = 1;

    /// <summary>Rows and columns added around X.</summary>
    public int PadTop { get; init; }
    public int PadBottom { get; init; }
    public int PadLeft { get; init; }
    public int PadRight { get; init; }

    /// <summary>The height and width of Y: as many whole steps as fit.</summary>
    public int OH => Math.Max(0, (H + PadTop + PadBottom - KH) / StrideY + 1);
    public int OW => Math.Max(0, (W + PadLeft + PadRight - KW) / StrideX + 1);

    /// <summary>Elements of a plane of X, of a plane of Y, and of a filter's plane.</summary>
    public int InputPlane => H * W;
    public int OutputPlane => OH * OW;
    public int Taps => KH * KW;

    /// <summary>2 FLOPs for each filter element at each output; each direction takes about the same number.</summary>
    public double Flops => 2.0 * B * O * OutputPlane * C * Taps;
}
