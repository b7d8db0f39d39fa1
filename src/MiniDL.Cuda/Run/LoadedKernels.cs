// Compiled code on the device: each distinct kernel text once, however many functions use it.
//
// The training step and the prediction of a net have layers in common, and so kernels. The one thing to understand: what is the same is decided by the whole
// text, sizes included; so two functions share a kernel exactly when it computes the same thing on the same shapes.
using System.Diagnostics;
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>The kernels of a device. They stay loaded until it is disposed.</summary>
internal sealed class LoadedKernels(IGpu gpu, IKernelCompiler compiler) : IDisposable
{
    private readonly Dictionary<string, (CompiledKernel Compiled, IGpuModule Module)> _byText = [];
    private readonly Dictionary<(string Text, int SharedBytes), IGpuKernel> _kernels = [];

    /// <summary>How many there are.</summary>
    public int Count => _byText.Count;

    /// <summary>Compiles and loads what is not there yet.</summary>
    /// <returns>What was done, and how long it took.</returns>
    public string Load(IReadOnlyList<KernelSource> sources)
    {
        KernelSource[] missing = [.. sources.Where(source => !_byText.ContainsKey(source.Text))];
        if (missing.Length == 0) return $"{sources.Count} kernels, all loaded before";

        // Level 4 shows what goes to the compiler before it does, so that a kernel that does not compile has been seen.
        long start = Stopwatch.GetTimestamp();
        if (Diagnostics.Level >= 4)
            foreach (KernelSource source in missing) Console.Error.WriteLine($"minidl: kernel {source.Name}\n{source.Text}");
        IReadOnlyList<CompiledKernel> compiled = compiler.Compile(missing, gpu.Properties.Architecture);
        double compileMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;

        start = Stopwatch.GetTimestamp();
        for (int i = 0; i < missing.Length; i++)
        {
            if (Diagnostics.Level >= 5) Console.Error.WriteLine($"minidl: PTX of {missing[i].Name}\n{Encoding.UTF8.GetString(compiled[i].Ptx)}");
            _byText[missing[i].Text] = (compiled[i], gpu.LoadModule(compiled[i].Ptx, compiled[i].Cubin));
        }
        return $"{sources.Count} kernels, {missing.Length} of them new: compiled in {compileMs:F1} ms, loaded in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F1} ms";
    }

    /// <summary>A loaded kernel, for launches with so much dynamic shared memory.</summary>
    public IGpuKernel Get(KernelSource source, int dynamicSharedBytes)
    {
        if (_kernels.TryGetValue((source.Text, dynamicSharedBytes), out IGpuKernel? kernel)) return kernel;
        return _kernels[(source.Text, dynamicSharedBytes)] = gpu.GetKernel(_byText[source.Text].Module, source.Name, dynamicSharedBytes);
    }

    /// <summary>What the compiler made of a source.</summary>
    public CompiledKernel Compiled(KernelSource source) => _byText[source.Text].Compiled;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, IGpuModule module) in _byText.Values) module.Dispose();
        _byText.Clear();
        _kernels.Clear();
    }
}
