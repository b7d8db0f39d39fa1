// The files of kernels/: found, read whole, includes put in place once.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class KernelLibraryTests
{
    [Test]
    public void Prelude_is_there() => Assert.That(KernelLibrary.Read("prelude.cuh"), Does.Contain("#define INFINITY"));

    [Test]
    public void A_missing_file_is_named_with_its_neighbours()
    {
        FileNotFoundException error = Assert.Throws<FileNotFoundException>(() => KernelLibrary.Read("nothing.cuh"))!;
        Assert.That(error.Message, Does.Contain("nothing.cuh").And.Contain("prelude.cuh"));
    }
}
