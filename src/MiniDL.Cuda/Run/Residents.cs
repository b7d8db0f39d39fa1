// The values of shared variables on the device: where each lies, and how long it stays.
//
// A variable's value moves here when a function of the device first runs with it, and stays: all functions of the device read and update that one copy, and
// it goes home only when somebody reads Value or another device wants it. The one thing to understand: memory on the device outlives no variable, but it is
// not the garbage collector that frees it (its thread must not call a GPU): the table knows variables weakly, and looks now and then which are gone.
using System.Runtime.CompilerServices;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>The values that a device keeps.</summary>
internal sealed class Residents(DeviceState state) : IDisposable
{
    private readonly ConditionalWeakTable<Shared, ResidentValue> _of = [];
    private readonly List<(WeakReference<Shared> Variable, ResidentValue Value)> _all = [];

    /// <summary>Bytes of all values.</summary>
    public long Bytes => _all.Sum(entry => entry.Value.Bytes);

    /// <summary>The place of a variable's value; made, without moving anything there, when it is first asked for.</summary>
    public ResidentValue Of(Shared variable)
    {
        if (_of.TryGetValue(variable, out ResidentValue? known)) return known;
        long bytes = (long)variable.Host.Count * variable.DType.Size();
        IGpuMemory memory = state.Allocate(Math.Max(bytes, 1), () => $"the shared variable {variable.Label}, {variable.Type}");
        var made = new ResidentValue(state, memory, bytes, variable.Label);
        _of.Add(variable, made);
        _all.Add((new WeakReference<Shared>(variable), made));
        return made;
    }

    /// <summary>Frees the places of variables that are gone. Called before a function is compiled, and when memory is short.</summary>
    /// <returns>How many there were.</returns>
    public int Sweep()
    {
        foreach ((WeakReference<Shared> variable, ResidentValue value) in _all)
            if (!variable.TryGetTarget(out _)) value.Free();
        return _all.RemoveAll(entry => entry.Value.IsFreed);
    }

    /// <summary>Sends every value home that is here, so that it can be read when the device is gone, and frees its place. Values on a device that
    /// failed are lost; reading them says so.</summary>
    public void Dispose()
    {
        foreach ((WeakReference<Shared> variable, ResidentValue value) in _all)
        {
            if (!state.HasFailed && variable.TryGetTarget(out Shared? alive)) alive.Leave(value);
            value.Free();
        }
        _all.Clear();
    }
}

/// <summary>The place of one variable's value.</summary>
internal sealed class ResidentValue(DeviceState state, IGpuMemory memory, long bytes, string label) : Shared.IResidence
{
    private bool _isLost;        // it was here when the device failed
    private bool _isReplaced;    // and has been given a new value at home since

    /// <summary>The device's address of the first element.</summary>
    public ulong Address { get; } = memory.Address;

    /// <summary>The size of the value.</summary>
    public long Bytes => bytes;

    /// <summary>True when the place is given up.</summary>
    public bool IsFreed { get; private set; }

    /// <inheritdoc/>
    public void Download(NDArray host)
    {
        if (_isReplaced) return;
        if (_isLost || state.HasFailed)
            throw new InvalidOperationException($"the value of {label} was on a GPU that failed, and is lost; set Value, from a checkpoint for example, before it is used again");
        try
        {
            state.Staging.Download(Address, host.Bytes());
        }
        catch (GpuException error)
        {
            throw state.Failed(error, $"the value of {label} was read");
        }
    }

    /// <inheritdoc/>
    public void Upload(NDArray host)
    {
        _isReplaced = _isLost || state.HasFailed;
        if (_isReplaced) return;
        try
        {
            state.Staging.Upload(Address, host.Bytes());
        }
        catch (GpuException error)
        {
            throw state.Failed(error, $"the value of {label} was set");
        }
    }

    /// <summary>Gives the place up.</summary>
    public void Free()
    {
        _isLost = true;
        IsFreed = true;
        memory.Dispose();
    }
}
