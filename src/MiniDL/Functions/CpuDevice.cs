// The CPU as a device: programs run on a team of threads that all functions of the device share.
//
// The last station of the pipeline for most readers. The one thing to understand: rewriting and lowering know nothing of it; it only says how a program is made ready.
using MiniDL.Cpu;

namespace MiniDL;

/// <summary>The fast CPU executor as a device. All of its functions share one team of threads, so it serves one caller at a time.</summary>
internal sealed class CpuDevice : Device
{
    private readonly ThreadTeam _team;

    public CpuDevice(int threads)
    {
        if (threads is < 0 or > 256) throw new ArgumentOutOfRangeException(nameof(threads), $"threads must be from 1 to 256, or 0 for one per core, not {threads}");
        _team = new ThreadTeam(threads == 0 ? Environment.ProcessorCount : threads);
    }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    internal override Executable Compile(FunctionGraph graph, Shape[] inputShapes, Mode mode) =>
        new ProgramExecutable(graph, inputShapes, mode, $"cpu, {_team.Threads} threads", program => new CpuProgram(program, _team));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _team.Dispose();
        base.Dispose(disposing);
    }
}
