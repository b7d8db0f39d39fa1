// NVRTC through the package ManagedCuda-NVRTC: kernels as text to PTX and machine code.
//
// The one thing to understand: NVRTCException says that a source is wrong, but not where; the log must be fetched from the compiler that threw it. Unlike NvrtcCompiler this one keeps
// nothing on disk: each start compiles everything.
using ManagedCuda.NVRTC;

namespace MiniDL.Cuda.ManagedCuda;

/// <summary>Compiles kernels with ManagedCuda's CudaRuntimeCompiler, on all cores.</summary>
/// <example><code>using Device device = new CudaDevice(ManagedCudaGpu.Open(), ManagedNvrtc.Create(), ownsGpu: true);</code></example>
public sealed class ManagedNvrtc : IKernelCompiler
{
    private readonly int[] _architectures;
    private readonly (int Major, int Minor) _version;

    private ManagedNvrtc(int[] architectures, Version version) => (_architectures, _version) = (architectures, (version.Major, version.Minor));

    /// <summary>A compiler with the NVRTC of this machine.</summary>
    /// <exception cref="MissingLibraryException">There is no NVRTC; the message tells where it was looked for and how to install it.</exception>
    public static ManagedNvrtc Create()
    {
        NvrtcLibrary.Load();
        VersionedLibraries.Answer();
        return new ManagedNvrtc([.. CudaRuntimeCompiler.GetSupportedArchs().Order()], CudaRuntimeCompiler.GetVersion());
    }

    /// <inheritdoc/>
    /// <exception cref="KernelCompileException">A kernel is wrong; of several the first.</exception>
    public IReadOnlyList<CompiledKernel> Compile(IReadOnlyList<KernelSource> sources, string architecture)
    {
        ArgumentNullException.ThrowIfNull(sources);
        string target = NvrtcCompiler.TargetFor(architecture, _architectures, _version);
        var kernels = new CompiledKernel[sources.Count];
        var failures = new KernelCompileException?[sources.Count];
        Parallel.For(0, sources.Count, i =>
        {
            try
            {
                kernels[i] = CompileOne(sources[i], target);
            }
            catch (KernelCompileException failure)
            {
                failures[i] = failure;
            }
        });
        return failures.FirstOrDefault(failure => failure is not null) is { } first ? throw first : kernels;
    }

    private static CompiledKernel CompileOne(KernelSource source, string target)
    {
        string fileName = $"/{source.Name}.cu";
        using var compiler = new CudaRuntimeCompiler(source.Text, fileName);
        try
        {
            compiler.Compile([$"--gpu-architecture={target}", "--ptxas-options=-v", "--generate-line-info"]);
        }
        catch (NVRTCException failure) when (failure.NVRTCError == nvrtcResult.ErrorCompilation)
        {
            throw new KernelCompileException(source, target, compiler.GetLogAsString(), fileName);
        }

        // PTX ends with the zero of a C string; an architecture that this NVRTC does not know by itself gives no machine code.
        byte[] ptx = [.. compiler.GetPTX().AsSpan().TrimEnd((byte)0)];
        byte[] cubin = target.StartsWith("sm_", StringComparison.Ordinal) ? compiler.GetCubin() : [];
        return new CompiledKernel(source, target, ptx, cubin, KernelResources.Parse(compiler.GetLogAsString(), source.Name));
    }
}
