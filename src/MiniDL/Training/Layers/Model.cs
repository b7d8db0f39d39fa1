// A net with numbers in it: a layer, and a shared variable for each parameter that it asks for.
//
// The one thing to understand: the model keeps variables by name and builds as many expressions over them as are wanted: one for training, one for use, one that stops at a layer in
// the middle. They share the variables, so that training one is training all.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>A layer with values for its parameters.</summary>
/// <example><code>
/// var model = new Model(net, input: [1, 28, 28], new Init(seed: 1));
/// (Tensor logits, IReadOnlyList&lt;Update&gt; running) = model.Train(X);
/// var cost = T.Mean(T.SparseCrossEntropy(logits, labels));
/// var step = T.Function([X, labels], cost, updates: [.. running, .. T.Adam(cost, model.Parameters, 0.001f)]);
/// var predict = T.Function([X], T.ArgMax(model.Use(X), axis: 1));
/// </code></example>
public sealed class Model
{
    private readonly Values _values;

    /// <summary>Makes every parameter, in the order in which the layers ask for them.</summary>
    /// <param name="net">The layers.</param>
    /// <param name="input">The shape of one example, without the batch: (784), or (1, 28, 28).</param>
    /// <param name="init">Draws first values.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="GraphException">A layer cannot take what the one before it gives; the message names the layer and the shapes.</exception>
    public Model(Layer net, Shape input, Init init, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(init);
        using var at = Source.Here(file, line);
        (Net, Input, _values) = (net, input, new Values(init));
        OutputShape = Use(T.Input([Shape.Unknown, .. input.Dims], "x")).Shape;
        _values.IsComplete = true;
    }

    /// <summary>The layers.</summary>
    public Layer Net { get; }

    /// <summary>The shape of one example.</summary>
    public Shape Input { get; }

    /// <summary>The shape of what comes out, the batch unknown.</summary>
    public Shape OutputShape { get; }

    /// <summary>What is trained, in the order of the layers.</summary>
    public IReadOnlyList<Shared> Parameters => _values.Trained;

    /// <summary>Everything that has a value, running statistics too, by name, in the order of the layers.</summary>
    public IReadOnlyList<Shared> Variables => _values.All;

    /// <summary>The number of trained values.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Shape.Count);

    /// <summary>The parameters whose names begin with a layer's, such as <c>dense_2</c>: to train only these is to freeze the others.</summary>
    /// <exception cref="ArgumentException">There are none; the message lists the layers that have some.</exception>
    public IReadOnlyList<Shared> ParametersOf(params ReadOnlySpan<string> layers)
    {
        var found = new List<Shared>();
        foreach (string layer in layers)
        {
            Shared[] its = [.. Parameters.Where(parameter => parameter.Name!.StartsWith(layer + ".", StringComparison.Ordinal))];
            if (its.Length == 0)
                throw new ArgumentException($"no layer '{layer}' has parameters; there are {string.Join(", ", Parameters.Select(parameter => parameter.Name![..parameter.Name!.LastIndexOf('.')]).Distinct())}");
            found.AddRange(its);
        }
        return found;
    }

    /// <summary>The expression for use: no dropout, running statistics. Its nodes are dated to the line that calls this.</summary>
    /// <param name="x">A batch of examples, (B, ...).</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="GraphException">A layer cannot take what the one before it gives; the message names the layer and the shapes.</exception>
    public Tensor Use(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        return Scope.Whole(Net, x, _values, isTraining: false).Output;
    }

    /// <summary>The expression for training, and what a training step must update besides the optimiser's. Arguments as in <see cref="Use"/>.</summary>
    public (Tensor Output, IReadOnlyList<Update> Running) Train(Tensor x, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        (Tensor output, Scope scope) = Scope.Whole(Net, x, _values, isTraining: true);
        return (output, scope.Updates);
    }

    /// <summary>Its layers, shapes and counts.</summary>
    public Summary Summary() => MiniDL.Summary.Of(Net, Input);

    /// <summary>Shared variables by name.</summary>
    private sealed class Values(Init init) : Scope.IParameters
    {
        private readonly Dictionary<string, Shared> _byName = [];

        public List<Shared> All { get; } = [];

        public List<Shared> Trained { get; } = [];

        public bool IsComplete { get; set; }

        public Tensor Find(string name, Shape shape, Func<Init, Shape, NDArray> first, bool isTrained)
        {
            if (_byName.TryGetValue(name, out Shared? known))
                return known.Shape.Equals(shape) ? known : throw new GraphException($"parameter {name} is {known.Shape}; for this input it would have to be {shape}");
            if (IsComplete) throw new GraphException($"the model has no parameter {name}: a layer asks for it only in training, or only for some inputs");
            Shared made = T.Shared(first(init, shape), name);
            _byName[name] = made;
            All.Add(made);
            if (isTrained) Trained.Add(made);
            return made;
        }
    }
}
