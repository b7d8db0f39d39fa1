// bench -- resources: registers, shared memory, spills and occupancy of every kernel of the five programs, for every architecture.
//
// The one thing to understand: nothing runs. The programs are lowered and planned as for a GPU of each architecture, and what ptxas says of their kernels is what a
// real card would find. So the table is the same on every machine with the same NVRTC.
using MiniDL.Bench.Programs;
using MiniDL.Cuda;
using MiniDL.Examples;
using MiniDL.Gpu;

namespace MiniDL.Bench.Cuda;

/// <summary>The suite of <c>bench -- resources [--json]</c>.</summary>
internal sealed class ResourcesSuite
{
    private const int TrainBatch = 128, TestBatch = 250;   // those of the examples

    /// <summary>What MiniDL's kernels are for, each with a GPU whose limits they are planned for.</summary>
    public static readonly GpuProperties[] Targets = [KnownGpus.V100, KnownGpus.A100, KnownGpus.Rtx3090, KnownGpus.Rtx4090, KnownGpus.H100];

    private sealed record Line(string Name, int Number, string Architecture, LaunchShape Shape, KernelResources Resources, Occupancy Occupancy);

    /// <summary>Compiles and prints; returns the exit code, 1 if a kernel spills registers.</summary>
    public int Run(bool json)
    {
        NvrtcCompiler compiler = FindCompiler();
        Program[] programs = [.. Lowered()];
        var lines = new List<Line>();
        foreach (GpuProperties gpu in Targets)
        {
            if (compiler.Architectures.Contains(gpu.Architecture)) lines.AddRange(LinesFor(gpu, programs, compiler));
            else Console.WriteLine($"skipped: {gpu.Architecture}, for which NVRTC {compiler.Version.Major}.{compiler.Version.Minor} does not compile");
        }
        PrintTable(lines);
        if (json)
        {
            JsonLine.Print("kernels", lines, (writer, line) =>
            {
                writer.WriteString("name", line.Name);
                writer.WriteString("arch", line.Architecture);
                writer.WriteNumber("registers", line.Resources.Registers);
                writer.WriteNumber("shared_bytes", line.Resources.SharedBytes);
                writer.WriteNumber("spill_bytes", line.Resources.SpillBytes);
                writer.WriteNumber("occupancy", Math.Round(line.Occupancy.Fraction, 4));
            });
        }
        return lines.Any(line => line.Resources.SpillBytes > 0) ? 1 : 0;
    }

    // The training step and the prediction of each program. Lowering is the same for all devices, so the CPU's program is the one that is planned.
    private static IEnumerable<Program> Lowered()
    {
        using Device device = Device.Cpu(threads: 1);
        (Tensor x, Tensor y, Tensor model, Tensor cost, Update[] updates, _) = Linear.Build();
        yield return Lower(T.Function([x, y], cost, updates, device: device), [], []);
        yield return Lower(T.Function([x], model, device: device), [[]]);
        foreach (MnistChapter chapter in Progression.Mnist.Where(chapter => chapter.Name != "old-0.5"))   // the old net with another constant
        {
            MnistProgram program = chapter.Build(new Init(seed: 1));
            Shape images = program.X.Rank == 4 ? [TrainBatch, 1, Mnist.Side, Mnist.Side] : [TrainBatch, Mnist.Pixels];
            yield return Lower(T.Function([program.X, program.Y], program.Cost, program.Updates, device: device), images, [TrainBatch, Mnist.Classes]);
            yield return Lower(T.Function([program.X], program.Prediction, device: device), images.With(0, TestBatch));
        }
    }

    private static Program Lower(Function function, params Shape[] shapes)
    {
        using (function)
        {
            function.Compile(shapes);
            return function.Program!;
        }
    }

    // With cuBLAS and without, so that the hand-written product is among the kernels.
    private IEnumerable<Line> LinesFor(GpuProperties gpu, Program[] programs, NvrtcCompiler compiler)
    {
        PlanOptions[] choices = [new(gpu, GemmChoice.CuBlas), new(gpu, GemmChoice.Handwritten)];
        KernelStep[] steps = [.. choices.SelectMany(options => programs.SelectMany(program => ProgramPlan.For(program, options).Steps))
            .OfType<KernelStep>().DistinctBy(step => (step.Source, step.Shape))];
        IReadOnlyList<CompiledKernel> kernels = compiler.Compile([.. steps.Select(step => step.Source)], gpu.Architecture);

        var seen = new Dictionary<string, int>();   // kernels of the same name, for other sizes, are numbered
        for (int i = 0; i < steps.Length; i++)
        {
            string name = steps[i].Source.Name;
            int number = seen[name] = seen.GetValueOrDefault(name) + 1;
            KernelResources resources = kernels[i].Resources!.Value;
            yield return new Line(name, number, gpu.Architecture, steps[i].Shape, resources, resources.OccupancyOn(Multiprocessor.Of(gpu), steps[i].Shape));
        }
    }

    private static void PrintTable(List<Line> lines)
    {
        string[] architectures = [.. lines.Select(line => line.Architecture).Distinct()];
        Console.WriteLine($"{"kernel",-44}{"block",8}{"shared",8}{string.Concat(architectures.Select(name => $"{name,11}"))}    registers and occupancy");
        foreach (IGrouping<(string Name, int Number), Line> row in lines.GroupBy(line => (line.Name, line.Number)))
        {
            Line first = row.First();
            string cells = string.Concat(architectures.Select(name => $"{row.FirstOrDefault(line => line.Architecture == name) switch { { } line => Cell(line), _ => "" },11}"));
            Console.WriteLine($"{first.Name,-44}{first.Shape.Block,8}{first.Resources.SharedBytes + first.Shape.DynamicSharedBytes,8}{cells}");
        }
        Line[] spilling = [.. lines.Where(line => line.Resources.SpillBytes > 0)];
        foreach (Line line in spilling) Console.WriteLine($"spills: {line.Name} on {line.Architecture}, {line.Resources.SpillBytes} bytes");
        Console.WriteLine($"{lines.Count} kernels over {architectures.Length} architectures, {spilling.Length} of which spill registers. What limits occupancy: t threads, b blocks, r registers, s shared memory.");
    }

    // "32 100%t"
    private static string Cell(Line line) => $"{line.Resources.Registers} {100 * line.Occupancy.Fraction,3:F0}%{line.Occupancy.Limiter switch
    {
        OccupancyLimiter.Threads => 't',
        OccupancyLimiter.Blocks => 'b',
        OccupancyLimiter.Registers => 'r',
        _ => 's',
    }}";

    private static NvrtcCompiler FindCompiler()
    {
        try
        {
            return NvrtcCompiler.Create();
        }
        catch (MissingLibraryException missing)
        {
            throw new BenchmarkException(missing.Message);
        }
    }
}
