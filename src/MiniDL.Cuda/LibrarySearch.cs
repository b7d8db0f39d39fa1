// How a native library of NVIDIA's is found: the same places in the same order for NVRTC, cuBLAS and the driver.
//
// Before anything is compiled or run on a GPU. The one thing to understand: a library may be installed without the system's loader knowing it, in a
// toolkit's folder or inside a Python package; and when there is none, the user wants to read once where it was looked for, and not one error at a time.
using System.Runtime.InteropServices;

namespace MiniDL.Cuda;

/// <summary>A library that was loaded. It stays loaded until the process ends.</summary>
/// <param name="Name">The name or the path that it was loaded by.</param>
/// <param name="Handle">The system's handle.</param>
internal sealed record FoundLibrary(string Name, nint Handle)
{
    /// <summary>The folder it came from, or null if the loader found it by its name.</summary>
    public string? Folder => Path.IsPathRooted(Name) ? Path.GetDirectoryName(Name) : null;
}

/// <summary>What is looked for and where.</summary>
/// <param name="What">The library in words.</param>
/// <param name="Names">File names, the best first.</param>
/// <param name="Advice">What the user can do if there is none.</param>
/// <example><code>FoundLibrary driver = new LibrarySearch("the CUDA driver", ["libcuda.so.1"], "Install NVIDIA's driver.").Find();</code></example>
internal sealed record LibrarySearch(string What, IReadOnlyList<string> Names, string Advice)
{
    /// <summary>What is said of a folder that does not exist.</summary>
    public const string NoSuchFolder = "no such folder";

    /// <summary>An environment variable that names a file or a folder. If it is set, nothing else is tried: a wrong setting is an error, not a detour.</summary>
    public string? Variable { get; init; }

    /// <summary>Folders, in order, in which a part of the path may contain <c>*</c>.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>The environment's variables.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>Loads a library by name or path; throws <see cref="DllNotFoundException"/> or <see cref="BadImageFormatException"/>.</summary>
    public Func<string, nint> Load { get; init; } = NativeLibrary.Load;

    /// <summary>Loads the first that can be loaded.</summary>
    /// <exception cref="MissingLibraryException">None can; the message lists all that was tried.</exception>
    public FoundLibrary Find()
    {
        var tried = new List<string>();
        FoundLibrary? found = Variable is { } variable && Environment(variable) is { Length: > 0 } place
            ? FindAt(place, variable, tried)
            : FindByName(tried) ?? FindInFolders(tried);
        return found ?? throw new MissingLibraryException(What, tried, Advice);
    }

    // A variable may name the file itself or the folder that has it.
    private FoundLibrary? FindAt(string place, string variable, List<string> tried)
    {
        if (Directory.Exists(place)) return FindIn(Path.GetFullPath(place), tried);
        if (File.Exists(place)) return TryLoad(Path.GetFullPath(place), tried);
        tried.Add($"{place}: {variable} names it, but there is no such file or folder");
        return null;
    }

    private FoundLibrary? FindByName(List<string> tried)
    {
        foreach (string name in Names)
            if (TryLoad(name, tried) is { } found) return found;
        return null;
    }

    private FoundLibrary? FindInFolders(List<string> tried)
    {
        foreach (string pattern in Folders)
        {
            string[] folders = [.. Expand(pattern)];
            if (folders.Length == 0) tried.Add($"{pattern}: {NoSuchFolder}");
            foreach (string folder in folders)
                if (FindIn(folder, tried) is { } found) return found;
        }
        return null;
    }

    private FoundLibrary? FindIn(string folder, List<string> tried)
    {
        string[] files = [.. Names.Select(name => Path.Combine(folder, name)).Where(File.Exists)];
        if (files.Length == 0) tried.Add($"{folder}: has none of {string.Join(", ", Names)}");
        foreach (string file in files)
            if (TryLoad(file, tried) is { } found) return found;
        return null;
    }

    private FoundLibrary? TryLoad(string name, List<string> tried)
    {
        try
        {
            return new FoundLibrary(name, Load(name));
        }
        catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
        {
            tried.Add(Reason(name, failure.Message));
            return null;
        }
    }

    // The loader's own words are the last line of the message. That a bare name is nowhere on its path needs none.
    private static string Reason(string name, string message)
    {
        string last = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault("");
        bool nowhere = !Path.IsPathRooted(name) && (last.StartsWith($"{name}: cannot open", StringComparison.Ordinal) || last.Contains("0x8007007E", StringComparison.Ordinal));
        return nowhere || last.Length == 0 ? $"{name}: not on the loader's path" : $"{name}: {last}";
    }

    /// <summary>The folders that a pattern such as <c>/usr/local/cuda*/lib64</c> stands for; of several the one that sorts last, the newest, comes first.</summary>
    internal static IEnumerable<string> Expand(string pattern)
    {
        int star = pattern.IndexOf('*', StringComparison.Ordinal);
        if (star < 0) return Directory.Exists(pattern) ? [pattern] : [];

        // Cut into: the folder above the first starred part, that part, and what follows it.
        int start = pattern.LastIndexOfAny(['/', '\\'], star) + 1, end = pattern.IndexOfAny(['/', '\\'], star);
        (string above, string part, string rest) = (pattern[..start], end < 0 ? pattern[start..] : pattern[start..end], end < 0 ? "" : pattern[(end + 1)..]);
        if (!Directory.Exists(above)) return [];
        var unreadable = new EnumerationOptions { IgnoreInaccessible = true };
        return Directory.EnumerateDirectories(above, part, unreadable).OrderDescending(StringComparer.Ordinal).SelectMany(folder => Expand(Path.Combine(folder, rest)));
    }
}
