// What can be seen of a function on a GPU: Explain, Profile, dumped kernels.
using MiniDL.Tests.Lowering;
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class DiagnosticsTests : RunFixture
{
    [Test]
    public void Explain_shows_the_program_each_launch_and_each_kernels_source()
    {
        TrainingStep step = Models.SmallByName("logistic");
        using Function train = Host.Ready(step.Compile(Device), step.XShape, step.YShape);
        string text = train.Explain();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.StartWith("== as written\n").And.Contain("\n== program\nstage 0: gemm"));
            Assert.That(text, Does.Contain($"\n== launches on Recording GPU, sm_80: {train.Launches} a run, 0 of them by cuBLAS; {train.Launches} kernels, 128 bytes of scratch\n"));
            Assert.That(text, Does.Contain("stage 0: gemm\n    gemm_0<<<2, 32>>>(X, w, dot4, run, scratch + 64 bytes, 7, 0.5f)\n"));
            Assert.That(text, Does.Contain("\n== kernel gemm_0\ngemm_0\nu64"));
        }
    }

    [Test]
    public void A_profile_has_each_stages_mean_time_by_events()
    {
        TrainingStep step = Models.SmallByName("old");
        using Function train = Host.Ready(step.Compile(Device), step.XShape, step.YShape);
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        float expected = train.Run(x, y).Scalar();
        train.StartProfile();
        int start = Gpu.Log.Count;
        for (int i = 0; i < 3; i++) train.Run(x, y);
        string[] calls = CallsSince(start);
        IReadOnlyList<StageTime> times = train.Profile();
        train.Run(x, y);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(times.Select(time => time.Name), Is.EqualTo(train.Program!.Stages.Select(stage => stage.Name)));
            Assert.That(times, Has.All.Matches<StageTime>(time => time.Runs == 3 && time.Milliseconds > 0 && time.Bytes > 0));
            Assert.That(calls, Has.None.StartsWith("launch g"), "timed runs are not captured");
            Assert.That(expected, Is.Not.NaN);
        }
    }

    [Test]
    public void Dumping_writes_every_kernel_once_and_the_launches_of_every_function()
    {
        string folder = Directory.CreateTempSubdirectory("minidl-dump-").FullName;
        try
        {
            using (CudaDevice device = NewDevice(Gpu, Host, new CudaOptions { DumpFolder = Path.Combine(folder, "new") }))
            {
                Tensor x = Vector("x");
                using Function a = Host.Ready(Function([x], Exp(x), device: device), [4]), b = Host.Ready(Function([x], Sum(x), device: device), [4]);
            }
            string[] files = [.. Directory.EnumerateFiles(Path.Combine(folder, "new")).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];
            string launches = File.ReadAllText(Path.Combine(folder, "new", "launches.txt"));
            using (Assert.EnterMultipleScope())
            {
                Assert.That(files, Is.EqualTo(new[] { $"00_{Host.Compiled[0]}.cu", $"00_{Host.Compiled[0]}.ptx", $"01_{Host.Compiled[1]}.cu", $"01_{Host.Compiled[1]}.ptx", "launches.txt" }));
                Assert.That(File.ReadAllText(Path.Combine(folder, "new", files[1])), Does.Contain($".entry {Host.Compiled[0]}("));
                Assert.That(launches, Does.Contain("# the function (x) -> exp").And.Contain($"00_exp_0: exp_0<<<2, 32>>>(x, exp1, run, scratch + 64 bytes, 7, 0.5f)"));
                Assert.That(launches.Split('\n').Count(line => line.StartsWith('#')), Is.EqualTo(2));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void Kernels_with_the_same_text_are_compiled_and_loaded_once_for_all_functions()
    {
        var gpu = new RecordingGpu();
        using (var device = new CudaDevice(gpu, Host) { Planner = (stage, _) => [new KernelStep(stage, new KernelSource("same", "same\nu64"), new(new(1), new(32)), [new ScratchArgument(0)])] })
        {
            Tensor x = Vector("x");
            using Function a = Function([x], Exp(x), device: device), b = Function([x], Sum(x), device: device);
            a.Compile([4]);
            a.Compile([5]);
            b.Compile([4]);
            Assert.That(Host.Compiled, Is.EqualTo(new[] { "same" }));
        }
        Assert.That(gpu.Leaks, Is.Empty);
    }
}
