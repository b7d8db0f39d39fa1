// From kernels as text to PTX and machine code: the last step before a GPU sees them.
//
// Planned steps come in, compiled kernels go out, in the same order. The one thing to understand: each kernel is a translation unit of its own. So
// kernels compile side by side on all cores, each is cached by what it says, and a change to one of them compiles that one alone.
namespace MiniDL.Cuda;

/// <summary>Compiles kernels with NVRTC, many at once, through a cache on disk.</summary>
/// <example><code>
/// NvrtcCompiler compiler = NvrtcCompiler.Create();
/// IReadOnlyList&lt;CompiledKernel&gt; kernels = compiler.Compile([new("fill", text)], "sm_80");
/// using IGpuModule module = gpu.LoadModule(kernels[0].Ptx, kernels[0].Cubin);
/// </code></example>
public sealed class NvrtcCompiler : IKernelCompiler
{
    private const int MostStaticSharedBytes = 48 * 1024;   // of a block, on every architecture; what is beyond must be dynamic

    // Resources in the log; line numbers in the PTX. Arithmetic stays as the standard of floating point has it: no fast math, subnormal numbers kept.
    private static readonly string[] s_options = ["--ptxas-options=-v", "--generate-line-info"];

    private readonly NvrtcLibrary _nvrtc;
    private readonly KernelCache? _cache;
    private int _compiled, _fromCache;

    internal NvrtcCompiler(NvrtcLibrary nvrtc, KernelCache? cache) => (_nvrtc, _cache) = (nvrtc, cache);

    /// <summary>A compiler with the NVRTC of this machine, and the cache that <c>MINIDL_CACHE</c> names.</summary>
    /// <exception cref="MissingLibraryException">There is no NVRTC; the message tells where it was looked for and how to install it.</exception>
    public static NvrtcCompiler Create() => new(NvrtcLibrary.Load(), KernelCache.OfThisSystem());

    /// <summary>NVRTC's version.</summary>
    public (int Major, int Minor) Version => _nvrtc.Version;

    /// <summary>What NVRTC compiles to machine code for: sm_50, sm_52, ... Not all of them run MiniDL's kernels.</summary>
    public IReadOnlyList<string> Architectures => [.. _nvrtc.Architectures.Select(number => $"sm_{number}")];

    /// <summary>Kernels compiled so far.</summary>
    public int Compiled => _compiled;

    /// <summary>Kernels found in the cache so far.</summary>
    public int FromCache => _fromCache;

    /// <inheritdoc/>
    /// <exception cref="KernelCompileException">A kernel is wrong; of several the first.</exception>
    /// <exception cref="NotSupportedException">NVRTC is too new for so old an architecture.</exception>
    public IReadOnlyList<CompiledKernel> Compile(IReadOnlyList<KernelSource> sources, string architecture)
    {
        ArgumentNullException.ThrowIfNull(sources);
        string target = TargetFor(architecture, _nvrtc.Architectures, _nvrtc.Version);
        KernelSource[] distinct = [.. sources.Distinct()];
        var kernels = new CompiledKernel?[distinct.Length];
        var failures = new KernelCompileException?[distinct.Length];

        // On all cores, the calling thread's among them. A core that is done takes the next kernel.
        int next = -1;
        Parallel.For(0, Math.Min(Environment.ProcessorCount, distinct.Length), _ =>
        {
            for (int i = Interlocked.Increment(ref next); i < distinct.Length; i = Interlocked.Increment(ref next))
            {
                try
                {
                    kernels[i] = CompileOrFind(distinct[i], target);
                }
                catch (KernelCompileException failure)
                {
                    failures[i] = failure;
                }
            }
        });
        if (failures.FirstOrDefault(failure => failure is not null) is { } first) throw first;

        Dictionary<KernelSource, CompiledKernel> bySource = kernels.ToDictionary(kernel => kernel!.Source, kernel => kernel!);
        return [.. sources.Select(source => bySource[source])];
    }

    /// <summary>What to compile for: the architecture itself if NVRTC knows it; else PTX for the newest one before it, which the driver of a newer GPU compiles further.</summary>
    /// <exception cref="NotSupportedException">The architecture is older than all that NVRTC knows.</exception>
    /// <exception cref="ArgumentException">This is no architecture.</exception>
    internal static string TargetFor(string architecture, IReadOnlyList<int> known, (int Major, int Minor) version)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (!architecture.StartsWith("sm_", StringComparison.Ordinal) || !int.TryParse(architecture.AsSpan(3), out int wanted))
            throw new ArgumentException($"an architecture looks like sm_80, not like '{architecture}'");
        if (known.Contains(wanted)) return architecture;
        int before = known.LastOrDefault(number => number < wanted);
        return before > 0 ? $"compute_{before}" : throw new NotSupportedException(
            $"NVRTC {version.Major}.{version.Minor} compiles for sm_{known[0]} and later, not for {architecture}; an older NVRTC does: MINIDL_NVRTC names the file or folder of one");
    }

    private CompiledKernel CompileOrFind(KernelSource source, string target)
    {
        string key = KernelCache.Key(source, target, s_options, _nvrtc.Version);
        if (_cache?.Find(key, source, target) is { } found)
        {
            Interlocked.Increment(ref _fromCache);
            return found;
        }
        CompiledKernel kernel = CompileOne(source, target);
        Interlocked.Increment(ref _compiled);
        _cache?.Store(key, kernel);
        return kernel;
    }

    private CompiledKernel CompileOne(KernelSource source, string target)
    {
        string fileName = $"/{source.Name}.cu";
        using var program = new NvrtcProgram(_nvrtc, source.Text, fileName);
        bool good = program.Compile([$"--gpu-architecture={target}", .. s_options]);
        string log = program.Log();
        if (!good) throw new KernelCompileException(source, target, log, fileName);

        byte[] ptx = program.Ptx(), cubin = program.Cubin();
        if (cubin.Length == 0) return new CompiledKernel(source, target, ptx, cubin, null);

        // What compiles, but could not be launched, is found here and not on the first machine with a GPU.
        KernelResources resources = KernelResources.Parse(log, source.Name)
            ?? throw new KernelCompileException(source, target, $"the text has no function: extern \"C\" __global__ void {source.Name}(...)", fileName);
        if (resources.SharedBytes > MostStaticSharedBytes)
            throw new KernelCompileException(source, target, $"it has {resources.SharedBytes:N0} bytes of static shared memory; more than {MostStaticSharedBytes:N0} must be dynamic", fileName);
        return new CompiledKernel(source, target, ptx, cubin, resources);
    }
}
