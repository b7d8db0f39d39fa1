// What lanes of a warp tell each other: shuffles, votes, matches, reductions.
//
// PTX ISA 8.4, sections 9.7.8.6 (shfl), 9.7.12 (vote, match, redux, activemask, elect).
//
// The one thing to understand: .sync instructions name the lanes that take part, and begin only when all of these that have not exited have arrived. Usually all are
// there; if not, the group waits (Warp.Groups) until the missing ones join it.
using System.Numerics;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Code;

namespace MiniDL.Simulator.Execute;

/// <summary>Whom shfl reads from.</summary>
internal enum ShuffleMode : byte { Up, Down, Bfly, Idx }

/// <summary>What vote asks.</summary>
internal enum VoteMode : byte { All, Any, Uni, Ballot }

internal sealed unsafe partial class Warp
{
    private static uint Members(Instruction* i, byte* frame, uint active) => ((uint*)Row(frame, i->E))[BitOperations.TrailingZeroCount(active)];

    /// <summary>Executes an instruction that needs several lanes; false if some are missing.</summary>
    private bool TrySynchronise(Instruction* i, byte* frame, uint active)
    {
        uint members = Members(i, frame, active);
        if ((members & Alive & ~active) != 0) return false;
        _checks?.Synchronise(Index, active, members, (int)(i - _code));
        switch (i->Op)
        {
            case Op.Shuffle: Shuffle(i, frame, active); break;
            case Op.Vote: Vote(i, frame, active); break;
            case Op.Match: Match(i, frame, active); break;
            case Op.Reduce: Reduce(i, frame, active); break;
            case Op.MatrixMultiply: MultiplyMatrices(i, frame); break;
            case Op.LoadMatrix: LoadMatrices(i, frame, active); break;
            case Op.Elect:
                Spread32(i, frame, active, (uint)BitOperations.TrailingZeroCount(active));
                uint* elected = (uint*)Row(frame, i->B);
                *elected = Blend(*elected, active & (0 - active), active);
                break;
        }
        return true;
    }

    /// <summary>The group waits for lanes that take part and are elsewhere. A barrier of the warp may be waited for at different places.</summary>
    private void WaitForLanes(Instruction* i, byte* frame, uint active, int pc)
    {
        uint members = Members(i, frame, active);
        Pc = pc;
        SplitGuard(active);
        if (i->Op != Op.WarpBarrier) { Block(members); return; }
        uint present = Mask;
        for (int k = 0; k < _waitingCount; k++) if (IsAtWarpBarrier(_waiting[k], members)) present |= _waiting[k].Mask;
        if ((members & Alive & ~present) != 0) { Block(members); return; }

        // All are there: everybody goes on behind the barrier where they waited.
        _checks?.Synchronise(Index, present & members, members, pc);
        for (int k = _waitingCount - 1; k >= 0; k--)
        {
            Group waiting = _waiting[k];
            if (!IsAtWarpBarrier(waiting, members)) continue;
            Remove(k);
            _profile.Ran(waiting.Pc, waiting.Pc + 1, BitOperations.PopCount(waiting.Mask));
            waiting.Pc++;
            waiting.Awaits = 0;
            Wait(waiting);
        }
        PassBarrier();
        Reschedule();
    }

    private bool IsAtWarpBarrier(in Group group, uint members) => group.Awaits == members && _code[group.Pc].Op == Op.WarpBarrier;

    /// <summary>j = the lane to read; p = whether it lies in the segment that c describes. Out of it, a lane reads itself.</summary>
    private void Shuffle(Instruction* i, byte* frame, uint active)
    {
        uint* a = (uint*)Row(frame, i->A), b = (uint*)Row(frame, i->B), c = (uint*)Row(frame, i->C), d = (uint*)_scratch;
        uint inside = 0;
        Span<int> sources = stackalloc int[Lanes.Count];
        var mode = (ShuffleMode)i->Detail;
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            int distance = (int)(b[lane] & 31), segment = (int)(c[lane] >> 8 & 31), clamp = (int)(c[lane] & 31);
            int most = (lane & segment) | (clamp & ~segment);
            (int j, bool p) = mode switch
            {
                ShuffleMode.Up => (lane - distance, lane - distance >= most),
                ShuffleMode.Down => (lane + distance, lane + distance <= most),
                ShuffleMode.Bfly => (lane ^ distance, (lane ^ distance) <= most),
                _ => ((lane & segment) | (distance & ~segment), ((lane & segment) | (distance & ~segment)) <= most),
            };
            sources[lane] = p ? j : lane;
            d[lane] = a[sources[lane]];
            if (p) inside |= 1u << lane;
        }
        _checks?.Shuffled(Index, sources, active, (int)(i - _code));
        Lanes.Blend32((uint*)Row(frame, i->D), d, active);
        if (i->Value == 0) return;
        uint* predicate = (uint*)Row(frame, (ushort)i->Value);
        *predicate = Blend(*predicate, inside, active);
    }

    private void Vote(Instruction* i, byte* frame, uint active)
    {
        uint yes = (*(uint*)Row(frame, i->A) ^ (i->Detail2 != 0 ? uint.MaxValue : 0)) & active;
        if (i->Detail == (byte)VoteMode.Ballot) { Spread32(i, frame, active, yes); return; }
        bool result = (VoteMode)i->Detail switch { VoteMode.All => yes == active, VoteMode.Any => yes != 0, _ => yes == active || yes == 0 };
        uint* d = (uint*)Row(frame, i->D);
        *d = Blend(*d, result ? uint.MaxValue : 0, active);
    }

    /// <summary>For each lane the lanes that have the same value; or, of all, everybody or nobody.</summary>
    private void Match(Instruction* i, byte* frame, uint active)
    {
        bool wide = i->Detail2 != 0, all = i->Detail != 0;
        byte* a = Row(frame, i->A);
        ulong Value(int lane) => wide ? ((ulong*)a)[lane] : ((uint*)a)[lane];
        uint* d = (uint*)Row(frame, i->D);
        uint same = 0;
        for (uint left = active; left != 0;)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ulong value = Value(lane);
            same = 0;
            for (int other = lane; other < Lanes.Count; other++) if ((left >> other & 1) != 0 && Value(other) == value) same |= 1u << other;
            for (int other = lane; !all && other < Lanes.Count; other++) if ((same >> other & 1) != 0) _addresses[other] = same;
            left &= ~same;
        }
        if (!all)
        {
            for (int lane = 0; lane < Lanes.Count; lane++) if ((active >> lane & 1) != 0) d[lane] = (uint)_addresses[lane];
            return;
        }
        Spread32(i, frame, active, same == active ? active : 0);
        if (i->Value == 0) return;
        uint* predicate = (uint*)Row(frame, (ushort)i->Value);
        *predicate = Blend(*predicate, same == active ? uint.MaxValue : 0, active);
    }

    private void Reduce(Instruction* i, byte* frame, uint active)
    {
        uint* a = (uint*)Row(frame, i->A);
        uint result = 0;
        bool first = true;
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            if ((active >> lane & 1) == 0) continue;
            result = first ? a[lane] : (uint)Atomics.Apply((AtomicKind)i->Detail, i->Detail2 != 0 ? AtomicType.S32 : AtomicType.U32, result, a[lane], 0, flush: false);
            first = false;
        }
        Spread32(i, frame, active, result);
    }

    /// <summary>One value to all active lanes.</summary>
    private void Spread32(Instruction* i, byte* frame, uint active, uint value)
    {
        Lanes.Fill32((uint*)_scratch, value);
        Lanes.Blend32((uint*)Row(frame, i->D), (uint*)_scratch, active);
    }

    private void Spread64(Instruction* i, byte* frame, uint active, ulong value)
    {
        if (i->Detail2 == 0) { Spread32(i, frame, active, (uint)value); return; }
        Lanes.Fill64((ulong*)_scratch, value);
        Lanes.Blend64((ulong*)Row(frame, i->D), (ulong*)_scratch, active);
    }
}
