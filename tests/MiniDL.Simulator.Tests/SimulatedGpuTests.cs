// The simulated GPU behind the seam: memory, limits, errors, capture, matrix products.
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Tests;

[TestFixture]
public sealed class SimulatedGpuTests
{
    [TestCase(0, 1, 32, 0, "at least 1")]
    [TestCase(1, 1, 1025, 0, "1024")]
    [TestCase(1, 70_000, 32, 0, "65535")]
    [TestCase(1, 1, 32, 60_000, "GetKernel must be told")]
    public void A_launch_beyond_the_devices_limits_is_refused(int x, int y, int threads, int shared, string reason)
    {
        using Simulation gpu = Simulation.OfFixture("vector_add");
        using IGpuModule module = gpu.Gpu.LoadModule(Encoding.UTF8.GetBytes(Simulation.Fixture("vector_add")), []);
        IGpuKernel kernel = gpu.Gpu.GetKernel(module, "vector_add");
        GpuException error = Assert.Throws<GpuException>(() => gpu.Gpu.Launch(kernel, new LaunchShape(new Dim3(x, y), new Dim3(threads), shared), new byte[28], gpu.Stream))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo("CUDA_ERROR_INVALID_VALUE"));
            Assert.That(error.Message, Does.Contain(reason));
        }
    }

    [Test]
    public void Launch_bounds_and_missing_arguments_are_errors()
    {
        const string text = ".version 8.4 .target sm_80 .address_size 64 .visible .entry k(.param .u64 a, .param .u32 b) .maxntid 64 { ret; }";
        using var gpu = new Simulation(text);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Assert.Throws<GpuException>(() => gpu.Run("k", 1, 65, 0ul, 1))!.Message, Does.Contain("__launch_bounds__"));
            Assert.That(Assert.Throws<GpuException>(() => gpu.Run("k", 1, 64, 0ul))!.Message, Does.Contain("12"));
            Assert.DoesNotThrow(() => gpu.Run("k", 1, 64, 0ul, 1));
        }
    }

    [Test]
    public void More_shared_memory_than_a_block_can_have_is_refused_when_asked_for()
    {
        using Simulation gpu = Simulation.OfFixture("shared_transpose");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Assert.Throws<GpuException>(() => gpu.Run("shared_transpose", new LaunchShape(new Dim3(1), new Dim3(32), 200_000), 0ul, 0ul))!.Message, Does.Contain("shared memory"));
            Assert.DoesNotThrow(() => gpu.Run("shared_transpose", new LaunchShape(new Dim3(1), new Dim3(32), 100_000), gpu.Zeros<int>(32), gpu.Zeros<int>(32)));
        }
    }

    [Test]
    public void What_is_missing_in_a_module_is_named_with_what_there_is()
    {
        using Simulation gpu = Simulation.OfFixture("vector_add");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Assert.Throws<GpuException>(() => gpu.Run("vector_sub", 1, 32))!.Message, Does.Contain("CUDA_ERROR_NOT_FOUND").And.Contain("vector_add, vector_add4"));
            Assert.That(Assert.Throws<GpuException>(() => gpu.Gpu.LoadModule("not PTX"u8, []))!.Code, Is.EqualTo("CUDA_ERROR_INVALID_PTX"));
        }
    }

    [Test]
    public void Memory_that_is_not_there_cannot_be_had()
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Properties = KnownGpus.A100 with { MemoryBytes = 1000 } });
        using IGpuMemory some = gpu.Allocate(900);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(some.Address % 256, Is.Zero);
            Assert.That(Assert.Throws<GpuException>(() => gpu.Allocate(101))!.Code, Is.EqualTo("CUDA_ERROR_OUT_OF_MEMORY"));
            Assert.DoesNotThrow(() => gpu.Allocate(100).Dispose());
        }
    }

    [Test]
    public void An_error_shows_at_the_next_synchronisation_and_stays()
    {
        using Simulation gpu = Simulation.OfBody("trap;");
        Numbers<uint> numbers = gpu.Upload(1u, 2u);
        using (Assert.EnterMultipleScope())
        {
            Assert.Throws<GpuException>(() => gpu.Run("k", 1, 1, numbers));
            Assert.That(Assert.Throws<GpuException>(() => gpu.Gpu.Synchronize(gpu.Stream))!.Code, Is.EqualTo("CUDA_ERROR_LAUNCH_FAILED"));
        }
    }

    [Test]
    public void A_copy_beyond_an_allocation_is_an_error()
    {
        using Simulation gpu = Simulation.OfFixture("vector_add");
        Numbers<uint> from = gpu.Upload(1u, 2u, 3u), to = gpu.Zeros<uint>(2);
        gpu.Gpu.Copy(to.Memory.Address, from.Memory.Address, 12, gpu.Stream);
        Assert.That(Assert.Throws<GpuException>(() => gpu.Gpu.Synchronize(gpu.Stream))!.Code, Is.EqualTo("CUDA_ERROR_INVALID_VALUE"));
    }

    [Test]
    public void Captured_work_is_done_at_each_launch_of_its_graph_and_not_before()
    {
        using Simulation gpu = Simulation.OfBody("mul.wide.u32 %rd1, %r0, 4; add.s64 %rd1, %rd0, %rd1; ld.global.u32 %r1, [%rd1]; add.u32 %r1, %r1, %r0; st.global.u32 [%rd1], %r1;");
        Numbers<uint> numbers = gpu.Zeros<uint>(32), copy = gpu.Zeros<uint>(32);
        gpu.Gpu.BeginCapture(gpu.Stream);
        gpu.Run("k", 1, 32, numbers);
        gpu.Gpu.Copy(copy.Memory.Address, numbers.Memory.Address, 128, gpu.Stream);
        using IGpuGraph graph = gpu.Gpu.EndCapture(gpu.Stream);
        uint[] before = numbers.Read();
        for (int i = 0; i < 3; i++) gpu.Gpu.Launch(graph, gpu.Stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.All.Zero);
            Assert.That(copy.Read(), Is.EqualTo(Enumerable.Range(0, 32).Select(t => 3u * (uint)t)));
        }
    }

    [Test]
    public void A_matrix_product_is_column_major()
    {
        // Row-major C[2,2] = A[2,3] B[3,2] is asked for as C' = B' A'.
        using Simulation gpu = Simulation.OfFixture("vector_add");
        Numbers<float> a = gpu.Upload(1f, 2, 3, 4, 5, 6), b = gpu.Upload(1f, 0, 0, 1, 1, 1), c = gpu.Upload(100f, 100, 100, 100);
        gpu.Gpu.Gemm(new GemmCall(GemmOperand.AsIs, GemmOperand.AsIs, 2, 2, 3, 1, b.Memory.Address, 2, 0, a.Memory.Address, 3, 0, 0.5f, c.Memory.Address, 2, 0), gpu.Stream);
        Assert.That(c.Read(), Is.EqualTo(new[] { 54f, 55, 60, 61 }));
    }

    [Test]
    public void Variables_of_a_module_have_their_contents_and_point_at_each_other()
    {
        const string text = """
            .version 8.4
            .target sm_80
            .address_size 64
            .global .align 4 .u32 numbers[3] = {10, 20, 30};
            .global .align 8 .u64 pointer = numbers+4;
            .visible .entry k(.param .u64 out)
            {
                .reg .b64 %rd<5>; .reg .b32 %r<3>;
                ld.param.u64 %rd1, [out];
                ld.global.u64 %rd2, [pointer];
                ld.global.u32 %r1, [%rd2];
                ld.global.u32 %r2, [numbers+8];
                st.global.v2.u32 [%rd1], {%r1, %r2};
            }
            """;
        using var gpu = new Simulation(text);
        Numbers<uint> output = gpu.Zeros<uint>(2);
        gpu.Run("k", 1, 1, output);
        Assert.That(output.Read(), Is.EqualTo(new uint[] { 20, 30 }));
    }
}
