// What a GPU hands out: handles that are disposed of by whoever asked for them.
//
// The one thing to understand: they are interfaces with almost nothing in them, so that each implementation can put its own handle behind them (a SafeHandle of the
// driver, an array of the simulator), and each accepts only its own.
namespace MiniDL.Gpu;

/// <summary>Memory of the device. Disposing frees it once the device no longer uses it.</summary>
public interface IGpuMemory : IDisposable
{
    /// <summary>The device's address of the first byte.</summary>
    ulong Address { get; }

    /// <summary>The size.</summary>
    long Bytes { get; }
}

/// <summary>Page-locked memory of the host.</summary>
public interface IPinnedMemory : IDisposable
{
    /// <summary>The host's address of the first byte.</summary>
    nint Address { get; }

    /// <summary>The size.</summary>
    long Bytes { get; }
}

/// <summary>Compiled code on the device.</summary>
public interface IGpuModule : IDisposable;

/// <summary>A kernel of a module.</summary>
public interface IGpuKernel
{
    /// <summary>The name of its function.</summary>
    string Name { get; }
}

/// <summary>A queue of work.</summary>
public interface IGpuStream : IDisposable;

/// <summary>A mark in a stream.</summary>
public interface IGpuEvent : IDisposable;

/// <summary>Captured work, ready to be launched as one.</summary>
public interface IGpuGraph : IDisposable;
