using System.Runtime.CompilerServices;

namespace MiniDL.Tests;

/// <summary>Where the source tree is: golden files and chapters are read from there.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));

    private static string Here([CallerFilePath] string file = "") => file;
}
