// Where a layer's parameters come from while its expression is written, and what it leaves behind besides the expression.
//
// The one thing to understand: names are paths. A scope has one, such as "residual_2.conv2d", and a parameter's name is its scope's path and its own: "residual_2.conv2d.filters".
// The second layer of a kind within a scope gets "_2", the third "_3". A net built twice, once for training and once for use, asks for the same names in the same order and
// so gets the same parameters; a checkpoint finds them again by name.
namespace MiniDL;

/// <summary>Gives a layer its parameters; notes running statistics and lines for the summary.</summary>
public sealed class Scope
{
    private readonly IParameters _parameters;
    private readonly Notes _notes;
    private readonly Dictionary<string, int> _children = [];
    private readonly string _path;
    private readonly int _depth;
    private long _ownParameters;

    /// <summary>What the scopes of one net write down together.</summary>
    private sealed class Notes
    {
        public List<Update> Updates { get; } = [];

        public List<SummaryLine> Lines { get; } = [];

        public string Path { get; set; } = "";   // of the layer whose expression is being written
    }

    /// <summary>Keeps parameters by name.</summary>
    internal interface IParameters
    {
        /// <summary>The parameter of a name: made when it is first asked for, the same one ever after.</summary>
        Tensor Find(string name, Shape shape, Func<Init, Shape, NDArray> first, bool isTrained);
    }

    private Scope(IParameters parameters, bool isTraining, Notes notes, string path, int depth) =>
        (_parameters, IsTraining, _notes, _path, _depth) = (parameters, isTraining, notes, path, depth);

    /// <summary>Writes the expression of a whole net. A sequence is taken apart here, so that its layers' names have nothing in front.</summary>
    /// <exception cref="GraphException">The message names the innermost layer that could not be applied.</exception>
    internal static (Tensor Output, Scope Scope) Whole(Layer net, Tensor x, IParameters parameters, bool isTraining)
    {
        var root = new Scope(parameters, isTraining, new Notes(), "", -1);
        try
        {
            return (net is SequentialLayer ? net.Apply(x, root) : root.Apply(net, x), root);
        }
        catch (GraphException wrong) when (root._notes.Path.Length > 0)
        {
            throw new GraphException($"layer {root._notes.Path}: {wrong.Message}", wrong);
        }
    }

    /// <summary>True while the expression for training is written: dropout drops, batch normalisation uses the batch's own moments.</summary>
    public bool IsTraining { get; }

    /// <summary>What a training step must update besides the optimiser's: running statistics.</summary>
    internal IReadOnlyList<Update> Updates => _notes.Updates;

    /// <summary>A line for each layer so far.</summary>
    internal IReadOnlyList<SummaryLine> Lines => _notes.Lines;

    /// <summary>A parameter, to be trained.</summary>
    /// <param name="name">Its name within the layer, such as <c>weights</c>.</param>
    /// <param name="shape">Its shape, all dims known.</param>
    /// <param name="first">Makes its first value.</param>
    public Tensor Parameter(string name, Shape shape, Func<Init, Shape, NDArray> first)
    {
        ArgumentNullException.ThrowIfNull(shape);
        _ownParameters += shape.Count;
        return _parameters.Find(PathOf(name), shape, first, isTrained: true);
    }

    /// <summary>A running statistic: kept like a parameter, changed by the forward pass of training instead of by the optimiser.</summary>
    /// <param name="name">Its name within the layer.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="first">Every element's first value.</param>
    /// <param name="next">From the old value to the new one; asked for in training only.</param>
    /// <returns>The value so far.</returns>
    public Tensor Running(string name, Shape shape, float first, Func<Tensor, Tensor> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        Tensor value = _parameters.Find(PathOf(name), shape, (_, its) => Filled(its, first), isTrained: false);
        if (IsTraining && value is Shared variable) _notes.Updates.Add((variable, next(value)));
        return value;
    }

    /// <summary>Applies a layer within this one, under a name of its own.</summary>
    /// <exception cref="GraphException">The shape of x does not suit the layer.</exception>
    public Tensor Apply(Layer layer, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(x);
        int count = _children[layer.Kind] = _children.GetValueOrDefault(layer.Kind) + 1;
        string path = PathOf(count == 1 ? layer.Kind : $"{layer.Kind}_{count}");
        var inner = new Scope(_parameters, IsTraining, _notes, path, _depth + 1);
        int line = _notes.Lines.Count;
        string around = _notes.Path;
        _notes.Path = path;
        Tensor y = layer.Apply(x, inner);
        _notes.Path = around;   // after an error it stays: then it says where
        _notes.Lines.Insert(line, new SummaryLine(path, layer.Kind, inner._depth, y.Shape, inner._ownParameters));
        return y;
    }

    /// <summary>An array of one number: the first value of biases (0), of scales (1), of running variances (1).</summary>
    internal static NDArray Filled(Shape shape, float value)
    {
        NDArray array = NDArray.Zeros(shape);
        array.Span<float>().Fill(value);
        return array;
    }

    private string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";
}
