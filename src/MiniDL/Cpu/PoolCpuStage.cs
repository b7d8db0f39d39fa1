// Pooling as a stage: a plan of MaxPoolPlan or AveragePoolPlan, made once, run with the addresses of the moment.
//
// The one thing to understand: the plan computes maxima and indices together. If the program wants only one of them, the other goes to scratch memory.
namespace MiniDL.Cpu;

/// <summary>A <see cref="PoolStage"/> on the CPU.</summary>
internal sealed unsafe class PoolCpuStage : CpuStage
{
    private readonly PoolStage _stage;
    private readonly Memory _memory;
    private readonly MaxPoolPlan? _max;
    private readonly AveragePoolPlan? _average;
    private readonly Scratch? _unused;   // where the half of max pooling goes that nobody asked for

    public PoolCpuStage(PoolStage stage, Memory memory, ThreadTeam team) : base(stage)
    {
        (_stage, _memory) = (stage, memory);
        bool forward = stage.Kind is PoolKind.Max or PoolKind.Average;
        Shape result = (stage.Value ?? stage.Index)!.Map.Shape;
        Shape image = stage.Kind == PoolKind.Gather ? stage.Inputs[1].Map.Shape : forward ? stage.Inputs[0].Map.Shape : result;
        Shape pooled = stage.Kind == PoolKind.Gather || forward ? result : stage.Inputs[^1].Map.Shape;
        // Indices say where, so a pooling by index has no windows; any that fit will do.
        PoolGeometry windows = stage.Geometry ?? new PoolGeometry(Math.Max(1, image[2]), Math.Max(1, image[3]), 0, 0, 0, 0, false);
        var shape = new PoolShape(image[0] * image[1], image[2], image[3], windows.WindowY, windows.WindowX, pooled[2], pooled[3])
        {
            StrideY = windows.StrideY,
            StrideX = windows.StrideX,
            PadTop = windows.PadY,
            PadLeft = windows.PadX,
        };
        if (stage.Kind is PoolKind.Average or PoolKind.AverageUnpool) _average = new AveragePoolPlan(shape, team, stage.CountPadding);
        else _max = new MaxPoolPlan(shape, team);
        if (stage.Kind == PoolKind.Max && (stage.Value is null || stage.Index is null)) _unused = new Scratch(pooled.Count);
    }

    /// <inheritdoc/>
    public override void Run(in RunState run)
    {
        float* first = _memory.Floats(_stage.Inputs[0]), second = _stage.Inputs.Count > 1 ? _memory.Floats(_stage.Inputs[1]) : null;
        float* value = _stage.Value is { } y ? _memory.Floats(y) : _unused!.Floats;
        switch (_stage.Kind)
        {
            case PoolKind.Max:
                _max!.Forward(first, value, _stage.Index is { } index ? (int*)_memory.At(index) : _unused!.Ints);
                break;
            case PoolKind.MaxUnpool:
                _max!.Backward(second, (int*)first, value);
                break;
            case PoolKind.Gather:
                _max!.Gather(second, (int*)first, value);
                break;
            case PoolKind.Average:
                _average!.Forward(first, value);
                break;
            default:
                _average!.Backward(first, value);
                break;
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _unused?.Dispose();
}
