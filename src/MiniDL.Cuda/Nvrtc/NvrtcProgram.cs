// One translation unit inside NVRTC: text goes in, a log, PTX and a cubin come out.
//
// The one thing to understand: this is a native object; it must be destroyed, whatever happens, so it is a SafeHandle.
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace MiniDL.Cuda;

/// <summary>A program of NVRTC's. Used by one thread; different programs may be compiled at the same time.</summary>
internal sealed unsafe class NvrtcProgram : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly NvrtcLibrary _nvrtc;

    /// <summary>Hands a text to NVRTC.</summary>
    /// <param name="nvrtc">The library.</param>
    /// <param name="text">Header-free CUDA C++.</param>
    /// <param name="fileName">What messages and line information call it. A path that starts at the root; else NVRTC puts the current folder in front, and the same kernel would give other PTX in another folder.</param>
    public NvrtcProgram(NvrtcLibrary nvrtc, string text, string fileName) : base(ownsHandle: true)
    {
        _nvrtc = nvrtc;
        nint program = 0;
        fixed (byte* textBytes = ZeroTerminated(text), nameBytes = ZeroTerminated(fileName))
            nvrtc.Check(nvrtc.CreateProgram(&program, textBytes, nameBytes, 0, null, null), "nvrtcCreateProgram");
        SetHandle(program);
    }

    /// <summary>Compiles.</summary>
    /// <returns>False if the source is wrong; the log tells why.</returns>
    /// <exception cref="Gpu.GpuException">Anything else is wrong, such as an option.</exception>
    public bool Compile(IReadOnlyList<string> options)
    {
        byte** pointers = stackalloc byte*[options.Count];
        for (int i = 0; i < options.Count; i++) pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(options[i]);
        int result = _nvrtc.CompileProgram(handle, options.Count, pointers);
        for (int i = 0; i < options.Count; i++) Marshal.FreeCoTaskMem((nint)pointers[i]);

        if (result == NvrtcLibrary.CompilationFailed) return false;
        _nvrtc.Check(result, $"nvrtcCompileProgram({string.Join(", ", options)})");
        return true;
    }

    /// <summary>What the compiler and ptxas said.</summary>
    public string Log() => Encoding.UTF8.GetString(WithoutZero(_nvrtc.Log.Of(handle, _nvrtc)));

    /// <summary>The PTX: UTF-8 text, without the zero that ends a string in C.</summary>
    public byte[] Ptx() => [.. WithoutZero(_nvrtc.Ptx.Of(handle, _nvrtc))];

    /// <summary>The machine code, an ELF file; empty if only PTX was asked for.</summary>
    public byte[] Cubin() => _nvrtc.Cubin.Of(handle, _nvrtc);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        nint program = handle;
        return _nvrtc.DestroyProgram(&program) == 0;
    }

    private static ReadOnlySpan<byte> WithoutZero(byte[] bytes) => bytes.AsSpan().TrimEnd((byte)0);

    private static byte[] ZeroTerminated(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
