// The forward convolution as one stage: lay the filters out, then gather.
namespace MiniDL.Cpu;

/// <summary>Y[B,O,OH,OW] = X[B,C,H,W] correlated with F[O,C,KH,KW]; see <see cref="ConvShape"/>.</summary>
internal sealed unsafe class ConvForwardPlan : ITeamWork, IDisposable
{
    private readonly ConvShape _shape;
    private readonly ThreadTeam _team;
    private readonly GatherConvolution _gather;
    private readonly Scratch _filters;        // [tap][c][o]
    private float* _f;

    /// <summary>Plans the convolution and allocates its scratch memory.</summary>
    public ConvForwardPlan(ConvShape shape, ThreadTeam team, IConvEpilogue? epilogue = null, MicroKernelSet? kernels = null)
    {
        (_shape, _team) = (shape, team);
        _gather = new GatherConvolution(TapTable.Forward(shape), shape.B, shape.C, shape.InputPlane, shape.O, team, epilogue,
            kernels ?? MicroKernelSet.Best());
        _filters = new Scratch((long)shape.Taps * shape.C * _gather.FilterPitch);
    }

    /// <summary>Computes Y.</summary>
    public void Run(float* x, float* f, float* y)
    {
        _f = f;
        _team.Run(this, _shape.C);
        _gather.Run(x, _filters.Floats, y);
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose()
    {
        _gather.Dispose();
        _filters.Dispose();
    }

    /// <summary>The filters of one input channel: [o][tap] becomes [tap][o].</summary>
    void ITeamWork.Do(int c, int worker) =>
        Packing.Transpose(_f + c * _shape.Taps, (nint)_shape.C * _shape.Taps, _shape.O, _shape.Taps,
            _filters.Floats + c * _gather.FilterPitch, (nint)_shape.C * _gather.FilterPitch);
}
