// What the plans of the conv ladders share: the step from what MiniDL.Cuda plans to what a ladder launches.
//
// It stands between ConvSteps and GemmSteps, which plan for the executor, and the rungs. The one thing to understand: a rung that the executor uses is planned by the executor's
// own planner, tile and split included, so what the bench measures is what a training step runs. Only names differ: buffers there, arrays here.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>Launches for convolutions.</summary>
internal static class ConvPlans
{
    private const int ScratchAlignment = 256;

    /// <summary>The stage that computes a problem; its buffers are called like the arrays.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="direction">What is computed.</param>
    /// <param name="x">The array of x's shape.</param>
    /// <param name="f">The array of f's shape.</param>
    /// <param name="y">The array of y's shape.</param>
    public static ConvStage Stage(Problem problem, ConvDirection direction, string x, string f, string y)
    {
        var size = Convolution.Of(problem);
        return new ConvStage("conv2d", direction, size.Geometry, View(x, size.X), View(f, size.F), View(y, size.Y));

        // An array with an offset begins inside its buffer, so that the planner sees what is aligned.
        View View(string name, Shape shape) => new(new Buffer(0, BufferKind.Temporary, T.Input([checked((int)shape.Count + problem.Offset)], name), name),
            IndexMap.Contiguous(shape) with { Offset = problem.Offset });
    }

    /// <summary>A thread for each of some elements, in blocks.</summary>
    public static RungLaunch Elementwise(string file, Problem problem, long count, int threads, params IReadOnlyList<RungArgument> arguments) =>
        new(LibraryKernel.Of(file, problem.Macros), new LaunchShape(new Dim3(checked((int)((count + threads - 1) / threads))), new Dim3(threads)), arguments);

    /// <summary>Planned steps as launches.</summary>
    public static IReadOnlyList<RungLaunch> Launches(Problem problem, IEnumerable<Step> steps) =>
        [.. steps.Cast<KernelStep>().Select(step => new RungLaunch(step.Source, step.Shape, [.. step.Arguments.Select(argument => Argument(problem, argument))]))];

    /// <summary>Bytes of an array in scratch memory, so that what follows it is aligned.</summary>
    public static int ScratchBytes(long elements) => checked((int)((sizeof(float) * elements + ScratchAlignment - 1) / ScratchAlignment * ScratchAlignment));

    private static RungArgument Argument(Problem problem, KernelArgument argument) => argument switch
    {
        BufferArgument buffer => new RungArgument(buffer.Buffer.Name, sizeof(float) * (buffer.Offset - problem.Offset)),
        ScratchArgument scratch => RungArgument.Scratch(scratch.ByteOffset),
        _ => throw new ArgumentException($"a rung's kernels take arrays and scratch memory, not {argument}"),
    };
}
