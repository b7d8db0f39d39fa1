// Kernels for a recording GPU, computed on the host: each launch runs its stage with the CPU executor, on what the device's memory holds then.
//
// Tests of the executor need kernels that do something, and no kernel is theirs to test. The one thing to understand: a launch here sees nothing but the
// addresses it was given, and when it runs is up to the recording GPU, which does everything as late as it may; so a wrong address, a lost update or an input
// overwritten early give wrong numbers, where all numbers should be the CPU device's to the bit.
using System.Globalization;
using MiniDL.Cpu;
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

/// <summary>A planner whose kernels are stages run on the host, and the compiler that goes with it.</summary>
internal sealed class HostStages : IKernelCompiler, IDisposable
{
    private readonly RecordingGpu _gpu;
    private readonly ThreadTeam _team = new(1);
    private readonly List<Stage> _stages = [];                             // by number: the kernel's name is the number behind an underscore
    private readonly List<(CpuProgram Program, NDArray[] Inputs)> _programs = [];
    private readonly Dictionary<Stage, (CpuProgram Program, int Index)> _places = new(ReferenceEqualityComparer.Instance);

    public HostStages(RecordingGpu gpu)
    {
        _gpu = gpu;
        gpu.OnLaunch = Run;
    }

    /// <summary>Every kernel that was compiled, in order.</summary>
    public List<string> Compiled { get; } = [];

    /// <summary>Called after a stage has run on the host, before its results go to the device: to make it wrong.</summary>
    public Action<Stage, CpuProgram>? Spoil { get; set; }

    /// <summary>One launch for each stage: its buffers' addresses, the run state's, and the scratch memory's.</summary>
    public IReadOnlyList<Step> Plan(Stage stage, PlanOptions options)
    {
        KernelArgument[] arguments = [.. BuffersOf(stage).Select(buffer => new BufferArgument(buffer, 0)), new RunStateArgument(), new ScratchArgument(64), new IntArgument(7), new FloatArgument(0.5f)];
        string name = $"{stage.Name}_{_stages.Count}";
        _stages.Add(stage);
        string types = string.Join(' ', arguments.Select(argument => argument switch { IntArgument => "u32", FloatArgument => "f32", _ => "u64" }));
        return [new KernelStep(stage, new KernelSource(name, $"{name}\n{types}"), new LaunchShape(new Dim3(2), new Dim3(32)), arguments) { ScratchBytes = 128 }];
    }

    /// <summary>Makes kernels of the text that Plan gives them: the name, and on the next line the types of the parameters.</summary>
    public IReadOnlyList<CompiledKernel> Compile(IReadOnlyList<KernelSource> sources, string architecture)
    {
        Compiled.AddRange(sources.Select(source => source.Name));
        return [.. sources.Select(source => new CompiledKernel(source, architecture, System.Text.Encoding.UTF8.GetBytes(PtxEntries.Empty(source.Name, source.Text.Split('\n')[1].Split(' '))), [], null))];
    }

    /// <summary>Makes the host ready for the launches of a function, compiled for some shapes.</summary>
    public Function Ready(Function function, params Shape[] shapes)
    {
        function.Compile(shapes);
        MiniDL.Program program = function.Program!;
        var ready = new CpuProgram(program, _team);
        NDArray[] inputs = [.. program.Inputs.Select(input => NDArray.Zeros(input.Node.Shape, input.DType))];
        ready.Memory.SetInputs(inputs);
        _programs.Add((ready, inputs));
        for (int i = 0; i < program.Stages.Count; i++) _places[program.Stages[i]] = (ready, i);
        return function;
    }

    public void Dispose()
    {
        foreach ((CpuProgram program, _) in _programs) program.Dispose();
        _team.Dispose();
    }

    private static Buffer[] BuffersOf(Stage stage) => [.. stage.Reads.Concat(stage.Writes).Select(view => view.Buffer).Distinct()];

    private void Run(RecordedLaunch launch)
    {
        Stage stage = _stages[int.Parse(launch.Kernel[(launch.Kernel.LastIndexOf('_') + 1)..], CultureInfo.InvariantCulture)];
        (CpuProgram program, int index) = _places[stage];
        Buffer[] buffers = BuffersOf(stage);

        // A variable's host array is the stage's memory on the CPU; here it is a stale copy and must stay one.
        byte[][] homes = [.. buffers.Select(buffer => program.Memory.Bytes(buffer).ToArray())];
        for (int i = 0; i < buffers.Length; i++) Device(launch, i, buffers[i]).CopyTo(program.Memory.Bytes(buffers[i]));
        Span<ulong> run = _gpu.Contents<ulong>(launch.Argument<ulong>(buffers.Length), 2);
        program.RunStage(index, new RunState(run[0], run[1]));
        Spoil?.Invoke(stage, program);
        for (int i = 0; i < buffers.Length; i++) program.Memory.Bytes(buffers[i]).CopyTo(Device(launch, i, buffers[i]));
        for (int i = 0; i < buffers.Length; i++) homes[i].CopyTo(program.Memory.Bytes(buffers[i]));
    }

    private Span<byte> Device(RecordedLaunch launch, int argument, Buffer buffer) => _gpu.Contents<byte>(launch.Argument<ulong>(argument), (int)buffer.Bytes);
}
