// The simulated GPU: the seam's operations over the simulator.
//
// The one thing to understand: work is done when it is asked for, on the calling thread and workers beside it; a stream is only a place to note work while capturing.
// Errors of kernels still show as on a real device: at the next synchronisation, and from then on at every one.
using System.Runtime.InteropServices;
using MiniDL.Gpu;
using MiniDL.Simulator.Blas;
using MiniDL.Simulator.Devices;
using MiniDL.Simulator.Execute;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator;

/// <summary>Executes PTX on the CPU. Times mean nothing; results are those of the PTX, the same for any number of threads.</summary>
/// <example><code>
/// using var gpu = new SimulatedGpu(new SimulatorOptions { Threads = 2 });
/// using IGpuModule module = gpu.LoadModule(ptx, cubin: []);
/// </code></example>
public sealed unsafe partial class SimulatedGpu : IGpu
{
    private const string AllocationName = "an allocation";
    private readonly DeviceMemory _memory;
    private readonly SimulatorOptions _options;
    private readonly DeviceChecks? _checks;
    private GpuException? _error;
    private long _launches;
    private readonly List<LaunchReport> _reports = [];

    /// <summary>Makes a device.</summary>
    /// <param name="options">What it is and how it runs; null for an A100 on all cores.</param>
    public SimulatedGpu(SimulatorOptions? options = null)
    {
        _options = options ?? new SimulatorOptions();
        Properties = _options.Properties with { IsSimulated = true };
        if (_options.Checks != CheckKinds.None) _checks = new DeviceChecks(_options.Checks);
        _memory = new DeviceMemory(_options.Properties.MemoryBytes, tracks: (_options.Checks & CheckKinds.Initialised) != 0);
    }

    /// <inheritdoc/>
    public GpuProperties Properties { get; }

    /// <summary>What each launch since the last reset did, if <see cref="SimulatorOptions.Counting"/> is on.</summary>
    public IReadOnlyList<LaunchReport> Reports => _reports;

    /// <summary>Forgets the reports so far.</summary>
    public void ResetReports() => _reports.Clear();

    /// <inheritdoc/>
    public IGpuMemory Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        // What fresh memory holds is undefined; all ones are NaN as float and -1 as int, so that using it shows.
        Allocation found = _memory.Allocate(bytes, 0xff, AllocationName)
            ?? throw new GpuException("cuMemAlloc", "CUDA_ERROR_OUT_OF_MEMORY", $"{bytes} bytes are asked for, {Properties.MemoryBytes - _memory.Used} of {Properties.MemoryBytes} are free");
        return new SimulatedMemory(_memory, found);
    }

    /// <inheritdoc/>
    public IPinnedMemory AllocatePinned(long bytes) => new HostMemory(bytes);

    /// <inheritdoc/>
    public void Upload(ulong destination, nint source, long bytes, IGpuStream stream) => Do(stream, () =>
    {
        Buffer.MemoryCopy((void*)source, Host("cuMemcpyHtoDAsync", destination, bytes), bytes, bytes);
        MarkWritten(destination, bytes);
    });

    /// <inheritdoc/>
    public void Download(nint destination, ulong source, long bytes, IGpuStream stream) => Do(stream, () =>
    {
        Buffer.MemoryCopy(Host("cuMemcpyDtoHAsync", source, bytes), (void*)destination, bytes, bytes);
        CheckWritten("cuMemcpyDtoHAsync", source, bytes);
    });

    /// <inheritdoc/>
    public void Copy(ulong destination, ulong source, long bytes, IGpuStream stream) => Do(stream, () =>
    {
        Buffer.MemoryCopy(Host("cuMemcpyDtoDAsync", source, bytes), Host("cuMemcpyDtoDAsync", destination, bytes), bytes, bytes);
        CopyWritten(destination, source, bytes);
    });

    /// <inheritdoc/>
    public void Fill(ulong destination, byte value, long bytes, IGpuStream stream) => Do(stream, () =>
    {
        NativeMemory.Fill(Host("cuMemsetD8Async", destination, bytes), (nuint)bytes, value);
        MarkWritten(destination, bytes);
    });

    /// <inheritdoc/>
    public IGpuModule LoadModule(ReadOnlySpan<byte> ptx, ReadOnlySpan<byte> cubin)
    {
        PtxModule parsed;
        try
        {
            parsed = PtxParser.Parse(ptx);
        }
        catch (PtxException problem)
        {
            throw new GpuException("cuModuleLoadData", "CUDA_ERROR_INVALID_PTX", problem.Message, problem);
        }
        return new SimulatedModule(parsed, cubin.IsEmpty ? [] : CubinReader.Read(cubin), _memory, _options.Jitter);
    }

    /// <inheritdoc/>
    public IGpuKernel GetKernel(IGpuModule module, string name, int dynamicSharedBytes = 0)
    {
        SimulatedKernel kernel = ((SimulatedModule)module).Kernel(name);
        int shared = kernel.Code.StaticSharedBytes + dynamicSharedBytes;
        if (shared > Properties.SharedBytesPerBlock)
            throw new GpuException("cuFuncSetAttribute", "CUDA_ERROR_INVALID_VALUE", $"{name} needs {shared} bytes of shared memory, {Properties.Name} gives a block {Properties.SharedBytesPerBlock} at most");
        kernel.MostDynamicSharedBytes = Math.Max(kernel.MostDynamicSharedBytes, dynamicSharedBytes);
        return kernel;
    }

    /// <inheritdoc/>
    public void Launch(IGpuKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, IGpuStream stream)
    {
        var simulated = (SimulatedKernel)kernel;
        LaunchLimits.Check(simulated, shape, arguments.Length, Properties);
        byte[] copy = new byte[Math.Max(simulated.Code.ParameterBytes, arguments.Length)];
        arguments.CopyTo(copy);
        LaunchShape its = shape;
        Do(stream, () => Run(simulated, its, copy));
    }

    private void Run(SimulatedKernel kernel, LaunchShape shape, byte[] parameters)
    {
        var launch = new Launch
        {
            Kernel = kernel.Code,
            Shape = shape,
            Parameters = parameters,
            Memory = _memory,
            Properties = Properties,
            Seed = _options.Seed,
            InstructionLimit = _options.InstructionLimit,
            Number = _launches++,
            Counting = _options.Counting,
            Checks = _checks,
            Registers = kernel.Registers,
            SampledWaves = _options.SampledWaves,
        };
        _checks?.BeginLaunch();
        Profile profile;
        try
        {
            profile = Grid.Run(launch, _options.Threads, _options.Output);
        }
        finally
        {
            _checks?.EndLaunch(launch);
        }
        if (_options.Counting != Counting.Off) _reports.Add(new LaunchReport(kernel.Code, shape, profile, kernel.Registers, (double)launch.BlocksToRun / shape.Grid.Count, _memory));
    }

    /// <inheritdoc/>
    public void Gemm(in GemmCall call, IGpuStream stream)
    {
        HostGemm.Check(call);
        GemmCall its = call;
        Do(stream, () => Multiply(its));
    }

    private void Multiply(GemmCall call)
    {
        (long a, long b, long c) = HostGemm.Extents(call);
        CheckProduct(call);
        HostGemm.Run(call, Matrix(call.A, a), Matrix(call.B, b), Matrix(call.C, c), _options.Threads);
    }

    private float* Matrix(ulong address, long elements) => elements == 0 ? null : (float*)Host("cublasSgemm", address, elements * sizeof(float));

    /// <summary>Does something now, or notes it if the stream captures. After an error nothing is done any more.</summary>
    private void Do(IGpuStream stream, Action work)
    {
        var simulated = (SimulatedStream)stream;
        if (simulated.Captured is { } captured) { captured.Add(work); return; }
        if (_error is not null) return;
        try
        {
            work();
        }
        catch (GpuException error)
        {
            _error = error;
        }
    }

    private byte* Host(string call, ulong address, long bytes)
    {
        byte* host = _memory.Host(address, bytes);
        if (host == null && bytes > 0) throw new GpuException(call, "CUDA_ERROR_INVALID_VALUE", $"{bytes} bytes at 0x{address:x} are not inside of one allocation: {_memory.Describe(address)}");
        return host;
    }

    /// <summary>Frees all memory, whether or not its owners have disposed of it.</summary>
    public void Dispose() => _memory.Dispose();
}
