// Where hand-written CUDA comes from: the files of kernels/, which travel inside the assembly, or a folder of the reader's own.
//
// The one thing to understand: NVRTC gets one text without headers. An #include "path" of a kernel names another file of kernels/, and its text is
// put in its place here, each file once.
using System.Collections.Concurrent;
using System.Text;

namespace MiniDL.Cuda;

/// <summary>The files of <c>kernels/</c>. With the environment variable <c>MINIDL_KERNELS</c> they are read from that folder, so that a kernel can be
/// changed and tried without a build.</summary>
public static class KernelLibrary
{
    private static readonly ConcurrentDictionary<string, string> s_embedded = [];

    /// <summary>The names of all files, such as <c>transpose/04_padded.cu</c>, sorted.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. typeof(KernelLibrary).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..].Replace('\\', '/')).Order(StringComparer.Ordinal)];

    private const string Prefix = "kernels/";

    /// <summary>A file's text with its includes put in place.</summary>
    /// <exception cref="FileNotFoundException">There is no such file; the message names those beside it.</exception>
    /// <example><code>string text = KernelLibrary.Read("pool/max_pool.cu");</code></example>
    public static string Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var text = new StringBuilder();
        Append(path, text, []);
        return text.ToString();
    }

    /// <summary>A text, generated perhaps, with its includes put in place.</summary>
    internal static string Resolve(string kernel)
    {
        var text = new StringBuilder();
        AppendText(kernel, text, []);
        return text.ToString();
    }

    private static void Append(string path, StringBuilder text, HashSet<string> included)
    {
        if (included.Add(path)) AppendText(ReadFile(path), text, included);
    }

    private static void AppendText(string source, StringBuilder text, HashSet<string> included)
    {
        foreach (string line in source.TrimEnd('\n').Split('\n'))
        {
            if (IncludedBy(line) is { } other) Append(other, text, included);
            else text.Append(line).Append('\n');
        }
    }

    private static string? IncludedBy(string line)
    {
        string trimmed = line.Trim();
        if (!trimmed.StartsWith("#include \"", StringComparison.Ordinal)) return null;
        int start = trimmed.IndexOf('"', StringComparison.Ordinal) + 1, end = trimmed.IndexOf('"', start);
        return end < 0 ? null : trimmed[start..end];
    }

    private static string ReadFile(string path)
    {
        if (Environment.GetEnvironmentVariable("MINIDL_KERNELS") is { Length: > 0 } folder)
        {
            string file = Path.Combine(folder, path);
            return File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n")
                : throw new FileNotFoundException($"MINIDL_KERNELS names {folder}, which has no file {path}");
        }
        return s_embedded.GetOrAdd(path, ReadEmbedded);
    }

    private static string ReadEmbedded(string path)
    {
        using Stream? stream = typeof(KernelLibrary).Assembly.GetManifestResourceStream(Prefix + path);
        if (stream is null)
        {
            string beside = string.Join(", ", Files.Where(file => Path.GetDirectoryName(file) == Path.GetDirectoryName(path)));
            throw new FileNotFoundException($"there is no kernel file {path}{(beside.Length > 0 ? $"; beside it are {beside}" : "")}");
        }
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
