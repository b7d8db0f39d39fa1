// A program made ready to run on a GPU: kernels loaded, memory laid out, steps bound; and what a run does.
//
// The first run gives its steps to the stream one by one; meanwhile the driver loads code and cuBLAS makes up its mind. The second captures them as a CUDA graph, and
// from then on a run is three calls: upload, launch of the graph, event. The one thing to understand: nothing in a run waits for the GPU or allocates. Results
// stay on the device until Read, which waits and copies just what is asked for; so that is also where an error of a kernel shows.
using System.Diagnostics;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>A program on a GPU.</summary>
internal sealed class CudaProgram : StageRunner
{
    private readonly DeviceState _state;
    private readonly ProgramPlan _plan;
    private readonly (Shared Variable, ResidentValue Value)[] _shared;
    private readonly ProgramMemory _memory;
    private readonly InputRing? _ring;      // null if there is nothing to upload
    private readonly BoundSteps _steps;
    private IGpuGraph? _graph;
    private StageTimer? _timer;
    private bool _isWarm;                   // the steps ran once
    private bool _isDisposed;

    /// <summary>Compiles and loads kernels, allocates, binds.</summary>
    /// <exception cref="GpuException">There is not enough memory, or a module does not load.</exception>
    public CudaProgram(DeviceState state, ProgramPlan plan)
    {
        state.ThrowIfUnusable();
        (_state, _plan) = (state, plan);
        Name = NameOf(plan.Program);
        state.Residents.Sweep();
        string kernels = state.Kernels.Load(plan.Sources);
        _shared = [.. plan.Program.Buffers.Select(buffer => buffer.Node).OfType<Shared>().Select(variable => (variable, state.Residents.Of(variable)))];
        _memory = new ProgramMemory(state, plan, Name);
        try
        {
            _memory.UploadConstants();
            _steps = new BoundSteps(state, plan, _memory);
            bool uploads = plan.Program.Inputs.Count > 0 || plan.Steps.OfType<KernelStep>().Any(step => step.Arguments.Any(argument => argument is RunStateArgument));
            _ring = uploads ? new InputRing(state, _memory) : null;
        }
        catch
        {
            _memory.Dispose();
            throw;
        }
        state.Add(this);
        state.Dump?.Write(Name, plan, state.Kernels);
        Preparations = $" ({plan.Launches} launches; {kernels}; {DeviceBytes:N0} bytes on the device, {_shared.Sum(shared => shared.Value.Bytes):N0} of shared variables)";
    }

    /// <summary>The function in words, for errors: <c>the function (X, Y) -> mul2, 6 updates</c>.</summary>
    public string Name { get; }

    /// <summary>Device memory, without shared variables.</summary>
    public long DeviceBytes => _memory.Bytes;

    /// <inheritdoc/>
    public override Program Program => _plan.Program;

    /// <inheritdoc/>
    public override int Launches => _plan.Launches;

    /// <inheritdoc/>
    public override string Preparations { get; }

    /// <inheritdoc/>
    public override void FetchShared()
    {
        _state.ThrowIfUnusable();
        foreach ((Shared variable, ResidentValue value) in _shared) variable.MoveTo(value);
    }

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<NDArray> inputs, in RunState run)
    {
        SetInputs(inputs, run);
        try
        {
            if (_timer is not null) _timer.Run(this, run);
            else if (_isWarm && _steps.Count > 0) _state.Gpu.Launch(_graph ??= Capture(), _state.Stream);
            else _steps.Launch(0, _steps.Count);
            _isWarm = true;
        }
        catch (GpuException error)
        {
            throw _state.Failed(error, $"{Name} ran");
        }
    }

    /// <inheritdoc/>
    public override void SetInputs(ReadOnlySpan<NDArray> inputs, in RunState run)
    {
        _state.ThrowIfUnusable();
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(Function));
        try
        {
            _ring?.Send(inputs, run);
        }
        catch (GpuException error)
        {
            throw _state.Failed(error, $"{Name} got its inputs");
        }
    }

    /// <inheritdoc/>
    public override void RunStage(int index, in RunState run)
    {
        (int first, int end) = _plan.StepsOf(index);
        try
        {
            _steps.Launch(first, end);
        }
        catch (GpuException error)
        {
            throw _state.Failed(error, $"stage {index}, {Program.Stages[index].Name}, of {Name} ran");
        }
    }

    /// <inheritdoc/>
    public override void Read(Buffer buffer, Span<byte> destination)
    {
        _state.ThrowIfUnusable();
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(Function));
        try
        {
            _state.Staging.Download(_memory.AddressOf(buffer), destination[..checked((int)buffer.Bytes)]);
        }
        catch (GpuException error)
        {
            throw _state.Failed(error, $"{buffer.Name} was read from {Name}");
        }
    }

    /// <inheritdoc/>
    public override void Write(Buffer buffer, ReadOnlySpan<byte> source) => _state.Staging.Upload(_memory.AddressOf(buffer), source);

    /// <inheritdoc/>
    public override IReadOnlyList<StageTime> Time(bool on)
    {
        IReadOnlyList<StageTime> times = on ? [] : _timer?.Means() ?? [];
        _timer?.Dispose();
        _timer = on ? new StageTimer(_state, Program) : null;
        return times;
    }

    /// <inheritdoc/>
    public override string Explain() => base.Explain() + PlanListing.Print(_plan, _state.Kernels, _state.Gpu.Properties);

    /// <summary>Waits for the device, then frees what this program alone has.</summary>
    public override void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _state.WaitBeforeFreeing();
        _state.Remove(this);
        _timer?.Dispose();
        _timer = null;
        _graph?.Dispose();
        _ring?.Dispose();
        _memory.Dispose();
    }

    /// <summary>Notes all steps as a graph. Nothing runs.</summary>
    private IGpuGraph Capture()
    {
        long start = Stopwatch.GetTimestamp();
        _state.Gpu.BeginCapture(_state.Stream);
        try
        {
            _steps.Launch(0, _steps.Count);
        }
        catch (GpuException)
        {
            AbandonCapture();
            throw;
        }
        IGpuGraph graph = _state.Gpu.EndCapture(_state.Stream);
        if (Diagnostics.Level >= 1) Console.Error.WriteLine($"minidl: {Name}: {_steps.Count} launches captured as a graph in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F2} ms");
        return graph;
    }

    /// <summary>Ends a capture in which a call was refused, so that memory can be freed. A driver may refuse that too; what went wrong first is being told.</summary>
    private void AbandonCapture()
    {
        try
        {
            _state.Gpu.EndCapture(_state.Stream).Dispose();
        }
        catch (GpuException) { }   // CUDA_ERROR_STREAM_CAPTURE_INVALIDATED: it has ended
    }

    private static string NameOf(Program program)
    {
        int updates = program.Stages.SelectMany(stage => stage.Writes).Select(view => view.Buffer).Where(buffer => buffer.Kind == BufferKind.Shared).Distinct().Count();
        return $"the function ({string.Join(", ", program.Inputs.Select(input => input.Name))}) -> {string.Join(", ", program.Outputs.Select(output => output.Name))}{(updates == 0 ? "" : $", {updates} updates")}";
    }
}
