// Where a shared variable's value is: on one device at a time, moved when another wants it, home when that one is disposed of.
using System.Runtime.CompilerServices;
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class SharedVariableTests : RunFixture
{
    private static Function Adder(Shared variable, float step, Device device) => Function([], [], updates: [(variable, variable + step)], device: device);

    [Test]
    public void It_moves_between_two_GPUs_and_the_CPU_and_keeps_its_value()
    {
        var otherGpu = new RecordingGpu();
        using var otherHost = new HostStages(otherGpu);
        using (CudaDevice other = NewDevice(otherGpu, otherHost))
        {
            using var cpu = MiniDL.Device.Cpu(threads: 1);
            Shared n = Shared(NDArray.Zeros([2]), "n");
            using Function a = Host.Ready(Adder(n, 1, Device)), b = otherHost.Ready(Adder(n, 10, other)), c = Adder(n, 100, cpu);
            for (int round = 1; round <= 3; round++)
            {
                a.Run();
                a.Run();
                b.Run();
                c.Run();
                b.Run();
                Assert.That(n.Value.Span<float>().ToArray(), Is.EqualTo(new[] { 122f * round, 122f * round }), $"round {round}");
            }
        }
        Assert.That(otherGpu.Leaks, Is.Empty);
    }

    [Test]
    public void A_value_that_is_set_reaches_the_device_in_order()
    {
        Shared n = Shared(NDArray.Zeros([2]), "n");
        using Function add = Host.Ready(Adder(n, 1, Device));
        add.Run();
        add.Run();
        n.Value = NDArray.From([10f, 20f], [2]);
        add.Run();
        Assert.That(n.Value.Span<float>().ToArray(), Is.EqualTo(new[] { 11f, 21f }));
    }

    [Test]
    public void Larger_than_the_staging_buffer_it_goes_in_pieces()
    {
        const int Count = 3_000_001;   // 12 MB in pieces of 4 MiB
        Shared n = Shared(NDArray.From([.. Enumerable.Range(0, Count).Select(i => (float)i)], [Count]), "n");
        using Function add = Host.Ready(Adder(n, 0.5f, Device));
        add.Run();
        ReadOnlySpan<float> value = n.Value.Span<float>();
        using (Assert.EnterMultipleScope())
        {
            string[] sizes = ["4194304", "4194304", "3611396"];
            Assert.That(Sizes("upload"), Is.EqualTo(sizes));
            Assert.That(Sizes("download"), Is.EqualTo(sizes));
            for (int i = 0; i < Count; i += 999_983) Assert.That(value[i], Is.EqualTo(i + 0.5f));
            Assert.That(value[^1], Is.EqualTo(Count - 1 + 0.5f));
        }

        // "upload m0+0 <- h0+0, 4194304 bytes on s0", but not that of the run state.
        string[] Sizes(string call) => [.. Gpu.Log.Where(line => line.StartsWith(call, StringComparison.Ordinal)).Select(line => line.Split(", ")[1].Split(' ')[0]).Where(size => size.Length > 6)];
    }

    [Test]
    public void After_the_device_is_gone_values_are_at_home()
    {
        Shared n = Shared(NDArray.Zeros([2]), "n");
        Function add = Host.Ready(Adder(n, 1, Device));
        for (int i = 0; i < 5; i++) add.Run();
        Device.Dispose();
        using var cpu = MiniDL.Device.Cpu(threads: 1);
        using Function onCpu = Adder(n, 1, cpu);
        onCpu.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(n.Value.Span<float>().ToArray(), Is.EqualTo(new[] { 6f, 6f }));
            Assert.That(() => add.Run(), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(add.Dispose, Throws.Nothing);
            Assert.That(Gpu.Leaks, Is.Empty);
        }
    }

    [Test]
    public void All_functions_of_a_device_use_one_copy()
    {
        Shared n = Shared(NDArray.Zeros([1000]), "n");
        using Function a = Host.Ready(Adder(n, 1, Device)), b = Host.Ready(Function([], Sum(n), device: Device));
        for (int i = 0; i < 4; i++) a.Run();
        float sum = b.Run().Scalar();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sum, Is.EqualTo(4000));
            Assert.That(CountSince(0, "allocate 4000 bytes"), Is.EqualTo(1));
        }
    }

    [Test]
    public void A_variable_that_nobody_can_reach_any_more_gives_its_memory_back_when_the_next_function_is_compiled()
    {
        // A planner that keeps nothing: the host's stages would keep the variable alive.
        var gpu = new RecordingGpu();
        using (var device = new CudaDevice(gpu, Host) { Planner = (stage, _) => [new KernelStep(stage, new KernelSource("k", "k\nu64"), new(new(1), new(32)), [new ScratchArgument(0)])] })
        {
            UseAndForget(device);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            int before = gpu.Log.Count(line => line.StartsWith("free m", StringComparison.Ordinal));
            Tensor x = Vector("x");
            using Function other = Function([x], x + 1, device: device);
            other.Compile([4]);
            int after = gpu.Log.Count(line => line.StartsWith("free m", StringComparison.Ordinal));
            Assert.That((before, after), Is.EqualTo((1, 2)), "first the function's own memory, then the variable's");
        }
        Assert.That(gpu.Leaks, Is.Empty);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UseAndForget(Device device)
    {
        using Function add = Adder(Shared(NDArray.Zeros([1000]), "n"), 1, device);
        add.Compile();
    }
}
