// Lines, progress bars, pictures and tables: in color and in place in a terminal, as plain text when the output goes anywhere else.
using MiniDL.Pictures;
using Spectre.Console;

namespace MiniDL.Examples;

/// <summary>The output of the examples.</summary>
public sealed class Terminal
{
    private const int PlainWidth = 120;        // columns of a table that is written to a file
    private const int RefreshEveryMs = 100;

    private readonly IAnsiConsole _console;
    private readonly TextWriter _output;

    /// <summary>Writes to a console's output or to any other writer.</summary>
    public Terminal(TextWriter output)
    {
        _output = output;
        _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (!_console.Profile.Out.IsTerminal) _console.Profile.Width = PlainWidth;
    }

    /// <summary>True when a person is looking on: a terminal that can move its cursor.</summary>
    public bool IsInteractive => _console.Profile.Out.IsTerminal && _console.Profile.Capabilities.Ansi;

    /// <summary>Writes a line; above the progress bar, if there is one.</summary>
    public void WriteLine(string line = "")
    {
        if (IsInteractive) _console.WriteLine(line);
        else _output.WriteLine(line);
    }

    /// <summary>Does some work under a progress bar. The bar is drawn by whoever calls the tick, between two steps, so that no second
    /// thread disturbs the measured times.</summary>
    /// <param name="title">Stands before the bar.</param>
    /// <param name="steps">How many steps the work has.</param>
    /// <param name="work">Is given an action to call with the number of steps that are done.</param>
    public TResult Follow<TResult>(string title, int steps, Func<Action<int>, TResult> work)
    {
        if (!IsInteractive) return work(_ => { });
        return _console.Progress().AutoRefresh(false).AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask bar = context.AddTask(title, maxValue: steps);
                long next = 0;
                return work(done =>
                {
                    if (Environment.TickCount64 < next && done < steps) return;
                    next = Environment.TickCount64 + RefreshEveryMs;
                    bar.Value = done;
                    context.Refresh();
                });
            });
    }

    /// <summary>Shows a picture: half blocks in color, or characters.</summary>
    public void Show(Picture picture)
    {
        int columns = Math.Min(_console.Profile.Width, 80);
        foreach (string line in IsInteractive ? TerminalPreview.HalfBlocks(picture, columns) : TerminalPreview.Ascii(picture, columns))
            _output.WriteLine(line);
    }

    /// <summary>Shows a table; the first column is text, the others are numbers.</summary>
    public void Table(string[] headings, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = IsInteractive ? TableBorder.Rounded : TableBorder.Markdown };
        for (int i = 0; i < headings.Length; i++)
            table.AddColumn(new TableColumn(Markup.Escape(headings[i])) { Alignment = i == 0 ? Justify.Left : Justify.Right, NoWrap = true });
        foreach (string[] row in rows) table.AddRow([.. row.Select(Markup.Escape)]);
        _console.Write(table);
    }
}
