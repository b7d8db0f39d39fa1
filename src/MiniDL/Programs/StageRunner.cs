// What the rest of MiniDL knows of an executor: a program made ready to run, that can be run, run stage by stage, looked into and timed.
//
// It stands between Functions, which owns one per set of shapes, and the executors, each of which is one (Cpu/CpuProgram, and that of MiniDL.Cuda). The one
// thing to understand: memory may be anywhere, so nobody outside gets an address; Read and Write copy, and wait for a device where there is one.
namespace MiniDL;

/// <summary>A program with its memory and whatever running its stages takes.</summary>
internal abstract class StageRunner : IDisposable
{
    /// <summary>The program that runs: as it was lowered, or with stages joined further.</summary>
    public abstract Program Program { get; }

    /// <summary>Kernels and library calls of a run.</summary>
    public virtual int Launches => Program.Stages.Count;

    /// <summary>What was prepared and how long it took, for whoever is curious (MINIDL_DEBUG=1); empty if there is nothing to tell.</summary>
    public virtual string Preparations => "";

    /// <summary>Brings the values of shared variables to where the stages read them. Comes before every run.</summary>
    public abstract void FetchShared();

    /// <summary>Runs all stages on arrays, in the order of the inputs. May return before they are done.</summary>
    public abstract void Run(ReadOnlySpan<NDArray> inputs, in RunState run);

    /// <summary>Sets inputs and random state without running anything: RunStage comes next.</summary>
    public abstract void SetInputs(ReadOnlySpan<NDArray> inputs, in RunState run);

    /// <summary>Runs one stage.</summary>
    public abstract void RunStage(int index, in RunState run);

    /// <summary>Copies what a buffer holds, in row-major order, once all that was asked for is done.</summary>
    public abstract void Read(Buffer buffer, Span<byte> destination);

    /// <summary>Replaces what a buffer holds.</summary>
    public abstract void Write(Buffer buffer, ReadOnlySpan<byte> source);

    /// <summary>Starts timing afresh, or stops it and returns the mean time of each stage; empty if nothing ran.</summary>
    public abstract IReadOnlyList<StageTime> Time(bool on);

    /// <summary>The program, and how this executor runs it.</summary>
    public virtual string Explain() => $"\n== program\n{Program}";

    /// <summary>Frees memory and plans.</summary>
    public abstract void Dispose();
}

/// <summary>The time of one stage over several runs.</summary>
/// <param name="Name">The stage's name.</param>
/// <param name="Source">The line that asked for it.</param>
/// <param name="Runs">How many runs were timed.</param>
/// <param name="Milliseconds">The mean time of one run.</param>
/// <param name="Flops">Floating-point operations of one run.</param>
/// <param name="Bytes">Bytes moved at least in one run.</param>
public readonly record struct StageTime(string Name, SourceLocation Source, int Runs, double Milliseconds, double Flops, double Bytes);
