// How all terms of an array become one: the launches of kernels/reduce's best rung, one over the terms and one over the parts' results.
//
// The executor plans by it (WholeReduction), and so does the ladder that the kernel is a rung of. The one thing to understand: parts follow from the number of terms alone
// (ReducePlan says how), so the order of the sum, and with it each bit of it, is the same on every device.
namespace MiniDL.Cuda;

/// <summary>One launch of <see cref="File"/>: some terms become one for each part.</summary>
/// <param name="Terms">The terms, N.</param>
/// <param name="Part">Terms of a block.</param>
/// <param name="Threads">Threads of a block.</param>
/// <example><code>foreach (ReducePass pass in ReducePass.Of(1_000_000)) Console.WriteLine(pass.Blocks);   // 245, then 1</code></example>
internal readonly record struct ReducePass(int Terms, int Part, int Threads)
{
    /// <summary>The kernel.</summary>
    public const string File = "reduce/08_float4.cu";

    /// <summary>Blocks, and results.</summary>
    public int Blocks => KernelText.Blocks(Terms, Part);

    /// <summary>The launches for so many terms, at least one: one if they are few enough for one block, else two.</summary>
    public static IReadOnlyList<ReducePass> Of(int terms)
    {
        var plan = new ReducePlan(Shape.Create([terms]), [0]);
        ReducePass first = plan.Parts > 1 ? new ReducePass(terms, plan.PartTerms, plan.Threads) : OneBlock(terms);
        return first.Blocks > 1 ? [first, OneBlock(first.Blocks)] : [first];
    }

    /// <summary>Its sizes as macros.</summary>
    /// <param name="width">Terms that are loaded at once: 4 where that can be done, else 1.</param>
    public IReadOnlyList<(string Name, object Value)> Macros(int width) => [("N", Terms), ("PART", Part), ("THREADS", Threads), ("WIDTH", width)];

    private static ReducePass OneBlock(int terms)
    {
        int threads = Math.Max(32, ReducePlan.LanesFor(terms, results: 1)), unit = 4 * threads;
        return new ReducePass(terms, (terms + unit - 1) / unit * unit, threads);
    }
}
