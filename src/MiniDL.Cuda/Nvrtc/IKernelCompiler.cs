// From kernel source to what a GPU loads: the executor's side of the compiler.
//
// Behind it stands NVRTC with its cache; tests put something in its place that compiles nothing. The one thing to understand: all of a function's kernels are
// asked for at once, so that whoever compiles can use all cores.
namespace MiniDL.Cuda;

/// <summary>Compiles kernels.</summary>
public interface IKernelCompiler
{
    /// <summary>Compiles each source on its own.</summary>
    /// <param name="sources">Header-free CUDA C++, one kernel each.</param>
    /// <param name="architecture">The target, such as <c>sm_80</c>.</param>
    /// <returns>One result for each source, in order.</returns>
    IReadOnlyList<CompiledKernel> Compile(IReadOnlyList<KernelSource> sources, string architecture);
}
