// NVRTC, NVIDIA's compiler from CUDA C++ to PTX and machine code as a library: finding it, and its functions as C# sees them.
//
// Kernels are text until here. The one thing to understand: NVRTC is a compiler, not a driver: it needs no GPU and no toolkit. But it loads a second
// library, libnvrtc-builtins of exactly its own version, by bare name; where the loader does not know that one, it must have been loaded by path before the first compile.
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>The functions of a loaded NVRTC. Source: NVRTC documentation, "User Interface".</summary>
internal sealed unsafe class NvrtcLibrary
{
    private const int Success = 0;

    private readonly nint _handle;
    private readonly delegate* unmanaged<int, byte*> _errorString;

    /// <summary>Takes the functions from a library that was loaded.</summary>
    /// <exception cref="MissingLibraryException">It is no NVRTC of version 11.2 or later, or its builtins are not beside it.</exception>
    public NvrtcLibrary(FoundLibrary found)
    {
        Name = found.Name;
        _handle = found.Handle;
        _errorString = (delegate* unmanaged<int, byte*>)Export("nvrtcGetErrorString");
        CreateProgram = (delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)Export("nvrtcCreateProgram");
        CompileProgram = (delegate* unmanaged<nint, int, byte**, int>)Export("nvrtcCompileProgram");
        DestroyProgram = (delegate* unmanaged<nint*, int>)Export("nvrtcDestroyProgram");
        Log = Output("nvrtcGetProgramLog");
        Ptx = Output("nvrtcGetPTX");
        Cubin = Output("nvrtcGetCUBIN");
        Version = ReadVersion();
        Architectures = ReadArchitectures();
        if (found.Folder is { } folder) LoadBuiltins(folder);
    }

    /// <summary>Result of a compile that failed because of its source.</summary>
    public const int CompilationFailed = 6;

    /// <summary>The name or path that NVRTC was loaded by.</summary>
    public string Name { get; }

    /// <summary>NVRTC's version, which is the toolkit's.</summary>
    public (int Major, int Minor) Version { get; }

    /// <summary>The architectures it compiles for, ascending: 50, 52, ..., 90.</summary>
    public IReadOnlyList<int> Architectures { get; }

    /// <summary>nvrtcCreateProgram(program, text, name, headers, headerTexts, headerNames).</summary>
    public delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int> CreateProgram { get; }

    /// <summary>nvrtcCompileProgram(program, count, options).</summary>
    public delegate* unmanaged<nint, int, byte**, int> CompileProgram { get; }

    /// <summary>nvrtcDestroyProgram(program).</summary>
    public delegate* unmanaged<nint*, int> DestroyProgram { get; }

    /// <summary>A program's log.</summary>
    public NvrtcOutput Log { get; }

    /// <summary>A program's PTX.</summary>
    public NvrtcOutput Ptx { get; }

    /// <summary>A program's machine code.</summary>
    public NvrtcOutput Cubin { get; }

    /// <summary>Where NVRTC is looked for.</summary>
    public static LibrarySearch Search(LibraryFolders folders) => new("NVRTC, NVIDIA's run-time compiler for CUDA C++,",
        OperatingSystem.IsWindows() ? ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll", "nvrtc64_112_0.dll"] : ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"],
        "NVRTC needs no GPU. To install it: the CUDA toolkit; or NVIDIA's Python wheel (pip install nvidia-cuda-nvrtc-cu12); or, on Debian, .ci/get-nvrtc, "
        + "which fetches it into a cache folder. If it lies elsewhere, set MINIDL_NVRTC to its file or folder.")
    {
        Variable = "MINIDL_NVRTC",
        Folders = [.. folders.Toolkit(), .. folders.Wheel("cuda_nvrtc"), .. folders.Fetched()],
    };

    /// <summary>Finds and loads NVRTC.</summary>
    /// <exception cref="MissingLibraryException">There is none; the message tells where it was looked for and how to install it.</exception>
    public static NvrtcLibrary Load() => new(Search(LibraryFolders.OfThisSystem).Find());

    /// <summary>Throws unless a result is success.</summary>
    /// <exception cref="GpuException">The call failed, other than because of the source.</exception>
    public void Check(int result, string call)
    {
        if (result != Success)
            throw new GpuException(call, Marshal.PtrToStringUTF8((nint)_errorString(result)) ?? $"error {result}", $"NVRTC {Version.Major}.{Version.Minor} ({Name}) refused the call");
    }

    private (int, int) ReadVersion()
    {
        int major = 0, minor = 0;
        Check(((delegate* unmanaged<int*, int*, int>)Export("nvrtcVersion"))(&major, &minor), "nvrtcVersion");
        return (major, minor);
    }

    private int[] ReadArchitectures()
    {
        int count = 0;
        Check(((delegate* unmanaged<int*, int>)Export("nvrtcGetNumSupportedArchs"))(&count), "nvrtcGetNumSupportedArchs");
        var architectures = new int[count];
        fixed (int* first = architectures)
            Check(((delegate* unmanaged<int*, int>)Export("nvrtcGetSupportedArchs"))(first), "nvrtcGetSupportedArchs");
        Array.Sort(architectures);
        return architectures;
    }

    private void LoadBuiltins(string folder)
    {
        string name = OperatingSystem.IsWindows() ? $"nvrtc-builtins64_{Version.Major}{Version.Minor}.dll" : $"libnvrtc-builtins.so.{Version.Major}.{Version.Minor}";
        string path = Path.Combine(folder, name);
        if (!NativeLibrary.TryLoad(path, out _) && !NativeLibrary.TryLoad(name, out _))
            throw new MissingLibraryException($"{name}, which belongs to {Name},", [path, name], "Install NVRTC whole: both files come in the same package.");
    }

    private nint Export(string function) => NativeLibrary.TryGetExport(_handle, function, out nint address) ? address
        : throw new MissingLibraryException($"the function {function}", [Name], "This library is no NVRTC of CUDA 11.2 or later.");

    private NvrtcOutput Output(string call) => new(call,
        (delegate* unmanaged<nint, nuint*, int>)Export(call + "Size"), (delegate* unmanaged<nint, byte*, int>)Export(call));
}

/// <summary>Two functions, by which NVRTC hands out something that it made: one tells the size, the other copies.</summary>
/// <param name="call">The name of the second; that of the first ends in <c>Size</c>.</param>
/// <param name="size">(program, size)</param>
/// <param name="get">(program, bytes)</param>
internal readonly unsafe struct NvrtcOutput(string call, delegate* unmanaged<nint, nuint*, int> size, delegate* unmanaged<nint, byte*, int> get)
{
    private readonly delegate* unmanaged<nint, nuint*, int> _size = size;
    private readonly delegate* unmanaged<nint, byte*, int> _get = get;

    /// <summary>Copies what a program has.</summary>
    public byte[] Of(nint program, NvrtcLibrary nvrtc)
    {
        nuint size = 0;
        nvrtc.Check(_size(program, &size), call + "Size");
        if (size == 0) return [];
        var bytes = new byte[checked((int)size)];
        fixed (byte* first = bytes) nvrtc.Check(_get(program, first), call);
        return bytes;
    }
}
