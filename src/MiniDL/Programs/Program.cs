// The lowered form of a function for one set of input shapes: buffers, and stages in the order they run. What executors execute.
//
// The one thing to understand: it is data, not code. It says what is computed, from where to where, in which order; how, is each executor's own affair.
using System.Text;

namespace MiniDL;

/// <summary>A straight line of stages over buffers. Every shape is known, every byte of intermediate memory has its place.</summary>
public sealed class Program
{
    internal Program(IReadOnlyList<Buffer> buffers, IReadOnlyList<Stage> stages, IReadOnlyList<Buffer> inputs, IReadOnlyList<Buffer> outputs)
    {
        (Buffers, Stages, Inputs, Outputs) = (buffers, stages, inputs, outputs);
    }

    /// <summary>All buffers; a buffer's id is its index here.</summary>
    public IReadOnlyList<Buffer> Buffers { get; }

    /// <summary>The stages in the order they run.</summary>
    public IReadOnlyList<Stage> Stages { get; }

    /// <summary>The buffers of the function's inputs, in order.</summary>
    public IReadOnlyList<Buffer> Inputs { get; }

    /// <summary>The buffers of the function's outputs, in order.</summary>
    public IReadOnlyList<Buffer> Outputs { get; }

    /// <summary>Bytes of the arena that holds all temporaries and outputs.</summary>
    public long ArenaBytes { get; internal set; }

    /// <summary>What the arena would take if no byte were used twice.</summary>
    public long NaiveBytes => Buffers.Where(buffer => buffer.Kind is BufferKind.Temporary or BufferKind.Output).Sum(buffer => buffer.Bytes);

    /// <summary>Floating-point operations of one run.</summary>
    public double Flops => Stages.Sum(stage => stage.Flops);

    /// <summary>The stages with their details, FLOPs and bytes, and the memory plan.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        for (int i = 0; i < Stages.Count; i++)
        {
            Stage stage = Stages[i];
            text.Append($"stage {i}: {stage.Name}   {stage.Flops / 1e6:F2} MFLOP, {stage.Bytes / 1e6:F3} MB   # {stage.Source}\n");
            foreach (string line in stage.Details) text.Append($"    {line}\n");
        }
        text.Append($"memory: {ArenaBytes:N0} bytes planned, {NaiveBytes:N0} without sharing\n");
        foreach (Buffer buffer in Buffers.Where(buffer => buffer.Offset >= 0).OrderBy(buffer => buffer.Offset))
            text.Append($"    {buffer.Offset,12} + {buffer.Bytes,10}  {buffer}\n");
        return text.ToString();
    }
}
