// A program made ready to run on the CPU, and the loop that runs it: stage after stage, each shared out among the team.
//
// The one thing to understand: it is made once for a set of shapes, and everything is allocated then; Run is a loop over stages that allocates nothing. Timing
// has a loop of its own, so that it costs nothing when it is off.
using System.Diagnostics;

namespace MiniDL.Cpu;

/// <summary>A program with its memory and its stages' plans.</summary>
internal sealed class CpuProgram : StageRunner
{
    private readonly CpuStage[] _stages;
    private readonly Shared[] _shared;
    private readonly long[] _ticks;
    private int _timedRuns;

    public CpuProgram(Program program, ThreadTeam team)
    {
        Program = program;
        Memory = new Memory(program);
        _stages = [.. program.Stages.Select(stage => MakeStage(stage, Memory, team))];
        _shared = [.. program.Buffers.Select(buffer => buffer.Node).OfType<Shared>()];
        _ticks = new long[_stages.Length];
    }

    /// <inheritdoc/>
    public override Program Program { get; }

    /// <summary>Where its buffers are.</summary>
    public Memory Memory { get; }

    /// <summary>Whether stages are timed.</summary>
    public bool IsTimed { get; private set; }

    private static CpuStage MakeStage(Stage stage, Memory memory, ThreadTeam team) => stage switch
    {
        FusedStage fused => new FusedCpuStage(fused, memory, team),
        ReduceStage reduce => new ReduceCpuStage(reduce, memory, team),
        GemmStage gemm => new GemmCpuStage(gemm, memory, team),
        ConvStage conv => new ConvCpuStage(conv, memory, team),
        PoolStage pool => new PoolCpuStage(pool, memory, team),
        IndexStage index => new IndexCpuStage(index, memory, team),
        _ => throw new InvalidOperationException($"the CPU does not know stage {stage.Name}"),
    };

    /// <summary>Brings shared variables home: their host arrays are what stages read.</summary>
    public override void FetchShared()
    {
        foreach (Shared variable in _shared) variable.MoveTo(null);
    }

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<NDArray> inputs, in RunState run)
    {
        Memory.SetInputs(inputs);
        if (IsTimed) RunTimed(run);
        else
            foreach (CpuStage stage in _stages) stage.Run(run);
    }

    /// <inheritdoc/>
    public override void SetInputs(ReadOnlySpan<NDArray> inputs, in RunState run) => Memory.SetInputs(inputs);

    /// <inheritdoc/>
    public override void RunStage(int index, in RunState run) => _stages[index].Run(run);

    /// <inheritdoc/>
    public override void Read(Buffer buffer, Span<byte> destination) => Memory.Bytes(buffer).CopyTo(destination);

    /// <inheritdoc/>
    public override void Write(Buffer buffer, ReadOnlySpan<byte> source) => source.CopyTo(Memory.Bytes(buffer));

    private void RunTimed(in RunState run)
    {
        _timedRuns++;
        for (int i = 0; i < _stages.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            _stages[i].Run(run);
            _ticks[i] += Stopwatch.GetTimestamp() - start;
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<StageTime> Time(bool on)
    {
        var times = new List<StageTime>();
        for (int i = 0; i < _stages.Length && !on && _timedRuns > 0; i++)
        {
            Stage stage = _stages[i].Stage;
            times.Add(new StageTime(stage.Name, stage.Source, _timedRuns, _ticks[i] * 1e3 / Stopwatch.Frequency / _timedRuns, stage.Flops, stage.Bytes));
        }
        IsTimed = on;
        _timedRuns = 0;
        Array.Clear(_ticks);
        return times;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (CpuStage stage in _stages) stage.Dispose();
        Memory.Dispose();
    }
}
