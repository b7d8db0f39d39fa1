// Real cubins are read as ptxas described them; damaged ones are refused.
using MiniDL.Gpu;
using MiniDL.Simulator.Devices;

namespace MiniDL.Simulator.Tests.Devices;

[TestFixture]
public sealed class CubinReaderTests
{
    private static byte[] Cubin(string architecture) => File.ReadAllBytes(Path.Combine(TestContext.CurrentContext.TestDirectory, "Devices", $"two-{architecture}.cubin"));

    // See two.cu for the source and for what ptxas said.
    [TestCase("sm_80")]
    [TestCase("sm_90")]
    public void Registers_and_shared_memory_are_as_ptxas_said(string architecture)
    {
        IReadOnlyList<CubinKernel> kernels = CubinReader.Read(Cubin(architecture));
        Assert.That(kernels, Is.EquivalentTo(new[] { new CubinKernel("scale", 8, 0, 0), new CubinKernel("reverse", 32, 1024, 0) }));
    }

    [Test]
    public void A_file_cut_short_is_refused()
    {
        byte[] whole = Cubin("sm_80");
        // The section headers stand at the end, so that nothing shorter is whole. (Program headers, which are not read, follow them.)
        int needed = (int)BitConverter.ToInt64(whole, 40) + BitConverter.ToUInt16(whole, 58) * BitConverter.ToUInt16(whole, 60);
        for (int length = 0; length < needed; length += length < 100 ? 1 : 37)
        {
            GpuException error = Assert.Throws<GpuException>(() => CubinReader.Read(whole.AsSpan(0, length)), $"{length} bytes")!;
            Assert.That(error.Code, Is.EqualTo("CUDA_ERROR_INVALID_IMAGE"));
        }
    }

    [Test]
    public void Random_changes_give_an_error_or_a_result()
    {
        byte[] whole = Cubin("sm_90");
        var random = new Random(8);
        int refused = 0;
        for (int i = 0; i < 10_000; i++)
        {
            byte[] changed = [.. whole];
            // Half of the changes hit the headers at both ends, where they matter.
            for (int change = random.Next(1, 4); change > 0; change--)
                changed[random.Next(2) == 0 ? random.Next(64) : whole.Length - 1 - random.Next(1600)] = (byte)random.Next(256);
            try
            {
                CubinReader.Read(changed);
            }
            catch (GpuException)
            {
                refused++;
            }
        }
        Assert.That(refused, Is.GreaterThan(1000).And.LessThan(10_000));
    }

    [Test]
    public void Text_is_no_cubin() => Assert.Throws<GpuException>(() => CubinReader.Read(".version 8.4 and so on, longer than an ELF header, which has 64 bytes"u8));
}
