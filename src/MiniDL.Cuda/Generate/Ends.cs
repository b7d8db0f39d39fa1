// What fusion hangs on the ends of a hand-written kernel: elementwise work done where the kernel loads an operand or stores its result.
//
// It stands between EndFusion, which decides, and the planners of hand-written kernels (PoolSteps, ConvSteps, GemmSteps), which put the text in front of
// their file and the arguments behind their own. The one thing to understand: a hand-written file never names what is fused. It says LOAD_X(i) and
// STORE_Y(i, v), has plain defaults for both, and appends ENDS_PARAMETERS to its parameter list; everything else is text in front of it.
namespace MiniDL.Cuda;

/// <summary>The fused ends of one hand-written kernel.</summary>
/// <remarks>
/// The macros use the kernel's parameters by name, so they must be called where these are in scope (the kernel's own body, or a function that gets them).
/// An operand called <c>x</c> is read by <c>LOAD_X(i)</c>, a result called <c>y</c> written by <c>STORE_Y(i, v)</c>; i is the flat row-major element index
/// of the operand's whole array, v a float. <c>EndsTable</c> lists which operands of which stages may have an end, and by which name.
/// </remarks>
/// <param name="text">Goes in front of the file: prelude, device functions, the macros <c>LOAD_...</c>, <c>STORE_...</c> and <c>ENDS_PARAMETERS</c>.
/// The prelude's include guard lets the file include it once more.</param>
/// <param name="arguments">Goes behind the kernel's own arguments, in the order of <c>ENDS_PARAMETERS</c>.</param>
/// <example><code>
/// string text = defines + ends?.Text + KernelLibrary.Read("pool/max_pool.cu");
/// KernelArgument[] arguments = [KernelArgument.Of(x), KernelArgument.Of(y), .. ends?.Arguments ?? []];
/// </code></example>
internal sealed class Ends(string text, IReadOnlyList<KernelArgument> arguments)
{
    /// <summary>Device functions and macros.</summary>
    public string Text { get; } = text;

    /// <summary>The further arguments.</summary>
    public IReadOnlyList<KernelArgument> Arguments { get; } = arguments;
}
