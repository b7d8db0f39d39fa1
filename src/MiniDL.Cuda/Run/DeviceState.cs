// What all functions of a CUDA device share: the GPU, its one stream, the staging buffer, loaded kernels, and the values of shared variables.
//
// The one thing to understand: there is one stream, so everything happens in the order it was asked for: an update by one function is seen by the next, and a
// download waits for exactly what came before it. Nobody waits in between.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>The GPU and what lives on it as long as the device does.</summary>
internal sealed class DeviceState : IDisposable
{
    private readonly HashSet<CudaProgram> _programs = [];
    private GpuException? _failure, _told;

    public DeviceState(IGpu gpu, IKernelCompiler compiler, CudaOptions options)
    {
        (Gpu, Options) = (gpu, options);
        Dump = options.DumpFolder is { } folder ? new KernelDump(folder) : null;
        Stream = gpu.CreateStream();
        Staging = new Staging(gpu, Stream);
        Kernels = new LoadedKernels(gpu, compiler);
        Residents = new Residents(this);
    }

    /// <summary>The GPU.</summary>
    public IGpu Gpu { get; }

    /// <summary>What the user chose.</summary>
    public CudaOptions Options { get; }

    /// <summary>The queue that all work goes to.</summary>
    public IGpuStream Stream { get; }

    /// <summary>The way for numbers that are no inputs of a step.</summary>
    public Staging Staging { get; }

    /// <summary>Compiled code, shared by all functions.</summary>
    public LoadedKernels Kernels { get; }

    /// <summary>The values of shared variables, shared by all functions.</summary>
    public Residents Residents { get; }

    /// <summary>Where kernels are written to, if they are.</summary>
    public KernelDump? Dump { get; }

    /// <summary>True once everything was freed.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>True once a call failed in a way that leaves the GPU in doubt.</summary>
    public bool HasFailed => _failure is not null;

    /// <summary>Notes a program, so that it is freed with the device at the latest.</summary>
    public void Add(CudaProgram program) => _programs.Add(program);

    /// <summary>Forgets a program that has been freed.</summary>
    public void Remove(CudaProgram program) => _programs.Remove(program);

    /// <summary>Refuses to go on after disposal or after an error.</summary>
    public void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, typeof(CudaDevice));
        if (_failure is { } first)
            throw new GpuException(first.Call, first.Code, $"the device failed before and cannot be used any more; dispose of it, and open another in a new process. Its first error was: {first.Message}", first);
    }

    /// <summary>Notes that work on the GPU failed: an error of a kernel makes all later calls fail, whatever they are.</summary>
    /// <returns>The error to throw: the same, with what was being done.</returns>
    public GpuException Failed(GpuException error, string doing)
    {
        if (ReferenceEquals(error, _told)) return error;   // it comes through a second place, and says already where it came from
        _failure ??= error;
        return _told = new GpuException(error.Call, error.Code, $"{error.Advice} It happened while {doing}, or in something asked for shortly before; the device cannot be used any more", error);
    }

    /// <summary>Device memory. When there is none left, that of variables which nobody can reach any more is freed first.</summary>
    /// <exception cref="GpuException">There is not enough; the message says what it was wanted for.</exception>
    public IGpuMemory Allocate(long bytes, Func<string> purpose)
    {
        try
        {
            return Gpu.Allocate(bytes);
        }
        catch (GpuException full) when (IsOutOfMemory(full))
        {
            if (Residents.Sweep() > 0)
            {
                try
                {
                    return Gpu.Allocate(bytes);
                }
                catch (GpuException again) when (IsOutOfMemory(again)) { }   // told below
            }
            throw new GpuException(full.Call, full.Code, $"{Gpu.Properties.Name} with its {Gpu.Properties.MemoryBytes / 1e9:F1} GB has no {bytes:N0} bytes left for {purpose()}. "
                + $"Shared variables take {Residents.Bytes:N0} bytes, the {_programs.Count} compiled functions {_programs.Sum(program => program.DeviceBytes):N0}. "
                + "Choose a smaller batch, or dispose of functions that are not needed", full);
        }
    }

    /// <summary>Waits until nothing on the GPU uses memory any more. An error of a kernel that shows only here is noted and not thrown: whoever frees wants no
    /// results, and whoever still reads a value will be told.</summary>
    public void WaitBeforeFreeing()
    {
        if (HasFailed || IsDisposed) return;
        try
        {
            Gpu.Synchronize(Stream);
        }
        catch (GpuException error)
        {
            Failed(error, "the device did its last work before memory was freed");
        }
    }

    /// <summary>Waits, brings the values of shared variables home, frees everything.</summary>
    public void Dispose()
    {
        if (IsDisposed) return;
        WaitBeforeFreeing();
        Residents.Dispose();
        foreach (CudaProgram program in _programs.ToArray()) program.Dispose();
        Kernels.Dispose();
        Staging.Dispose();
        Stream.Dispose();
        IsDisposed = true;
    }

    private static bool IsOutOfMemory(GpuException error) => error.Code.Contains("OUT_OF_MEMORY", StringComparison.Ordinal);
}
