// A table of text: drawn in a terminal, Markdown anywhere else.
//
// The one thing to understand: what goes to a file is the very text that stands in kernels/README.md, so that the two can be compared.
using System.Text;
using Spectre.Console;

namespace MiniDL.Bench.Kernels;

/// <summary>Headings and rows. The first column is words and so is a last one that says why; the others are figures.</summary>
/// <param name="Headings">Names of the columns.</param>
/// <param name="Rows">A cell for each column.</param>
internal sealed record TextTable(IReadOnlyList<string> Headings, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>Columns, beside the first, that are words.</summary>
    public IReadOnlyList<string> Words { get; init; } = ["limiter"];

    /// <summary>Prints it.</summary>
    public void Print()
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi) console.Write(Drawn());
        else Console.Write(ToMarkdown());
    }

    /// <summary>Lines of Markdown, padded so that they read as a table without being rendered.</summary>
    public string ToMarkdown()
    {
        int[] widths = [.. Headings.Select((heading, i) => Rows.Select(row => row[i].Length).Append(heading.Length).Max())];
        var text = new StringBuilder();
        Line(Headings.Select((heading, i) => Cell(heading, i)));
        Line(widths.Select((width, i) => IsWords(i) ? new string('-', width) : new string('-', width - 1) + ':'));
        foreach (IReadOnlyList<string> row in Rows) Line(row.Select(Cell));
        return text.ToString();

        string Cell(string value, int i) => IsWords(i) ? value.PadRight(widths[i]) : value.PadLeft(widths[i]);
        void Line(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
    }

    private bool IsWords(int column) => column == 0 || Words.Contains(Headings[column]);

    private Table Drawn()
    {
        var table = new Table { Border = TableBorder.Rounded };
        for (int i = 0; i < Headings.Count; i++) table.AddColumn(new TableColumn(Markup.Escape(Headings[i])) { Alignment = IsWords(i) ? Justify.Left : Justify.Right, NoWrap = !IsWords(i) });
        foreach (IReadOnlyList<string> row in Rows) table.AddRow([.. row.Select(Markup.Escape)]);
        return table;
    }
}
