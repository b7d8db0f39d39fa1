// Loads.
//
// The one thing to understand: by the time data moves, all addresses are known to be good (Warp.Addresses), so what is left are loops over 32 lanes: copy a row if
// lanes lie side by side, spread one value if all read the same, else gather.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Execute;

internal sealed unsafe partial class Warp
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadGlobal(Instruction* i, byte* frame, uint active)
    {
        long bias = LocateGlobal(i, frame, active, AccessKind.GlobalLoad);
        Load(i, frame, active, bias);
        if ((i->Detail & Access.Polls) != 0) _polls++;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadShared(Instruction* i, byte* frame, uint active)
    {
        FillAddresses(i, frame, active);
        Load(i, frame, active, LocateShared(i, active, AccessKind.SharedLoad));
        if ((i->Detail & Access.Polls) != 0) _polls++;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadParameter(Instruction* i, byte* frame, uint active)
    {
        if (i->A == 0) FillUniform((ulong)i->Value);
        else FillAddresses(i, frame, active);
        Load(i, frame, active, LocateIn(i, active, 0, _block.Parameters, _kernel.ParameterBytes, "the parameter block"));
    }

    private void LoadLocal(Instruction* i, byte* frame, uint active)
    {
        if (i->A == 0) FillUniform((ulong)(i->Value + _localBase));
        else FillAddresses(i, frame, active);
        CheckLocal(i, active, AccessKind.LocalLoad);
        MoveLocal(i, frame, active, 0, isLoad: true);
    }

    /// <summary>Addresses say by their value which memory they mean. Usually it is one for all lanes; if not, one after the other.</summary>
    private void LoadGeneric(Instruction* i, byte* frame, uint active)
    {
        FillAddresses(i, frame, active);
        if ((i->Detail & Access.Polls) != 0) _polls++;
        for (uint left = active; left != 0;)
        {
            uint lanes = SameSpace(left, out StateSpace space);
            left &= ~lanes;
            if (left != 0 || lanes != active) { FillAddresses(i, frame, lanes); }
            switch (space)
            {
                case StateSpace.Shared: Load(i, frame, lanes, LocateShared(i, lanes, AccessKind.SharedLoad, Windows.Shared)); break;
                case StateSpace.Parameter: Load(i, frame, lanes, LocateIn(i, lanes, Windows.Parameter, _block.Parameters, _kernel.ParameterBytes, "the parameter block")); break;
                case StateSpace.Local:
                    CheckLocal(i, lanes, AccessKind.LocalLoad, Windows.Local);
                    MoveLocal(i, frame, lanes, Windows.Local, isLoad: true);
                    break;
                default: Load(i, frame, lanes, LocateGlobal(i, frame, lanes, AccessKind.GlobalLoad)); break;
            }
            if (left != 0) FillAddresses(i, frame, active);
        }
    }

    /// <summary>Of the lanes left, those whose address is in the same space as the first one's.</summary>
    private uint SameSpace(uint left, out StateSpace space)
    {
        int first = System.Numerics.BitOperations.TrailingZeroCount(left);
        space = SpaceOf(_addresses[first]);
        uint same = 0;
        for (int lane = first; lane < Lanes.Count; lane++) if ((left >> lane & 1) != 0 && SpaceOf(_addresses[lane]) == space) same |= 1u << lane;
        return same;
    }

    private void FillUniform(ulong address)
    {
        Lanes.Fill64(_addresses, address);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Register(Instruction* i, int element) => element switch { 0 => i->D, 1 => i->B, 2 => i->C, _ => i->E };

    /// <summary>From host memory to registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Load(Instruction* i, byte* frame, uint active, long bias)
    {
        int size = i->Detail & Access.SizeBits, count = 1 << (i->Detail >> Access.CountShift & 3);
        bool wide = (i->Detail & Access.Wide) != 0, direct = active == uint.MaxValue;
        if (size == 2 && count == 4 && direct && !wide && Vector512.IsHardwareAccelerated && _pattern != Pattern.Uniform) { LoadQuads(i, frame, bias); return; }
        for (int element = 0; element < count; element++, bias += 1 << size)
        {
            byte* to = Row(frame, Register(i, element)), row = direct ? to : _scratch;
            if (size == 2 && !wide) Load32((uint*)row, bias, count == 1);
            else if (size == 3) Load64((ulong*)row, bias, count == 1);
            else LoadExtended(row, bias, size, (i->Detail & Access.Signed) != 0, wide);
            if (direct) continue;
            if (wide) Lanes.Blend64((ulong*)to, (ulong*)row, active);
            else Lanes.Blend32((uint*)to, (uint*)row, active);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Load32(uint* row, long bias, bool single)
    {
        if (_pattern == Pattern.Uniform) Lanes.Fill32(row, *(uint*)((long)_addresses[0] + bias));
        else if (_pattern == Pattern.Unit && single) Buffer.MemoryCopy((void*)((long)_addresses[0] + bias), row, 128, 128);
        else for (int lane = 0; lane < Lanes.Count; lane++) row[lane] = *(uint*)((long)_addresses[lane] + bias);
    }

    /// <summary>Four words a lane: of four lanes they are a 4 x 4 matrix, which one permutation transposes into parts of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadQuads(Instruction* i, byte* frame, long bias)
    {
        uint* x = (uint*)Row(frame, i->D), y = (uint*)Row(frame, i->B), z = (uint*)Row(frame, i->C), w = (uint*)Row(frame, i->E);
        Vector512<uint> order = Vector512.Create(0u, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        for (int lane = 0; lane < Lanes.Count; lane += 4)
        {
            ulong* at = _addresses + lane;
            Vector256<uint> low = Vector256.Create(Vector128.Load((uint*)((long)at[0] + bias)), Vector128.Load((uint*)((long)at[1] + bias)));
            Vector256<uint> high = Vector256.Create(Vector128.Load((uint*)((long)at[2] + bias)), Vector128.Load((uint*)((long)at[3] + bias)));
            Vector512<uint> rows = Vector512.Shuffle(Vector512.Create(low, high), order);
            rows.GetLower().GetLower().Store(x + lane);
            rows.GetLower().GetUpper().Store(y + lane);
            rows.GetUpper().GetLower().Store(z + lane);
            rows.GetUpper().GetUpper().Store(w + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Load64(ulong* row, long bias, bool single)
    {
        if (_pattern == Pattern.Uniform) Lanes.Fill64(row, *(ulong*)((long)_addresses[0] + bias));
        else if (_pattern == Pattern.Unit && single) Buffer.MemoryCopy((void*)((long)_addresses[0] + bias), row, 256, 256);
        else for (int lane = 0; lane < Lanes.Count; lane++) row[lane] = *(ulong*)((long)_addresses[lane] + bias);
    }

    /// <summary>Elements of 1 or 2 bytes, or 4 into registers of 64 bits: extended with zeros or the sign.</summary>
    private void LoadExtended(byte* row, long bias, int size, bool signed, bool wide)
    {
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            byte* from = (byte*)((long)_addresses[lane] + bias);
            long value = (size, signed) switch
            {
                (0, false) => *from,
                (0, true) => *(sbyte*)from,
                (1, false) => *(ushort*)from,
                (1, true) => *(short*)from,
                (_, false) => *(uint*)from,
                _ => *(int*)from,
            };
            if (wide) ((ulong*)row)[lane] = (ulong)value;
            else ((uint*)row)[lane] = (uint)value;
        }
    }
}
