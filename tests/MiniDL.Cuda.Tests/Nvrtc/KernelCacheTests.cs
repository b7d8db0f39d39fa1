// The cache on disk: what it keeps, and everything that can be wrong with it. Most of this needs no NVRTC: kernels are made up.
using System.Diagnostics;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class KernelCacheTests
{
    private const string Name = "0123abcd";

    private static readonly CompiledKernel s_kernel =
        new(Kernels.Twice, "sm_80", [.. Enumerable.Range(0, 3000).Select(i => (byte)i)], [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))], new KernelResources(10, 20, 30, 40));

    private TemporaryFolder _disk = null!;
    private StringWriter _warnings = null!;

    [SetUp]
    public void Clean() => (_disk, _warnings) = (new TemporaryFolder(), new StringWriter());

    [TearDown]
    public void Remove()
    {
        _disk.Dispose();
        _warnings.Dispose();
    }

    [Test]
    public void What_was_stored_is_found()
    {
        KernelCache cache = Cache();
        cache.Store(Name, s_kernel);
        Expect(Find(cache), s_kernel);
        Assert.That(_warnings.ToString(), Is.Empty);
    }

    [Test]
    public void A_kernel_of_PTX_alone_is_found_too()
    {
        KernelCache cache = Cache();
        CompiledKernel ptxOnly = s_kernel with { Cubin = [], Resources = null };
        cache.Store(Name, ptxOnly);
        Expect(Find(cache), ptxOnly);
    }

    [Test]
    public void An_entry_that_is_not_there_is_no_error()
    {
        Assert.That(Find(Cache()), Is.Null);
        Assert.That(_warnings.ToString(), Is.Empty);
    }

    [Test]
    public void The_key_depends_on_all_that_the_machine_code_depends_on()
    {
        string[] keys =
        [
            KernelCache.Key(Kernels.Twice, "sm_80", ["-a"], (12, 4)),
            KernelCache.Key(Kernels.Twice with { Text = Kernels.Twice.Text + " " }, "sm_80", ["-a"], (12, 4)),
            KernelCache.Key(Kernels.Twice with { Name = "other" }, "sm_80", ["-a"], (12, 4)),
            KernelCache.Key(Kernels.Twice, "sm_90", ["-a"], (12, 4)),
            KernelCache.Key(Kernels.Twice, "compute_80", ["-a"], (12, 4)),
            KernelCache.Key(Kernels.Twice, "sm_80", ["-a", "-b"], (12, 4)),
            KernelCache.Key(Kernels.Twice, "sm_80", ["-a"], (12, 5)),
        ];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(keys, Is.Unique);
            Assert.That(KernelCache.Key(new(Kernels.Twice.Name, Kernels.Twice.Text), "sm_80", ["-a"], (12, 4)), Is.EqualTo(keys[0]));
        }
    }

    [Test]
    public void A_truncated_entry_is_deleted_and_not_used([Values(0, 1, 7, 8, 39, 40, 67, 68, 1000, 8067)] int length) =>
        ExpectDamageIsSeen(entry => entry[..length]);

    [Test]
    public void A_changed_byte_is_seen([Values(0, 8, 39, 40, 44, 48, 67, 68, 5000, 8067)] int position) =>
        ExpectDamageIsSeen(entry =>
        {
            entry[position] ^= 1;
            return entry;
        });

    [Test]
    public void An_entry_with_something_behind_it_is_not_used() => ExpectDamageIsSeen(entry => [.. entry, 0]);

    [Test]
    public void A_cache_that_cannot_be_a_folder_is_told_once_and_done_without()
    {
        File.WriteAllText(_disk.Under("file"), "");
        var cache = new KernelCache(_disk.Under("file"), _warnings);
        NvrtcCompiler compiler = Nvrtc.RequiredWith(cache);
        IReadOnlyList<CompiledKernel> kernels = compiler.Compile([Kernels.Twice, Kernels.Reverse, Kernels.Numbered(1)], "sm_80");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kernels, Has.Count.EqualTo(3));
            Assert.That(Lines(_warnings), Has.Length.EqualTo(1));
            Assert.That(_warnings.ToString(), Does.StartWith("warning:").And.Contain(_disk.Under("file")).And.Contain("MINIDL_CACHE"));
        }
    }

    [Test]
    public void A_full_disk_is_told_once_and_leaves_no_file()
    {
        var cache = new KernelCache(_disk.Path, _warnings, path => new FullDisk(path));
        cache.Store(Name, s_kernel);
        cache.Store("4567", s_kernel);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Find(cache), Is.Null);
            Assert.That(Lines(_warnings), Has.Length.EqualTo(1));
            Assert.That(_warnings.ToString(), Does.Contain("No space left on device"));
            Assert.That(Directory.GetFiles(_disk.Path), Is.Empty);
        }
    }

    [Test]
    public void A_folder_that_may_not_be_written_is_told_once()
    {
        var cache = new KernelCache(_disk.Path, _warnings, path => throw new UnauthorizedAccessException($"Access to {path} is denied."));
        cache.Store(Name, s_kernel);
        cache.Store("4567", s_kernel);
        Assert.That(Lines(_warnings), Has.Length.EqualTo(1));
    }

    [TestCase(null, "/home/me/.cache/minidl/kernels")]
    [TestCase("", "/home/me/.cache/minidl/kernels")]
    [TestCase("/fast/disk", "/fast/disk")]
    [TestCase("off", null)]
    public void The_variable_names_the_folder_or_turns_it_off(string? setting, string? folder)
    {
        var folders = new LibraryFolders(name => name == "HOME" ? "/home/me" : null, windows: false);
        Assert.That(KernelCache.Of(setting, folders, _warnings)?.Folder, Is.EqualTo(folder));
    }

    [Test]
    public void The_second_compiler_compiles_nothing()
    {
        KernelSource[] sources = [Kernels.Twice, Kernels.Reverse];
        NvrtcCompiler first = Nvrtc.RequiredWith(Cache()), second = Nvrtc.RequiredWith(Cache());
        IReadOnlyList<CompiledKernel> compiled = first.Compile(sources, "sm_80"), found = second.Compile(sources, "sm_80");
        using (Assert.EnterMultipleScope())
        {
            Assert.That((first.Compiled, first.FromCache), Is.EqualTo((2, 0)));
            Assert.That((second.Compiled, second.FromCache), Is.EqualTo((0, 2)));
            for (int i = 0; i < sources.Length; i++) Expect(found[i], compiled[i]);
        }
    }

    // Many readers and writers of the same few entries, one of them damaged again and again: each gets the right kernel or none.
    [Test]
    public void Threads_share_a_folder()
    {
        string[] keys = ["a", "b", "c", "d"];
        Parallel.For(0, 400, i =>
        {
            KernelCache cache = Cache();
            string key = keys[i % keys.Length];
            if (i % 50 == 0 && File.Exists(_disk.Under(key + ".kernel"))) File.WriteAllBytes(_disk.Under(key + ".kernel"), [1, 2, 3]);
            if (cache.Find(key, Kernels.Twice, "sm_80") is { } found) Expect(found, s_kernel);
            else cache.Store(key, s_kernel);
        });
        Assert.That(_warnings.ToString(), Is.Empty);
        Assert.That(Directory.GetFiles(_disk.Path).Where(file => !file.EndsWith(".kernel", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Processes_share_a_folder()
    {
        Nvrtc.RequiredLibrary();
        const int Count = 12;
        Process[] processes = [Program.Start(null, "compile", _disk.Path, $"{Count}"), Program.Start(null, "compile", _disk.Path, $"{Count}")];
        (int ExitCode, string Output, string Errors)[] ends = [.. processes.Select(Program.Finish)];
        (_, string output, _) = Program.Finish(Program.Start(null, "compile", _disk.Path, $"{Count}"));
        using (Assert.EnterMultipleScope())
        {
            foreach ((int exitCode, _, string errors) in ends) Assert.That((exitCode, errors), Is.EqualTo((0, "")));
            Assert.That(output, Is.EqualTo($"0 {Count}"), "a third process finds all of them");
            Assert.That(Directory.GetFiles(_disk.Path), Has.Length.EqualTo(Count), "nothing else is left");
        }
    }

    [Test]
    public void Its_size_is_told()
    {
        KernelCache cache = Cache();
        cache.Store("a", s_kernel);
        cache.Store("b", s_kernel);
        Assert.That(cache.Size(), Is.EqualTo((2, 2 * 8068L)));
    }

    private KernelCache Cache() => new(_disk.Path, _warnings);

    private static CompiledKernel? Find(KernelCache cache) => cache.Find(Name, Kernels.Twice, "sm_80");

    private void ExpectDamageIsSeen(Func<byte[], byte[]> damage)
    {
        KernelCache cache = Cache();
        cache.Store(Name, s_kernel);
        string file = Directory.GetFiles(_disk.Path).Single();
        File.WriteAllBytes(file, damage(File.ReadAllBytes(file)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Find(cache), Is.Null);
            Assert.That(File.Exists(file), Is.False);
        }
        cache.Store(Name, s_kernel);
        Expect(Find(cache), s_kernel);
    }

    private static void Expect(CompiledKernel? found, CompiledKernel stored)
    {
        Assert.That(found, Is.Not.Null);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.Ptx.AsSpan().SequenceEqual(stored.Ptx), Is.True);
            Assert.That(found.Cubin.AsSpan().SequenceEqual(stored.Cubin), Is.True);
            Assert.That((found.Source, found.Architecture, found.Resources), Is.EqualTo((stored.Source, stored.Architecture, stored.Resources)));
        }
    }

    private static string[] Lines(StringWriter writer) => writer.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    // The file can be created, but when bytes are to go into it there is no room.
    private sealed class FullDisk(string path) : FileStream(path, FileMode.CreateNew)
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer[..100]);
            throw new IOException("No space left on device");
        }
    }
}
