// bench -- kernels --write: the tables of the chapter kernels/README.md, rewritten between their markers, and its pictures.
//
//     <!-- bench -- kernels: sgemm -->
//     ... what stands here is replaced ...
//     <!-- end -->
//
// The one thing to understand: figures in the chapter come from a command and from nobody's fingers. Written twice, nothing changes: the simulator counts, it does not measure.
using System.Text;
using MiniDL.Bench.Programs;
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Kernels;

/// <summary>The chapter on disk.</summary>
internal sealed class KernelChapter
{
    private const string EndMarker = "<!-- end -->";

    private KernelChapter(string file) => File = file;

    /// <summary>The chapter's path.</summary>
    public string File { get; }

    /// <summary>The line in front of a ladder's table.</summary>
    public static string MarkerOf(Ladder ladder) => $"<!-- bench -- kernels: {ladder.Name} -->";

    /// <summary>Finds the chapter and the markers of some ladders: before anything is measured, which takes minutes.</summary>
    /// <exception cref="BenchmarkException">There is no chapter, or a marker is missing; the message says which.</exception>
    public static KernelChapter Open(IEnumerable<Ladder> ladders)
    {
        string file = Path.Combine(Folder(), "README.md");
        if (!System.IO.File.Exists(file)) throw new BenchmarkException($"there is no {file}; run this in the folder of MiniDL.sln");
        string text = System.IO.File.ReadAllText(file);
        foreach (Ladder ladder in ladders) Find(text, ladder);
        return new KernelChapter(file);
    }

    /// <summary>Rewrites the tables of all ladders that there are results of, and draws their pictures.</summary>
    public void Write(IReadOnlyList<RungResult> results, IReadOnlyList<GpuProperties> gpus)
    {
        string text = System.IO.File.ReadAllText(File);
        foreach (IGrouping<Ladder, RungResult> ladder in results.GroupBy(result => result.Ladder)) text = Rewrite(text, ladder.Key, Block([.. ladder], gpus));
        System.IO.File.WriteAllText(File, text);
        string pictures = Path.Combine(Path.GetDirectoryName(File)!, "pictures");
        Directory.CreateDirectory(pictures);
        LadderPictures.Write(pictures, [.. results.SelectMany(result => result.Measurements)]);
    }

    /// <summary>The text with another block between a ladder's markers.</summary>
    /// <param name="text">The chapter.</param>
    /// <param name="ladder">Whose block.</param>
    /// <param name="block">Lines, the last one ended.</param>
    /// <exception cref="BenchmarkException">A marker is missing.</exception>
    public static string Rewrite(string text, Ladder ladder, string block)
    {
        (int start, int end) = Find(text, ladder);
        return $"{text[..start]}\n{block}{text[end..]}";
    }

    /// <summary>What stands between a ladder's markers now.</summary>
    /// <exception cref="BenchmarkException">A marker is missing.</exception>
    public static string BlockOf(string text, Ladder ladder)
    {
        (int start, int end) = Find(text, ladder);
        return text[start..end];
    }

    /// <summary>What is to stand between the markers: where the figures come from, and the tables.</summary>
    public static string Block(IReadOnlyList<RungResult> results, IReadOnlyList<GpuProperties> gpus)
    {
        var text = new StringBuilder();
        bool estimated = results.Any(result => result.Measurements.Any(measurement => measurement.IsEstimate)), sampled = results.Any(result => result.Measurements.Any(measurement => measurement.IsSampled));
        string where = $"{(estimated ? "counted and estimated on the simulated" : "measured on")} {string.Join(" and ", gpus.Select(gpu => gpu.Name))}";
        text.Append($"Written by `bench -- kernels --ladder {results[0].Ladder.Name} --write`, not by hand: {results[0].Problem.Size}, {where}{(sampled ? ", sampled: one wave of blocks of each launch ran, counts are scaled up" : "")}.\n");
        foreach (TextTable table in KernelTables.Of(results, gpus)) text.Append('\n').Append(table.ToMarkdown());
        return text.Append('\n').ToString();
    }

    /// <summary>Where a ladder's block begins, behind its marker's line, and ends.</summary>
    private static (int Start, int End) Find(string text, Ladder ladder)
    {
        string marker = MarkerOf(ladder) + "\n";
        int start = text.IndexOf(marker, StringComparison.Ordinal), end = start < 0 ? -1 : text.IndexOf(EndMarker, start, StringComparison.Ordinal);
        int next = start < 0 ? -1 : text.IndexOf("<!-- bench", start + marker.Length, StringComparison.Ordinal);
        if (end < 0 || (next >= 0 && next < end))
            throw new BenchmarkException($"kernels/README.md has no place for the table of {ladder.Name}: add the line {MarkerOf(ladder)} and below it the line {EndMarker}");
        return (start + marker.Length, end);
    }

    /// <summary>The folder that MINIDL_KERNELS names, or kernels/ beside the solution, here or above.</summary>
    private static string Folder()
    {
        if (Environment.GetEnvironmentVariable("MINIDL_KERNELS") is { Length: > 0 } named) return named;
        string? folder = Environment.CurrentDirectory;
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder, "MiniDL.sln"))) folder = Path.GetDirectoryName(folder);
        return Path.Combine(folder ?? Environment.CurrentDirectory, "kernels");
    }
}
