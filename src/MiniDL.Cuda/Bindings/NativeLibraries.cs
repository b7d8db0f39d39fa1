// The two native libraries behind the bindings, NVIDIA's driver and cuBLAS: their names on each system, and how C# is told where they are.
//
// The one thing to understand: [LibraryImport] names a library by a word of ours ("nvcuda", "cublas"). The runtime asks the resolver below what that word means, once for
// every function, so the library is looked for once and its handle kept for as long as the process lives.
using System.Runtime.InteropServices;

namespace MiniDL.Cuda;

/// <summary>Finds the driver and cuBLAS and answers for both when the runtime asks.</summary>
internal static class NativeLibraries
{
    /// <summary>What <see cref="Driver"/> calls its library.</summary>
    public const string DriverName = "nvcuda";

    /// <summary>What <see cref="CuBlas"/> calls its library.</summary>
    public const string CuBlasName = "cublas";

    private static readonly Lock s_lock = new();
    private static FoundLibrary? s_driver, s_cuBlas;

    // An assembly can have one resolver and must have it before the first call, which is when this class is first touched.
    static NativeLibraries() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, (name, _, _) => name switch
    {
        DriverName => Driver().Handle,
        CuBlasName => CuBlas().Handle,
        _ => 0,
    });

    /// <summary>The driver, found and looked over at the first call.</summary>
    /// <exception cref="MissingLibraryException">There is none, or it is older than CUDA 11.4.</exception>
    public static FoundLibrary Driver()
    {
        lock (s_lock) return s_driver ??= Complete(DriverSearch(OperatingSystem.IsWindows()).Find(), Cuda.Driver.EntryPoints, "NVIDIA's driver of CUDA 11.4 or later has it (version 470 on Linux, 471 on Windows). Install a newer driver.");
    }

    /// <summary>cuBLAS, found and looked over at the first call.</summary>
    /// <exception cref="MissingLibraryException">There is none; the message names <c>--gemm handwritten</c>.</exception>
    public static FoundLibrary CuBlas()
    {
        lock (s_lock) return s_cuBlas ??= Complete(CuBlasSearch(LibraryFolders.OfThisSystem, OperatingSystem.IsWindows()).Find(), Cuda.CuBlas.EntryPoints, $"cuBLAS of CUDA 11.4 or later has it. {CuBlasAdvice}");
    }

    /// <summary>The driver's names. libcuda.so without a number may be the toolkit's stub, which has the functions but not the driver.</summary>
    internal static LibrarySearch DriverSearch(bool windows) => new("NVIDIA's driver", windows ? ["nvcuda.dll"] : ["libcuda.so.1"],
        "It comes with NVIDIA's display driver and needs an NVIDIA GPU. " + (windows ? "Install it from nvidia.com/drivers" : "Install the package nvidia-driver of your distribution, or the driver from nvidia.com/drivers")
        + "; in a container, start it with --gpus all. Without such a GPU use --device cpu, or --device sim, which runs the same kernels on the processor.")
    {
        // Under Windows' Linux (WSL 2) the driver is Windows' own, and lies here.
        Folders = windows ? [] : ["/usr/lib/wsl/lib"],
    };

    /// <summary>cuBLAS' names, the newest first, and where it may lie.</summary>
    internal static LibrarySearch CuBlasSearch(LibraryFolders folders, bool windows) => new("cuBLAS, NVIDIA's library of matrix products,",
        windows ? ["cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll"] : ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"], CuBlasAdvice)
    {
        Folders = [.. folders.Toolkit(), .. folders.Wheel("cublas")],
    };

    private const string CuBlasAdvice = "To do without it: --gemm handwritten. To install it: the CUDA toolkit; or NVIDIA's Python wheel (pip install nvidia-cublas-cu12).";

    /// <summary>A library that lacks a function would be found out in the middle of a training step; this asks for all of them at once.</summary>
    internal static FoundLibrary Complete(FoundLibrary library, IEnumerable<string> functions, string advice)
    {
        string[] missing = [.. functions.Where(function => !NativeLibrary.TryGetExport(library.Handle, function, out _))];
        return missing.Length == 0 ? library : throw new MissingLibraryException($"{string.Join(", ", missing)}", [$"{library.Name}: loaded, but does not have {(missing.Length == 1 ? "it" : "them")}"], advice);
    }
}
