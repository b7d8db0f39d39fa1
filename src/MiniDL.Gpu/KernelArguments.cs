// Packs the arguments of a kernel into one block of bytes: what the driver takes as CU_LAUNCH_PARAM_BUFFER_POINTER, and PTX reads as .param.
//
// The one thing to understand: each argument lies at the next multiple of its own size, as a C struct of the same fields would have it. No boxing, no array of pointers.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MiniDL.Gpu;

/// <summary>Writes arguments one after the other into a buffer that the caller owns.</summary>
/// <example><code>
/// Span&lt;byte&gt; block = stackalloc byte[64];
/// var arguments = new KernelArguments(block);
/// arguments.Add(x.Address);
/// arguments.Add(n);
/// gpu.Launch(kernel, shape, arguments.Packed, stream);
/// </code></example>
public ref struct KernelArguments(Span<byte> buffer)
{
    /// <summary>CUDA's limit on the parameters of a kernel, for all architectures.</summary>
    public const int MostBytes = 4096;

    private readonly Span<byte> _buffer = buffer;
    private int _length;

    /// <summary>What was added so far.</summary>
    public readonly ReadOnlySpan<byte> Packed => _buffer[.._length];

    /// <summary>Appends a number or an address, aligned to its size.</summary>
    /// <exception cref="ArgumentException">The buffer is full.</exception>
    public void Add<TValue>(TValue value) where TValue : unmanaged
    {
        int size = Unsafe.SizeOf<TValue>(), start = (_length + size - 1) / size * size;
        if (start + size > _buffer.Length) throw new ArgumentException($"the arguments need more than the buffer's {_buffer.Length} bytes");
        _buffer[_length..start].Clear();
        MemoryMarshal.Write(_buffer[start..], in value);
        _length = start + size;
    }
}
