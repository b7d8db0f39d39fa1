// What is wrong with a text that should be PTX.
namespace MiniDL.Simulator.Ptx;

/// <summary>A text is not PTX, or uses an instruction that the simulator does not know.</summary>
/// <param name="line">The line of the PTX text, from 1; 0 if none can be named.</param>
/// <param name="message">What was found there, and what was expected.</param>
/// <example><code>
/// try { gpu.LoadModule(ptx, cubin); }
/// catch (PtxException e) { Console.WriteLine(e.Message); }   // PTX line 17: found '}', expected ';'
/// </code></example>
public sealed class PtxException(int line, string message) : Exception(line > 0 ? $"PTX line {line}: {message}" : $"PTX: {message}")
{
    /// <summary>The line of the PTX text, from 1.</summary>
    public int Line { get; } = line;
}
