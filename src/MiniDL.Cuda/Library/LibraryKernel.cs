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
    /// <param name="path">The file, such as <c>pool/max_pool.cu</c>; its function has the file's name.</param>
    /// <param name="sizes">Names and values, in order.</param>
    /// <param name="ends">What is fused into it, or null.</param>
    /// <example><code>LibraryKernel.Of("pool/max_pool.cu", [("P", 64), ("H", 28), ("W", 28)])</code></example>
    public static KernelSource Of(string path, IEnumerable<(string Name, object Value)> sizes, Ends? ends = null)
    {
        var text = new StringBuilder();
        foreach ((string name, object value) in sizes) text.Append(CultureInfo.InvariantCulture, $"#define {name} {value}\n");
        text.Append(ends?.Text).Append(KernelLibrary.Read(path));
        return new KernelSource(Path.GetFileNameWithoutExtension(path), text.ToString());
    }
}
