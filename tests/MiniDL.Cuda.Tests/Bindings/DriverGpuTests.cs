// DriverGpu on whatever GPU this machine's libcuda drives, real or simulated: everything the seam promises, once. Without a driver or a GPU these tests are skipped, by name.
using System.Runtime.InteropServices;
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
[NonParallelizable]
[Category("Driver")]
public sealed unsafe class DriverGpuTests
{
    private DriverGpu _gpu = null!;
    private IGpuStream _stream = null!;

    [OneTimeSetUp]
    public void Open()
    {
        _gpu = GpuOfThisMachine.OpenOrSkip();
        _stream = _gpu.CreateStream();
    }

    [OneTimeTearDown]
    public void Close()
    {
        _stream?.Dispose();
        _gpu?.Dispose();
    }

    [Test]
    public void Properties_are_those_of_a_device()
    {
        GpuProperties properties = _gpu.Properties;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(properties.Name, Is.Not.Empty);
            Assert.That(properties.Capability.Major, Is.InRange(5, 20));
            Assert.That(properties.Multiprocessors, Is.InRange(1, 1000));
            Assert.That(properties.MemoryBytes, Is.GreaterThan(100 << 20));
            Assert.That(properties.ThreadsPerMultiprocessor, Is.InRange(1024, 4096));
            Assert.That(properties.BlocksPerMultiprocessor, Is.InRange(8, 64));
            Assert.That(properties.SharedBytesPerBlock, Is.InRange(48 << 10, properties.SharedBytesPerMultiprocessor));
            Assert.That(properties.MemoryGBPerSecond, Is.InRange(10, 20_000));
            Assert.That(DriverGpu.DriverVersion().Major, Is.GreaterThanOrEqualTo(11));
        }
    }

    [Test]
    public void Bytes_come_back_as_they_went()
    {
        float[] values = [.. Enumerable.Range(0, 1000).Select(i => i * 0.5f)];
        using IGpuMemory first = Upload(values), second = _gpu.Allocate(4000);
        _gpu.Copy(second.Address, first.Address, 4000, _stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Address % 256, Is.Zero);
            Assert.That(Download(second, 1000), Is.EqualTo(values));
        }
    }

    [Test]
    public void Filling_sets_bytes_and_only_those()
    {
        using IGpuMemory x = Upload([1, 2, 3, 4]);
        _gpu.Fill(x.Address + 4, 0, 8, _stream);
        Assert.That(Download(x, 4), Is.EqualTo(new float[] { 1, 0, 0, 4 }));
    }

    [Test]
    public void Memory_of_no_bytes_is_allowed_and_copies_of_none_do_nothing()
    {
        using IGpuMemory nothing = _gpu.Allocate(0);
        using IPinnedMemory pinned = _gpu.AllocatePinned(0);
        Assert.That(() => _gpu.Upload(nothing.Address, pinned.Address, 0, _stream), Throws.Nothing);
    }

    [Test]
    public void Arguments_of_each_kind_arrive()
    {
        using IGpuModule module = _gpu.LoadModule(TestKernels.Ptx, []);
        IGpuKernel kernel = _gpu.GetKernel(module, "kinds");
        using IGpuMemory x = Upload([0, 8]), y = _gpu.Allocate(20);
        var arguments = new KernelArguments(stackalloc byte[64]);
        arguments.Add(-3);
        arguments.Add(y.Address);
        arguments.Add(0.5f);
        arguments.Add(-(1L << 33));
        arguments.Add((byte)200);
        arguments.Add(x.Address);
        _gpu.Launch(kernel, new LaunchShape(new Dim3(1), new Dim3(1)), arguments.Packed, _stream);
        Assert.That(Download(y, 5), Is.EqualTo(new float[] { -3, 0.5f, -(1L << 33), 200, 8 }));
    }

    [Test]
    public void Every_thread_of_every_block_runs()
    {
        using IGpuModule module = _gpu.LoadModule(TestKernels.Ptx, []);
        using IGpuMemory x = Upload([.. Enumerable.Range(0, 96).Select(i => (float)i)]);
        Add(_gpu.GetKernel(module, "add"), x, 1000, blocks: 3, threads: 32);
        Assert.That(Download(x, 96), Is.EqualTo(Enumerable.Range(1000, 96).Select(i => (float)i)));
    }

    [Test]
    public void More_than_48_KB_of_shared_memory_must_be_told()
    {
        const int Threads = 256, SharedBytes = Threads * TestKernels.TurnSharedBytesPerThread;
        Assume.That(_gpu.Properties.SharedBytesPerBlock, Is.GreaterThanOrEqualTo(SharedBytes));
        using IGpuModule module = _gpu.LoadModule(TestKernels.Ptx, []);
        using IGpuMemory x = Upload([.. Enumerable.Range(0, Threads).Select(i => (float)i)]);
        byte[] arguments = BitConverter.GetBytes(x.Address);
        var shape = new LaunchShape(new Dim3(1), new Dim3(Threads), SharedBytes);

        IGpuKernel untold = _gpu.GetKernel(module, "turn");
        Assert.That(() => _gpu.Launch(untold, shape, arguments, _stream), Throws.TypeOf<GpuException>().With.Message.Contains("turn").And.Message.Contains("65,536 bytes"));

        // Whoever then wants less does not take it from the one who wanted more.
        IGpuKernel told = _gpu.GetKernel(module, "turn", SharedBytes);
        _gpu.GetKernel(module, "turn", 1024);
        _gpu.Launch(told, shape, arguments, _stream);
        Assert.That(Download(x, Threads), Is.EqualTo(Enumerable.Range(0, Threads).Select(i => (float)(Threads - 1 - i))));
    }

    [Test]
    public void A_module_that_is_no_PTX_is_told_with_what_the_driver_said() =>
        Assert.That(() => _gpu.LoadModule(Encoding.UTF8.GetBytes(".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry k()\n{\n\tnonsense %r1;\n}\n"), []),
            Throws.TypeOf<GpuException>().With.Message.Contains("cuModuleLoadDataEx").And.Message.Contains("CUDA_ERROR_INVALID_PTX"));

    // NVRTC's output for this GPU's architecture, and machine code for one whose major number is another.
    [Test]
    public void Machine_code_for_another_architecture_gives_way_to_the_PTX()
    {
        NvrtcCompiler compiler = Nvrtc.RequiredWith(cache: null);
        string other = compiler.Architectures.First(architecture => !architecture.StartsWith($"sm_{_gpu.Properties.Capability.Major}", StringComparison.Ordinal));
        byte[] ptx = compiler.Compile([Kernels.Twice], _gpu.Properties.Architecture)[0].Ptx, cubin = compiler.Compile([Kernels.Twice], other)[0].Cubin;
        using IGpuMemory x = Upload([3, 4]);
        using IGpuModule module = _gpu.LoadModule(ptx, cubin);
        _gpu.Launch(_gpu.GetKernel(module, "twice"), new LaunchShape(new Dim3(1), new Dim3(2)), BitConverter.GetBytes(x.Address), _stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Download(x, 2), Is.EqualTo(new float[] { 6, 8 }));
            Assert.That(() => _gpu.LoadModule([], cubin), Throws.TypeOf<GpuException>().With.Message.Contains("cubin of").And.Message.Contains("CUDA_ERROR_NO_BINARY_FOR_GPU"));
        }
    }

    [Test]
    public void A_missing_kernel_is_told_by_name()
    {
        using IGpuModule module = _gpu.LoadModule(TestKernels.Ptx, []);
        Assert.That(() => _gpu.GetKernel(module, "nothing"), Throws.TypeOf<GpuException>().With.Message.Contains("CUDA_ERROR_NOT_FOUND").And.Message.Contains("no kernel nothing"));
    }

    [Test]
    public void More_memory_than_there_is_is_told_with_how_much_is_free() =>
        Assert.That(() => _gpu.Allocate(1L << 50), Throws.TypeOf<GpuException>().With.Message.Contains("CUDA_ERROR_OUT_OF_MEMORY").And.Message.Contains("1,125,899,906,842,624 bytes").And.Message.Contains("are free"));

    [Test]
    public void A_launch_with_too_many_threads_is_told_with_its_shape()
    {
        using IGpuModule module = _gpu.LoadModule(TestKernels.Ptx, []);
        using IGpuMemory x = _gpu.Allocate(16);
        IGpuKernel kernel = _gpu.GetKernel(module, "add");
        Assert.That(() => Add(kernel, x, 1, blocks: 1, threads: 2048), Throws.TypeOf<GpuException>().With.Message.Contains("add, grid 1, block 2048"));
    }

    [Test]
    public void Events_are_waited_for_and_timed()
    {
        using IGpuMemory x = _gpu.Allocate(1 << 20);
        using IGpuEvent never = _gpu.CreateEvent(), from = _gpu.CreateEvent(), to = _gpu.CreateEvent();
        _gpu.Wait(never);
        _gpu.Record(from, _stream);
        _gpu.Fill(x.Address, 1, x.Bytes, _stream);
        _gpu.Record(to, _stream);
        _gpu.Wait(to);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_gpu.Milliseconds(from, to), Is.InRange(0, 10_000));
            Assert.That(() => _gpu.Milliseconds(from, never), Throws.TypeOf<GpuException>());
        }
    }

    [Test]
    public void A_captured_step_runs_when_it_is_launched_and_as_often()
    {
        using IGpuModule module = _gpu.LoadModule(TestKernels.Ptx, []);
        IGpuKernel kernel = _gpu.GetKernel(module, "add");
        using IGpuMemory x = Upload([0, 10]), y = Upload([0, 0]);
        _gpu.BeginCapture(_stream);
        Add(kernel, x, 1, blocks: 1, threads: 2);
        _gpu.Copy(y.Address, x.Address, 8, _stream);
        using IGpuGraph graph = _gpu.EndCapture(_stream);
        Assert.That(Download(y, 2), Is.EqualTo(new float[] { 0, 0 }), "capturing runs nothing");
        for (int i = 0; i < 3; i++) _gpu.Launch(graph, _stream);
        Assert.That(Download(y, 2), Is.EqualTo(new float[] { 3, 13 }));
    }

    [Test]
    public void A_launch_allocates_nothing_on_the_managed_heap()
    {
        using IGpuModule module = _gpu.LoadModule(TestKernels.Ptx, []);
        IGpuKernel kernel = _gpu.GetKernel(module, "add");
        using IGpuMemory x = Upload([0, 0]);
        Add(kernel, x, 1, blocks: 1, threads: 2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) Add(kernel, x, 1, blocks: 1, threads: 2);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(Download(x, 2), Is.All.EqualTo(101));
    }

    [Test]
    public void Another_thread_may_go_on()
    {
        using IGpuMemory x = Upload([1, 2]);
        float[] seen = Task.Run(() => Download(x, 2)).GetAwaiter().GetResult();
        Assert.That(seen, Is.EqualTo(new float[] { 1, 2 }));
    }

    [Test]
    public void What_another_GPU_handed_out_is_refused_and_what_was_disposed_of_too()
    {
        using var other = new RecordingGpu();
        using IGpuStream foreign = other.CreateStream();
        IGpuStream gone = _gpu.CreateStream();
        gone.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => _gpu.Synchronize(foreign), Throws.ArgumentException);
            Assert.That(() => _gpu.Synchronize(gone), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => DriverGpu.Open(DriverGpu.DeviceCount()), Throws.TypeOf<GpuException>().With.Message.Contains("CUDA_ERROR_INVALID_DEVICE"));
        }
    }

    [Test]
    public void Memory_outlives_the_GPU_it_came_from()
    {
        DriverGpu short_lived = DriverGpu.Open();
        IGpuMemory x = short_lived.Allocate(16);
        short_lived.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => short_lived.Allocate(16), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(x.Dispose, Throws.Nothing);
        }
    }

    private void Add(IGpuKernel kernel, IGpuMemory x, float value, int blocks, int threads)
    {
        var arguments = new KernelArguments(stackalloc byte[16]);
        arguments.Add(x.Address);
        arguments.Add(value);
        _gpu.Launch(kernel, new LaunchShape(new Dim3(blocks), new Dim3(threads)), arguments.Packed, _stream);
    }

    private IGpuMemory Upload(ReadOnlySpan<float> values) => GpuOfThisMachine.Upload(_gpu, _stream, values);

    private float[] Download(IGpuMemory memory, int count) => GpuOfThisMachine.Download(_gpu, _stream, memory.Address, count);
}
