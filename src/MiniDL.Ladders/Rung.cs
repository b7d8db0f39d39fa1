// A rung: one kernel file, or a few that belong together, and how it is launched for a problem.
//
// The one thing to understand: sizes are macros in front of the file (LibraryKernel), so a plan has a text of its own for each problem; parameters are pointers only.
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>One way to solve the problems of a ladder.</summary>
/// <param name="Number">From 1; the number in front of the file's name.</param>
/// <param name="Name">A few words, such as <c>2-D thread tile</c>.</param>
/// <param name="File">Its file, such as <c>sgemm/05_thread_tile_2d.cu</c>.</param>
/// <param name="Change">What it does that the rung before does not, in one short sentence.</param>
/// <param name="Shows">The counter that shows it, such as <c>sectors a load: 32 -> 4</c>.</param>
/// <param name="Plan">Its launches.</param>
public sealed record Rung(int Number, string Name, string File, string Change, string Shows, Func<Problem, RungPlan> Plan)
{
    /// <summary>False where operands are rounded to fewer bits than float32 has (TF32). Such a rung competes with nobody.</summary>
    public bool IsFloat32 { get; init; } = true;

    /// <summary>The least compute capability it can be compiled for.</summary>
    public (int Major, int Minor) Needs { get; init; } = (7, 0);

    /// <summary>The file's number and stem, such as <c>05_thread_tile_2d</c>.</summary>
    public string Stem => Path.GetFileNameWithoutExtension(File);
}

/// <summary>What a rung does for a problem: launches in order, and the scratch memory they share.</summary>
/// <param name="Launches">In order.</param>
/// <param name="ScratchBytes">Scratch memory, contents undefined.</param>
public sealed record RungPlan(IReadOnlyList<RungLaunch> Launches, long ScratchBytes = 0);

/// <summary>One launch.</summary>
/// <param name="Source">The kernel.</param>
/// <param name="Shape">Blocks, threads, dynamic shared memory.</param>
/// <param name="Arguments">In the order of the kernel's parameters.</param>
public sealed record RungLaunch(KernelSource Source, LaunchShape Shape, IReadOnlyList<RungArgument> Arguments);

/// <summary>The address of an array of the problem, or of scratch memory, plus some bytes.</summary>
/// <param name="Array">The array's name; null for scratch memory.</param>
/// <param name="ByteOffset">Bytes behind its first element.</param>
public readonly record struct RungArgument(string? Array, long ByteOffset = 0)
{
    /// <summary>The first element of an array of the problem.</summary>
    public static implicit operator RungArgument(string array) => new(array);

    /// <summary>Some byte of scratch memory, which begins at a multiple of 256.</summary>
    public static RungArgument Scratch(long byteOffset = 0) => new(null, byteOffset);
}
