// A net as a table: each layer with the shape that comes out of it and the number of its parameters. Nothing is allocated: parameters are symbols here.
//
// The one thing to understand: this is the same Apply that makes the real expression, over symbols instead of variables. So a summary cannot differ from the net, and a shape
// that does not fit fails here with the same message.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace MiniDL;

/// <summary>One layer of a summary.</summary>
/// <param name="Name">Its path, such as <c>residual_2.conv2d</c>.</param>
/// <param name="Kind">Such as <c>conv2d</c>.</param>
/// <param name="Depth">How many layers it lies within.</param>
/// <param name="Output">The shape of what comes out, the batch unknown.</param>
/// <param name="Parameters">Trained values of its own.</param>
public readonly record struct SummaryLine(string Name, string Kind, int Depth, Shape Output, long Parameters);

/// <summary>The layers of a net, their shapes and their counts.</summary>
/// <example><code>Console.Write(Summary.Of(Networks.Vgg16(), input: [3, 224, 224]));   // 138,357,544 parameters, none allocated</code></example>
public sealed class Summary
{
    private Summary(Shape input, IReadOnlyList<SummaryLine> lines) => (Input, Lines) = (input, lines);

    /// <summary>The shape of one example.</summary>
    public Shape Input { get; }

    /// <summary>Every layer, those within others below them.</summary>
    public IReadOnlyList<SummaryLine> Lines { get; }

    /// <summary>Trained values of the whole net.</summary>
    public long Parameters => Lines.Sum(line => line.Parameters);

    /// <summary>Describes a net for inputs of a shape.</summary>
    /// <param name="net">The layers.</param>
    /// <param name="input">The shape of one example, without the batch.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="GraphException">A layer cannot take what the one before it gives; the message names the layer and the shapes.</exception>
    public static Summary Of(Layer net, Shape input, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentNullException.ThrowIfNull(input);
        using var at = Source.Here(file, line);
        (_, Scope scope) = Scope.Whole(net, T.Input([Shape.Unknown, .. input.Dims], "x"), new Symbols(), isTraining: false);
        return new Summary(input, scope.Lines);
    }

    /// <summary>The table as text.</summary>
    public override string ToString() => ToString(depth: int.MaxValue);

    /// <summary>The table down to some depth; what lies deeper is counted in the layer it belongs to.</summary>
    /// <param name="depth">0 for the outermost layers only.</param>
    public string ToString(int depth)
    {
        var rows = new List<(string Layer, string Output, string Parameters)> { ("input", $"{Shape.Create([Shape.Unknown, .. Input.Dims])}", "") };
        for (int i = 0; i < Lines.Count; i++)
        {
            SummaryLine line = Lines[i];
            if (line.Depth > depth) continue;
            long parameters = line.Parameters;
            for (int inner = i + 1; line.Depth == depth && inner < Lines.Count && Lines[inner].Depth > depth; inner++) parameters += Lines[inner].Parameters;
            string name = line.Name[(line.Name.LastIndexOf('.') + 1)..];
            rows.Add((new string(' ', 2 * line.Depth) + name, $"{line.Output}", parameters == 0 ? "" : parameters.ToString("N0", CultureInfo.InvariantCulture)));
        }
        int left = rows.Max(row => row.Layer.Length), middle = rows.Max(row => row.Output.Length);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"layer".PadRight(left)}  {"output".PadRight(middle)}  {"parameters",14}\n");
        foreach ((string layer, string output, string parameters) in rows) text.Append($"{layer.PadRight(left)}  {output.PadRight(middle)}  {parameters,14}".TrimEnd()).Append('\n');
        return text.Append(CultureInfo.InvariantCulture, $"{"total".PadRight(left)}  {"".PadRight(middle)}  {Parameters,14:N0}\n").ToString();
    }

    /// <summary>Parameters as inputs without values.</summary>
    private sealed class Symbols : Scope.IParameters
    {
        private readonly Dictionary<string, Tensor> _byName = [];

        public Tensor Find(string name, Shape shape, Func<Init, Shape, NDArray> first, bool isTrained) =>
            _byName.TryGetValue(name, out Tensor? known) ? known : _byName[name] = T.Input(shape, name);
    }
}
