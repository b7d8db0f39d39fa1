// What goes wrong on a GPU, said so that the reader knows what to do.
namespace MiniDL.Gpu;

/// <summary>A call to a GPU, or what a kernel did, failed.</summary>
/// <param name="call">The call, as the vendor's documentation names it.</param>
/// <param name="code">The name of the error, such as <c>CUDA_ERROR_OUT_OF_MEMORY</c>.</param>
/// <param name="advice">What happened in words, and what can be done.</param>
/// <param name="inner">What caused it, if anything.</param>
public sealed class GpuException(string call, string code, string advice, Exception? inner = null) : Exception($"{call}: {code}: {advice}", inner)
{
    /// <summary>The call that failed.</summary>
    public string Call { get; } = call;

    /// <summary>The error's name.</summary>
    public string Code { get; } = code;

    /// <summary>What happened in words, and what can be done.</summary>
    public string Advice { get; } = advice;
}
