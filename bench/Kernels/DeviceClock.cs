// How long something takes on a GPU: the median of repeats between two events, each with cold caches.
//
// The one thing to understand: work on a GPU is asked for and happens later. Events stand in the same queue as the work, so that the GPU itself notes when it passes them.
using MiniDL.Gpu;

namespace MiniDL.Bench.Kernels;

/// <summary>How often a measurement is repeated.</summary>
/// <param name="WarmUps">Runs that do not count: the clock goes up, pages get mapped.</param>
/// <param name="Fewest">Repeats at least.</param>
/// <param name="Most">Repeats at most.</param>
/// <param name="EnoughMs">No more repeats once they took so long together.</param>
internal sealed record RepeatPolicy(int WarmUps, int Fewest, int Most, double EnoughMs)
{
    /// <summary>Enough for a median that stays: short kernels are repeated a hundred times, those of a tenth of a second eleven times.</summary>
    public static RepeatPolicy Usual { get; } = new(WarmUps: 5, Fewest: 11, Most: 101, EnoughMs: 300);
}

/// <summary>Times work on a GPU.</summary>
internal sealed class DeviceClock : IDisposable
{
    private readonly IGpu _gpu;
    private readonly RepeatPolicy _policy;
    private readonly IGpuMemory _flush;
    private readonly IGpuEvent _from, _to;

    /// <summary>Makes events, and a buffer to flush the second-level cache with.</summary>
    public DeviceClock(IGpu gpu, RepeatPolicy policy)
    {
        (_gpu, _policy) = (gpu, policy);
        _flush = gpu.Allocate(2L * gpu.Properties.L2Bytes);
        (_from, _to) = (gpu.CreateEvent(), gpu.CreateEvent());
    }

    /// <summary>The median time of some work.</summary>
    /// <param name="stream">Where it is asked for.</param>
    /// <param name="enqueue">Asks for it.</param>
    public double MedianMicroseconds(IGpuStream stream, Action enqueue)
    {
        for (int i = 0; i < _policy.WarmUps; i++) Repeat(stream, enqueue);
        var times = new List<double>();
        while (times.Count < _policy.Fewest || (times.Count < _policy.Most && times.Sum() < _policy.EnoughMs)) times.Add(Repeat(stream, enqueue));
        times.Sort();
        return 1000 * times[times.Count / 2];
    }

    private double Repeat(IGpuStream stream, Action enqueue)
    {
        _gpu.Fill(_flush.Address, 0, _flush.Bytes, stream);
        _gpu.Record(_from, stream);
        enqueue();
        _gpu.Record(_to, stream);
        _gpu.Wait(_to);
        return _gpu.Milliseconds(_from, _to);
    }

    public void Dispose()
    {
        _from.Dispose();
        _to.Dispose();
        _flush.Dispose();
    }
}
