// Runs planned kernels on the simulated GPU: compiled by NVRTC, arguments packed as the executor packs them.
using System.Runtime.InteropServices;
using MiniDL.Gpu;
using MiniDL.Simulator;

namespace MiniDL.Cuda.Tests;

internal static unsafe class SimulatedSteps
{
    /// <summary>Runs steps one after the other. Every buffer's numbers go to the device first and come back after.</summary>
    public static void Run(IReadOnlyList<Step> steps, IReadOnlyDictionary<Buffer, float[]> memory)
    {
        IReadOnlyList<CompiledKernel> kernels = Nvrtc.Required().Compile([.. steps.Cast<KernelStep>().Select(step => step.Source)], "sm_80");
        using SimulatedGpu gpu = CheckedGpu.Make();
        using IGpuStream stream = gpu.CreateStream();
        Dictionary<Buffer, IGpuMemory> device = memory.ToDictionary(pair => pair.Key, pair => gpu.Allocate(4L * pair.Value.Length));
        using IGpuMemory scratch = gpu.Allocate(steps.Cast<KernelStep>().Max(step => step.ScratchBytes));
        foreach ((Buffer buffer, float[] values) in memory)
            fixed (float* start = values) gpu.Upload(device[buffer].Address, (nint)start, 4L * values.Length, stream);

        Span<byte> block = stackalloc byte[256];
        for (int i = 0; i < steps.Count; i++)
        {
            var step = (KernelStep)steps[i];
            using IGpuModule module = gpu.LoadModule(kernels[i].Ptx, kernels[i].Cubin);
            var arguments = new KernelArguments(block);
            foreach (KernelArgument argument in step.Arguments)
                arguments.Add(argument switch
                {
                    BufferArgument buffer => device[buffer.Buffer].Address + (ulong)buffer.Offset * 4,
                    ScratchArgument place => scratch.Address + (ulong)place.ByteOffset,
                    _ => throw new NotSupportedException($"{argument}"),
                });
            gpu.Launch(gpu.GetKernel(module, step.Source.Name, step.Shape.DynamicSharedBytes), step.Shape, arguments.Packed, stream);
            gpu.Synchronize(stream);
            gpu.AssertClean();
        }

        foreach ((Buffer buffer, float[] values) in memory)
            fixed (float* start = values) gpu.Download((nint)start, device[buffer].Address, 4L * values.Length, stream);
        gpu.Synchronize(stream);
        foreach (IGpuMemory one in device.Values) one.Dispose();
    }

    /// <summary>A buffer of some elements that belongs to no program.</summary>
    public static Buffer BufferOf(int count, string name) => new(0, BufferKind.Temporary, T.Input([count], name), name);

    /// <summary>Whole numbers from 0 to 5: their products' sums are exact in float32, in any order.</summary>
    public static float[] WholeNumbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(6))];
    }
}
