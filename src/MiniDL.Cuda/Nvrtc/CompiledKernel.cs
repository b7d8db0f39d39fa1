// What compiling makes of a kernel's text.
namespace MiniDL.Cuda;

/// <summary>A kernel that was compiled, or found in the cache.</summary>
/// <param name="Source">The kernel.</param>
/// <param name="Architecture">What it was compiled for: <c>sm_80</c>, or <c>compute_90</c> if NVRTC is older than the GPU and made only PTX.</param>
/// <param name="Ptx">PTX as UTF-8 text, without a zero at its end.</param>
/// <param name="Cubin">Machine code, an ELF file; empty if only PTX was made, which a driver then compiles when it loads it.</param>
/// <param name="Resources">What it takes of a multiprocessor; null if only PTX was made.</param>
public sealed record CompiledKernel(KernelSource Source, string Architecture, byte[] Ptx, byte[] Cubin, KernelResources? Resources);
