// One arithmetic instruction, ready to run: where the spelling in PTX ends and a function over 32 lanes begins.
//
// The one thing to understand: a spelling such as "fma.rn.ftz.f32" is looked up once, when a module is loaded (AluTable); from then on it is a function pointer and
// the widths of its registers.
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Arithmetic;

/// <summary>How a register of a warp lies in memory.</summary>
internal enum LaneKind : byte
{
    /// <summary>There is no such operand.</summary>
    None,

    /// <summary>One uint, lane i in bit i.</summary>
    Predicate,

    /// <summary>32 lanes of 4 bytes: types of up to 32 bits. Of shorter types only the low bits are read.</summary>
    Lanes32,

    /// <summary>32 lanes of 8 bytes.</summary>
    Lanes64,
}

/// <summary>An instruction over all 32 lanes.</summary>
internal sealed unsafe class Alu
{
    /// <summary>The function: addresses of the destination and of up to four sources. All 32 lanes are computed; d may be a source.</summary>
    public required delegate*<void*, void*, void*, void*, void*, void> Run { get; init; }

    /// <summary>The destination's kind.</summary>
    public required LaneKind Destination { get; init; }

    /// <summary>The sources' kinds, as many as there are.</summary>
    public required IReadOnlyList<LaneKind> Sources { get; init; }

    /// <summary>For counters and the timing model.</summary>
    public required InstructionClass Class { get; init; }

    /// <summary>Floating-point operations of each lane: 2 for fma, as Nsight Compute counts.</summary>
    public int Flops { get; init; }

    /// <summary>setp: how the comparison is combined with a predicate that follows the sources (<see cref="Predicates.Combined"/>).</summary>
    public Combine Combine { get; init; }

    /// <summary>True if the fourth source is the address of a ulong, the seed of the jitter.</summary>
    public bool TakesSeed { get; init; }
}
