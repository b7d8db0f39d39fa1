// What a step asks of the GPU: each pointer, size and stream, and what it does not ask.
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class StepTests : RunFixture
{
    // One variable and two inputs of 5 floats: c = sum(w * x) + sum(y); w <- w + x.
    private (Function Function, Shared W) Small()
    {
        Tensor x = Vector("x"), y = Vector("y");
        Shared w = Shared(NDArray.From([1f, 2, 3, 4, 5], [5]), "w");
        return (Host.Ready(Function([x, y], Sum(w * x) + Sum(y), updates: [(w, w + x)], device: Device, seed: 9), [5], [5]), w);
    }

    private static readonly NDArray s_x = NDArray.From([1f, 1, 1, 1, 1], [5]), s_y = NDArray.From([10f, 0, 0, 0, 0], [5]);

    [Test]
    public void Compiling_loads_kernels_and_allocates_and_runs_nothing()
    {
        (Function function, _) = Small();
        MiniDL.Program program = function.Program!;
        // Run state 16 bytes; x at 64, y at 128, 20 bytes each; the arena at the next multiple of 256, behind it 128 bytes of scratch and 256 of nobody's.
        long arena = 256, scratch = arena + (program.ArenaBytes + 255) / 256 * 256;
        string[] expected =
        [
            "create stream -> s0",
            .. Host.Compiled.Select((name, i) => $"load module ({name}) -> c{i}"),
            "allocate 20 bytes -> m0",
            $"allocate {scratch + 128 + 256} bytes -> m1",
            .. Host.Compiled.Select((name, i) => $"get kernel {name} of c{i}"),
            "allocate pinned 576 bytes -> h0", "create event -> e0", "create event -> e1", "create event -> e2",
        ];
        // The allocations' order is not of interest.
        Assert.That(Gpu.Log.Select(Unnumbered), Is.EquivalentTo(expected.Select(Unnumbered)));

        static string Unnumbered(string line) => line.Split(" -> ")[0];
    }

    [Test]
    public void The_first_run_launches_each_step_the_second_captures_the_third_replays()
    {
        (Function function, _) = Small();
        int launches = function.Launches, start = Gpu.Log.Count;
        function.Run(s_x, s_y);
        string[] first = CallsSince(start);

        start = Gpu.Log.Count;
        function.Run(s_x, s_y);
        string[] second = CallsSince(start);

        start = Gpu.Log.Count;
        function.Run(s_x, s_y);
        string[] third = CallsSince(start);

        using (Assert.EnterMultipleScope())
        {
            string block = BlockOf(third[1]);
            Assert.That(first.Count(line => line.Contains("<<<2, 32>>>", StringComparison.Ordinal) && line.EndsWith(" on s0", StringComparison.Ordinal)), Is.EqualTo(launches));
            Assert.That(second.Count(line => line.StartsWith("    ", StringComparison.Ordinal)), Is.EqualTo(launches), "captured");
            Assert.That(second.Select(line => line.Trim()).Where(line => line.Contains("<<<", StringComparison.Ordinal)),
                Is.EqualTo(first.Where(line => line.Contains("<<<", StringComparison.Ordinal))), "the same launches");
            Assert.That(third, Is.EqualTo(new[] { "wait for e2", $"upload {block}+0 <- h0+384, 148 bytes on s0", "record e2 on s0", "launch g0 on s0" }));
        }
    }

    [Test]
    public void Arguments_are_the_addresses_of_the_buffers_they_name()
    {
        (Function function, _) = Small();
        int start = Gpu.Log.Count;
        function.Run(s_x, s_y);
        string[] calls = CallsSince(start);
        string block = BlockOf(calls.Single(line => line.StartsWith("upload", StringComparison.Ordinal) && line.Contains("148 bytes", StringComparison.Ordinal)));
        string values = block == "m0" ? "m1" : "m0";
        MiniDL.Program program = function.Program!;
        long arena = 256, scratch = arena + (program.ArenaBytes + 255) / 256 * 256;

        string[] launches = [.. calls.Where(line => line.Contains("<<<", StringComparison.Ordinal))];
        for (int i = 0; i < launches.Length; i++)
        {
            Buffer[] buffers = [.. program.Stages[i].Reads.Concat(program.Stages[i].Writes).Select(view => view.Buffer).Distinct()];
            IEnumerable<string> addresses = buffers.Select(buffer => buffer.Kind switch
            {
                BufferKind.Input => $"{block}+{(buffer.Name == "x" ? 64 : 128)}",
                BufferKind.Shared => $"{values}+0",
                _ => $"{block}+{arena + buffer.Offset}",
            });
            string expected = string.Join(", ", [.. addresses, $"{block}+0", $"{block}+{scratch + 64}", "7", "0.5f"]);
            Assert.That(launches[i], Is.EqualTo($"{Host.Compiled[i]}<<<2, 32>>>({expected}) on s0"), $"stage {i}");
        }
    }

    [Test]
    public void Nothing_is_downloaded_or_waited_for_until_a_result_is_read_and_then_only_that()
    {
        (Function function, Shared w) = Small();
        Results results = default;
        int start = Gpu.Log.Count;
        for (int i = 0; i < 3; i++) results = function.Run(s_x, s_y);
        string[] running = CallsSince(start);

        start = Gpu.Log.Count;
        float cost = results.Scalar();
        string[] reading = CallsSince(start);
        using (Assert.EnterMultipleScope())
        {
            // The only wait is for the variable's first way to the device, before the first run.
            Assert.That(running.Count(line => line.StartsWith("synchronize", StringComparison.Ordinal)), Is.EqualTo(1));
            Assert.That(Array.FindIndex(running, line => line.StartsWith("synchronize", StringComparison.Ordinal)), Is.LessThan(Array.FindIndex(running, line => line.Contains("<<<", StringComparison.Ordinal))));
            Assert.That(running, Has.None.StartsWith("download"));
            Assert.That(reading.Where(line => !line.StartsWith("allocate pinned", StringComparison.Ordinal)).Select(line => line.Split(' ')[0]), Is.EqualTo(new[] { "download", "synchronize" }));
            Assert.That(reading, Has.One.Contains(", 4 bytes on s0"));
            Assert.That(cost, Is.EqualTo((3 + 4 + 5 + 6 + 7) + 10), "the third run's, from the values before its update");
            Assert.That(w.Value.Span<float>().ToArray(), Is.EqualTo(new float[] { 4, 5, 6, 7, 8 }));
        }
    }

    [Test]
    public void Arrays_may_be_changed_after_Run_and_no_slot_is_overwritten_before_the_GPU_has_read_it()
    {
        Tensor x = Vector("x");
        Shared sum = Shared(NDArray.Zeros([4]), "sum"), last = Shared(NDArray.Zeros([4]), "last");
        Function function = Host.Ready(Function([x], [], updates: [(sum, sum + x), (last, x)], device: Device), [4]);
        NDArray array = NDArray.Zeros([4]);
        float[] expected = new float[4];
        for (int run = 1; run <= 20; run++)
        {
            for (int i = 0; i < 4; i++) expected[i] += array.Span<float>()[i] = run * 10 + i;
            function.Run(array);
        }
        array.Span<float>().Fill(float.NaN);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sum.Value.Span<float>().ToArray(), Is.EqualTo(expected));
            Assert.That(last.Value.Span<float>().ToArray(), Is.EqualTo(new float[] { 200, 201, 202, 203 }));
        }
    }

    [Test]
    public void A_run_waits_for_the_upload_three_runs_ago_and_for_nothing_later()
    {
        (Function function, _) = Small();
        int start = Gpu.Log.Count;
        for (int run = 0; run < 5; run++) function.Run(s_x, s_y);
        string[] calls = [.. CallsSince(start).Where(line => line.StartsWith("wait", StringComparison.Ordinal) || line.StartsWith("record", StringComparison.Ordinal))];
        Assert.That(calls, Is.EqualTo(Enumerable.Range(0, 5).SelectMany(run => new[] { $"wait for e{run % 3}", $"record e{run % 3} on s0" })));
    }

    [Test]
    public void A_function_that_needs_neither_inputs_nor_random_numbers_uploads_nothing()
    {
        var gpu = new RecordingGpu();
        Shared n = Shared(NDArray.Scalar(0f), "n");
        using (var device = new CudaDevice(gpu, Host) { Planner = (stage, _) => [new KernelStep(stage, new KernelSource("k", "k\nu64"), new(new(1), new(32)), [new BufferArgument(stage.Writes.First().Buffer, 0)])] })
        using (Function count = Function([], n, updates: [(n, n + 1)], device: device))
        {
            count.Run();
            int start = gpu.Log.Count;
            count.Run();
            count.Run();
            Assert.That(gpu.Log.Skip(start).Select(line => line.Trim().Split(' ')[0]), Has.None.EqualTo("upload").And.None.EqualTo("wait"));
        }
        Assert.That(gpu.Leaks, Is.Empty);
    }

    [Test]
    public void A_product_is_a_call_of_cuBLAS_with_the_addresses_of_its_views()
    {
        var gpu = new RecordingGpu();
        Tensor x = Matrix("x");
        Shared w = Shared(NDArray.Zeros([3, 2]), "w");
        using (var device = new CudaDevice(gpu, Host) { Planner = Plan })
        using (Function product = Function([x], Dot(x, w), device: device))
        {
            int start = gpu.Log.Count;
            product.Run(NDArray.Zeros([4, 3]));
            // Row-major y = x w is y' = w' x' to cuBLAS: 2 x 4 = (2 x 3) (3 x 4).
            string upload = gpu.Log.Skip(start).Single(line => line.StartsWith("upload", StringComparison.Ordinal) && line.Contains("112 bytes", StringComparison.Ordinal));
            string block = BlockOf(upload), value = block == "m0" ? "m1" : "m0";
            Assert.That(gpu.Log[^1], Is.EqualTo($"sgemm NN 2x4x3 1 * {value}+0 ld 2 stride 0 * {block}+64 ld 3 stride 0 + 0 * {block}+256 ld 2 stride 0, batch 1 on s0"));
        }
        Assert.That(gpu.Leaks, Is.Empty);

        static IReadOnlyList<Step> Plan(Stage stage, PlanOptions options)
        {
            var gemm = (GemmStage)stage;
            var call = new MiniDL.Gpu.GemmCall(MiniDL.Gpu.GemmOperand.AsIs, MiniDL.Gpu.GemmOperand.AsIs, 2, 4, 3, 1, 0, 2, 0, 0, 3, 0, 0, 0, 2, 0);
            return [new GemmStep(stage, call, KernelArgument.Of(gemm.B), KernelArgument.Of(gemm.A), KernelArgument.Of(gemm.C))];
        }
    }

    // "upload m1+0 <- h0+0, ..." is about m1.
    private static string BlockOf(string upload) => upload.Split(' ', '+')[1];
}
