// The folders in which NVIDIA's libraries lie when the system's loader does not know them: the CUDA toolkit's and those of NVIDIA's Python wheels.
//
// The one thing to understand: the wheels are plain folders below site-packages; Python need not run for their libraries to be used.
namespace MiniDL.Cuda;

/// <summary>Patterns of folders for <see cref="LibrarySearch.Folders"/>. Variables that are not set contribute none.</summary>
/// <param name="environment">The environment's variables.</param>
/// <param name="windows">Whether the system is Windows.</param>
internal sealed class LibraryFolders(Func<string, string?> environment, bool windows)
{
    /// <summary>The folders of the system this runs on.</summary>
    public static LibraryFolders OfThisSystem { get; } = new(Environment.GetEnvironmentVariable, OperatingSystem.IsWindows());

    /// <summary>The libraries of the CUDA toolkit, first the one that the environment names.</summary>
    public IEnumerable<string> Toolkit()
    {
        string[] roots = [.. Set("CUDA_PATH"), .. Set("CUDA_HOME"), .. windows ? Below(Set("ProgramFiles"), @"NVIDIA GPU Computing Toolkit\CUDA\v*") : ["/usr/local/cuda*", "/opt/cuda*"]];
        return windows ? [.. Below(roots, @"bin\x64"), .. Below(roots, "bin")] : Below(roots, "lib64");
    }

    /// <summary>The libraries of a wheel of NVIDIA's in any Python that is installed in a usual place.</summary>
    /// <param name="package">The wheel's folder below <c>nvidia</c>, such as <c>cuda_nvrtc</c> or <c>cublas</c>; since CUDA 13 all share one.</param>
    public IEnumerable<string> Wheel(string package) => windows
        ? SitePackages().SelectMany(folder => Below([folder], $@"nvidia\{package}\bin", @"nvidia\cu13\bin\x86_64"))
        : SitePackages().SelectMany(folder => Below([folder], $"nvidia/{package}/lib", "nvidia/cu13/lib"));

    /// <summary>The folder that <c>.ci/get-nvrtc</c> fills.</summary>
    public IEnumerable<string> Fetched() => windows ? [] : [Path.Combine(CacheRoot(), "minidl/nvrtc/usr/lib/x86_64-linux-gnu")];

    /// <summary>Where programs keep what they can make again: <c>XDG_CACHE_HOME</c> or <c>~/.cache</c>, on Windows <c>LocalAppData</c>.</summary>
    public string CacheRoot() => windows
        ? environment("LOCALAPPDATA") is { Length: > 0 } local ? local : Path.GetTempPath()
        : environment("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
        : environment("HOME") is { Length: > 0 } home ? Path.Combine(home, ".cache") : Path.GetTempPath();

    // An activated environment first, then the user's own packages, then Pythons of version managers, then the system's.
    private IEnumerable<string> SitePackages() => windows
        ? [.. Below([.. Set("VIRTUAL_ENV"), .. Set("CONDA_PREFIX")], @"Lib\site-packages"),
            .. Below(Set("APPDATA"), @"Python\Python3*\site-packages"),
            .. Below(Set("LOCALAPPDATA"), @"Programs\Python\Python3*\Lib\site-packages")]
        : [.. Below([.. Set("VIRTUAL_ENV"), .. Set("CONDA_PREFIX")], "lib/python3*/site-packages"),
            .. Below(Set("HOME"), ".local/lib/python3*/site-packages", ".pyenv/versions/*/lib/python3*/site-packages", "*conda3/lib/python3*/site-packages"),
            .. Below(["/opt/conda", "/usr/local"], "lib/python3*/site-packages"),
            .. Below(["/usr/local"], "lib/python3*/dist-packages"), .. Below(["/usr"], "lib/python3/dist-packages")];

    private string[] Set(string variable) => environment(variable) is { Length: > 0 } value ? [value] : [];

    private IEnumerable<string> Below(IEnumerable<string> roots, params string[] paths) =>
        roots.SelectMany(root => paths.Select(path => root.TrimEnd('/', '\\') + (windows ? '\\' : '/') + path));
}
