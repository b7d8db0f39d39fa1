// Moves that are more than a copy: halves of registers, special registers, addresses from one window to another.
using MiniDL.Gpu;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Execute;

internal sealed unsafe partial class Warp
{
    private uint* ThreadRow(SpecialRegister which) => (uint*)(_rows + 2048 + (int)which * 128);

    private void FillThread(int lane)
    {
        Dim3 thread = _block.Launch.ThreadAt(Index * Lanes.Count + lane);
        uint bit = 1u << lane;
        ThreadRow(SpecialRegister.TidX)[lane] = (uint)thread.X;
        ThreadRow(SpecialRegister.TidY)[lane] = (uint)thread.Y;
        ThreadRow(SpecialRegister.TidZ)[lane] = (uint)thread.Z;
        ThreadRow(SpecialRegister.LaneId)[lane] = (uint)lane;
        ThreadRow(SpecialRegister.LanemaskEq)[lane] = bit;
        ThreadRow(SpecialRegister.LanemaskLt)[lane] = bit - 1;
        ThreadRow(SpecialRegister.LanemaskLe)[lane] = bit | (bit - 1);
        ThreadRow(SpecialRegister.LanemaskGt)[lane] = ~(bit | (bit - 1));
        ThreadRow(SpecialRegister.LanemaskGe)[lane] = ~(bit - 1);
    }

    private void ReadSpecial(Instruction* i, byte* frame, uint active)
    {
        var which = (SpecialRegister)i->Detail;
        if (which > SpecialRegister.LanemaskGe) { Spread64(i, frame, active, _block.Special(which, Index)); return; }
        uint* from = ThreadRow(which);
        if (i->Detail2 == 0) { Lanes.Blend32((uint*)Row(frame, i->D), from, active); return; }
        ulong* to = (ulong*)Row(frame, i->D);
        for (int lane = 0; lane < Lanes.Count; lane++) if ((active >> lane & 1) != 0) to[lane] = from[lane];
    }

    /// <summary>mov.b64 {lo, hi}, a; mov.b64 d, {lo, hi}; the same of 32 bits in halves of 16.</summary>
    private void Repack(Instruction* i, byte* frame, uint active)
    {
        byte* a = Row(frame, i->A), d = Row(frame, i->D);
        uint* b = (uint*)Row(frame, i->B), e = (uint*)Row(frame, i->E);
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            if ((active >> lane & 1) == 0) continue;
            switch (i->Op)
            {
                case Op.Unpack64: { ulong whole = ((ulong*)a)[lane]; ((uint*)d)[lane] = (uint)whole; e[lane] = (uint)(whole >> 32); break; }
                case Op.Pack64: ((ulong*)d)[lane] = ((uint*)a)[lane] | (ulong)b[lane] << 32; break;
                case Op.Unpack32: { uint whole = ((uint*)a)[lane]; ((uint*)d)[lane] = whole & 0xffff; e[lane] = whole >> 16; break; }
                default: ((uint*)d)[lane] = (((uint*)a)[lane] & 0xffff) | b[lane] << 16; break;
            }
        }
    }

    private void ConvertAddress(Instruction* i, byte* frame, uint active)
    {
        ulong* a = (ulong*)Row(frame, i->A), d = (ulong*)Row(frame, i->D);
        if (i->Op == Op.IsSpace)
        {
            uint inside = 0;
            for (int lane = 0; lane < Lanes.Count; lane++) if (SpaceOf(a[lane]) == (StateSpace)i->Detail) inside |= 1u << lane;
            uint* p = (uint*)Row(frame, i->D);
            *p = Blend(*p, inside, active);
            return;
        }
        ulong window = i->Op == Op.ToGeneric ? (ulong)i->Value : 0 - (ulong)i->Value;
        for (int lane = 0; lane < Lanes.Count; lane++) if ((active >> lane & 1) != 0) d[lane] = a[lane] + window;
    }

    private static StateSpace SpaceOf(ulong address) => address switch
    {
        >= Windows.Shared and < Windows.Shared + Windows.Size => StateSpace.Shared,
        >= Windows.Local and < Windows.Local + Windows.Size => StateSpace.Local,
        >= Windows.Parameter and < Windows.Parameter + Windows.Size => StateSpace.Parameter,
        _ => StateSpace.Global,
    };
}
