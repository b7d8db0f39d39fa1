// What of NVIDIA's software is on this machine, told without needing any of it: for `examples -- doctor`.
//
// The one thing to understand: asking is all that is done here; where there is no GPU, or no library, that is the answer and not an error.
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>What is known of one library.</summary>
/// <param name="Found">Whether it is there and answers.</param>
/// <param name="Lines">Where it is and what it can, or what was tried and how to install it.</param>
public sealed record LibraryReport(bool Found, IReadOnlyList<string> Lines);

/// <summary>Looks for the libraries that the CUDA back end uses.</summary>
/// <example><code>foreach (string line in Libraries.Nvrtc().Lines) Console.WriteLine(line);</code></example>
public static unsafe class Libraries
{
    /// <summary>NVIDIA's driver, which everything that runs on a GPU needs, and the GPUs that it sees.</summary>
    public static LibraryReport Driver() => Report(() =>
    {
        FoundLibrary driver = NativeLibraries.Driver();
        try
        {
            (int major, int minor) = DriverGpu.DriverVersion();
            string found = $"{driver.Name}, runs programs of CUDA {major}.{minor} and before";
            return [found, .. Enumerable.Range(0, DriverGpu.DeviceCount()).Select(Device)];
        }
        catch (GpuException failure)
        {
            return [$"{driver.Name}, but: {failure.Message}"];
        }
    });

    private static string Device(int number)
    {
        using DriverGpu gpu = DriverGpu.Open(number);
        GpuProperties device = gpu.Properties;
        return $"GPU {number}: {device.Name}, {device.Architecture}, {device.Multiprocessors} multiprocessors, {device.MemoryBytes / 1e9:F1} GB";
    }

    /// <summary>cuBLAS, which computes products of matrices unless MiniDL's own kernels do.</summary>
    public static LibraryReport CuBlas() => Report(() =>
    {
        FoundLibrary cuBlas = NativeLibraries.CuBlas();
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
