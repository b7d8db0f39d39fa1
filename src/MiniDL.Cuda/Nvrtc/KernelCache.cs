// Compiled kernels on disk, so that the second run of a program does not compile again.
//
// Between NvrtcCompiler and NVRTC. The one thing to understand: an entry's file name is a hash of everything that its contents depend on, so an entry is never
// out of date, only there or not; and whatever is wrong with the cache (another process, a full disk, a file cut short), the answer is to compile.
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace MiniDL.Cuda;

/// <summary>A folder of compiled kernels. Any number of threads and processes may use the same one.</summary>
internal sealed class KernelCache
{
    // An entry: 8 bytes that name the format; SHA-256 of all that follows; the header; PTX; cubin.
    private static ReadOnlySpan<byte> Magic => "MiniDLk1"u8;

    private const int HashBytes = 32, Start = 8 + HashBytes, HeaderBytes = 7 * sizeof(int);

    private readonly TextWriter _warnings;
    private readonly Func<string, Stream> _create;
    private int _warned;

    /// <summary>A cache in a folder, which need not exist yet.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="warnings">Where it is told, once, that nothing can be stored.</param>
    /// <param name="create">Creates a file; tests put a full disk here.</param>
    public KernelCache(string folder, TextWriter warnings, Func<string, Stream>? create = null)
    {
        Folder = folder;
        _warnings = warnings;
        _create = create ?? (path => new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None));
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The cache in the folder that <c>MINIDL_CACHE</c> names, else in <c>minidl/kernels</c> of the user's cache folder; null if the variable says <c>off</c>.</summary>
    public static KernelCache? OfThisSystem() => Of(Environment.GetEnvironmentVariable("MINIDL_CACHE"), LibraryFolders.OfThisSystem, Console.Error);

    /// <summary>The cache that a setting asks for.</summary>
    public static KernelCache? Of(string? setting, LibraryFolders folders, TextWriter warnings) => setting switch
    {
        "off" => null,
        { Length: > 0 } folder => new KernelCache(folder, warnings),
        _ => new KernelCache(Path.Combine(folders.CacheRoot(), "minidl", "kernels"), warnings),
    };

    /// <summary>The name of a kernel's entry: a hash of its text and of all else that its machine code depends on.</summary>
    public static string Key(KernelSource source, string target, IReadOnlyList<string> options, (int Major, int Minor) nvrtc)
    {
        // Lengths are not needed: no part but the last, the text, can contain a line end.
        string all = $"NVRTC {nvrtc.Major}.{nvrtc.Minor}\n{target}\n{string.Join(' ', options)}\n{source.Name}\n{source.Text}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)));
    }

    /// <summary>Entries in the folder and their bytes.</summary>
    public (int Entries, long Bytes) Size()
    {
        if (!Directory.Exists(Folder)) return (0, 0);
        long[] sizes = [.. new DirectoryInfo(Folder).EnumerateFiles("*.kernel").Select(file => file.Length)];
        return (sizes.Length, sizes.Sum());
    }

    /// <summary>Reads an entry.</summary>
    /// <returns>Null if it is not there, or was damaged, in which case it is deleted.</returns>
    public CompiledKernel? Find(string key, KernelSource source, string target)
    {
        string path = PathOf(key);
        try
        {
            if (!File.Exists(path)) return null;
            if (Unpack(File.ReadAllBytes(path), source, target) is { } kernel) return kernel;
            File.Delete(path);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // Another process, or the user, was first to delete it.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Warn(failure);
        }
        return null;
    }

    /// <summary>Writes an entry: beside its place, and then renames it, so that no one ever sees half of one. If that fails, it is told once, and that is all.</summary>
    public void Store(string key, CompiledKernel kernel)
    {
        string path = PathOf(key), unfinished = $"{path}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Folder);
            using (Stream stream = _create(unfinished)) stream.Write(Pack(kernel));
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // On Windows a file that another process reads cannot be replaced; it is the same file.
            if (!File.Exists(path)) Warn(failure);
            DeleteIfThere(unfinished);
        }
    }

    private string PathOf(string key) => Path.Combine(Folder, key + ".kernel");

    private static byte[] Pack(CompiledKernel kernel)
    {
        KernelResources resources = kernel.Resources.GetValueOrDefault();
        ReadOnlySpan<int> header = [kernel.Ptx.Length, kernel.Cubin.Length, kernel.Resources is null ? 0 : 1,
            resources.Registers, resources.SharedBytes, resources.SpillBytes, resources.LocalBytes];
        byte[] rest = [.. MemoryMarshal.AsBytes(header), .. kernel.Ptx, .. kernel.Cubin];
        return [.. Magic, .. SHA256.HashData(rest), .. rest];
    }

    // Null unless every byte is as it was written.
    private static CompiledKernel? Unpack(byte[] entry, KernelSource source, string target)
    {
        if (entry.Length < Start + HeaderBytes || !entry.AsSpan().StartsWith(Magic)) return null;
        ReadOnlySpan<byte> rest = entry.AsSpan(Start);
        if (!SHA256.HashData(rest).AsSpan().SequenceEqual(entry.AsSpan(Magic.Length, HashBytes))) return null;

        ReadOnlySpan<int> header = MemoryMarshal.Cast<byte, int>(rest[..HeaderBytes]);
        (int ptx, int cubin) = (header[0], header[1]);
        KernelResources? resources = header[2] == 0 ? null : new KernelResources(header[3], header[4], header[5], header[6]);
        ReadOnlySpan<byte> contents = rest[HeaderBytes..];
        return new CompiledKernel(source, target, contents[..ptx].ToArray(), contents.Slice(ptx, cubin).ToArray(), resources);
    }

    private void Warn(Exception failure)
    {
        if (Interlocked.Exchange(ref _warned, 1) == 0)
            _warnings.WriteLine($"warning: compiled kernels cannot be kept in {Folder}: {failure.Message} MiniDL goes on without. MINIDL_CACHE names another folder, or is 'off'.");
    }

    private static void DeleteIfThere(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The disk is not well; that was told already.
        }
    }
}
