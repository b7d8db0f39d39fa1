// Runs steps on the simulated GPU: every buffer in an allocation of its own, so that a step that reads or writes beside it is caught.
using System.Runtime.InteropServices;
using MiniDL.Gpu;
using MiniDL.Simulator;

namespace MiniDL.Cuda.Tests;

/// <summary>A simulated GPU with a compiler, for tests of single kernels.</summary>
internal sealed class SimulatedRun : IDisposable
{
    private readonly NvrtcCompiler _compiler = Nvrtc.Required();
    private readonly SimulatedGpu _gpu = CheckedGpu.Make();
    private readonly Dictionary<KernelSource, CompiledKernel> _compiled = [];

    /// <summary>Compiles many kernels at once, which is faster than each when its turn comes.</summary>
    public void Compile(IEnumerable<KernelSource> sources)
    {
        KernelSource[] missing = [.. sources.Distinct().Where(source => !_compiled.ContainsKey(source))];
        foreach (CompiledKernel kernel in _compiler.Compile(missing, _gpu.Properties.Architecture)) _compiled[kernel.Source] = kernel;
    }

    /// <summary>Runs steps over buffers, whose contents change accordingly.</summary>
    public void Run(IReadOnlyList<Step> steps, IReadOnlyDictionary<Buffer, byte[]> contents)
    {
        foreach (KernelStep step in steps.Cast<KernelStep>())
        {
            Buffer[] buffers = [.. step.Arguments.Cast<BufferArgument>().Select(argument => argument.Buffer).Distinct()];
            byte[][] results = Run(step.Source, step.Shape, [.. buffers.Select(buffer => contents[buffer])],
                [.. step.Arguments.Cast<BufferArgument>().Select(argument => (Array.IndexOf(buffers, argument.Buffer), (long)argument.Offset * argument.Buffer.DType.Size()))]);
            for (int i = 0; i < buffers.Length; i++) results[i].CopyTo(contents[buffers[i]], 0);
        }
    }

    /// <summary>Runs a kernel whose arguments are arrays, one each.</summary>
    public byte[][] Run(KernelSource source, LaunchShape shape, params byte[][] arrays) => Run(source, shape, arrays, [.. arrays.Select((_, i) => (i, 0L))]);

    private byte[][] Run(KernelSource source, LaunchShape shape, byte[][] arrays, (int Array, long Offset)[] arguments)
    {
        Compile([source]);
        CompiledKernel compiled = _compiled[source];
        using IGpuStream stream = _gpu.CreateStream();
        using IGpuModule module = _gpu.LoadModule(compiled.Ptx, compiled.Cubin);
        IGpuMemory[] memory = [.. arrays.Select(array => _gpu.Allocate(array.Length))];
        using IPinnedMemory pinned = _gpu.AllocatePinned(arrays.Max(array => array.Length));

        for (int i = 0; i < arrays.Length; i++)
        {
            Marshal.Copy(arrays[i], 0, pinned.Address, arrays[i].Length);
            _gpu.Upload(memory[i].Address, pinned.Address, arrays[i].Length, stream);
        }
        var packed = new KernelArguments(new byte[8 * arguments.Length]);
        foreach ((int array, long offset) in arguments) packed.Add(memory[array].Address + (ulong)offset);
        _gpu.Launch(_gpu.GetKernel(module, source.Name, shape.DynamicSharedBytes), shape, packed.Packed, stream);
        _gpu.Synchronize(stream);
        _gpu.AssertClean();

        byte[][] results = [.. arrays.Select(array => new byte[array.Length])];
        for (int i = 0; i < arrays.Length; i++)
        {
            _gpu.Download(pinned.Address, memory[i].Address, arrays[i].Length, stream);
            _gpu.Synchronize(stream);
            Marshal.Copy(pinned.Address, results[i], 0, results[i].Length);
            memory[i].Dispose();
        }
        return results;
    }

    public void Dispose() => _gpu.Dispose();
}

/// <summary>Numbers as bytes and back.</summary>
internal static class Bytes
{
    public static byte[] Of<TValue>(params TValue[] values) where TValue : unmanaged => MemoryMarshal.AsBytes<TValue>(values).ToArray();

    public static TValue[] To<TValue>(byte[] bytes) where TValue : unmanaged => MemoryMarshal.Cast<byte, TValue>(bytes).ToArray();
}
