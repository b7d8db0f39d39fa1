// Where functions run. The core has two devices: the CPU executor and the reference; MiniDL.Cuda adds others.
//
// The one thing to understand: a device turns a function's graph, once for each set of input shapes, into something that runs; everything that
// differs between devices is behind that one step.
namespace MiniDL;

/// <summary>A place where functions run. Disposable; functions made for it are of no use afterwards.</summary>
/// <example><code>using Device device = Device.Cpu(threads: 2);</code></example>
public abstract class Device : IDisposable
{
    /// <summary>The name, as <c>--device</c> takes it.</summary>
    public abstract string Name { get; }

    /// <summary>The fast CPU executor.</summary>
    /// <param name="threads">Threads that work on each stage; 0 is one per core. Results are the same bits with any number.</param>
    /// <exception cref="ArgumentOutOfRangeException">Below 0 or above 256.</exception>
    public static Device Cpu(int threads = 0) => new CpuDevice(threads);

    /// <summary>The oracle: float64, node by node, slow.</summary>
    public static Device Reference() => new ReferenceDevice();

    internal bool IsDisposed { get; private set; }

    /// <summary>Prepares a graph for arrays of known shapes.</summary>
    internal abstract Executable Compile(FunctionGraph graph, Shape[] inputShapes, Mode mode);

    /// <summary>Frees threads and memory.</summary>
    public void Dispose()
    {
        IsDisposed = true;
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees threads and memory.</summary>
    protected virtual void Dispose(bool disposing) { }
}

/// <summary>How carefully a function runs.</summary>
public enum Mode
{
    /// <summary>As fast as it can.</summary>
    Fast,

    /// <summary>Every stage is compared with the reference on the same inputs; the first that disagrees is an error.</summary>
    Debug,

    /// <summary>The first stage that makes a NaN or an infinity is an error that names its source line.</summary>
    NanGuard,
}

/// <summary>A function's graph, givens substituted and random nodes numbered, as devices get it.</summary>
/// <param name="Inputs">The leaves the caller feeds.</param>
/// <param name="Outputs">What is returned, from the values before the updates.</param>
/// <param name="Updates">Shared variables and their new values, all computed from old values.</param>
internal sealed record FunctionGraph(Tensor[] Inputs, Tensor[] Outputs, Update[] Updates)
{
    /// <summary>Outputs, then the new values.</summary>
    public Tensor[] Roots => [.. Outputs, .. Updates.Select(update => update.Value)];

    /// <summary>Each input mapped to one of the shape that an array has.</summary>
    public Dictionary<Tensor, Tensor> Known(Shape[] shapes)
    {
        var known = new Dictionary<Tensor, Tensor>();
        for (int i = 0; i < Inputs.Length; i++)
            known[Inputs[i]] = InputOp.Make(new TensorType(Inputs[i].DType, shapes[i]), Inputs[i].Name, Inputs[i].Source);
        return known;
    }
}

/// <summary>A graph made ready to run on a device for one set of input shapes.</summary>
internal abstract class Executable : IDisposable
{
    /// <summary>Computes outputs, then applies all updates at once.</summary>
    public abstract void Run(ReadOnlySpan<NDArray> inputs, RunState run);

    /// <summary>The shape of an output.</summary>
    public abstract TensorType OutputType(int index);

    /// <summary>Copies an output's bytes; the place where a device with memory of its own synchronises.</summary>
    public abstract void CopyOutput(int index, Span<byte> destination);

    /// <summary>The graph after each pass, the stages, the memory plan.</summary>
    public abstract string Explain();

    /// <summary>Time per stage over the runs since profiling was turned on; empty where there are no stages.</summary>
    public virtual IReadOnlyList<StageTime> Profile(bool on) => [];

    /// <summary>The lowered program, where there is one.</summary>
    public virtual Program? Program => null;

    /// <summary>Kernels and library calls of a run; 0 where a graph is interpreted.</summary>
    public virtual int Launches => 0;

    /// <summary>Frees what running needs.</summary>
    public abstract void Dispose();
}
