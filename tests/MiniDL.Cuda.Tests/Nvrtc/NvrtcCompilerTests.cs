// What compiling gives, and what it says when it cannot.
using System.Text;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class NvrtcCompilerTests
{
    [TestCase("sm_70")]
    [TestCase("sm_80")]
    [TestCase("sm_86")]
    [TestCase("sm_89")]
    [TestCase("sm_90")]
    public void One_compile_gives_PTX_and_machine_code(string architecture)
    {
        NvrtcCompiler compiler = Nvrtc.RequiredWith(cache: null);
        if (!compiler.Architectures.Contains(architecture)) Assert.Ignore($"NVRTC {compiler.Version} does not know {architecture}");
        CompiledKernel kernel = compiler.Compile([Kernels.Twice], architecture)[0];
        string ptx = Encoding.UTF8.GetString(kernel.Ptx);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kernel.Architecture, Is.EqualTo(architecture));
            Assert.That(ptx, Does.Contain($".target {architecture}").And.Contain(".entry twice(").And.Not.Contain("\0"));
            Assert.That(kernel.Cubin.AsSpan(1, 3).SequenceEqual("ELF"u8), Is.True);
            Assert.That(kernel.Resources?.Registers, Is.InRange(2, 32));
        }
    }

    [Test]
    public void Equal_kernels_are_compiled_once_and_the_order_stays()
    {
        NvrtcCompiler compiler = Nvrtc.RequiredWith(cache: null);
        KernelSource[] sources = [Kernels.Numbered(1), Kernels.Numbered(2), Kernels.Numbered(1), Kernels.Twice, Kernels.Numbered(2)];
        IReadOnlyList<CompiledKernel> kernels = compiler.Compile(sources, "sm_80");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kernels.Select(kernel => kernel.Source), Is.EqualTo(sources));
            Assert.That(compiler.Compiled, Is.EqualTo(3));
            Assert.That(kernels[2], Is.SameAs(kernels[0]));
        }
    }

    // Two compiles of the same text must give the same bytes, in whatever folder the program was started.
    [Test]
    public void The_current_folder_is_not_in_the_PTX()
    {
        CompiledKernel kernel = Nvrtc.RequiredWith(cache: null).Compile([Kernels.Twice], "sm_80")[0];
        string ptx = Encoding.UTF8.GetString(kernel.Ptx);
        Assert.That(ptx, Does.Contain("\"/twice.cu\"").And.Contain(".loc").And.Not.Contain(Environment.CurrentDirectory));
    }

    [Test]
    public void Division_and_square_root_are_those_of_the_standard()
    {
        var source = new KernelSource("exact", """extern "C" __global__ void exact(float* x) { x[0] = x[1] / x[2] + sqrtf(x[3]); }""");
        string ptx = Encoding.UTF8.GetString(Nvrtc.RequiredWith(cache: null).Compile([source], "sm_80")[0].Ptx);
        Assert.That(ptx, Does.Contain("div.rn.f32").And.Contain("sqrt.rn.f32").And.Not.Contain(".ftz"));
    }

    [Test]
    public void An_error_is_shown_in_its_numbered_source()
    {
        var source = new KernelSource("wrong", """
            // line 1
            // line 2
            extern "C" __global__ void wrong(float* x)
            {
                int i = threadIdx.x;
                x[i] = y[i];
                x[i] += 1;
            }
            """);
        KernelCompileException error = Refusal(source);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Kernel, Is.EqualTo(source));
            Assert.That(error.Message, Does.StartWith("kernel wrong does not compile for sm_80").And.Contain("\nwrong.cu(6): error: identifier \"y\" is undefined"));
            Assert.That(error.Message, Does.Contain("\n     3 | extern \"C\" __global__ void wrong(float* x)\n"));
            Assert.That(error.Message, Does.Contain("\n>    6 |     x[i] = y[i];\n"));
            Assert.That(error.Message, Does.Not.Contain("line 2"));
        }
    }

    [Test]
    public void Of_several_wrong_kernels_the_first_is_told()
    {
        KernelSource[] sources = [Kernels.Twice, new("first", "oops"), Kernels.Numbered(0), new("second", "oops")];
        KernelCompileException error = Refusal(sources);
        Assert.That(error.Kernel.Name, Is.EqualTo("first"));
    }

    [Test]
    public void What_ptxas_refuses_is_told_too()
    {
        var source = new KernelSource("odd", """extern "C" __global__ void odd(float* x) { asm("no.such.instruction;"); }""");
        Assert.That(Refusal(source).Message, Does.Contain("ptxas"));
    }

    [Test]
    public void A_function_of_another_name_is_told() => Assert.That(Refusal(Kernels.Twice with { Name = "thrice" }).Message,
        Does.Contain("no function").And.Contain("thrice"));

    [Test]
    public void Static_shared_memory_beyond_what_a_launch_can_have_is_told()
    {
        var source = new KernelSource("big", """
            extern "C" __global__ void big(float* x)
            {
                __shared__ float s[12289];
                s[threadIdx.x] = x[threadIdx.x];
                __syncthreads();
                x[threadIdx.x] = s[12288 - threadIdx.x];
            }
            """);
        Assert.That(Refusal(source).Message, Does.Contain("49,156 bytes").Or.Contain("shared data"));
    }

    [Test]
    public void For_a_GPU_newer_than_NVRTC_there_is_PTX_of_the_newest_it_knows()
    {
        NvrtcCompiler compiler = Nvrtc.RequiredWith(cache: null);
        string newest = compiler.Architectures[^1]["sm_".Length..];
        CompiledKernel kernel = compiler.Compile([Kernels.Twice], "sm_999")[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kernel.Architecture, Is.EqualTo($"compute_{newest}"));
            Assert.That(Encoding.UTF8.GetString(kernel.Ptx), Does.Contain($".target sm_{newest}"));
            Assert.That(kernel.Cubin, Is.Empty);
            Assert.That(kernel.Resources, Is.Null);
        }
    }

    [TestCase("sm_80", "sm_80")]
    [TestCase("sm_87", "compute_86")]
    [TestCase("sm_120", "compute_90")]
    public void Target(string architecture, string target) => Assert.That(NvrtcCompiler.TargetFor(architecture, [75, 80, 86, 90], (13, 0)), Is.EqualTo(target));

    [Test]
    public void An_architecture_older_than_NVRTC_knows_is_refused() => Assert.That(
        Assert.Throws<NotSupportedException>(() => NvrtcCompiler.TargetFor("sm_70", [75, 80], (13, 0)))!.Message, Does.Contain("sm_75 and later").And.Contain("13.0"));

    [TestCase("80")]
    [TestCase("sm_")]
    [TestCase("compute_80")]
    public void What_is_no_architecture_is_refused(string name) => Assert.Throws<ArgumentException>(() => NvrtcCompiler.TargetFor(name, [80], (12, 4)));

    private static KernelCompileException Refusal(params KernelSource[] sources)
    {
        NvrtcCompiler compiler = Nvrtc.RequiredWith(cache: null);   // outside of what must throw: without NVRTC the test is skipped, not failed
        return Assert.Throws<KernelCompileException>(() => compiler.Compile(sources, "sm_80"))!;
    }
}
