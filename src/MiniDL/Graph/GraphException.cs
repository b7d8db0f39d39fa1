// The one error of building and calling: what was wrong, the operands with their types, and the lines they were made on.
//
// The one thing to understand: it is thrown where the mistake is made. Shapes are checked when an expression is built, not when it runs; only
// what depends on unknown dims waits for the arrays.
using System.Text;

namespace MiniDL;

/// <summary>Wrong use of the graph: shapes or dtypes that do not fit, an input that is missing, a gradient that does not
/// exist. The message names the op, the shapes, the variables and the lines they were made on; it is meant to be shown
/// to a person as it is, without a stack trace.</summary>
public sealed class GraphException : Exception
{
    /// <summary>An error with a message and nothing more.</summary>
    public GraphException(string message) : base(message) { }

    /// <summary>An error with a message and its cause.</summary>
    public GraphException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>An error without a message.</summary>
    public GraphException() { }

    /// <summary>An error about <paramref name="op"/> applied to <paramref name="inputs"/>:
    /// what is wrong, then one line for each operand.</summary>
    internal static GraphException About(string op, string problem, ReadOnlySpan<Tensor> inputs)
    {
        var text = new StringBuilder($"{op}: {problem}");
        if (MiniDL.Source.Current.IsKnown) text.Append($"\n  asked for at {MiniDL.Source.Current}");
        foreach (Tensor input in inputs)
        {
            Tensor named = BehindDimShuffles(input);
            string name = named.Op is Constant { Value.Count: 1 } ? named.Op.ToString() : named.Label;
            text.Append($"\n  {name}: {named.Type}").Append(named.Source.IsKnown ? $", made at {named.Source}" : "").Append(named == input ? "" : $", here as {input.Type}");
        }
        return new GraphException(text.ToString());
    }

    /// <summary>What the user wrote, behind the axes of 1 that builders add to align ranks.</summary>
    private static Tensor BehindDimShuffles(Tensor tensor)
    {
        while (tensor is { Name: null, Op.Name: "dimshuffle" }) tensor = tensor.Inputs[0];
        return tensor;
    }
}
