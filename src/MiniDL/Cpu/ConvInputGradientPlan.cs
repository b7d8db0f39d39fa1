// The convolution's gradient for its input as one stage: each element of dX gathers from the outputs that it reached.
//
//     dX[b, c, y, x] = sum over o and over the taps (ky, kx) that lead from (y, x) to an output, of dY[b, o, oy, ox] * F[o, c, ky, kx]
//
// The one thing to understand: this is the forward convolution with the roles of the channels exchanged and the taps reversed,
// which here is only another order in which the filters are packed. The other way, scattering into dX, would need the sums of
// several outputs to meet in memory; gathering needs no additions there, and no order to keep.
namespace MiniDL.Cpu;

/// <summary>dX[B,C,H,W] from dY[B,O,OH,OW] and F[O,C,KH,KW]; see <see cref="ConvShape"/>.</summary>
internal sealed unsafe class ConvInputGradientPlan : IDisposable
{
    private readonly GatherConvolution _gather;

    /// <summary>Plans the gradient and allocates its scratch memory.</summary>
    public ConvInputGradientPlan(ConvShape shape, ThreadTeam team, IConvEpilogue? epilogue = null, MicroKernelSet? kernels = null) =>
        _gather = new GatherConvolution(TapTable.InputGradient(shape), shape.B, shape.O, shape.OutputPlane, shape.C, shape.Taps,
            new FilterLayout(InputStride: shape.C * shape.Taps, OutputStride: shape.Taps, Reversed: true),
            team, epilogue, kernels ?? MicroKernelSet.Best());

    /// <summary>Computes dX.</summary>
    public void Run(float* dY, float* f, float* dX) => _gather.Run(dY, f, dX);

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose() => _gather.Dispose();
}
