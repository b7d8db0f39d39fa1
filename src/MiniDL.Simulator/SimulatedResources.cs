// What the simulated GPU hands out.
using System.Runtime.InteropServices;
using MiniDL.Gpu;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Devices;
using MiniDL.Simulator.Execute;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator;

/// <summary>Device memory.</summary>
internal sealed class SimulatedMemory(DeviceMemory memory, Allocation allocation) : IGpuMemory
{
    public ulong Address => allocation.Address;

    public long Bytes => allocation.Bytes;

    public void Dispose() => memory.Free(allocation);
}

/// <summary>Host memory: nothing needs to be page-locked for a simulator.</summary>
internal sealed unsafe class HostMemory(long bytes) : IPinnedMemory
{
    private void* _memory = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 256);

    public nint Address => (nint)_memory;

    public long Bytes => bytes;

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}

/// <summary>A module: parsed text, and memory for its variables. Kernels are decoded when first asked for.</summary>
internal sealed unsafe class SimulatedModule : IGpuModule
{
    private readonly PtxModule _module;
    private readonly DeviceMemory _memory;
    private readonly IReadOnlyList<CubinKernel> _resources;
    private readonly bool _jitter;
    private readonly Dictionary<string, ulong> _globals = new(StringComparer.Ordinal);
    private readonly List<Allocation> _allocations = [];
    private readonly Dictionary<string, SimulatedKernel> _kernels = new(StringComparer.Ordinal);

    public SimulatedModule(PtxModule module, IReadOnlyList<CubinKernel> resources, DeviceMemory memory, bool jitter)
    {
        (_module, _resources, _memory, _jitter) = (module, resources, memory, jitter);
        foreach (PtxVariable variable in module.Variables)
        {
            if (variable.IsExternal || variable.Space is not (StateSpace.Global or StateSpace.Constant)) continue;
            Allocation place = memory.Allocate(variable.Bytes, 0, $"variable '{variable.Name}'", variable.Space == StateSpace.Constant)
                ?? throw new GpuException("cuModuleLoadData", "CUDA_ERROR_OUT_OF_MEMORY", $"no room for variable '{variable.Name}' of {variable.Bytes} bytes");
            _allocations.Add(place);
            _globals[variable.Name] = place.Address;
            variable.Contents.CopyTo(new Span<byte>(place.Host, variable.Contents.Length));
            place.Written?.Mark(0, place.Bytes);
        }

        // Addresses of other variables can be filled in now that all have one.
        int next = 0;
        foreach (PtxVariable variable in module.Variables)
        {
            if (variable.IsExternal || variable.Space is not (StateSpace.Global or StateSpace.Constant)) continue;
            Allocation place = _allocations[next++];
            foreach ((int at, int bytes, string symbol, long offset) in variable.Addresses)
                if (_globals.TryGetValue(symbol, out ulong address) && bytes == 8) *(ulong*)(place.Host + at) = address + (ulong)offset;
        }
    }

    public SimulatedKernel Kernel(string name)
    {
        if (_kernels.TryGetValue(name, out SimulatedKernel? known)) return known;
        if (!_module.Functions.TryGetValue(name, out PtxFunction? function) || function is not { IsKernel: true, HasBody: true })
        {
            string kernels = string.Join(", ", _module.Functions.Values.Where(f => f.IsKernel).Select(f => f.Name));
            throw new GpuException("cuModuleGetFunction", "CUDA_ERROR_NOT_FOUND", $"there is no kernel '{name}' in this module; there is {(kernels.Length > 0 ? kernels : "none")}");
        }
        try
        {
            return _kernels[name] = new SimulatedKernel(Decoder.Decode(_module, function, _globals, _jitter), _resources.FirstOrDefault(r => r.Name == name).Registers);
        }
        catch (PtxException problem)
        {
            throw new GpuException("cuModuleGetFunction", "CUDA_ERROR_INVALID_PTX", problem.Message, problem);
        }
    }

    /// <summary>Names of its kernels.</summary>
    public IEnumerable<string> KernelNames => _module.Functions.Values.Where(function => function is { IsKernel: true, HasBody: true }).Select(function => function.Name);

    /// <summary>Where a variable lies and how large it is; null if there is none of this name.</summary>
    public (ulong Address, long Bytes)? Variable(string name) =>
        _globals.TryGetValue(name, out ulong address) && _memory.Find(address) is { } place ? (address, place.Bytes) : null;

    public void Dispose()
    {
        foreach (Allocation allocation in _allocations) _memory.Free(allocation);
    }
}

/// <summary>A kernel.</summary>
internal sealed class SimulatedKernel(KernelCode code, int registers) : IGpuKernel
{
    public string Name => code.Name;

    public KernelCode Code => code;

    /// <summary>Registers of a thread; 0 if there was no cubin.</summary>
    public int Registers => registers;

    /// <summary>What GetKernel was told.</summary>
    public int MostDynamicSharedBytes { get; set; }
}

/// <summary>A stream; while it captures, a list of what it was asked to do.</summary>
internal sealed class SimulatedStream : IGpuStream
{
    public List<Action>? Captured { get; set; }

    public void Dispose() { }
}

/// <summary>An event.</summary>
internal sealed class SimulatedEvent : IGpuEvent
{
    public bool IsSet { get; set; }

    public void Dispose() { }
}

/// <summary>A graph: captured work.</summary>
internal sealed class SimulatedGraph(Action[] work) : IGpuGraph
{
    public Action[] Work => work;

    public void Dispose() { }
}
