using System.Runtime.CompilerServices;

namespace MiniDL.Tests.Functions;

/// <summary>The lines of a test, as messages name them.</summary>
internal static class Here
{
    /// <summary>"File.cs:12", the line of the call.</summary>
    public static string Line([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => $"{Path.GetFileName(file)}:{line}";

    /// <summary>The line after the call.</summary>
    public static string NextLine([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => $"{Path.GetFileName(file)}:{line + 1}";
}
