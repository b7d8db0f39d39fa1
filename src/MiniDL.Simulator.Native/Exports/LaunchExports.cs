// Launches.
//
// The one thing to understand: arguments come in one of two forms, one pointer for each, or one block that the caller packed. A kernel reads its parameters from a block, so the first form
// becomes the second, each argument at the offset and of the size that the PTX gives its parameter.
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Native;

/// <summary>Exports: launches.</summary>
internal static unsafe class LaunchExports
{
    // CU_LAUNCH_PARAM_...: marks in the list `extra`.
    private const nint End = 0, BufferPointer = 1, BufferSize = 2;

    [UnmanagedCallersOnly(EntryPoint = "cuLaunchKernel")]
    public static int LaunchKernel(nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** parameters, void** extra) => Boundary.Driver(() =>
    {
        NativeStream queue = StreamExports.Stream(stream).ForWork();
        NativeKernel kernel = Handles.Get<NativeKernel>(function);
        if (kernel.Context != queue.Context) throw new CallFailed(DriverResult.InvalidContext);
        var shape = new LaunchShape(new Dim3(Extent(gridX), Extent(gridY), Extent(gridZ)), new Dim3(Extent(blockX), Extent(blockY), Extent(blockZ)), Extent(sharedBytes));
        if (shape.DynamicSharedBytes > kernel.MostDynamicSharedBytes)
            throw new CallFailed(DriverResult.InvalidValue, $"cuLaunchKernel {kernel.Kernel.Name}: {shape.DynamicSharedBytes:N0} bytes of dynamic shared memory, {kernel.MostDynamicSharedBytes:N0} are allowed; cuFuncSetAttribute allows more");
        queue.Context.Gpu.Launch(kernel.Kernel, shape, Arguments(kernel, parameters, extra), queue.Queue);
    });

    private static int Extent(uint value) => value <= int.MaxValue ? (int)value : throw new CallFailed(DriverResult.InvalidValue);

    private static byte[] Arguments(NativeKernel kernel, void** parameters, void** extra)
    {
        if (parameters is not null && extra is not null) throw new CallFailed(DriverResult.InvalidValue);
        return extra is not null ? Packed(extra) : Gathered(kernel, parameters);
    }

    /// <summary>Pairs of a mark and a pointer, in any order, up to an end.</summary>
    private static byte[] Packed(void** extra)
    {
        byte* block = null;
        nuint bytes = 0;
        for (; (nint)(*extra) != End; extra += 2)
        {
            switch ((nint)(*extra))
            {
                case BufferPointer: block = (byte*)extra[1]; break;
                case BufferSize: bytes = *Out.To((nuint*)extra[1]); break;
                default: throw new CallFailed(DriverResult.InvalidValue);
            }
        }
        if (bytes > KernelArguments.MostBytes || (bytes > 0 && block is null)) throw new CallFailed(DriverResult.InvalidValue);
        return new ReadOnlySpan<byte>(block, (int)bytes).ToArray();
    }

    private static byte[] Gathered(NativeKernel kernel, void** parameters)
    {
        byte[] block = new byte[kernel.Kernel.Code.ParameterBytes];
        (int At, int Bytes)[] places = kernel.Kernel.Code.Parameters;
        for (int i = 0; i < places.Length; i++)
        {
            if (parameters is null || parameters[i] is null) throw new CallFailed(DriverResult.InvalidValue, $"cuLaunchKernel {kernel.Kernel.Name}: it takes {places.Length} arguments, and number {i} is missing");
            new ReadOnlySpan<byte>(parameters[i], places[i].Bytes).CopyTo(block.AsSpan(places[i].At));
        }
        return block;
    }
}
