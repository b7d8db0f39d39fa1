// Everything MiniDL asks of a GPU: the seam between the CUDA executor above and a real or a simulated GPU below.
//
// Four things stand behind it: DriverGpu (the CUDA driver and cuBLAS), ManagedCudaGpu (the same through the ManagedCuda packages), SimulatedGpu (runs the
// PTX on the CPU), and in tests a GPU that only records what it was asked. The one thing to understand: everything that names a stream is
// asynchronous and happens in the order of the calls on that stream; memory given to it must stay until the stream has passed.
namespace MiniDL.Gpu;

/// <summary>A GPU. Every method throws <see cref="GpuException"/> when the call below it fails. One thread at a time.</summary>
/// <example><code>
/// using IGpuStream stream = gpu.CreateStream();
/// using IGpuMemory x = gpu.Allocate(4096);
/// using IGpuModule module = gpu.LoadModule(ptx, cubin);
/// IGpuKernel kernel = gpu.GetKernel(module, "fill");
/// gpu.Launch(kernel, new LaunchShape(new Dim3(4), new Dim3(256)), arguments, stream);
/// gpu.Synchronize(stream);
/// </code></example>
public interface IGpu : IDisposable
{
    /// <summary>What the device is and has.</summary>
    GpuProperties Properties { get; }

    /// <summary>Memory of the device, aligned to 256 bytes, contents undefined. 0 bytes give one that must not be used.</summary>
    IGpuMemory Allocate(long bytes);

    /// <summary>Page-locked memory of the host, which copies can read and write while the program goes on. Contents undefined.</summary>
    IPinnedMemory AllocatePinned(long bytes);

    /// <summary>Copies from pinned host memory to the device.</summary>
    void Upload(ulong destination, nint source, long bytes, IGpuStream stream);

    /// <summary>Copies from the device to pinned host memory.</summary>
    void Download(nint destination, ulong source, long bytes, IGpuStream stream);

    /// <summary>Copies within the device; the two do not overlap.</summary>
    void Copy(ulong destination, ulong source, long bytes, IGpuStream stream);

    /// <summary>Sets every byte.</summary>
    void Fill(ulong destination, byte value, long bytes, IGpuStream stream);

    /// <summary>Loads what NVRTC compiled: PTX as UTF-8 text, and the cubin made from it for this very architecture, or empty. A real GPU takes the
    /// cubin if there is one and it can run it, else its driver compiles the PTX; the simulator runs the PTX and reads registers from the cubin.</summary>
    IGpuModule LoadModule(ReadOnlySpan<byte> ptx, ReadOnlySpan<byte> cubin);

    /// <summary>A kernel of a module by the name of its <c>extern "C"</c> function; valid as long as the module.</summary>
    /// <param name="module">The module.</param>
    /// <param name="name">The function's name.</param>
    /// <param name="dynamicSharedBytes">The most dynamic shared memory it will be launched with; above 48 KB this must be told.</param>
    IGpuKernel GetKernel(IGpuModule module, string name, int dynamicSharedBytes = 0);

    /// <summary>Runs a kernel. <paramref name="arguments"/> is its parameter block, as <see cref="KernelArguments"/> packs it; it is copied.</summary>
    void Launch(IGpuKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, IGpuStream stream);

    /// <summary>C = alpha * op(A) op(B) + beta * C, in cuBLAS' column-major meaning.</summary>
    void Gemm(in GemmCall call, IGpuStream stream);

    /// <summary>A queue of work; work of different streams is not ordered.</summary>
    IGpuStream CreateStream();

    /// <summary>Waits until the stream has done everything asked of it so far. Errors of kernels show here.</summary>
    void Synchronize(IGpuStream stream);

    /// <summary>A mark in a stream that can be waited for and timed.</summary>
    IGpuEvent CreateEvent();

    /// <summary>Sets the mark behind everything asked of the stream so far.</summary>
    void Record(IGpuEvent mark, IGpuStream stream);

    /// <summary>Makes the host wait until the stream has passed the mark; returns at once if it was never set.</summary>
    void Wait(IGpuEvent mark);

    /// <summary>Milliseconds between two marks that were passed.</summary>
    double Milliseconds(IGpuEvent from, IGpuEvent to);

    /// <summary>From here on, work given to the stream is noted instead of done.</summary>
    void BeginCapture(IGpuStream stream);

    /// <summary>Ends noting; what was noted becomes a graph that is launched as one.</summary>
    IGpuGraph EndCapture(IGpuStream stream);

    /// <summary>Does all that a graph noted, with the arguments of then and the memory's contents of now.</summary>
    void Launch(IGpuGraph graph, IGpuStream stream);
}
