// What of NVIDIA's software is on this machine, told without needing any of it: for `examples -- doctor`.
//
// The one thing to understand: asking a library for its version is all that is done with it here; none of these questions needs a GPU.
using System.Runtime.InteropServices;

namespace MiniDL.Cuda;

/// <summary>What is known of one library.</summary>
/// <param name="Found">Whether it is there and answers.</param>
/// <param name="Lines">Where it is and what it can, or what was tried and how to install it.</param>
public sealed record LibraryReport(bool Found, IReadOnlyList<string> Lines);

/// <summary>Looks for the libraries that the CUDA back end uses.</summary>
/// <example><code>foreach (string line in Libraries.Nvrtc().Lines) Console.WriteLine(line);</code></example>
public static unsafe class Libraries
{
    /// <summary>NVIDIA's driver, which everything that runs on a GPU needs.</summary>
    public static LibraryReport Driver() => Report(() =>
    {
        FoundLibrary driver = DriverSearch(OperatingSystem.IsWindows()).Find();
        int version = 0;
        var getVersion = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(driver.Handle, "cuDriverGetVersion");
        return getVersion(&version) == 0
            ? [$"{driver.Name}, runs programs of CUDA {version / 1000}.{version % 1000 / 10} and before"]
            : [$"{driver.Name}, but it does not tell its version: installed in part, or a stub"];
    });

    /// <summary>cuBLAS, which computes products of matrices unless MiniDL's own kernels do.</summary>
    public static LibraryReport CuBlas() => Report(() =>
    {
        FoundLibrary cuBlas = CuBlasSearch(LibraryFolders.OfThisSystem, OperatingSystem.IsWindows()).Find();
        var getProperty = (delegate* unmanaged<int, int*, int>)NativeLibrary.GetExport(cuBlas.Handle, "cublasGetProperty");
        int* version = stackalloc int[3];   // libraryPropertyType: 0 major, 1 minor, 2 patch
        for (int property = 0; property < 3; property++) _ = getProperty(property, version + property);
        return [$"{cuBlas.Name}, version {version[0]}.{version[1]}.{version[2]}"];
    });

    /// <summary>NVRTC, which compiles kernels, with or without a GPU.</summary>
    public static LibraryReport Nvrtc() => Report(() =>
    {
        NvrtcLibrary nvrtc = NvrtcLibrary.Load();
        return [$"{nvrtc.Name}, version {nvrtc.Version.Major}.{nvrtc.Version.Minor}", $"compiles for sm_{string.Join(", ", nvrtc.Architectures)}"];
    });

    /// <summary>The folder of compiled kernels.</summary>
    public static string KernelCacheLine()
    {
        if (KernelCache.OfThisSystem() is not { } cache) return "off (MINIDL_CACHE)";
        (int entries, long bytes) = cache.Size();
        return $"{cache.Folder}, {entries:N0} kernels, {bytes / 1e6:F1} MB; may be deleted at any time";
    }

    internal static LibrarySearch DriverSearch(bool windows) => new("NVIDIA's driver", windows ? ["nvcuda.dll"] : ["libcuda.so.1"],
        "It comes with NVIDIA's display driver and needs an NVIDIA GPU; without one use --device cpu, or --device sim.")
    {
        Folders = windows ? [] : ["/usr/lib/wsl/lib"],
    };

    internal static LibrarySearch CuBlasSearch(LibraryFolders folders, bool windows) => new("cuBLAS, NVIDIA's library of matrix products,",
        windows ? ["cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll"] : ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"],
        "To do without it: --gemm handwritten. To install it: the CUDA toolkit, or NVIDIA's Python wheel (pip install nvidia-cublas-cu12).")
    {
        Folders = [.. folders.Toolkit(), .. folders.Wheel("cublas")],
    };

    private static LibraryReport Report(Func<string[]> look)
    {
        try
        {
            return new LibraryReport(true, look());
        }
        catch (MissingLibraryException missing)
        {
            return new LibraryReport(false, ["not found", .. ShortlyTold(missing.Tried), missing.Advice]);
        }
        catch (EntryPointNotFoundException old)
        {
            return new LibraryReport(false, [$"there, but too old or damaged: {old.Message}"]);
        }
    }

    // Most of what was tried are folders that do not exist, and names that failed for the same reason: one line for each reason.
    internal static IEnumerable<string> ShortlyTold(IReadOnlyList<string> tried) => tried.Select(place => place.Split(": ", 2))
        .GroupBy(parts => parts.Length == 2 ? parts[1] : "", parts => parts[0])
        .Select(places => places.Key == LibrarySearch.NoSuchFolder ? $"  nor in other usual places ({places.Count()})" : $"  {string.Join(", ", places)}: {places.Key}");
}
