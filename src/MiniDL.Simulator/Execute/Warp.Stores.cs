// Stores, and both directions of local memory.
//
// The one thing to understand: of lanes that write to one address the highest wins. CUDA leaves open which; here it is always the same one.
using System.Numerics;
using System.Runtime.CompilerServices;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Execute;

internal sealed unsafe partial class Warp
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreGlobal(Instruction* i, byte* frame, uint active) => Store(i, frame, active, LocateGlobal(i, frame, active, AccessKind.GlobalStore));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreShared(Instruction* i, byte* frame, uint active)
    {
        FillAddresses(i, frame, active);
        Store(i, frame, active, LocateShared(i, active, AccessKind.SharedStore));
    }

    private void StoreLocal(Instruction* i, byte* frame, uint active)
    {
        if (i->A == 0) FillUniform((ulong)(i->Value + _localBase));
        else FillAddresses(i, frame, active);
        CheckLocal(i, active, AccessKind.LocalStore);
        MoveLocal(i, frame, active, 0, isLoad: false);
    }

    private void StoreGeneric(Instruction* i, byte* frame, uint active)
    {
        for (uint left = active; left != 0;)
        {
            FillAddresses(i, frame, active);
            uint lanes = SameSpace(left, out StateSpace space);
            left &= ~lanes;
            FillAddresses(i, frame, lanes);
            switch (space)
            {
                case StateSpace.Shared: Store(i, frame, lanes, LocateShared(i, lanes, AccessKind.SharedStore, Windows.Shared)); break;
                case StateSpace.Local:
                    CheckLocal(i, lanes, AccessKind.LocalStore, Windows.Local);
                    MoveLocal(i, frame, lanes, Windows.Local, isLoad: false);
                    break;
                case StateSpace.Parameter: throw Fault(i, KernelFault.IllegalAddress, "a kernel's parameters cannot be written", lanes);
                default: Store(i, frame, lanes, LocateGlobal(i, frame, lanes, AccessKind.GlobalStore)); break;
            }
        }
    }

    /// <summary>From registers to host memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Store(Instruction* i, byte* frame, uint active, long bias)
    {
        int size = i->Detail & Access.SizeBits, count = 1 << (i->Detail >> Access.CountShift & 3);
        bool wide = (i->Detail & Access.Wide) != 0;
        for (int element = 0; element < count; element++, bias += 1 << size)
        {
            byte* row = Row(frame, Register(i, element));
            if (size == 2 && count == 1 && !wide && _pattern == Pattern.Unit) Buffer.MemoryCopy(row, (void*)((long)_addresses[0] + bias), 128, 128);
            else if (size == 2 && !wide) for (uint left = active; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                *(uint*)((long)_addresses[lane] + bias) = ((uint*)row)[lane];
            }
            else for (uint left = active; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                WriteElement((byte*)((long)_addresses[lane] + bias), size, wide ? ((ulong*)row)[lane] : ((uint*)row)[lane]);
            }
        }
    }

    private static void WriteElement(byte* to, int size, ulong value)
    {
        switch (size)
        {
            case 0: *to = (byte)value; break;
            case 1: *(ushort*)to = (ushort)value; break;
            case 2: *(uint*)to = (uint)value; break;
            default: *(ulong*)to = value; break;
        }
    }

    /// <summary>Local memory is interleaved: word w of lane l is word 32 w + l. An element of 8 bytes is two words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MoveLocal(Instruction* i, byte* frame, uint active, ulong low, bool isLoad)
    {
        int size = i->Detail & Access.SizeBits, count = 1 << (i->Detail >> Access.CountShift & 3);
        bool wide = (i->Detail & Access.Wide) != 0, signed = (i->Detail & Access.Signed) != 0;
        for (int element = 0; element < count; element++)
        {
            byte* row = Row(frame, Register(i, element));
            if (_pattern == Pattern.Uniform && size == 2 && !wide)
            {
                uint* word = (uint*)(_local + ((long)(_addresses[0] - low) / 4 + element) * 128);
                Lanes.Blend32(isLoad ? (uint*)row : word, isLoad ? word : (uint*)row, active);
                continue;
            }
            for (uint left = active; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                long offset = (long)(_addresses[lane] - low) + (element << size);
                byte* at = _local + offset / 4 * 128 + lane * 4 + offset % 4;
                if (!isLoad)
                {
                    ulong value = wide ? ((ulong*)row)[lane] : ((uint*)row)[lane];
                    WriteElement(at, Math.Min(size, 2), value);
                    if (size == 3) WriteElement(at + 128, 2, value >> 32);
                    continue;
                }
                long loaded = ReadElement(at, Math.Min(size, 2), signed && size < 3);
                if (size == 3) loaded |= (long)*(uint*)(at + 128) << 32;
                if (wide) ((ulong*)row)[lane] = (ulong)loaded;
                else ((uint*)row)[lane] = (uint)loaded;
            }
        }
    }

    private static long ReadElement(byte* from, int size, bool signed) => (size, signed) switch
    {
        (0, false) => *from,
        (0, true) => *(sbyte*)from,
        (1, false) => *(ushort*)from,
        (1, true) => *(short*)from,
        (_, false) => *(uint*)from,
        _ => *(int*)from,
    };
}
