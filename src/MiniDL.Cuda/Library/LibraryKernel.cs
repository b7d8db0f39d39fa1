// A hand-written kernel made ready: its sizes as macros, its fused ends, its text.
//
// The one thing to understand: a size in front of the file is a constant for the compiler, which unrolls loops over it and turns divisions by it into
// multiplications; the price is a compile for each new size, which the cache pays once.
using System.Globalization;
using System.Text;

namespace MiniDL.Cuda;

/// <summary>Puts size macros and ends in front of a file of <c>kernels/</c>.</summary>
internal static class LibraryKernel
{
    /// <summary>The kernel of a file, with <c>#define</c>s in front.</summary>
    /// <param name="path">The file, such as <c>pool/max_pool.cu</c>; its function has the file's name.
    /// A rung of a ladder, whose name begins with a number, has a function named after folder and file: <c>sgemm/01_naive.cu</c> defines <c>sgemm_naive</c>.</param>
    /// <param name="sizes">Names and values, in order.</param>
    /// <param name="ends">What is fused into it, or null.</param>
    /// <example><code>LibraryKernel.Of("pool/max_pool.cu", [("P", 64), ("H", 28), ("W", 28)])</code></example>
    public static KernelSource Of(string path, IEnumerable<(string Name, object Value)> sizes, Ends? ends = null)
    {
        var text = new StringBuilder();
        foreach ((string name, object value) in sizes) text.Append(CultureInfo.InvariantCulture, $"#define {name} {value}\n");
        text.Append(ends?.Text).Append(KernelLibrary.Read(path));
        return new KernelSource(NameOf(path), text.ToString());
    }

    /// <summary>The function that a file defines: <c>conv/forward/01_direct.cu</c>, <c>conv_forward_direct</c>; <c>pool/max_pool.cu</c>, <c>max_pool</c>.</summary>
    public static string NameOf(string path)
    {
        string stem = Path.GetFileNameWithoutExtension(path);
        if (!char.IsAsciiDigit(stem[0])) return stem;
        return $"{Path.GetDirectoryName(path)!.Replace('\\', '/').Replace('/', '_')}_{stem[(stem.IndexOf('_', StringComparison.Ordinal) + 1)..]}";
    }
}
