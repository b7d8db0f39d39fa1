// The convolution's gradient for its input as one stage: each element of dX gathers from the outputs that it reached.
//
//     dX[b, c, y, x] = sum over o and over the taps (ky, kx) that lead from (y, x) to an output, of dY[b, o, oy, ox] * F[o, c, ky, kx]
//
// The one thing to understand: this is the forward convolution with the roles of the channels exchanged and the taps reversed,
// which here is only another order when the filters are laid out. The other way, scattering into dX, would need the sums of
// several outputs to meet in memory; gathering needs no additions there, and no order to keep.
namespace MiniDL.Cpu;

/// <summary>dX[B,C,H,W] from dY[B,O,OH,OW] and F[O,C,KH,KW]; see <see cref="ConvShape"/>.</summary>
internal sealed unsafe class ConvInputGradientPlan : ITeamWork, IDisposable
{
    private readonly ConvShape _shape;
    private readonly ThreadTeam _team;
    private readonly GatherConvolution _gather;
    private readonly Scratch _filters;        // [tap, last first][o][c]
    private float* _f;

    /// <summary>Plans the gradient and allocates its scratch memory.</summary>
    public ConvInputGradientPlan(ConvShape shape, ThreadTeam team, IConvEpilogue? epilogue = null, MicroKernelSet? kernels = null)
    {
        (_shape, _team) = (shape, team);
        _gather = new GatherConvolution(TapTable.InputGradient(shape), shape.B, shape.O, shape.OutputPlane, shape.C, team, epilogue,
            kernels ?? MicroKernelSet.Best());
        _filters = new Scratch((long)shape.Taps * shape.O * _gather.FilterPitch);
    }

    /// <summary>Computes dX.</summary>
    public void Run(float* dY, float* f, float* dX)
    {
        _f = f;
        _team.Run(this, _shape.O);
        _gather.Run(dY, _filters.Floats, dX);
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose()
    {
        _gather.Dispose();
        _filters.Dispose();
    }

    /// <summary>The filters of one output channel: [c][tap] becomes [tap, last first][c].</summary>
    void ITeamWork.Do(int o, int worker)
    {
        nint tapPitch = (nint)_shape.O * _gather.FilterPitch;
        Packing.Transpose(_f + (nint)o * _shape.C * _shape.Taps, _shape.Taps, _shape.C, _shape.Taps,
            _filters.Floats + (_shape.Taps - 1) * tapPitch + o * _gather.FilterPitch, -tapPitch);
    }
}
