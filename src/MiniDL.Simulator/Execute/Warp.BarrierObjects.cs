// mbarrier: a barrier that is a word of 64 bits in shared memory.
//
// PTX ISA 8.4, section 9.7.13.15. A phase is over when as many threads have arrived as were announced; then the next one begins. Arriving gives a state, which is the
// phase's number, and a thread that has it can ask whether that phase is over, at leisure.
//
//     bits 0-19   arrivals of a phase      bits 20-39   arrivals still missing      bits 40-63   the phase's number
//
// The one thing to understand: NVIDIA does not say what the word looks like, so that a program cannot look inside, and any layout will do.
using System.Numerics;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;

namespace MiniDL.Simulator.Execute;

/// <summary>What is done with a barrier object.</summary>
internal enum BarrierObjectMode : byte
{
    Initialise,
    Arrive,

    /// <summary>Whether the phase of a state is over, or the one with a parity.</summary>
    Test, TestParity,

    /// <summary>cp.async.mbarrier.arrive: the thread's copies are done first. Without .noinc an arrival is added that this one takes away again.</summary>
    ArriveAfterCopies, TouchAfterCopies,

    /// <summary>Nothing but the access.</summary>
    Touch,
}

internal sealed unsafe partial class Warp
{
    private const ulong CountMask = (1 << 20) - 1;
    private const int MissingShift = 20, PhaseShift = 40;

    private void UseBarrierObject(Instruction* i, byte* frame, uint active)
    {
        var mode = (BarrierObjectMode)i->Detail2;
        if (mode is BarrierObjectMode.ArriveAfterCopies or BarrierObjectMode.TouchAfterCopies) FinishCopies(active, -1);
        FillAddresses(i, frame, active);
        long bias = LocateShared(i, active, AccessKind.SharedAtomic);
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ulong* word = (ulong*)((long)_addresses[lane] + bias);
            ulong phase = *word >> PhaseShift;
            switch (mode)
            {
                case BarrierObjectMode.Initialise:
                    ulong count = ((uint*)Row(frame, i->B))[lane] & CountMask;
                    *word = count | count << MissingShift;
                    break;
                case BarrierObjectMode.Arrive or BarrierObjectMode.ArriveAfterCopies:
                    *word = Arrived(*word);
                    if (mode == BarrierObjectMode.Arrive) ((ulong*)Row(frame, i->D))[lane] = phase;
                    break;
                case BarrierObjectMode.Test: SetLane(frame, i->D, lane, ((ulong*)Row(frame, i->B))[lane] != phase); break;
                case BarrierObjectMode.TestParity: SetLane(frame, i->D, lane, (((uint*)Row(frame, i->B))[lane] & 1) != (phase & 1)); break;
            }
        }
        if (mode is BarrierObjectMode.Test or BarrierObjectMode.TestParity) _polls++;
    }

    /// <summary>One arrival less is missing; with the last one the next phase begins.</summary>
    private static ulong Arrived(ulong word)
    {
        ulong count = word & CountMask, missing = (word >> MissingShift & CountMask) - 1 & CountMask, phase = word >> PhaseShift;
        return missing != 0 ? count | missing << MissingShift | phase << PhaseShift : count | count << MissingShift | (phase + 1) << PhaseShift;
    }

    private static void SetLane(byte* frame, ushort unit, int lane, bool value)
    {
        uint* predicate = (uint*)Row(frame, unit);
        *predicate = value ? *predicate | 1u << lane : *predicate & ~(1u << lane);
    }
}
