// What the doctor tells of libraries: on any machine it answers, and what it says fits what it found.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class LibrariesTests
{
    [Test]
    public void NVRTC_is_told_with_its_version_and_architectures()
    {
        NvrtcLibrary nvrtc = Nvrtc.RequiredLibrary();
        LibraryReport report = Libraries.Nvrtc();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Found, Is.True);
            Assert.That(report.Lines[0], Does.Contain($"version {nvrtc.Version.Major}.{nvrtc.Version.Minor}"));
            Assert.That(report.Lines[1], Does.Contain("80"));
        }
    }

    [Test]
    public void A_library_that_is_missing_is_told_with_advice()
    {
        LibraryReport[] missing = [.. new[] { Libraries.Driver(), Libraries.CuBlas() }.Where(report => !report.Found)];
        if (missing.Length == 0) Assert.Ignore("this machine has both the driver and cuBLAS");
        using (Assert.EnterMultipleScope())
        {
            foreach (LibraryReport report in missing)
            {
                Assert.That(report.Lines[0], Is.EqualTo("not found"));
                Assert.That(report.Lines[^1], Does.Contain("nstall").Or.Contain("--device sim"));
            }
        }
    }

    [Test]
    public void Many_places_are_told_in_few_lines() => Assert.That(
        Libraries.ShortlyTold(["libx.so.2: not on the loader's path", "libx.so.1: not on the loader's path", "/a: no such folder", "/b: no such folder", "/c/libx.so.1: wrong ELF class: ELFCLASS32"]),
        Is.EqualTo(new[] { "  libx.so.2, libx.so.1: not on the loader's path", "  nor in other usual places (2)", "  /c/libx.so.1: wrong ELF class: ELFCLASS32" }));
}
