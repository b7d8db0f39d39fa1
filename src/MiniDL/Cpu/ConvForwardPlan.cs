// The forward convolution as one stage.
//
// The one thing to understand: all the work is GatherConvolution's; forward is the direction in which the taps count upwards
// and the sum runs over the filters' second dim.
namespace MiniDL.Cpu;

/// <summary>Y[B,O,OH,OW] = X[B,C,H,W] correlated with F[O,C,KH,KW]; see <see cref="ConvShape"/>.</summary>
internal sealed unsafe class ConvForwardPlan : IDisposable
{
    private readonly GatherConvolution _gather;

    /// <summary>Plans the convolution and allocates its scratch memory.</summary>
    public ConvForwardPlan(ConvShape shape, ThreadTeam team, IConvEpilogue? epilogue = null, MicroKernelSet? kernels = null) =>
        _gather = new GatherConvolution(TapTable.Forward(shape), shape.B, shape.C, shape.InputPlane, shape.O, shape.Taps,
            new FilterLayout(InputStride: shape.Taps, OutputStride: shape.C * shape.Taps, Reversed: false),
            team, epilogue, kernels ?? MicroKernelSet.Best());

    /// <summary>Computes Y.</summary>
    public void Run(float* x, float* f, float* y) => _gather.Run(x, f, y);

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose() => _gather.Dispose();
}
