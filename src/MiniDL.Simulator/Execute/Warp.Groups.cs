// Divergence: which of a warp's lanes run, and which wait where.
//
//        all lanes                    A branch that lanes take differently makes two groups. The one that runs is the one with the deepest call,
//       ___|___                       and of those the one whose block has the lowest rank (FlowGraph): the farthest from the exit. At the end of
//      |       |  lanes 0-15: pc 4    every block it is asked again. Groups that meet at one instruction become one.
//      4       9  lanes 16-31: pc 9
//      |__   __|
//         | |                         The one thing to understand: since the group at the lower rank always runs first, a group that has reached
//          12     all lanes again     the place where both ways meet waits there until the others have come.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Checks;
using MiniDL.Simulator.Code;

namespace MiniDL.Simulator.Execute;

internal sealed unsafe partial class Warp
{
    private const int PatientPolls = 64, Turns = 64;
    private Group[] _waiting = new Group[4];
    private int _waitingCount, _depth, _frameUnit, _localBase, _polls, _turns;

    /// <summary>Lanes that wait at an instruction, in a certain depth of calls.</summary>
    private struct Group
    {
        public uint Mask;
        public int Pc, Depth, FrameUnit, LocalBase;

        /// <summary>0 if it can run; else the lanes that must come before its instruction can be executed.</summary>
        public uint Awaits;

        public readonly bool IsAt(in Group other) => Pc == other.Pc && Depth == other.Depth && FrameUnit == other.FrameUnit && LocalBase == other.LocalBase;
    }

    private Group Current => new() { Mask = Mask, Pc = Pc, Depth = _depth, FrameUnit = _frameUnit, LocalBase = _localBase };

    /// <summary>The running group parts: some lanes go to one place, the others to another.</summary>
    private void Part(uint lanes, int pc, int otherPc)
    {
        Group other = Current;
        (other.Mask, other.Pc) = (Mask & ~lanes, otherPc);
        (Mask, Pc) = (lanes, pc);
        Wait(other);
        Reschedule();
    }

    /// <summary>Adds a waiting group; lanes that are already there are joined, and can try again.</summary>
    private void Wait(in Group group)
    {
        if (group.Mask == 0) return;
        for (int i = 0; i < _waitingCount; i++)
        {
            if (!_waiting[i].IsAt(group)) continue;
            _waiting[i].Mask |= group.Mask;
            _waiting[i].Awaits = 0;
            return;
        }
        if (_waitingCount == _waiting.Length) Array.Resize(ref _waiting, 2 * _waitingCount);
        _waiting[_waitingCount++] = group;
    }

    /// <summary>The running group cannot go on until other lanes have come.</summary>
    private void Block(uint awaits)
    {
        Group blocked = Current;
        (Mask, _turns) = (0, 0);
        Wait(blocked);
        for (int i = 0; i < _waitingCount; i++) if (_waiting[i].IsAt(blocked)) _waiting[i].Awaits = awaits;
        Reschedule();
    }

    /// <summary>Joins whoever waits where the running group is, then chooses the group that runs.</summary>
    private void Reschedule()
    {
        if (Mask != 0)
        {
            Group here = Current;
            for (int i = _waitingCount - 1; i >= 0; i--) if (_waiting[i].IsAt(here)) { Mask |= _waiting[i].Mask; Remove(i); }
            if (_turns > 0) { _turns--; return; }
        }
        int best = FindBest();
        if (best < 0 && Mask == 0) best = FindReleased();
        if (best < 0 || (Mask != 0 && !IsBefore(_waiting[best], Current))) return;
        Switch(best);
    }

    private void Switch(int i)
    {
        Group next = _waiting[i];
        Group old = Current;
        Remove(i);
        (Mask, Pc, _depth, _frameUnit, _localBase) = (next.Mask, next.Pc, next.Depth, next.FrameUnit, next.LocalBase);
        Wait(old);
    }

    private void Remove(int i) => _waiting[i] = _waiting[--_waitingCount];

    /// <summary>Deepest call first, then lowest rank.</summary>
    private bool IsBefore(in Group a, in Group b)
    {
        if (a.Depth != b.Depth) return a.Depth > b.Depth;
        int rankA = _kernel.Ranks[a.Pc], rankB = _kernel.Ranks[b.Pc];
        return rankA != rankB ? rankA < rankB : a.Pc < b.Pc;
    }

    private int FindBest()
    {
        int best = -1;
        for (int i = 0; i < _waitingCount; i++)
            if (_waiting[i].Awaits == 0 && (best < 0 || IsBefore(_waiting[i], _waiting[best]))) best = i;
        return best;
    }

    /// <summary>Nobody can run: perhaps those that somebody waits for have exited meanwhile.</summary>
    private int FindReleased()
    {
        for (int i = 0; i < _waitingCount; i++)
        {
            if ((_waiting[i].Awaits & Alive & ~_waiting[i].Mask) != 0) continue;
            _waiting[i].Awaits = 0;
            return i;
        }
        if (_waitingCount == 0) return -1;
        Group stuck = _waiting[0];
        Pc = stuck.Pc;
        uint missing = stuck.Awaits & Alive & ~stuck.Mask;
        string others = string.Join("; ", Enumerable.Range(1, _waitingCount - 1).Select(i => $"lanes {Names(_waiting[i].Mask)} at '{_kernel.Origins[_waiting[i].Pc].Opcode}', {_kernel.Where(_waiting[i].Pc)}"));
        throw new KernelFault(KernelFault.LaunchFailed, $"deadlock: lanes {Names(stuck.Mask)} wait at '{_kernel.Origins[stuck.Pc].Opcode}' for lanes {Names(missing)}, which never come{(others.Length > 0 ? ": " + others : "")}", stuck.Mask) { Check = CheckKind.SyncCheck };
    }

    /// <summary>A loop that looks at memory again and again may be waiting for a group that waits itself: that one gets some turns, whatever its rank. With no such group, other warps do.</summary>
    /// <returns>True if the warp is to yield.</returns>
    private bool Rotate()
    {
        _polls = 0;
        int next = FindBest();
        if (next < 0) return true;
        Switch(next);
        _turns = Turns;
        return false;
    }

    private void ExitLanes(uint lanes)
    {
        if (_copies.Count > 0) FinishCopies(lanes, -1);
        Alive &= ~lanes;
        Mask &= ~lanes;
        if (Mask == 0) { _turns = 0; Reschedule(); }
    }

    /// <summary>0-3, 7: a set of lanes for people.</summary>
    internal static string Names(uint mask)
    {
        List<string> parts = [];
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            if ((mask >> lane & 1) == 0) continue;
            int first = lane;
            while (lane + 1 < Lanes.Count && (mask >> (lane + 1) & 1) != 0) lane++;
            parts.Add(first == lane ? $"{first}" : $"{first}-{lane}");
        }
        return string.Join(", ", parts);
    }
}
