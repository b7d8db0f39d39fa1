// A training step of the progression on a GPU that does nothing: what the host's benchmarks measure.
using MiniDL.Bench.Gpus;
using MiniDL.Cuda;
using MiniDL.Examples;
using MiniDL.Gpu;

namespace MiniDL.Bench.Host;

/// <summary>Takes every kernel and compiles nothing: the host's work does not depend on what a kernel says.</summary>
internal sealed class NullCompiler : IKernelCompiler
{
    public IReadOnlyList<CompiledKernel> Compile(IReadOnlyList<KernelSource> sources, string architecture) =>
        [.. sources.Select(source => new CompiledKernel(source, architecture, [], [], null))];
}

/// <summary>The step of one program, made ready for the null GPU, with a batch of zeros to feed it.</summary>
internal sealed class NullStep : IDisposable
{
    private const int Batch = 128;

    private readonly NullGpu _gpu = new();
    private readonly DeviceState _state;

    private NullStep(string model)
    {
        MnistProgram program = Progression.Mnist.Single(chapter => chapter.Name == model).Build(new Init(seed: 1));
        Shape images = program.X.Rank == 4 ? [Batch, 1, Mnist.Side, Mnist.Side] : [Batch, Mnist.Pixels];
        using Device cpu = Device.Cpu(threads: 1);
        using Function step = T.Function([program.X, program.Y], program.Cost, program.Updates, device: cpu, seed: 1);
        step.Compile(images, [Batch, Mnist.Classes]);

        _state = new DeviceState(_gpu, new NullCompiler(), new CudaOptions());
        Ready = new CudaProgram(_state, ProgramPlan.For(step.Program!, new PlanOptions(_gpu.Properties)));
        Inputs = [NDArray.Zeros(images), NDArray.Zeros([Batch, Mnist.Classes])];
    }

    /// <summary>Lowers and plans a program: logistic, old, modern or conv.</summary>
    public static NullStep Of(string model) => new(model);

    /// <summary>The program.</summary>
    public CudaProgram Ready { get; }

    /// <summary>What it is fed.</summary>
    public NDArray[] Inputs { get; }

    /// <summary>A step as training takes it: inputs packed and uploaded, the captured graph launched.</summary>
    public void Replay()
    {
        Ready.FetchShared();
        Ready.Run(Inputs, new RunState(1, 0));
    }

    /// <summary>Inputs packed and uploaded, and nothing else.</summary>
    public void Upload() => Ready.SetInputs(Inputs, new RunState(1, 0));

    /// <summary>Every launch of the step by itself, without inputs.</summary>
    public void LaunchAll()
    {
        for (int i = 0; i < Ready.Program.Stages.Count; i++) Ready.RunStage(i, new RunState(1, 0));
    }

    public void Dispose()
    {
        _state.Dispose();
        _gpu.Dispose();
    }
}
