// Registers, shared memory and spills: from the log, and from the machine code as a second witness.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class KernelResourcesTests
{
    private const string Log = """
        ptxas info    : 24 bytes gmem, 8 bytes cmem[4]
        ptxas info    : Compiling entry function 'other' for 'sm_80'
        ptxas info    : Function properties for other
        ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
        ptxas info    : Used 8 registers, 360 bytes cmem[0]
        ptxas info    : Compiling entry function 'mine' for 'sm_80'
        ptxas info    : Function properties for mine
        ptxas         .     688 bytes stack frame, 44 bytes spill stores, 52 bytes spill loads
        ptxas info    : Used 40 registers, used 1 barriers, 688 bytes cumulative stack size, 1024 bytes smem, 364 bytes cmem[0], 8 bytes cmem[2]
        ptxas info    : Function properties for _Z1fPfi
        ptxas         .     16 bytes stack frame, 4 bytes spill stores, 8 bytes spill loads
        """;

    [Test]
    public void A_log_tells_of_each_kernel_and_of_what_it_calls()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(KernelResources.Parse(Log, "mine"), Is.EqualTo(new KernelResources(Registers: 40, SharedBytes: 1024, SpillBytes: 44 + 52 + 4 + 8, LocalBytes: 688)));
            Assert.That(KernelResources.Parse(Log, "other"), Is.EqualTo(new KernelResources(8, 0, 0, 0)));
            Assert.That(KernelResources.Parse(Log, "third"), Is.Null);
        }
    }

    [TestCase("sm_70")]
    [TestCase("sm_80")]
    [TestCase("sm_86")]
    [TestCase("sm_89")]
    [TestCase("sm_90")]
    public void The_machine_code_says_the_same(string architecture)
    {
        NvrtcCompiler compiler = Nvrtc.RequiredWith(cache: null);
        if (!compiler.Architectures.Contains(architecture)) Assert.Ignore($"NVRTC {compiler.Version} does not know {architecture}");
        bool hopper = architecture == "sm_90";
        IReadOnlyList<CompiledKernel> kernels = compiler.Compile([Kernels.Twice, Kernels.Reverse, Kernels.Spilling], architecture);
        using (Assert.EnterMultipleScope())
        {
            foreach (CompiledKernel kernel in kernels)
            {
                string name = kernel.Source.Name;
                var elf = new Elf(kernel.Cubin);
                KernelResources resources = kernel.Resources!.Value;
                Assert.That(resources.Registers, Is.EqualTo(elf.Registers(name)), name);
                Assert.That(resources.SharedBytes, Is.EqualTo(elf.SharedBytes(name, reservesInside: hopper)), name);
                if (!hopper) Assert.That(resources.Registers, Is.EqualTo(elf.Find($".text.{name}")!.Info >> 24), name);
            }
        }
    }

    [Test]
    public void Too_few_registers_show_as_spills()
    {
        IReadOnlyList<CompiledKernel> kernels = Nvrtc.RequiredWith(cache: null).Compile([Kernels.Spilling, Kernels.Reverse], "sm_80");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kernels[0].Resources!.Value.SpillBytes, Is.Positive);
            Assert.That(kernels[0].Resources!.Value.Registers, Is.EqualTo(32));
            Assert.That(kernels[1].Resources!.Value, Is.EqualTo(kernels[1].Resources!.Value with { SpillBytes = 0, LocalBytes = 0, SharedBytes = 1024 }));
        }
    }
}
