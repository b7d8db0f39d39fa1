// The library that is on this machine, and processes that have none.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class NvrtcLibraryTests
{
    [Test]
    public void It_tells_its_version_and_its_architectures()
    {
        NvrtcLibrary nvrtc = Nvrtc.RequiredLibrary();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(nvrtc.Version, Is.GreaterThanOrEqualTo((11, 2)));
            Assert.That(nvrtc.Architectures, Does.Contain(80).And.Ordered);
        }
    }

    [Test]
    public void Without_it_the_message_tells_how_to_install_it()
    {
        (int code, _, string errors) = Program.Finish(Program.Start(nvrtc: "/no/such/folder", "version"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors, Does.Contain("/no/such/folder").And.Contain(".ci/get-nvrtc").And.Contain("pip install").And.Contain("toolkit"));
        }
    }

    [Test]
    public void A_file_that_is_no_NVRTC_is_told()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Under("libnvrtc.so.12");
        File.WriteAllText(file, "not a library");
        (int code, _, string errors) = Program.Finish(Program.Start(nvrtc: file, "version"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors, Does.Contain(file));
        }
    }

    [Test]
    public void Loaded_by_path_it_needs_its_builtins_beside_it()
    {
        // Asked of a fresh process: in this one NVRTC may be loaded already, and then it is found by its name.
        Nvrtc.RequiredLibrary();
        string[] versionAndPath = Program.Finish(Program.Start(nvrtc: null, "version")).Output.Split(' ', 2);
        if (!Path.IsPathRooted(versionAndPath[1])) Assert.Ignore("here NVRTC is on the loader's path, and so are its builtins");

        using var folder = new TemporaryFolder();
        File.Copy(versionAndPath[1], folder.Under(Path.GetFileName(versionAndPath[1])));
        (int code, _, string errors) = Program.Finish(Program.Start(nvrtc: folder.Path, "version"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors, Does.Contain("builtins").And.Contain(folder.Path));
        }
    }
}
