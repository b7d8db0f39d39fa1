// How long each stage takes on the GPU: an event between every two stages.
//
// The one thing to understand: events are set by the GPU itself, in the stream, so what is measured is the GPU's time and not that of the host. A captured step is
// one launch and cannot be looked into; timed runs are therefore not captured.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Times the stages of a program over some runs.</summary>
internal sealed class StageTimer : IDisposable
{
    private readonly DeviceState _state;
    private readonly Program _program;
    private readonly IGpuEvent[] _marks;   // before each stage, and behind the last
    private readonly double[] _sums;       // milliseconds
    private int _runs;

    public StageTimer(DeviceState state, Program program)
    {
        (_state, _program) = (state, program);
        _marks = [.. Enumerable.Range(0, program.Stages.Count + 1).Select(_ => state.Gpu.CreateEvent())];
        _sums = new double[program.Stages.Count];
    }

    /// <summary>Runs all stages, waits for them, adds their times.</summary>
    public void Run(CudaProgram program, in RunState run)
    {
        for (int i = 0; i < _sums.Length; i++)
        {
            _state.Gpu.Record(_marks[i], _state.Stream);
            program.RunStage(i, run);
        }
        _state.Gpu.Record(_marks[^1], _state.Stream);
        _state.Gpu.Wait(_marks[^1]);
        for (int i = 0; i < _sums.Length; i++) _sums[i] += _state.Gpu.Milliseconds(_marks[i], _marks[i + 1]);
        _runs++;
    }

    /// <summary>The mean time of each stage; empty if nothing ran.</summary>
    public IReadOnlyList<StageTime> Means() => _runs == 0 ? [] :
        [.. _program.Stages.Select((stage, i) => new StageTime(stage.Name, stage.Source, _runs, _sums[i] / _runs, stage.Flops, stage.Bytes))];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IGpuEvent mark in _marks) mark.Dispose();
    }
}
