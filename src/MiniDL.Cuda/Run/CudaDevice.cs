// A GPU as a device: programs are planned as launches, their kernels compiled, and run on one stream.
//
// The last station of the pipeline: rewriting and lowering are those of the CPU; what comes after is in this project's folders, in the order Plan, Generate and
// Library (stage to kernels), Nvrtc (kernels to code), Run (this folder). The one thing to understand: it sees the GPU only through IGpu, so a simulated GPU, or one
// that merely writes down what it is asked, takes the same path as a real one.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>An NVIDIA GPU, or a simulated one, as a device. Its functions share kernels, the values of shared variables, and one stream. Not for use by
/// several threads at once.</summary>
/// <example><code>
/// using Device device = CudaDevice.Open();
/// using Function f = T.Function([x], y, device: device);
/// </code></example>
public sealed class CudaDevice : Device
{
    private readonly DeviceState _state;
    private readonly PlanOptions _planning;
    private readonly bool _ownsGpu;

    /// <summary>The real GPU, by the driver, with NVRTC as compiler.</summary>
    /// <param name="options">Which GPU, and further choices.</param>
    /// <exception cref="MissingLibraryException">There is no driver or no NVRTC; the message tells where it was looked for and how to install it.</exception>
    /// <exception cref="GpuException">There is no such GPU, or the driver does not start.</exception>
    public static CudaDevice Open(CudaOptions? options = null)
    {
        options ??= new CudaOptions();
        DriverGpu gpu = DriverGpu.Open(options.Ordinal);
        try
        {
            return new CudaDevice(gpu, NvrtcCompiler.Create(), options, ownsGpu: true) { PrepareProducts = gpu.EnsureGemm };
        }
        catch
        {
            gpu.Dispose();
            throw;
        }
    }

    /// <summary>A device on any GPU.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="compiler">Compiles its kernels.</param>
    /// <param name="options">Further choices.</param>
    /// <param name="ownsGpu">Whether the GPU is disposed of with the device.</param>
    /// <exception cref="GpuException">A call to the GPU failed.</exception>
    public CudaDevice(IGpu gpu, IKernelCompiler compiler, CudaOptions? options = null, bool ownsGpu = false)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        ArgumentNullException.ThrowIfNull(compiler);
        options ??= new CudaOptions();
        _ownsGpu = ownsGpu;
        _state = new DeviceState(gpu, compiler, options);
        _planning = new PlanOptions(gpu.Properties, options.Gemm) { TensorFloat32 = options.TensorFloat32 };
    }

    /// <inheritdoc/>
    public override string Name => _state.Gpu.Properties.IsSimulated ? "sim" : "cuda";

    /// <summary>The GPU.</summary>
    public IGpu Gpu => _state.Gpu;

    /// <summary>Called before a function with cuBLAS calls is made ready: a missing cuBLAS is told before kernels are compiled and not in the middle of the first step.</summary>
    public Action<IGpuStream>? PrepareProducts { get; init; }

    /// <summary>Plans stages in the place of <see cref="StagePlanner"/>, and without fused ends: for tests.</summary>
    internal Func<Stage, PlanOptions, IReadOnlyList<Step>>? Planner { get; init; }

    /// <inheritdoc/>
    internal override Executable Compile(FunctionGraph graph, Shape[] inputShapes, Mode mode) =>
        new ProgramExecutable(graph, inputShapes, mode, $"{Name}, {Gpu.Properties.Name}, {Gpu.Properties.Architecture}",
            program => MakeReady(Planner is null ? ProgramPlan.For(program, _planning) : new ProgramPlan(program, _planning, Planner)));

    private CudaProgram MakeReady(ProgramPlan plan)
    {
        _state.ThrowIfUnusable();
        if (plan.Products > 0) PrepareProducts?.Invoke(_state.Stream);
        return new CudaProgram(_state, plan);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _state.Dispose();
            if (_ownsGpu) Gpu.Dispose();
        }
        base.Dispose(disposing);
    }
}
