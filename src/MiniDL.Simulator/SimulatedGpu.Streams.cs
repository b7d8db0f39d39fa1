// Streams, events and graphs of the simulated GPU.
using MiniDL.Gpu;

namespace MiniDL.Simulator;

public sealed unsafe partial class SimulatedGpu
{
    /// <inheritdoc/>
    public IGpuStream CreateStream() => new SimulatedStream();

    /// <inheritdoc/>
    public void Synchronize(IGpuStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfFailed();
    }

    /// <summary>The first error stays, as on a real device, whose context is lost with it.</summary>
    private void ThrowIfFailed()
    {
        if (_error is not { } error) return;
        string said = $"{error.Call}: {error.Code}: ";
        throw new GpuException(error.Call, error.Code, error.Message.Replace(said, "", StringComparison.Ordinal), error);
    }

    /// <inheritdoc/>
    public IGpuEvent CreateEvent() => new SimulatedEvent();

    /// <inheritdoc/>
    public void Record(IGpuEvent mark, IGpuStream stream) => ((SimulatedEvent)mark).IsSet = true;

    /// <inheritdoc/>
    public void Wait(IGpuEvent mark)
    {
        if (((SimulatedEvent)mark).IsSet) ThrowIfFailed();
    }

    /// <summary>0: the simulator has no clock.</summary>
    /// <param name="from">A mark.</param>
    /// <param name="to">A later one.</param>
    public double Milliseconds(IGpuEvent from, IGpuEvent to) => 0;

    /// <inheritdoc/>
    public void BeginCapture(IGpuStream stream)
    {
        var simulated = (SimulatedStream)stream;
        if (simulated.Captured is not null) throw new GpuException("cuStreamBeginCapture", "CUDA_ERROR_ILLEGAL_STATE", "the stream captures already");
        simulated.Captured = [];
    }

    /// <inheritdoc/>
    public IGpuGraph EndCapture(IGpuStream stream)
    {
        var simulated = (SimulatedStream)stream;
        List<Action> captured = simulated.Captured ?? throw new GpuException("cuStreamEndCapture", "CUDA_ERROR_ILLEGAL_STATE", "the stream does not capture");
        simulated.Captured = null;
        return new SimulatedGraph([.. captured]);
    }

    /// <inheritdoc/>
    public void Launch(IGpuGraph graph, IGpuStream stream)
    {
        foreach (Action work in ((SimulatedGraph)graph).Work) Do(stream, work);
    }
}
