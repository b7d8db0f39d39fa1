// What happens when the GPU refuses: memory that is not there can be asked for again, an error of a kernel ends the device.
using MiniDL.Gpu;
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class FailureTests : RunFixture
{
    private static readonly GpuException s_illegal = new("cuStreamSynchronize", "CUDA_ERROR_ILLEGAL_ADDRESS", "A kernel read or wrote outside its memory.");

    private static readonly GpuException s_full = new("cuMemAlloc_v2", "CUDA_ERROR_OUT_OF_MEMORY", "There is not enough memory.");

    private Function Adder(Shared n) => Host.Ready(Function([], Sum(n), updates: [(n, n + 1)], device: Device));

    [Test]
    public void An_error_of_a_kernel_shows_where_a_result_is_read_and_names_the_function()
    {
        Shared n = Shared(NDArray.Zeros([2]), "n");
        Function add = Adder(n);
        Results results = add.Run();
        Gpu.Refuse = line => line.StartsWith("synchronize", StringComparison.Ordinal) ? s_illegal : null;
        GpuException error = Assert.Throws<GpuException>(() => results.Scalar())!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.StartWith("cuStreamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS: A kernel read or wrote outside its memory."));
            Assert.That(error.Message, Does.Contain("the function () -> ").And.Contain("1 updates").And.Contain("cannot be used any more"));
            Assert.That(error.InnerException, Is.SameAs(s_illegal));
        }
        Gpu.Refuse = null;
    }

    [Test]
    public void In_a_profiled_run_it_names_the_stage_once()
    {
        Function add = Adder(Shared(NDArray.Zeros([2]), "n"));
        add.StartProfile();
        Gpu.Refuse = line => line.Contains("<<<", StringComparison.Ordinal) ? s_illegal : null;
        GpuException error = Assert.Throws<GpuException>(() => add.Run())!;
        Gpu.Refuse = null;
        Assert.That(error.Message, Does.Contain("while stage 0, ").And.Not.Match("It happened.*It happened"));
    }

    [Test]
    public void Afterwards_the_device_refuses_everything_and_says_what_came_first()
    {
        Shared n = Shared(NDArray.Zeros([2]), "n");
        Function add = Adder(n);
        add.Run();
        Gpu.Refuse = line => line.Contains("<<<", StringComparison.Ordinal) || line.StartsWith("launch g", StringComparison.Ordinal) ? s_illegal : null;
        Assert.That(() => add.Run(), Throws.TypeOf<GpuException>().With.Message.Contains(" ran, or in something asked for shortly before"));
        Gpu.Refuse = null;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => add.Run(), Throws.TypeOf<GpuException>().With.Message.Contains("failed before").And.Message.Contains("ILLEGAL_ADDRESS"));
            Tensor x = Vector("x");
            Assert.That(() => Function([x], x + 1, device: Device).Compile([3]), Throws.TypeOf<GpuException>().With.Message.Contains("failed before"));
        }
    }

    [Test]
    public void Values_on_a_device_that_failed_are_lost_until_they_are_set_anew()
    {
        Shared n = Shared(NDArray.Zeros([2]), "n"), m = Shared(NDArray.Zeros([2]), "m");
        Function add = Host.Ready(Function([], Sum(n) + Sum(m), updates: [(n, n + 1), (m, m + 1)], device: Device));
        Results results = add.Run();
        Gpu.Refuse = line => line.StartsWith("synchronize", StringComparison.Ordinal) ? s_illegal : null;
        Assert.That(() => results.Scalar(), Throws.TypeOf<GpuException>());
        Gpu.Refuse = null;
        Device.Dispose();

        n.Value = NDArray.From([5f, 6f], [2]);
        using var cpu = MiniDL.Device.Cpu(threads: 1);
        using Function onCpu = Function([], n + 1, updates: [(n, n * 2)], device: cpu), other = Function([], m + 1, device: cpu);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => m.Value, Throws.InvalidOperationException.With.Message.Contains("m was on a GPU that failed, and is lost"));
            Assert.That(() => other.Run(), Throws.InvalidOperationException.With.Message.Contains("lost"));
            Assert.That(onCpu.Eval()[0].Span<float>().ToArray(), Is.EqualTo(new[] { 6f, 7f }));
            Assert.That(n.Value.Span<float>().ToArray(), Is.EqualTo(new[] { 10f, 12f }));
        }
    }

    [Test]
    public void Too_little_memory_for_a_function_says_what_it_was_for_and_the_device_goes_on()
    {
        Tensor x = Matrix("x");
        Shared w = Shared(NDArray.Zeros([1000]), "w");
        using Function large = Function([x], Sum(Exp(x)) + Sum(w), device: Device);
        Gpu.Refuse = line => line.StartsWith("allocate ", StringComparison.Ordinal) && long.TryParse(line.Split(' ')[1], out long bytes) && bytes > 40_000 ? s_full : null;
        GpuException error = Assert.Throws<GpuException>(() => large.Compile([100, 100]))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo("CUDA_ERROR_OUT_OF_MEMORY"));
            Assert.That(error.Message, Does.Contain("inputs 40,064").And.Contain("the function (x) -> ").And.Contain("temporaries").And.Contain("Recording GPU with its 42.9 GB").And.Contain("smaller batch"));
            using Function small = Host.Ready(Function([x], Sum(x), device: Device), [3, 3]);
            Assert.That(() => small.Run(NDArray.Zeros([3, 3])).Scalar(), Throws.Nothing);
        }
    }

    [Test]
    public void Too_little_memory_for_a_variable_names_it()
    {
        Shared w = Shared(NDArray.Zeros([10_000]), "weights");
        Gpu.Refuse = line => line.StartsWith("allocate 40000", StringComparison.Ordinal) ? s_full : null;
        Assert.That(() => Adder(w), Throws.TypeOf<GpuException>().With.Message.Contains("the shared variable weights").And.Message.Contains("no 40,000 bytes left"));
    }

    [Test]
    public void Results_of_a_device_that_was_disposed_of_cannot_be_read()
    {
        Function add = Adder(Shared(NDArray.Zeros([2]), "n"));
        Results results = add.Run();
        Device.Dispose();
        Assert.That(() => results.Scalar(), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void A_function_that_was_disposed_of_gives_its_memory_back_at_once_and_the_kernels_stay()
    {
        Shared n = Shared(NDArray.Zeros([2]), "n");
        Function add = Adder(n);
        add.Run();
        add.Run();
        int modules = Gpu.Leaks.Count(name => name.StartsWith('c'));
        add.Dispose();
        using (Assert.EnterMultipleScope())
        {
            // What is left: the stream, the variable, the staging buffer, the modules.
            Assert.That(Gpu.Leaks.Where(name => !name.StartsWith('c')), Is.EquivalentTo(new[] { "s0", "m0", "h1" }).Or.EquivalentTo(new[] { "s0", "m1", "h1" }).Or.EquivalentTo(new[] { "s0", "m0", "h0" }).Or.EquivalentTo(new[] { "s0", "m1", "h0" }));
            Assert.That(Gpu.Leaks.Count(name => name.StartsWith('c')), Is.EqualTo(modules).And.GreaterThan(0));
            Assert.That(n.Value.Span<float>().ToArray(), Is.EqualTo(new[] { 2f, 2f }));
        }
    }
}
