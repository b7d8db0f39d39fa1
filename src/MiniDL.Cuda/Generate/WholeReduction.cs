// The reduction of all terms of an expression to one result: the best rung of kernels/reduce, with the expression at its load end.
//
// Other reductions are generated whole (ReduceText), because where their terms lie depends on the axes. Here the terms are positions 0 to N - 1, which is what the hand-written kernel sums: it
// asks for them by LOAD_X(i) and LOAD4_X(i, v), and this puts in front of it what these are. The one thing to understand: the second launch, over the parts' results, is the
// same file without ends; all programs with as many parts share it.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Plans reductions to one result.</summary>
internal static class WholeReduction
{
    /// <summary>The two launches: over the terms, and over the parts.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="body">What computes a term at a position.</param>
    /// <param name="value">Which of its values is the term.</param>
    /// <param name="scratch">Where scratch buffers that the body reads lie.</param>
    /// <param name="partialsAt">Where in scratch memory the parts' results go.</param>
    public static IReadOnlyList<Step> Plan(ReduceStage stage, FusedBody body, int value, IReadOnlyDictionary<Buffer, long> scratch, long partialsAt)
    {
        IReadOnlyList<ReducePass> passes = ReducePass.Of(body.Rows);
        var combiner = new Combiner(stage.Kind, stage.Output.Buffer.DType);
        var parameters = new Parameters("x_", body) { Scratch = scratch };
        // The value is "stored" so that the body's function returns it.
        var term = new MapText(body with { Stores = [new Store(value, stage.Output with { Map = IndexMap.Contiguous([body.Rows]) })] }, CudaText.Identifier(stage.Name), buffer => parameters[buffer]);
        long bytes = partialsAt + (long)passes[0].Blocks * combiner.Bytes;
        var partials = new ScratchArgument(partialsAt);
        return
        [
            Step(passes[0], combiner.Macros(isLast: false), term.ByFour ? 4 : 1, LoadEnds(stage, passes[0], term, parameters), [.. parameters.Arguments, partials]),
            Step(passes[1], combiner.Macros(isLast: true), 1, null, [partials, KernelArgument.Of(stage.Output)]),
        ];

        KernelStep Step(ReducePass pass, IReadOnlyList<(string Name, object Value)> combination, int width, Ends? ends, IReadOnlyList<KernelArgument> arguments) =>
            new(stage, LibraryKernel.Of(ReducePass.File, [.. pass.Macros(width), .. combination], ends), new LaunchShape(new Dim3(pass.Blocks), new Dim3(pass.Threads)), arguments) { ScratchBytes = bytes };
    }

    private static Ends LoadEnds(ReduceStage stage, ReducePass pass, MapText term, Parameters parameters)
    {
        var writer = new CudaWriter();
        KernelText.WriteHead(writer, $"{stage.Name}, one result of {pass.Terms} terms:", stage.Details, parameters.Described,
            KernelText.Launch(pass.Blocks, pass.Threads, $"cut into {pass.Blocks} parts of {pass.Part} terms"), KernelText.Includes([term.Body], term.ByFour));
        term.WriteFunction(writer);
        writer.Line();
        writer.Line($"#define X_PARAMETERS {(parameters.Declarations.Length > 0 ? parameters.Declarations + "," : "")}");
        writer.Line($"#define LOAD_X(i) {term.Call("i")}");
        if (term.ByFour)
        {
            using (writer.Block($"__device__ __forceinline__ void load4_x({string.Join(", ", new[] { parameters.Declarations, "uint i, PARTIAL (&terms)[4]" }.Where(part => part.Length > 0))})"))
            {
                term.WriteLoadsOfFour(writer);
                writer.Line("#pragma unroll");
                writer.Line($"for (int k = 0; k < 4; k++) terms[k] = {term.CallOfFour()};");
            }
            writer.Line($"#define LOAD4_X(i, v) load4_x({string.Concat(parameters.Names.Select(name => name + ", "))}i, v)");
        }
        writer.Line();
        return new Ends(KernelLibrary.Resolve(writer.ToString()), parameters.Arguments);
    }
}
