// Copies between arrays of the host and the device, for whatever is not part of a step: parameters, constants, results that somebody reads.
//
// The one thing to understand: the driver can read and write page-locked memory while the program goes on, and only that; so numbers pass through one pinned
// buffer, a piece at a time, and each piece is waited for. A step's inputs have a way of their own, without waiting (InputRing).
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>A pinned buffer, and copies through it. Each copy waits for the stream, so a download is also where a program's errors show.</summary>
internal sealed class Staging(IGpu gpu, IGpuStream stream) : IDisposable
{
    private const int MostBytes = 4 << 20;   // of one piece: large enough that the bus is busy, small enough to be had always

    private IPinnedMemory? _pinned;

    /// <summary>Waits for all that was asked for, then copies from the device.</summary>
    public void Download(ulong source, Span<byte> destination)
    {
        for (int done = 0; done < destination.Length; done += MostBytes)
        {
            Span<byte> piece = destination[done..Math.Min(done + MostBytes, destination.Length)];
            IPinnedMemory pinned = Pinned();
            gpu.Download(pinned.Address, source + (ulong)done, piece.Length, stream);
            gpu.Synchronize(stream);
            pinned.Span(0, piece.Length).CopyTo(piece);
        }
    }

    /// <summary>Copies to the device, behind all that was asked for.</summary>
    public void Upload(ulong destination, ReadOnlySpan<byte> source)
    {
        for (int done = 0; done < source.Length; done += MostBytes)
        {
            ReadOnlySpan<byte> piece = source[done..Math.Min(done + MostBytes, source.Length)];
            IPinnedMemory pinned = Pinned();
            piece.CopyTo(pinned.Span(0, piece.Length));
            gpu.Upload(destination + (ulong)done, pinned.Address, piece.Length, stream);
            gpu.Synchronize(stream);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _pinned?.Dispose();

    private IPinnedMemory Pinned() => _pinned ??= gpu.AllocatePinned(MostBytes);
}
