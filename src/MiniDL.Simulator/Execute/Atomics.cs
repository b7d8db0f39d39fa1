// What an atomic does to the value it finds (PTX ISA 8.4, section 9.7.12.12).
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Execute;

/// <summary>The operation.</summary>
internal enum AtomicKind { Add, And, Or, Xor, Cas, Exch, Min, Max, Inc, Dec }

/// <summary>How the value's bits are taken.</summary>
internal enum AtomicType : byte { U32, S32, F32, U64, S64, F64, F16x2, BF16x2 }

/// <summary>Which operations there are on which types.</summary>
internal static class AtomicTypes
{
    /// <summary>How an operation takes a PTX type; null if it cannot.</summary>
    public static AtomicType? Find(AtomicKind kind, PtxType type)
    {
        bool bits = kind is AtomicKind.And or AtomicKind.Or or AtomicKind.Xor or AtomicKind.Cas or AtomicKind.Exch;
        return type switch
        {
            PtxType.B32 when bits => AtomicType.U32,
            PtxType.B64 when bits => AtomicType.U64,
            PtxType.U32 => AtomicType.U32,
            PtxType.S32 => AtomicType.S32,
            PtxType.U64 when kind is not (AtomicKind.Inc or AtomicKind.Dec) => AtomicType.U64,
            PtxType.S64 when kind is not (AtomicKind.Inc or AtomicKind.Dec) => AtomicType.S64,
            PtxType.F32 when kind == AtomicKind.Add => AtomicType.F32,
            PtxType.F64 when kind == AtomicKind.Add => AtomicType.F64,
            _ => null,
        };
    }
}

/// <summary>The arithmetic.</summary>
internal static class Atomics
{
    /// <summary>The new value.</summary>
    /// <param name="kind">The operation.</param>
    /// <param name="type">How bits are taken.</param>
    /// <param name="old">What memory holds.</param>
    /// <param name="b">The operand; for cas, what memory must hold.</param>
    /// <param name="c">For cas, the new value.</param>
    /// <param name="flush">Subnormal float32 become 0: in global memory, not in shared.</param>
    public static ulong Apply(AtomicKind kind, AtomicType type, ulong old, ulong b, ulong c, bool flush) => (kind, type) switch
    {
        (AtomicKind.And, _) => old & b,
        (AtomicKind.Or, _) => old | b,
        (AtomicKind.Xor, _) => old ^ b,
        (AtomicKind.Exch, _) => b,
        (AtomicKind.Cas, _) => old == b ? c : old,
        (AtomicKind.Inc, _) => old >= b ? 0 : old + 1,
        (AtomicKind.Dec, _) => old == 0 || old > b ? b : old - 1,
        (AtomicKind.Add, AtomicType.F32) => AddFloat((uint)old, (uint)b, flush),
        (AtomicKind.Add, AtomicType.F64) => BitConverter.DoubleToUInt64Bits(BitConverter.UInt64BitsToDouble(old) + BitConverter.UInt64BitsToDouble(b)),
        (AtomicKind.Add, AtomicType.U32 or AtomicType.S32) => (uint)(old + b),
        (AtomicKind.Add, _) => old + b,
        (AtomicKind.Min, AtomicType.S32) => (uint)Math.Min((int)old, (int)b),
        (AtomicKind.Min, AtomicType.S64) => (ulong)Math.Min((long)old, (long)b),
        (AtomicKind.Min, _) => Math.Min(old, b),
        (AtomicKind.Max, AtomicType.S32) => (uint)Math.Max((int)old, (int)b),
        (AtomicKind.Max, AtomicType.S64) => (ulong)Math.Max((long)old, (long)b),
        _ => Math.Max(old, b),
    };

    private static uint AddFloat(uint old, uint b, bool flush)
    {
        float x = BitConverter.UInt32BitsToSingle(old), y = BitConverter.UInt32BitsToSingle(b);
        float sum = flush ? Float32.Flush(Float32.Flush(x) + Float32.Flush(y)) : x + y;
        return BitConverter.SingleToUInt32Bits(Float32.Canonical(sum));
    }
}
