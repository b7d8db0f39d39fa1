// A sheet of CUDA C++ that keeps its own indentation.
//
// The one thing to understand: comments hold names that users chose, so what could end a comment line (a line break, a backslash at its end) is taken out.
using System.Text;

namespace MiniDL.Cuda;

/// <summary>Writes indented lines.</summary>
/// <example><code>
/// var writer = new CudaWriter();
/// using (writer.Block("if (i &lt; 10)")) writer.Line("y[i] = x[i];");
/// </code></example>
internal sealed class CudaWriter
{
    private readonly StringBuilder _text = new();
    private int _depth;

    /// <summary>One line, indented.</summary>
    public void Line(string line) => _text.Append(' ', 4 * _depth).Append(line).Append('\n');

    /// <summary>An empty line.</summary>
    public void Line() => _text.Append('\n');

    /// <summary>Text that is not indented: files of kernels/, functions written before.</summary>
    public void Paste(string text) => _text.Append(text);

    /// <summary>A comment line.</summary>
    public void Comment(string comment) => Line("// " + Printable(comment));

    /// <summary>A line, or none, and what belongs to it between braces, until disposed.</summary>
    /// <param name="head">The line.</param>
    /// <param name="after">What follows the closing brace: a semicolon after a struct.</param>
    public Scope Block(string head, string after = "")
    {
        if (head.Length > 0) Line(head);
        Line("{");
        _depth++;
        return new Scope(this, after);
    }

    /// <summary>What was written.</summary>
    public override string ToString() => _text.ToString();

    private static string Printable(string comment) => string.Concat(comment.Select(c => c is >= ' ' and <= '~' and not '\\' ? c : '?'));

    /// <summary>An open block.</summary>
    internal readonly ref struct Scope(CudaWriter writer, string after)
    {
        public void Dispose()
        {
            writer._depth--;
            writer.Line("}" + after);
        }
    }
}
