// An error of the compiler, shown against the kernel's numbered source.
//
// The one thing to understand: the text that NVRTC sees was put together from a prelude, generated functions and a file of kernels/, so a bare line
// number would lead the reader nowhere: the lines themselves must be in the message.
using System.Globalization;
using System.Text;

namespace MiniDL.Cuda;

/// <summary>A kernel does not compile. The message has the compiler's log and the lines it speaks of, numbered.</summary>
/// <param name="kernel">The kernel.</param>
/// <param name="architecture">What it was compiled for.</param>
/// <param name="log">What the compiler said.</param>
/// <param name="fileName">What the log calls the source.</param>
public sealed class KernelCompileException(KernelSource kernel, string architecture, string log, string fileName)
    : Exception(MessageOf(kernel, architecture, log, fileName))
{
    private const int LinesAround = 3;   // shown before and after each line that the log speaks of
    private const int MostPlaces = 8;    // lines that are shown so; one mistake at the top can be reported a hundred times

    /// <summary>The kernel, with the whole text.</summary>
    public KernelSource Kernel { get; } = kernel;

    /// <summary>What the compiler said.</summary>
    public string Log { get; } = log;

    private static string MessageOf(KernelSource kernel, string architecture, string log, string fileName)
    {
        string[] lines = kernel.Text.Split('\n');
        SortedSet<int> reported = ReportedLines(log, fileName, lines.Length);
        var message = new StringBuilder($"kernel {kernel.Name} does not compile for {architecture}:\n\n{log.Trim().Replace(fileName, fileName.TrimStart('/'), StringComparison.Ordinal)}\n");
        int last = 0;   // the last line that was shown
        foreach (int line in reported.Take(MostPlaces))
        {
            int first = Math.Max(last + 1, line - LinesAround);
            if (first > last + 1 || last == 0) message.Append('\n');
            last = Math.Min(lines.Length, line + LinesAround);
            for (int i = first; i <= last; i++)
                message.Append(CultureInfo.InvariantCulture, $"{(reported.Contains(i) ? '>' : ' ')}{i,5} | {lines[i - 1]}\n");
        }
        return message.ToString();
    }

    // "/softmax.cu(12): error: ..." tells of line 12.
    private static SortedSet<int> ReportedLines(string log, string fileName, int count)
    {
        var reported = new SortedSet<int>();
        string start = fileName + "(";
        foreach (string line in log.Split('\n'))
        {
            if (!line.StartsWith(start, StringComparison.Ordinal) || line.IndexOf(')', start.Length) is not (> 0 and int end)) continue;
            if (int.TryParse(line.AsSpan(start.Length, end - start.Length), CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= count)
                reported.Add(number);
        }
        return reported;
    }
}
