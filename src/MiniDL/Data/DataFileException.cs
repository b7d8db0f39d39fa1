// The one error of this folder: a data file that is missing, damaged, or not what it says it is.
//
// It stands before the pipeline: no expression has been built yet. The one thing to understand: whatever is wrong with a
// file comes out as this type, never as an index error somewhere in the middle of a read.
namespace MiniDL;

/// <summary>A data file is missing, damaged, or contradicts itself. The message names the file, what was expected and
/// what was found.</summary>
/// <param name="file">The path of the file, or of the folder, that is at fault.</param>
/// <param name="problem">What was expected, what was found, and what to do.</param>
/// <param name="cause">The error underneath, such as a checksum of gzip that does not match.</param>
/// <example><code>
/// try { var mnist = Mnist.Load(folder); }
/// catch (DataFileException e) { Console.Error.WriteLine(e.Message); return 1; }
/// </code></example>
public sealed class DataFileException(string file, string problem, Exception? cause = null)
    : IOException($"{file}: {problem}", cause)
{
    /// <summary>The path of the file, or of the folder, that is at fault.</summary>
    public string File { get; } = file;
}
