// The checks of the simulated GPU, as far as they are not a kernel's: which bytes copies and matrix products write and read, and what was never freed.
using MiniDL.Gpu;
using MiniDL.Simulator.Checks;
using MiniDL.Simulator.Execute;

namespace MiniDL.Simulator;

public sealed unsafe partial class SimulatedGpu
{
    /// <summary>What the checks found so far; empty if <see cref="SimulatorOptions.Checks"/> is none.</summary>
    /// <example><code>foreach (Finding finding in gpu.Findings) Console.WriteLine(finding);</code></example>
    public IReadOnlyList<Finding> Findings => _checks?.Findings ?? [];

    /// <summary>Forgets the findings so far.</summary>
    public void ResetFindings() => _checks?.Reset();

    /// <summary>Memory that was allocated and has not been freed: ask before the device is disposed of.</summary>
    public IReadOnlyList<Finding> FindLeaks() =>
        [.. _memory.Live.Where(a => a.What == AllocationName).Select(a => new Finding(CheckKind.MemCheck, "", $"{a.Bytes} bytes were never freed", default, a.Address, 0, null, 1))];

    private void MarkWritten(ulong address, long bytes)
    {
        if (_memory.Find(address) is { Written: { } written } found) written.Mark((long)(address - found.Address), bytes);
    }

    private void CheckWritten(string call, ulong address, long bytes)
    {
        if (_memory.Find(address) is not { Written: { } written } found) return;
        long start = (long)(address - found.Address), missing = written.FirstMissing(start, bytes);
        if (missing >= 0) _checks?.Add(CheckKind.InitCheck, $"{call} reads memory that was never written, byte {missing - start} of {bytes}", found.Address + (ulong)missing, 1);
    }

    private void CopyWritten(ulong destination, ulong source, long bytes)
    {
        if (_memory.Find(destination) is { Written: { } to } into && _memory.Find(source) is { Written: { } from } outOf)
            to.CopyFrom(from, (long)(source - outOf.Address), (long)(destination - into.Address), bytes);
    }

    /// <summary>Operands of a matrix product must have been written; its result then is.</summary>
    private void CheckProduct(in GemmCall call)
    {
        if (_checks is null || !_checks.Has(CheckKinds.Initialised)) return;
        bool reads = call.K > 0 && call.Alpha != 0;
        (int rowsA, int columnsA) = call.OperandA == GemmOperand.AsIs ? (call.M, call.K) : (call.K, call.M);
        (int rowsB, int columnsB) = call.OperandB == GemmOperand.AsIs ? (call.K, call.N) : (call.N, call.K);
        for (int b = 0; b < call.Batch; b++)
        {
            if (reads) ForColumns(call.A, b * call.StrideA, rowsA, columnsA, call.LdA, isResult: false);
            if (reads) ForColumns(call.B, b * call.StrideB, rowsB, columnsB, call.LdB, isResult: false);
            if (call.Beta != 0) ForColumns(call.C, b * call.StrideC, call.M, call.N, call.LdC, isResult: false);
            ForColumns(call.C, b * call.StrideC, call.M, call.N, call.LdC, isResult: true);
        }
    }

    private void ForColumns(ulong matrix, long start, int rows, int columns, int leading, bool isResult)
    {
        for (int j = 0; j < columns; j++)
        {
            ulong column = matrix + (ulong)(start + (long)j * leading) * sizeof(float);
            if (isResult) MarkWritten(column, (long)rows * sizeof(float));
            else CheckWritten("cublasSgemm", column, (long)rows * sizeof(float));
        }
    }
}
