// Runs one instruction on a warp whose 32 lanes all hold the same numbers, and gives back the one result after checking that all lanes agree.
using MiniDL.Simulator.Arithmetic;

namespace MiniDL.Simulator.Tests.Arithmetic;

internal static unsafe class Warp
{
    /// <summary>The bits that an instruction gives for the bits of its sources.</summary>
    public static ulong Bits(string spelling, params ReadOnlySpan<ulong> sources)
    {
        Alu alu = AluTable.Find(spelling) ?? throw new ArgumentException($"{spelling} is not known");
        return Bits(alu, 0, sources);
    }

    /// <summary>The same of an instruction that was looked up, with a seed if it wants one.</summary>
    public static ulong Bits(Alu alu, ulong seed, params ReadOnlySpan<ulong> sources)
    {
        Assert.That(sources.Length, Is.EqualTo(alu.Sources.Count), "number of sources");
        ulong* rows = stackalloc ulong[5 * Lanes.Count];
        for (int s = 0; s < sources.Length; s++) Fill(rows + (s + 1) * Lanes.Count, alu.Sources[s], sources[s]);
        Fill(rows, alu.Destination, 0xAAAA_AAAA_AAAA_AAAA);
        void* last = alu.TakesSeed ? &seed : rows + 4 * Lanes.Count;
        alu.Run(rows, rows + Lanes.Count, rows + 2 * Lanes.Count, rows + 3 * Lanes.Count, last);
        return Same(rows, alu.Destination, alu.ToString()!);
    }

    /// <summary>Of float32 numbers.</summary>
    public static float F32(string spelling, params ReadOnlySpan<float> sources)
    {
        Span<ulong> bits = stackalloc ulong[sources.Length];
        for (int i = 0; i < sources.Length; i++) bits[i] = BitConverter.SingleToUInt32Bits(sources[i]);
        return BitConverter.UInt32BitsToSingle((uint)Bits(spelling, bits));
    }

    /// <summary>Of float64 numbers.</summary>
    public static double F64(string spelling, params ReadOnlySpan<double> sources)
    {
        Span<ulong> bits = stackalloc ulong[sources.Length];
        for (int i = 0; i < sources.Length; i++) bits[i] = BitConverter.DoubleToUInt64Bits(sources[i]);
        return BitConverter.UInt64BitsToDouble(Bits(spelling, bits));
    }

    /// <summary>True if setp holds.</summary>
    public static bool Holds(string spelling, params ReadOnlySpan<ulong> sources) => Bits(spelling, sources) == uint.MaxValue;

    /// <summary>The bits of a float32.</summary>
    public static ulong B(float x) => BitConverter.SingleToUInt32Bits(x);

    private static void Fill(ulong* row, LaneKind kind, ulong bits)
    {
        if (kind == LaneKind.Lanes64) Lanes.Fill64(row, bits);
        else if (kind == LaneKind.Lanes32) Lanes.Fill32((uint*)row, (uint)bits);
        else *(uint*)row = (uint)bits;
    }

    private static ulong Same(ulong* row, LaneKind kind, string name)
    {
        if (kind == LaneKind.Predicate)
        {
            Assert.That(*(uint*)row, Is.EqualTo(0u).Or.EqualTo(uint.MaxValue), name);
            return *(uint*)row;
        }
        ulong first = kind == LaneKind.Lanes64 ? row[0] : *(uint*)row;
        for (int i = 1; i < Lanes.Count; i++) Assert.That(kind == LaneKind.Lanes64 ? row[i] : ((uint*)row)[i], Is.EqualTo(first), $"{name}, lane {i}");
        return first;
    }
}
