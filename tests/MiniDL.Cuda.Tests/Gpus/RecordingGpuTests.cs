// The recording GPU is what other tests believe, so it is tested first: it moves bytes late, tells each call, and refuses what a GPU would choke on.
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed unsafe class RecordingGpuTests
{
    private static readonly LaunchShape s_shape = new(new Dim3(4), new Dim3(256));

    [Test]
    public void Bytes_go_to_the_device_and_back_when_the_stream_is_synchronised_and_not_before()
    {
        using var gpu = new RecordingGpu();
        using IGpuStream stream = gpu.CreateStream();
        using IGpuMemory first = gpu.Allocate(16), second = gpu.Allocate(16);
        using IPinnedMemory host = gpu.AllocatePinned(16);
        var floats = new Span<float>((void*)host.Address, 4);
        floats.Fill(3);
        gpu.Upload(first.Address, host.Address, 16, stream);
        gpu.Copy(second.Address + 8, first.Address, 8, stream);
        gpu.Fill(second.Address, 0, 4, stream);
        Assert.That(gpu.Contents<float>(first.Address, 4).ToArray(), Is.All.NaN, "nothing was done yet");
        floats[3] = 7;
        gpu.Download(host.Address, second.Address, 16, stream);
        gpu.Synchronize(stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(gpu.Contents<float>(first.Address, 4).ToArray(), Is.EqualTo(new[] { 3f, 3, 3, 7 }), "the upload saw what was written before the stream was synchronised");
            Assert.That(floats.ToArray(), Is.EqualTo(new[] { 0, float.NaN, 3, 3 }));
            Assert.That(gpu.Log, Is.EqualTo(new[]
            {
                "create stream -> s0", "allocate 16 bytes -> m0", "allocate 16 bytes -> m1", "allocate pinned 16 bytes -> h0", "upload m0+0 <- h0+0, 16 bytes on s0",
                "copy m1+8 <- m0+0, 8 bytes on s0", "fill m1+0 with 0, 4 bytes on s0", "download h0+0 <- m1+0, 16 bytes on s0", "synchronize s0",
            }));
        }
    }

    [Test]
    public void A_launch_is_told_with_its_arguments_by_the_kernels_own_parameter_list()
    {
        using var gpu = new RecordingGpu();
        (IGpuStream stream, IGpuMemory x, IGpuKernel kernel) = WithKernel(gpu, "u64", "u32", "f32");
        var launches = new List<RecordedLaunch>();
        gpu.OnLaunch = launches.Add;
        gpu.Launch(kernel, s_shape, Arguments(x.Address + 4, 3, 0.5f), stream);
        Assert.That(launches, Is.Empty);
        gpu.Synchronize(stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(gpu.Log, Does.Contain("k<<<4, 256>>>(m0+4, 3, 0.5f) on s0"));
            Assert.That(launches.Single().Argument<int>(1), Is.EqualTo(3));
        }
    }

    [TestCase(0ul, "lies in no memory")]
    [TestCase(64ul, "where there are 0 left")]
    public void A_pointer_argument_must_lie_in_memory(ulong offset, string complaint)
    {
        using var gpu = new RecordingGpu();
        (IGpuStream stream, IGpuMemory x, IGpuKernel kernel) = WithKernel(gpu, "u64", "u32", "f32");
        ulong address = offset == 0 ? 0 : x.Address + offset;
        Assert.That(() => gpu.Launch(kernel, s_shape, Arguments(address, 1, 1), stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains(complaint));
    }

    [Test]
    public void The_parameter_block_must_have_the_kernels_size()
    {
        using var gpu = new RecordingGpu();
        (IGpuStream stream, IGpuMemory x, IGpuKernel kernel) = WithKernel(gpu, "u64", "u64");
        Assert.That(() => gpu.Launch(kernel, s_shape, Arguments(x.Address, 1, 1).AsSpan(0, 8), stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("16 bytes").And.Message.Contains("not 8"));
    }

    [TestCase(0, 1, 1, 32, 1, 0)]
    [TestCase(1, 65_536, 1, 32, 1, 0)]
    [TestCase(1, 1, 1, 1025, 1, 0)]
    [TestCase(1, 1, 1, 32, 0, 0)]
    [TestCase(1, 1, 1, 32, 1, (48 << 10) + 1)]
    public void A_launch_that_no_GPU_takes_is_refused(int gridX, int gridY, int gridZ, int blockX, int blockY, int shared)
    {
        using var gpu = new RecordingGpu();
        (IGpuStream stream, IGpuMemory x, IGpuKernel kernel) = WithKernel(gpu, "u64", "u32", "f32");
        var shape = new LaunchShape(new Dim3(gridX, gridY, gridZ), new Dim3(blockX, blockY), shared);
        Assert.That(() => gpu.Launch(kernel, shape, Arguments(x.Address, 1, 1), stream), Throws.TypeOf<GpuMisuseException>());
    }

    [Test]
    public void What_ends_behind_an_allocation_is_refused()
    {
        using var gpu = new RecordingGpu();
        using IGpuStream stream = gpu.CreateStream();
        IGpuMemory x = gpu.Allocate(16), y = gpu.Allocate(16);
        using IPinnedMemory host = gpu.AllocatePinned(16);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => gpu.Fill(x.Address + 1, 0, 16, stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("15 left of 16"));
            Assert.That(() => gpu.Upload(x.Address, host.Address + 8, 16, stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("h0+8"));
            Assert.That(() => gpu.Upload((ulong)host.Address, host.Address, 1, stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("wrong side"));
            Assert.That(() => gpu.Copy(x.Address + 8, x.Address, 16, stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("overlap"));
            y.Dispose();
            Assert.That(() => gpu.Fill(y.Address, 0, 1, stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("was freed"));
            Assert.That(gpu.Leaks, Is.EqualTo(new[] { "s0", "m0", "h0" }));
        }
    }

    [Test]
    public void A_graph_does_again_what_was_noted_with_the_contents_of_now()
    {
        using var gpu = new RecordingGpu();
        using IGpuStream stream = gpu.CreateStream();
        using IGpuMemory x = gpu.Allocate(4), y = gpu.Allocate(4);
        gpu.BeginCapture(stream);
        gpu.Copy(y.Address, x.Address, 4, stream);
        Assert.That(() => gpu.Allocate(4), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("s0 captures"));
        Assert.That(() => gpu.Synchronize(stream), Throws.TypeOf<GpuMisuseException>());
        Assert.That(x.Dispose, Throws.TypeOf<GpuMisuseException>());
        using IGpuGraph graph = gpu.EndCapture(stream);
        gpu.Synchronize(stream);
        Assert.That(gpu.Contents<int>(y.Address, 1)[0], Is.EqualTo(-1), "capturing did nothing");

        gpu.Contents<int>(x.Address, 1)[0] = 5;
        gpu.Launch(graph, stream);
        gpu.Synchronize(stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(gpu.Contents<int>(y.Address, 1)[0], Is.EqualTo(5));
            Assert.That(gpu.Log.Skip(3).Take(5), Is.EqualTo(new[] { "begin capture of s0", "    copy m1+0 <- m0+0, 4 bytes on s0", "end capture of s0, 1 nodes -> g0", "synchronize s0", "launch g0 on s0" }));
        }

        // Once the memory that a graph names is gone, replaying it is an error.
        x.Dispose();
        gpu.Launch(graph, stream);
        Assert.That(() => gpu.Synchronize(stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("m0+0 was freed"));
    }

    [Test]
    public void A_product_is_held_against_its_operands()
    {
        using var gpu = new RecordingGpu();
        using IGpuStream stream = gpu.CreateStream();
        using IGpuMemory a = gpu.Allocate(4 * 6), b = gpu.Allocate(4 * 15), c = gpu.Allocate(4 * 10);
        var call = new GemmCall(GemmOperand.AsIs, GemmOperand.Transposed, 2, 5, 3, 1, a.Address, 2, 0, b.Address, 5, 0, 0, c.Address, 2, 0);
        GemmCall? seen = null;
        gpu.OnGemm = done => seen = done;
        gpu.Gemm(call, stream);
        gpu.Synchronize(stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(seen, Is.EqualTo(call));
            Assert.That(gpu.Log, Does.Contain("sgemm NT 2x5x3 1 * m0+0 ld 2 stride 0 * m1+0 ld 5 stride 0 + 0 * m2+0 ld 2 stride 0, batch 1 on s0"));
            Assert.That(() => gpu.Gemm(call with { K = 4 }, stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains(", A: 32 bytes"));
            Assert.That(() => gpu.Gemm(call with { LdB = 4 }, stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("leading dim of 4"));
            Assert.That(() => gpu.Gemm(call with { Batch = 2 }, stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("overlap"));
            Assert.That(() => gpu.Gemm(call with { C = b.Address }, stream), Throws.TypeOf<GpuMisuseException>().With.Message.Contains("over an operand"));
        }
    }

    [Test]
    public void Marks_are_passed_when_their_turn_comes()
    {
        using var gpu = new RecordingGpu();
        using IGpuStream stream = gpu.CreateStream();
        using IGpuMemory x = gpu.Allocate(4);
        using IGpuEvent from = gpu.CreateEvent(), to = gpu.CreateEvent();
        gpu.Wait(to);
        gpu.Record(from, stream);
        gpu.Fill(x.Address, 1, 4, stream);
        gpu.Record(to, stream);
        gpu.Fill(x.Address, 2, 4, stream);
        Assert.That(() => gpu.Milliseconds(from, to), Throws.TypeOf<GpuMisuseException>());
        gpu.Wait(to);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(gpu.Milliseconds(from, to), Is.GreaterThan(0));
            Assert.That(gpu.Contents<byte>(x.Address, 1)[0], Is.EqualTo(1), "what follows the mark still waits");
        }
    }

    [Test]
    public void A_missing_kernel_is_the_drivers_error_and_a_refused_call_leaves_no_line()
    {
        using var gpu = new RecordingGpu();
        using IGpuModule module = gpu.LoadModule(Encoding.UTF8.GetBytes(PtxEntries.Empty("k")), []);
        Assert.That(() => gpu.GetKernel(module, "other"), Throws.TypeOf<GpuException>().With.Message.Contains("CUDA_ERROR_NOT_FOUND"));
        gpu.Refuse = line => line.StartsWith("allocate", StringComparison.Ordinal) ? new GpuException("cuMemAlloc_v2", "CUDA_ERROR_OUT_OF_MEMORY", "test") : null;
        Assert.That(() => gpu.Allocate(1), Throws.TypeOf<GpuException>());
        Assert.That(gpu.Log, Has.None.StartsWith("allocate"));
    }

    [Test]
    public void Parameter_lists_of_all_kinds_are_read()
    {
        const string Ptx = """
            .visible .entry first(
            	.param .u64 .ptr .align 1 first_param_0,
            	.param .u32 first_param_1,
            	.param .align 8 .b8 first_param_2[24],
            	.param .f32 first_param_3
            )
            .maxntid 256, 1, 1
            { ret; }
            .visible .entry second()
            { ret; }
            """;
        Dictionary<string, PtxParameter[]> entries = PtxEntries.Parse(Ptx);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(entries["first"], Is.EqualTo(new PtxParameter[] { new("u64", 0, 8), new("u32", 8, 4), new("b8", 16, 24), new("f32", 40, 4) }));
            Assert.That(entries["second"], Is.Empty);
        }
    }

    private static (IGpuStream Stream, IGpuMemory Memory, IGpuKernel Kernel) WithKernel(RecordingGpu gpu, params string[] types)
    {
        IGpuModule module = gpu.LoadModule(Encoding.UTF8.GetBytes(PtxEntries.Empty("k", types)), []);
        return (gpu.CreateStream(), gpu.Allocate(64), gpu.GetKernel(module, "k"));
    }

    private static byte[] Arguments(ulong address, int count, float factor)
    {
        var arguments = new KernelArguments(new byte[16]);
        arguments.Add(address);
        arguments.Add(count);
        arguments.Add(factor);
        return arguments.Packed.ToArray();
    }
}
