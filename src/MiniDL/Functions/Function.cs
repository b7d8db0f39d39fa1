// What a user compiles and calls: inputs, outputs, updates.
//
// The last station: T.Function checks the graph and freezes it; the first Run with arrays of some shapes makes the device compile it for them, and
// later runs with the same shapes find that again. The one thing to understand: updates are simultaneous. Every output and every new value is
// computed from the old values of the shared variables, and only then do the new values take their place.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>A compiled function of symbolic expressions. Disposable. Not for use by several threads at once.</summary>
public sealed class Function : IDisposable
{
    private readonly FunctionGraph _graph;
    private readonly Device _device;
    private readonly bool _ownsDevice;
    private readonly Mode _mode;
    private readonly ulong _seed;
    private const int MostShapes = 16;   // sets of input shapes that stay compiled, each with its memory

    private readonly List<(Shape[] Shapes, Executable Executable)> _compiled = [];   // the last used at the end
    private bool _profiling;

    internal Function(Tensor[] inputs, Tensor[] outputs, Update[] updates, (Tensor Variable, Tensor Value)[] givens, Device? device, Mode mode, ulong seed)
    {
        _graph = FunctionChecks.Freeze(inputs, outputs, updates, givens);
        _ownsDevice = device is null;
        _device = device ?? Device.Cpu();
        (_mode, _seed) = (mode, seed);
    }

    /// <summary>The number of outputs.</summary>
    public int OutputCount => _graph.Outputs.Length;

    /// <summary>How often it has run: the hidden counter of its random nodes. Set it to continue where a saved run stopped.</summary>
    /// <example>Each run with the same seed and counter draws the same random numbers.</example>
    public ulong Counter { get; set; }

    internal long Runs { get; private set; }

    internal bool IsDisposed { get; private set; }

    internal int CompiledShapes => _compiled.Count;

    /// <summary>Runs on arrays, in the order of the inputs: computes the outputs, then applies the updates.</summary>
    /// <returns>The outputs, in buffers that are valid until the next run.</returns>
    /// <exception cref="GraphException">The number, a dtype or a shape of the arrays does not fit the inputs.</exception>
    /// <exception cref="ObjectDisposedException">The function or its device was disposed.</exception>
    public Results Run(params ReadOnlySpan<NDArray> arrays)
    {
        Executable executable = Prepare(arrays);
        executable.Run(arrays, new RunState(_seed, Counter));
        Counter++;
        Runs++;
        return new Results(this, executable, Runs);
    }

    /// <summary>Runs, and returns fresh arrays.</summary>
    /// <exception cref="GraphException">As Run.</exception>
    public NDArray[] Eval(params ReadOnlySpan<NDArray> arrays)
    {
        Results results = Run(arrays);
        var copies = new NDArray[OutputCount];
        for (int i = 0; i < copies.Length; i++) copies[i] = results.ToArray(i);
        return copies;
    }

    /// <summary>Compiles for arrays of some shapes without running; the first run with these shapes is then as fast as the rest. The 16 sets of
    /// shapes last used stay compiled.</summary>
    public void Compile(params Shape[] shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        Prepare([.. shapes.Select((shape, i) => i < _graph.Inputs.Length ? NDArray.Zeros(shape, _graph.Inputs[i].DType) : NDArray.Zeros(shape))]);
    }

    /// <summary>The graph before and after each pass, the rules that fired and nearly fired, the stages with FLOPs and bytes, and the memory
    /// plan, for the shapes last used.</summary>
    /// <exception cref="InvalidOperationException">It has neither run nor been compiled.</exception>
    public string Explain() => Latest("Explain").Explain();

    /// <summary>The lowered program for the shapes last used; null on a device without one.</summary>
    public Program? Program => Latest("Program").Program;

    /// <summary>What a run launches, for the shapes last used: kernels and cuBLAS calls on a GPU, stages on the CPU, 0 on the reference.</summary>
    public int Launches => Latest("Launches").Launches;

    /// <summary>Times each stage of the runs from now on.</summary>
    public void StartProfile()
    {
        _profiling = true;
        foreach ((_, Executable executable) in _compiled) executable.Profile(true);
    }

    /// <summary>The mean time of each stage since StartProfile, for the shapes last used; stops timing.</summary>
    public IReadOnlyList<StageTime> Profile()
    {
        IReadOnlyList<StageTime> times = Latest("Profile").Profile(false);
        _profiling = false;
        return times;
    }

    /// <summary>Frees what was compiled, and the device if the function made its own.</summary>
    public void Dispose()
    {
        if (IsDisposed) return;
        IsDisposed = true;
        foreach ((_, Executable executable) in _compiled) executable.Dispose();
        if (_ownsDevice) _device.Dispose();
    }

    private Executable Latest(string what) => IsDisposed ? throw new ObjectDisposedException(nameof(Function))
        : _compiled.Count > 0 ? _compiled[^1].Executable
        : throw new InvalidOperationException($"{what} needs shapes: run the function once, or call Compile with the shapes of its inputs");

    private Executable Prepare(ReadOnlySpan<NDArray> arrays)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ObjectDisposedException.ThrowIf(_device.IsDisposed, _device);
        for (int i = _compiled.Count - 1; i >= 0; i--)
        {
            if (!Fits(arrays, _compiled[i].Shapes)) continue;
            (Shape[] Shapes, Executable Executable) found = _compiled[i];
            if (i < _compiled.Count - 1)
            {
                _compiled.RemoveAt(i);
                _compiled.Add(found);
            }
            return found.Executable;
        }
        return CompiledFor(arrays);
    }

    private bool Fits(ReadOnlySpan<NDArray> arrays, Shape[] shapes)
    {
        if (arrays.Length != shapes.Length) return false;
        for (int i = 0; i < shapes.Length; i++)
            if (arrays[i] is null || !ReferenceEquals(arrays[i].Shape, shapes[i]) && !arrays[i].Shape.Equals(shapes[i]) || arrays[i].DType != _graph.Inputs[i].DType) return false;
        return true;
    }

    private Executable CompiledFor(ReadOnlySpan<NDArray> arrays)
    {
        FunctionChecks.Arguments(_graph.Inputs, arrays);
        var shapes = new Shape[arrays.Length];
        for (int i = 0; i < shapes.Length; i++) shapes[i] = arrays[i].Shape;
        Executable executable = _device.Compile(_graph, shapes, _mode);
        if (_profiling) executable.Profile(true);
        _compiled.Add((shapes, executable));
        if (_compiled.Count > MostShapes)
        {
            _compiled[0].Executable.Dispose();
            _compiled.RemoveAt(0);
        }
        return executable;
    }
}

public static partial class T
{
    /// <summary>Compiles expressions to a function.</summary>
    /// <param name="inputs">Variables the caller feeds, in order.</param>
    /// <param name="outputs">What each run returns, computed from the values before the updates.</param>
    /// <param name="updates">Shared variables and their new values; all are computed from old values, then take their place at once.</param>
    /// <param name="givens">Variables replaced by expressions: a data set on the device, sliced by a symbolic row index.</param>
    /// <param name="device">Where it runs; without one, on all cores of the CPU.</param>
    /// <param name="mode">How carefully it runs.</param>
    /// <param name="seed">Seeds its random nodes.</param>
    /// <exception cref="GraphException">An input is missing, named twice or not a variable; an update or a given does not fit.</exception>
    /// <example><code>var train = T.Function([X, Y], [cost], updates: [(w, w - 0.05f * T.Grad(cost, w))]);
    /// float c = train.Run(x, y).Scalar();</code></example>
    public static Function Function(Tensor[] inputs, Tensor[] outputs, IEnumerable<Update>? updates = null, IEnumerable<(Tensor Variable, Tensor Value)>? givens = null,
        Device? device = null, Mode mode = Mode.Fast, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        return new Function(inputs, outputs, [.. updates ?? []], [.. givens ?? []], device, mode, seed);
    }

    /// <inheritdoc cref="Function(Tensor[], Tensor[], IEnumerable{Update}?, IEnumerable{ValueTuple{Tensor, Tensor}}?, Device?, Mode, ulong)"/>
    public static Function Function(Tensor[] inputs, Tensor output, IEnumerable<Update>? updates = null, IEnumerable<(Tensor Variable, Tensor Value)>? givens = null,
        Device? device = null, Mode mode = Mode.Fast, ulong seed = 0) =>
        Function(inputs, [output], updates, givens, device, mode, seed);
}
