// Pinned memory as a span: the one place where the executor turns an address of the host into something that can be copied to and from.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Views of page-locked memory.</summary>
internal static class PinnedBytes
{
    /// <summary>Some bytes of it, checked against its size.</summary>
    public static unsafe Span<byte> Span(this IPinnedMemory memory, long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + count, memory.Bytes);
        return new Span<byte>((byte*)memory.Address + offset, count);
    }
}
