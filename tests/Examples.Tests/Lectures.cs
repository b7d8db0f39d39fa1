using System.Text.Json;

namespace MiniDL.Examples.Tests;

/// <summary>Runs lectures in tests: through the command line, or with less data.</summary>
internal static class Lectures
{
    /// <summary>Runs a command line.</summary>
    public static (int Code, string Output, string Errors) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        int code = CommandLine.Run(args, output, errors);
        return (code, output.ToString(), errors.ToString());
    }

    /// <summary>The object of <c>--json</c>: the last line.</summary>
    public static JsonElement JsonLine(string output) => JsonDocument.Parse(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;

    /// <summary>Runs a lecture that must succeed, and returns its numbers.</summary>
    public static JsonElement Figures(params string[] args)
    {
        (int code, string output, string errors) = Run([.. args, "--json"]);
        Assert.That(code, Is.Zero, errors);
        return JsonLine(output);
    }
}
