// A native library that is not on this machine, told in one message: what was looked for, under which names, and what to do about it.
//
// NVRTC, cuBLAS and the driver are looked for only when something needs them; nothing of MiniDL needs them to be built, tested or read.
namespace MiniDL.Cuda;

/// <summary>A native library could not be found or loaded.</summary>
/// <param name="what">The library in words, such as <c>NVRTC, NVIDIA's run-time compiler</c>.</param>
/// <param name="tried">Each name or path that was tried, in order, with what was wrong with it where that is known.</param>
/// <param name="advice">What the user can do: a sentence.</param>
/// <param name="inner">What caused it, if anything.</param>
/// <example><code>throw new MissingLibraryException("the CUDA driver", ["libcuda.so.1"], "Install NVIDIA's driver, or use --device sim.");</code></example>
public sealed class MissingLibraryException(string what, IReadOnlyList<string> tried, string advice, Exception? inner = null)
    : Exception($"{what} was not found.\nTried:\n  {string.Join("\n  ", tried)}\n{advice}", inner)
{
    /// <summary>The library in words.</summary>
    public string What { get; } = what;

    /// <summary>Each name or path that was tried, in order.</summary>
    public IReadOnlyList<string> Tried { get; } = tried;

    /// <summary>What the user can do.</summary>
    public string Advice { get; } = advice;
}
