// Arguments lie where a C struct of the same fields would have them.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Tests;

[TestFixture]
public sealed class KernelArgumentsTests
{
    [Test]
    public void Each_argument_is_aligned_to_its_size()
    {
        byte[] block = new byte[32];
        var arguments = new KernelArguments(block);
        arguments.Add(1);                       // bytes 0 to 3
        arguments.Add(0x1122334455667788UL);    // bytes 8 to 15
        arguments.Add(2.0f);                    // bytes 16 to 19: 0x40000000
        Assert.That(arguments.Packed.ToArray(), Is.EqualTo(new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0x40 }));
    }

    [Test]
    public void A_full_buffer_is_an_error() => Assert.Throws<ArgumentException>(() =>
    {
        var arguments = new KernelArguments(new byte[4]);
        arguments.Add(1);
        arguments.Add(1);
    });
}
