// Where windows stand on an image: the arithmetic that convolution and pooling share.
//
// Output size, F being the filter's or window's size, S the stride, P the padding of both sides together:
//   out = floor((size + P - F) / S) + 1        (Dumoulin and Visin, "A guide to convolution arithmetic", relationship 6)
// Pooling may round up instead, as long as the last window still starts on the image or its leading padding.
namespace MiniDL;

/// <summary>Stride and padding of a 2-D convolution, in pixels.</summary>
public sealed record ConvGeometry(int StrideY, int StrideX, int Top, int Bottom, int Left, int Right)
{
    /// <summary>The output's height for an input's height and a filter's; the width goes by the same rule.</summary>
    public int OutH(int h, int filterH) => (h + Top + Bottom - filterH) / StrideY + 1;

    /// <summary>The output's width.</summary>
    public int OutW(int w, int filterW) => (w + Left + Right - filterW) / StrideX + 1;

    /// <summary>For listings.</summary>
    public override string ToString()
    {
        string stride = StrideY == 1 && StrideX == 1 ? "" : $"stride {StrideY} {StrideX}, ";
        bool even = Top == Bottom && Left == Right;
        return stride + (even ? $"pad {Top} {Left}" : $"pad {Top}+{Bottom} {Left}+{Right}");
    }
}

/// <summary>Window, stride and padding (of each side) of a 2-D pooling, in pixels; whether a last, partial window counts.</summary>
public sealed record PoolGeometry(int WindowY, int WindowX, int StrideY, int StrideX, int PadY, int PadX, bool Ceil)
{
    /// <summary>The output's height for an input's.</summary>
    public int OutH(int h) => Out(h, WindowY, StrideY, PadY);

    /// <summary>The output's width.</summary>
    public int OutW(int w) => Out(w, WindowX, StrideX, PadX);

    private int Out(int size, int window, int stride, int pad)
    {
        int room = size + 2 * pad - window;
        if (!Ceil) return room / stride + 1;
        room = Math.Max(room, 0);   // one partial window where the window is larger than the image
        int count = (room + stride - 1) / stride + 1;
        return (count - 1) * stride >= size + pad ? count - 1 : count;
    }

    /// <summary>For listings.</summary>
    public override string ToString() =>
        $"{WindowY}x{WindowX}, stride {StrideY} {StrideX}{(PadY + PadX == 0 ? "" : $", pad {PadY} {PadX}")}{(Ceil ? ", ceil" : "")}";
}
