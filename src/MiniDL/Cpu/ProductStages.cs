// Products of matrices and convolutions as stages: a plan made once, run with the addresses of the moment.
//
// The one thing to understand: a transposed operand is only another pair of strides, so a stage's index maps go into the plan as they are.
namespace MiniDL.Cpu;

/// <summary>A <see cref="GemmStage"/> on the CPU.</summary>
internal sealed unsafe class GemmCpuStage : CpuStage
{
    private readonly GemmStage _stage;
    private readonly Memory _memory;
    private readonly GemmPlan _plan;

    public GemmCpuStage(GemmStage stage, Memory memory, ThreadTeam team) : base(stage)
    {
        (_stage, _memory) = (stage, memory);
        Ints a = stage.A.Map.Strides, b = stage.B.Map.Strides, c = stage.C.Map.Strides;
        var shape = new GemmShape(stage.M, stage.N, stage.K)
        {
            ARow = a[1],
            AColumn = a[2],
            BRow = b[1],
            BColumn = b[2],
            CRow = c[1],
            Alpha = stage.Alpha,
            Beta = stage.Beta,
            Batch = stage.Batch,
            ABatch = a[0],
            BBatch = b[0],
            CBatch = c[0],
        };
        _plan = new GemmPlan(shape, team);
    }

    /// <inheritdoc/>
    public override void Run(in RunState run) => _plan.Run(_memory.Floats(_stage.A), _memory.Floats(_stage.B), _memory.Floats(_stage.C));

    /// <inheritdoc/>
    public override void Dispose() => _plan.Dispose();
}

/// <summary>A <see cref="ConvStage"/> on the CPU.</summary>
internal sealed unsafe class ConvCpuStage : CpuStage
{
    private readonly ConvStage _stage;
    private readonly Memory _memory;
    private readonly ConvForwardPlan? _forward;
    private readonly ConvInputGradientPlan? _inputGrad;
    private readonly ConvFilterGradientPlan? _filterGrad;

    public ConvCpuStage(ConvStage stage, Memory memory, ThreadTeam team) : base(stage)
    {
        (_stage, _memory) = (stage, memory);
        Shape x = stage.X.Map.Shape, f = stage.F.Map.Shape;
        ConvGeometry g = stage.Geometry;
        var shape = new ConvShape(x[0], x[1], x[2], x[3], f[0], f[2], f[3])
        {
            StrideY = g.StrideY,
            StrideX = g.StrideX,
            PadTop = g.Top,
            PadBottom = g.Bottom,
            PadLeft = g.Left,
            PadRight = g.Right,
        };
        if (stage.Direction == ConvDirection.Forward) _forward = new ConvForwardPlan(shape, team);
        else if (stage.Direction == ConvDirection.InputGrad) _inputGrad = new ConvInputGradientPlan(shape, team);
        else _filterGrad = new ConvFilterGradientPlan(shape, team);
    }

    /// <inheritdoc/>
    public override void Run(in RunState run)
    {
        float* x = _memory.Floats(_stage.X), f = _memory.Floats(_stage.F), y = _memory.Floats(_stage.Y);
        _forward?.Run(x, f, y);
        _inputGrad?.Run(y, f, x);
        _filterGrad?.Run(x, y, f);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _forward?.Dispose();
        _inputGrad?.Dispose();
        _filterGrad?.Dispose();
    }
}
