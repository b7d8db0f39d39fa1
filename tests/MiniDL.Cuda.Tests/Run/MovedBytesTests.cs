// What the kernels of a training step move, against what they must: the sectors that the simulated GPU counts, and the distinct bytes of each stage.
//
// A kernel moves 32 bytes for each sector that a warp's request touches, however few of them it wants. It must move its distinct inputs and outputs, each once,
// in whole sectors. So a ratio near 1 says that lanes are coalesced and nothing is read twice. The one thing to understand: the first test holds the kernels to the
// stage, the second holds the stages to a file, so that a fusion that is lost shows as bytes that came back.
using System.Globalization;
using System.Text;
using MiniDL.Gpu;
using MiniDL.Simulator;
using MiniDL.Tests;
using MiniDL.Tests.Lowering;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class MovedBytesTests
{
    private const double MostMoved = 1.3;    // times the distinct bytes
    private const long SectorBytes = 32;

    private static readonly string[] s_models = ["linear", "logistic", "old", "modern", "conv"];

    [TestCaseSource(nameof(s_models))]
    public void Maps_reductions_pools_and_updates_move_little_more_than_they_must(string model)
    {
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.On });
        using var device = new CudaDevice(gpu, Nvrtc.Required(), new CudaOptions());
        TrainingStep step = StepOf(model, convBatch: 8);
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        using Function train = step.Compile(device);
        train.Run(x, y).Scalar();

        // The launches of the run are the kernels of the plan, in order; products by cuBLAS are no kernels.
        var plan = new ProgramPlan(train.Program!, new PlanOptions(gpu.Properties), StagePlanner.Plan);
        KernelStep[] kernels = [.. plan.Steps.OfType<KernelStep>()];
        Assert.That(gpu.Reports.Select(report => report.Kernel), Is.EqualTo(kernels.Select(kernel => kernel.Source.Name)));

        using (Assert.EnterMultipleScope())
        {
            int launch = 0;
            for (int i = 0; i < plan.Program.Stages.Count; i++)
            {
                (int first, int end) = plan.StepsOf(i);
                int launches = plan.Steps.Skip(first).Take(end - first).OfType<KernelStep>().Count();
                if (launches == 0) continue;
                long moved = gpu.Reports.Skip(launch).Take(launches).Sum(report => report.Counters.GlobalBytes);
                launch += launches;
                Check(plan.Program.Stages[i], moved);
            }
        }
    }

    private static void Check(Stage stage, long moved)
    {
        long distinct = stage.Reads.Concat(stage.Writes).Sum(InWholeSectors);
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{stage.Name,-44} {moved,12} of {distinct,12} bytes: {(double)moved / distinct:F3}"));
        if (stage is ConvStage or StageWithEnds { Core: ConvStage }) return;   // told, not held: they read their operands many times, from the cache
        Assert.That(!(moved <= MostMoved * distinct), Is.False, $"{stage.Name} moves {moved} bytes for {distinct}\n{string.Join('\n', stage.Details)}");
    }

    [Test]
    public void The_distinct_bytes_of_each_step_are_those_of_the_file()
    {
        var text = new StringBuilder("# The distinct bytes that each stage of a training step reads and writes, on a GPU.\n");
        foreach (string model in s_models)
        {
            using Device cpu = Device.Cpu(threads: 1);
            MiniDL.Program program = EndFusion.Fuse(StepOf(model, convBatch: 128).Lower(cpu), new PlanOptions(KnownGpus.A100));
            text.Append(CultureInfo.InvariantCulture, $"\n{model}: {program.Stages.Sum(stage => stage.Bytes)} bytes in {program.Stages.Count} stages\n");
            foreach (Stage stage in program.Stages) text.Append(CultureInfo.InvariantCulture, $"{stage.Bytes,12} {stage.Name}\n");
        }
        string path = Path.Combine(Repository.Root, "tests", "MiniDL.Cuda.Tests", "Golden", "bytes.txt");
        if (Environment.GetEnvironmentVariable("MINIDL_ACCEPT") == "1") File.WriteAllText(path, text.ToString());
        Assert.That(text.ToString(), Is.EqualTo(File.ReadAllText(path).ReplaceLineEndings("\n")), "bytes.txt differs; if the change is meant, run with MINIDL_ACCEPT=1");
    }

    private static TrainingStep StepOf(string model, int convBatch) => model == "conv" ? Models.Conv(batch: convBatch) : Models.ByName(model);

    private static long InWholeSectors(View view)
    {
        long bytes = Math.Min(view.Map.Shape.Count, view.Buffer.Count) * view.Buffer.DType.Size();
        return (bytes + SectorBytes - 1) / SectorBytes * SectorBytes;
    }
}
