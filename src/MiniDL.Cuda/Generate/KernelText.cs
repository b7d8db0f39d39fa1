// What all generated kernels begin and end with: the header comment, the includes, the kernel's first lines.
//
// The one thing to understand: the text is complete and for a reader. It opens with the equations, the source lines they come from, the parameters and the launch.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>The frame around generated code.</summary>
internal static class KernelText
{
    /// <summary>Threads of a block, unless there is a reason for another number.</summary>
    public const int Threads = 256;

    /// <summary>Blocks of <paramref name="each"/> that it takes for so many threads.</summary>
    public static int Blocks(long threads, int each) => checked((int)((threads + each - 1) / each));

    /// <summary>A block's threads for so many in all: whole warps, not more than <see cref="Threads"/>.</summary>
    public static int BlockFor(long threads) => (int)Math.Min(Threads, (threads + 31) / 32 * 32);

    /// <summary>The header comment and the includes.</summary>
    public static void WriteHead(CudaWriter writer, string title, IEnumerable<string> lines, IEnumerable<string> parameters, string launch, IEnumerable<string> includes)
    {
        writer.Comment(title);
        foreach (string line in lines) writer.Comment("    " + line);
        foreach (string parameter in parameters) writer.Comment(parameter);
        writer.Comment(launch);
        foreach (string include in includes.Prepend("prelude.cuh")) writer.Line($"#include \"{include}\"");
        writer.Line();
    }

    /// <summary>The first line of a kernel whose blocks have exactly so many threads.</summary>
    public static string Signature(string name, string parameters, int threads) => $"extern \"C\" __global__ void __launch_bounds__({threads}) {name}({parameters})";

    /// <summary>How a launch is told in the header comment.</summary>
    public static string Launch(int blocks, int threads, string share) => $"Launch: {blocks} {(blocks == 1 ? "block" : "blocks")} of {threads} threads; {share}.";

    /// <summary>A step whose text is done.</summary>
    public static KernelStep Step(Stage stage, string name, CudaWriter writer, int blocks, int threads, IReadOnlyList<KernelArgument> arguments, long scratchBytes = 0) =>
        new(stage, new KernelSource(name, KernelLibrary.Resolve(writer.ToString())), new LaunchShape(new Dim3(blocks), new Dim3(threads)), arguments) { ScratchBytes = scratchBytes };

    /// <summary>The includes that some bodies need.</summary>
    public static IEnumerable<string> Includes(IEnumerable<FusedBody> bodies, bool byFour)
    {
        if (byFour) yield return "fused/four.cuh";
        if (bodies.Any(body => body.Instructions.Any(instruction => instruction is RandomNumbers))) yield return "random/philox.cuh";
    }
}
