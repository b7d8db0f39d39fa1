// What the simulated libcuda answers where a real one may crash or say nothing: wrong handles, wrong addresses, broken rules of capture, a kernel that fails.
// All calls are the driver's own. Skipped, by name, where there is no driver or a real one; .ci/run runs them against the library that it builds.
using System.Runtime.InteropServices;
using System.Text;

namespace MiniDL.Cuda.Tests;

[TestFixture]
[NonParallelizable]
[Category("Driver")]
public sealed unsafe class SimulatedDriverTests
{
    private const int Success = 0, InvalidValue = 1, InvalidContext = 201, InvalidHandle = 400, Elf = 0x464c457f;

    // 1,024 bytes of shared memory that the kernel declares.
    private const string SharedPtx = """
        .version 7.0
        .target sm_70
        .address_size 64
        .visible .entry shared()
        {
        	.shared .align 4 .b8 s[1024];
        	.reg .b32 %r<2>;
        	ld.shared.u32 %r1, [s];
        	st.shared.u32 [s+4], %r1;
        	ret;
        }
        """;

    private nint _library, _context, _stream;

    // A context of each test's own, so that one whose kernel fails takes nothing with it.
    [SetUp]
    public void Create()
    {
        using (DriverGpu gpu = GpuOfThisMachine.OpenOrSkip())
            if (!gpu.Properties.Name.EndsWith("(simulated)", StringComparison.Ordinal)) Assert.Ignore($"{gpu.Properties.Name} is real, and its driver may crash on what is tried here");
        _library = NativeLibraries.Driver().Handle;
        var create = (delegate* unmanaged<nint*, uint, int, int>)NativeLibrary.GetExport(_library, "cuCtxCreate_v2");
        nint context, stream;
        Assert.That(create(&context, 0, 0), Is.EqualTo(Success));
        Assert.That(Driver.StreamCreate(&stream, DriverFlags.StreamNonBlocking), Is.EqualTo(Success));
        (_context, _stream) = (context, stream);
    }

    [TearDown]
    public void Destroy()
    {
        if (_context == 0) return;
        var destroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(_library, "cuCtxDestroy_v2");
        Assert.That(destroy(_context), Is.EqualTo(Success));
        _context = 0;
    }

    // Numbers out of nowhere, a handle of another kind (a stream where a module is expected, a module elsewhere), and one that was destroyed.
    [Test]
    public void A_wrong_handle_is_told_as_one_whatever_the_function()
    {
        nint module = Load(TestKernels.Ptx), gone, scratch;
        Assert.That(Driver.StreamCreate(&gone, 0), Is.EqualTo(Success));
        Assert.That(Driver.StreamDestroy(gone), Is.EqualTo(Success));
        foreach (nint wrong in new[] { gone, 0x7fff_dead_beef, -16 })
        {
            using (Assert.EnterMultipleScope())
            {
                fixed (byte* name = "add\0"u8)
                    Assert.That(Driver.ModuleGetFunction(&scratch, wrong, name), Is.EqualTo(InvalidHandle));
                int value;
                float time;
                Assert.That(Driver.ModuleUnload(wrong), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.FuncGetAttribute(&value, FunctionAttribute.MaxDynamicSharedSizeBytes, wrong), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.FuncSetAttribute(wrong, FunctionAttribute.MaxDynamicSharedSizeBytes, 0), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.LaunchKernel(wrong, 1, 1, 1, 1, 1, 1, 0, _stream, null, null), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.StreamDestroy(wrong), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.StreamSynchronize(wrong), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.StreamBeginCapture(wrong, DriverFlags.CaptureThreadLocal), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.StreamEndCapture(wrong, &scratch), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.EventDestroy(wrong), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.EventRecord(wrong, _stream), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.EventSynchronize(wrong), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.EventElapsedTime(&time, wrong, wrong), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.GraphInstantiateWithFlags(&scratch, wrong, 0), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.GraphLaunch(wrong, _stream), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.GraphExecDestroy(wrong), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.GraphDestroy(wrong), Is.EqualTo(InvalidHandle));
                Assert.That(Driver.CtxSetCurrent(wrong), Is.EqualTo(InvalidContext));
                Assert.That(CuBlas.SetStream(wrong, _stream), Is.EqualTo(CuBlasStatus.NotInitialized));
                Assert.That(CuBlas.Destroy(wrong), Is.EqualTo(CuBlasStatus.NotInitialized));
            }
        }
        Assert.That(Driver.StreamSynchronize(module), Is.EqualTo(InvalidHandle), "a module is no stream");
        Assert.That(Driver.ModuleUnload(_stream), Is.EqualTo(InvalidHandle), "a stream is no module");
    }

    [Test]
    public void Null_where_a_result_should_go_is_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Driver.DeviceGetCount(null), Is.EqualTo(InvalidValue));
            Assert.That(Driver.MemAlloc(null, 16), Is.EqualTo(InvalidValue));
            Assert.That(Driver.StreamCreate(null, 0), Is.EqualTo(InvalidValue));
            Assert.That(Driver.ModuleLoadDataEx(null, null, 0, null, null), Is.EqualTo(InvalidValue));
            Assert.That(Driver.GetErrorName(0, null), Is.EqualTo(InvalidValue));
        }
    }

    [Test]
    public void A_number_that_is_no_error_has_no_name()
    {
        byte dummy;
        byte* name = &dummy, text = &dummy;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Driver.GetErrorName(54321, &name), Is.EqualTo(InvalidValue));
            Assert.That(Driver.GetErrorString(54321, &text), Is.EqualTo(InvalidValue));
            Assert.That(name is null);
            Assert.That(text is null);
        }
    }

    [Test]
    public void What_a_kernel_declares_is_taken_off_the_48_KB_that_need_no_asking()
    {
        nint function = Function(Load(Encoding.UTF8.GetBytes(SharedPtx)), "shared\0"u8);
        int before, after;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Driver.FuncGetAttribute(&before, FunctionAttribute.MaxDynamicSharedSizeBytes, function), Is.EqualTo(Success));
            Assert.That(before, Is.EqualTo(48 * 1024 - 1024));
            Assert.That(Driver.FuncSetAttribute(function, FunctionAttribute.MaxDynamicSharedSizeBytes, 90_000), Is.EqualTo(Success));
            Assert.That(Driver.FuncGetAttribute(&after, FunctionAttribute.MaxDynamicSharedSizeBytes, function), Is.EqualTo(Success));
            Assert.That(after, Is.EqualTo(90_000));
            Assert.That(Driver.FuncSetAttribute(function, FunctionAttribute.MaxDynamicSharedSizeBytes, 1 << 20), Is.EqualTo(InvalidValue));
        }
    }

    // DriverGpu hands in a packed block; most programs hand in one pointer for each argument.
    [Test]
    public void Arguments_may_come_one_pointer_each()
    {
        nint kinds = Function(Load(TestKernels.Ptx), "kinds\0"u8);
        ulong x = Upload([0, 8]), y = Upload([0, 0, 0, 0, 0]);
        int i = -3;
        float f = 0.5f;
        long l = -(1L << 33);
        byte b = 200;
        void** arguments = stackalloc void*[] { &i, &y, &f, &l, &b, &x };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Driver.LaunchKernel(kinds, 1, 1, 1, 1, 1, 1, 0, _stream, arguments, null), Is.EqualTo(Success));
            Assert.That(Download(y, 5), Is.EqualTo(new float[] { -3, 0.5f, -(1L << 33), 200, 8 }));
            Assert.That(Driver.LaunchKernel(kinds, 1, 1, 1, 1, 1, 1, 0, _stream, arguments, arguments), Is.EqualTo(InvalidValue), "both forms at once");
            Assert.That(Driver.LaunchKernel(kinds, 1, 1, 1, 1, 1, 1, 0, _stream, null, null), Is.EqualTo(InvalidValue), "no arguments");
            arguments[3] = null;
            Assert.That(Driver.LaunchKernel(kinds, 1, 1, 1, 1, 1, 1, 0, _stream, arguments, null), Is.EqualTo(InvalidValue), "one is missing");
        }
    }

    [Test]
    public void A_copy_that_leaves_its_memory_is_refused_and_nothing_else_suffers()
    {
        ulong x = Upload([1, 2, 3, 4]);
        float[] host = new float[8];
        using (Assert.EnterMultipleScope())
        {
            fixed (float* start = host)
            {
                Assert.That(Driver.MemcpyDtoHAsync((nint)start, x, 20, _stream), Is.EqualTo(InvalidValue));
                Assert.That(Driver.MemcpyHtoDAsync(x + 8, (nint)start, 12, _stream), Is.EqualTo(InvalidValue));
                Assert.That(Driver.MemcpyHtoDAsync((ulong)start, (nint)start, 4, _stream), Is.EqualTo(InvalidValue), "the host's address in the device's place");
            }
            Assert.That(Driver.MemsetD8Async(x, 0, 17, _stream), Is.EqualTo(InvalidValue));
            Assert.That(Driver.MemFree(x + 4), Is.EqualTo(InvalidValue));
            Assert.That(Download(x, 4), Is.EqualTo(new float[] { 1, 2, 3, 4 }));
            Assert.That(Driver.MemFree(x), Is.EqualTo(Success));
            Assert.That(Driver.MemFree(x), Is.EqualTo(InvalidValue), "freed twice");
        }
    }

    [Test]
    public void A_kernel_that_fails_ends_its_context_and_no_other()
    {
        nint add = Function(Load(TestKernels.Ptx), "add\0"u8);
        ulong x = Upload([1, 2]), scratch;
        float one = 1;
        void** arguments = stackalloc void*[] { &x, &one };
        int launched = Driver.LaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, _stream, arguments, null);   // 32 threads, 2 elements
        int waited = Driver.StreamSynchronize(_stream), allocated = Driver.MemAlloc(&scratch, 16);
        Destroy();
        Create();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(launched, Is.EqualTo(Success), "a launch only asks");
            Assert.That(waited, Is.EqualTo((int)DriverResult.IllegalAddress));
            Assert.That(allocated, Is.EqualTo((int)DriverResult.IllegalAddress), "the context is dead");
            Assert.That(Download(Upload([5]), 1), Is.EqualTo(new float[] { 5 }), "a new context is not");
        }
    }

    [Test]
    public void Waiting_or_allocating_ends_a_capture()
    {
        nint graph = 1;
        ulong x = Upload([1]), scratch;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Driver.StreamBeginCapture(_stream, DriverFlags.CaptureThreadLocal), Is.EqualTo(Success));
            Assert.That(Driver.MemAlloc(&scratch, 16), Is.EqualTo((int)DriverResult.StreamCaptureUnsupported));
            Assert.That(Driver.MemsetD8Async(x, 0, 4, _stream), Is.EqualTo((int)DriverResult.StreamCaptureInvalidated));
            Assert.That(Driver.StreamEndCapture(_stream, &graph), Is.EqualTo((int)DriverResult.StreamCaptureInvalidated));
            Assert.That((long)graph, Is.Zero);
            Assert.That(Driver.StreamBeginCapture(_stream, DriverFlags.CaptureThreadLocal), Is.EqualTo(Success));
            Assert.That(Driver.StreamSynchronize(_stream), Is.EqualTo((int)DriverResult.StreamCaptureUnsupported));
            Assert.That(Driver.StreamEndCapture(_stream, &graph), Is.EqualTo((int)DriverResult.StreamCaptureInvalidated));
            Assert.That(Download(x, 1), Is.EqualTo(new float[] { 1 }), "the stream works again");
        }
    }

    [Test]
    public void Machine_code_is_refused_as_of_another_architecture()
    {
        nint module;
        int cubin = Elf;
        Assert.That(Driver.ModuleLoadDataEx(&module, (byte*)&cubin, 0, null, null), Is.EqualTo((int)DriverResult.NoBinaryForGpu));
    }

    [Test]
    public void What_is_wrong_with_a_PTX_is_told_with_its_line()
    {
        byte[] text = Encoding.UTF8.GetBytes(SharedPtx.Replace("\tret;", "\tnonsense.u32 7;", StringComparison.Ordinal) + '\0'), log = new byte[1000];
        nint module;
        fixed (byte* image = text, logStart = log)
        {
            JitOption* options = stackalloc JitOption[] { JitOption.ErrorLogBuffer, JitOption.ErrorLogBufferSizeBytes };
            void** values = stackalloc void*[] { logStart, (void*)log.Length };
            Assert.That(Driver.ModuleLoadDataEx(&module, image, 2, options, values), Is.EqualTo((int)DriverResult.InvalidPtx));
        }
        Assert.That(Encoding.UTF8.GetString(log).TrimEnd('\0'), Does.StartWith("PTX line 10: ").And.Contain("nonsense.u32"));
    }

    // Each has a stream and memory of its own and adds 1 to it 50 times.
    [Test]
    public void Threads_may_call_at_the_same_time()
    {
        const int Threads = 4, Launches = 50;
        nint add = Function(Load(TestKernels.Ptx), "add\0"u8);
        float[] sums = new float[Threads];
        int refused = 0;
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, t =>
        {
            nint stream = 0;
            if (Driver.CtxSetCurrent(_context) != Success || Driver.StreamCreate(&stream, DriverFlags.StreamNonBlocking) != Success) Interlocked.Increment(ref refused);
            ulong x = Upload([t]);
            float one = 1;
            void** arguments = stackalloc void*[] { &x, &one };
            for (int i = 0; i < Launches; i++)
                if (Driver.LaunchKernel(add, 1, 1, 1, 1, 1, 1, 0, stream, arguments, null) != Success) Interlocked.Increment(ref refused);
            if (Driver.StreamSynchronize(stream) != Success) Interlocked.Increment(ref refused);
            sums[t] = Download(x, 1)[0];
        });
        Assert.That(refused, Is.Zero);
        Assert.That(sums, Is.EqualTo(Enumerable.Range(0, Threads).Select(t => (float)(t + Launches))));
    }

    // The library has a .NET runtime in it, and so has this test: each must collect its garbage, and turn a null reference into an exception, without minding the other.
    [Test]
    public void Two_runtimes_in_one_process_leave_each_other_alone()
    {
        nint add = Function(Load(TestKernels.Ptx), "add\0"u8);
        ulong x = Upload(new float[32]);
        float one = 1;
        void** arguments = stackalloc void*[] { &x, &one };
        string? nothing = null;
        for (int i = 0; i < 100; i++)
        {
            Assert.That(Driver.LaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, _stream, arguments, null), Is.EqualTo(Success));
            GC.Collect();
            Assert.Throws<NullReferenceException>(() => _ = nothing!.Length);
        }
        Assert.That(Download(x, 32), Is.All.EqualTo(100));
    }

    private static nint Load(ReadOnlySpan<byte> ptx)
    {
        nint module;
        fixed (byte* image = (byte[])[.. ptx, 0]) Assert.That(Driver.ModuleLoadDataEx(&module, image, 0, null, null), Is.EqualTo(Success));
        return module;
    }

    private static nint Function(nint module, ReadOnlySpan<byte> name)
    {
        nint function;
        fixed (byte* text = name) Assert.That(Driver.ModuleGetFunction(&function, module, text), Is.EqualTo(Success));
        return function;
    }

    private ulong Upload(ReadOnlySpan<float> values)
    {
        ulong address;
        Assert.That(Driver.MemAlloc(&address, (nuint)(values.Length * sizeof(float))), Is.EqualTo(Success));
        fixed (float* start = values) Assert.That(Driver.MemcpyHtoDAsync(address, (nint)start, (nuint)(values.Length * sizeof(float)), _stream), Is.EqualTo(Success));
        return address;
    }

    private float[] Download(ulong address, int count)
    {
        float[] values = new float[count];
        fixed (float* start = values) Assert.That(Driver.MemcpyDtoHAsync((nint)start, address, (nuint)(count * sizeof(float)), _stream), Is.EqualTo(Success));
        Assert.That(Driver.StreamSynchronize(_stream), Is.EqualTo(Success));
        return values;
    }
}
