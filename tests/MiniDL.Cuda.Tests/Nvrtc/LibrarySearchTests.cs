// The order in which a library is looked for, and what is said if there is none. Loading is pretended: a library "loads" if its name is in a set.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class LibrarySearchTests
{
    private readonly Dictionary<string, string> _variables = [];
    private readonly HashSet<string> _loadable = [];
    private readonly List<string> _attempts = [];
    private TemporaryFolder _disk = null!;

    [SetUp]
    public void Clean()
    {
        _variables.Clear();
        _loadable.Clear();
        _attempts.Clear();
        _disk = new TemporaryFolder();
    }

    [TearDown]
    public void Remove() => _disk.Dispose();

    [Test]
    public void The_loader_is_asked_for_each_name_first()
    {
        _loadable.UnionWith(["libx.so.1", File("toolkit", "libx.so.2")]);
        FoundLibrary found = Search("toolkit").Find();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.Name, Is.EqualTo("libx.so.1"));
            Assert.That(found.Folder, Is.Null);
            Assert.That(_attempts, Is.EqualTo(new[] { "libx.so.2", "libx.so.1" }));
        }
    }

    [Test]
    public void Folders_come_next_in_their_order()
    {
        _loadable.UnionWith([File("wheel", "libx.so.2"), File("toolkit", "libx.so.1")]);
        FoundLibrary found = Search("toolkit", "wheel").Find();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.Name, Is.EqualTo(_disk.Under("toolkit", "libx.so.1")));
            Assert.That(found.Folder, Is.EqualTo(_disk.Under("toolkit")));
        }
    }

    [Test]
    public void The_newest_of_several_folders_comes_first()
    {
        _loadable.UnionWith([File("cuda-12.4/lib64", "libx.so.2"), File("cuda-12.6/lib64", "libx.so.2")]);
        Assert.That(Search("cuda*/lib64").Find().Folder, Is.EqualTo(_disk.Under("cuda-12.6/lib64")));
    }

    [Test]
    public void The_variable_may_name_a_file_or_a_folder()
    {
        string file = File("mine", "other.so");
        _loadable.UnionWith([file, File("folder", "libx.so.1"), "libx.so.2"]);
        using (Assert.EnterMultipleScope())
        {
            _variables["MINIDL_X"] = file;
            Assert.That(Search().Find().Name, Is.EqualTo(file));
            _variables["MINIDL_X"] = _disk.Under("folder");
            Assert.That(Search().Find().Name, Is.EqualTo(_disk.Under("folder", "libx.so.1")));
        }
    }

    [Test]
    public void A_wrong_variable_is_an_error_even_if_the_loader_has_the_library()
    {
        _loadable.Add("libx.so.2");
        _variables["MINIDL_X"] = "/no/such/place";
        Assert.That(Assert.Throws<MissingLibraryException>(() => Search().Find())!.Message, Does.Contain("/no/such/place").And.Contain("MINIDL_X"));
    }

    [Test]
    public void The_message_has_all_that_was_tried_and_the_advice()
    {
        string broken = File("wheel", "libx.so.1");
        MissingLibraryException missing = Assert.Throws<MissingLibraryException>(() => Search("toolkit*", "wheel").Find())!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(missing.Message, Does.StartWith("library X was not found").And.EndWith("Install X."));
            Assert.That(missing.Tried, Is.EqualTo(new[]
            {
                "libx.so.2: not on the loader's path",
                "libx.so.1: not on the loader's path",
                $"{_disk.Under("toolkit*")}: no such folder",
                $"{broken}: cannot be loaded",
            }));
        }
    }

    [Test]
    public void Linux_folders_in_the_order_toolkit_wheel_fetched()
    {
        var folders = new LibraryFolders(name => name switch { "CUDA_HOME" => "/opt/mycuda", "HOME" => "/home/me", "VIRTUAL_ENV" => "/venv", _ => null }, windows: false);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(folders.Toolkit(), Is.EqualTo(new[] { "/opt/mycuda/lib64", "/usr/local/cuda*/lib64", "/opt/cuda*/lib64" }));
            Assert.That(folders.Wheel("cuda_nvrtc").First(), Is.EqualTo("/venv/lib/python3*/site-packages/nvidia/cuda_nvrtc/lib"));
            Assert.That(folders.Wheel("cuda_nvrtc"), Does.Contain("/home/me/.local/lib/python3*/site-packages/nvidia/cuda_nvrtc/lib"));
            Assert.That(folders.Fetched(), Is.EqualTo(new[] { "/home/me/.cache/minidl/nvrtc/usr/lib/x86_64-linux-gnu" }));
        }
    }

    [Test]
    public void Windows_folders()
    {
        var folders = new LibraryFolders(name => name switch { "CUDA_PATH" => @"C:\CUDA\v12.4", "ProgramFiles" => @"C:\Program Files", "APPDATA" => @"C:\me", _ => null }, windows: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(folders.Toolkit(), Does.Contain(@"C:\CUDA\v12.4\bin").And.Contain(@"C:\Program Files\NVIDIA GPU Computing Toolkit\CUDA\v*\bin"));
            Assert.That(folders.Wheel("cuda_nvrtc"), Does.Contain(@"C:\me\Python\Python3*\site-packages\nvidia\cuda_nvrtc\bin"));
        }
    }

    private LibrarySearch Search(params string[] folders) => new("library X", ["libx.so.2", "libx.so.1"], "Install X.")
    {
        Variable = "MINIDL_X",
        Folders = [.. folders.Select(folder => _disk.Under(folder))],
        Environment = _variables.GetValueOrDefault,
        Load = name =>
        {
            _attempts.Add(name);
            if (_loadable.Contains(name)) return 1;
            throw new DllNotFoundException(Path.IsPathRooted(name) ? "cannot be loaded" : $"{name}: cannot open shared object file");
        },
    };

    // Makes an empty file.
    private string File(string folder, string name)
    {
        Directory.CreateDirectory(_disk.Under(folder));
        string path = _disk.Under(folder, name);
        System.IO.File.WriteAllBytes(path, []);
        return path;
    }
}
