// What all stages are to the CPU executor: something that was made ready once and is run many times.
//
// The one thing to understand: everything that allocates or decides (plans, tables, scratch) happens in the constructor.
namespace MiniDL.Cpu;

/// <summary>A stage of a program made ready to run on the CPU: plans made, scratch allocated. Running it allocates nothing.</summary>
internal abstract class CpuStage(Stage stage) : IDisposable
{
    /// <summary>The stage.</summary>
    public Stage Stage { get; } = stage;

    /// <summary>Computes it.</summary>
    public abstract void Run(in RunState run);

    /// <summary>Frees the plan and its scratch.</summary>
    public abstract void Dispose();
}
