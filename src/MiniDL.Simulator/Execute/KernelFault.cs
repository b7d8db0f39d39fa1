// What stops a kernel: an illegal access, a trap, a barrier that cannot be passed.
using System.Numerics;
using MiniDL.Simulator.Checks;

namespace MiniDL.Simulator.Execute;

/// <summary>A fault of a running kernel. Thrown where it happens with what is known there; the block adds which thread and which line.</summary>
/// <param name="code">CUDA's name for the error.</param>
/// <param name="message">What happened.</param>
/// <param name="lanes">The lanes it happened to.</param>
internal sealed class KernelFault(string code, string message, uint lanes = 0) : Exception(message)
{
    public const string IllegalAddress = "CUDA_ERROR_ILLEGAL_ADDRESS";
    public const string Misaligned = "CUDA_ERROR_MISALIGNED_ADDRESS";
    public const string IllegalInstruction = "CUDA_ERROR_ILLEGAL_INSTRUCTION";
    public const string LaunchFailed = "CUDA_ERROR_LAUNCH_FAILED";
    public const string Timeout = "CUDA_ERROR_LAUNCH_TIMEOUT";
    public const string Assertion = "CUDA_ERROR_ASSERT";

    /// <summary>CUDA's name.</summary>
    public string Code { get; } = code;

    /// <summary>The lowest lane it happened to.</summary>
    public int Lane { get; } = lanes == 0 ? -1 : BitOperations.TrailingZeroCount(lanes);

    /// <summary>The check that would have found it; null if none.</summary>
    public CheckKind? Check { get; init; }

    /// <summary>The address, of a wrong access.</summary>
    public ulong Address { get; init; }

    /// <summary>Its size.</summary>
    public int Bytes { get; init; }
}
