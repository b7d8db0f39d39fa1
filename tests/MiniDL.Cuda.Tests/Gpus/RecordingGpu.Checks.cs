// The other half of the recording GPU: launches and products, and what all calls share, the line in the log, the checks, the queue.
//
// The one thing to understand: work is checked twice, when it is asked for and when its turn comes, because memory may be freed in between, and a graph
// holds addresses for long.
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

internal sealed unsafe partial class RecordingGpu
{
    private const int SharedBytesUntold = 48 << 10, MostThreads = 1024, MostGridYZ = 65_535;
    private IReadOnlyList<string>? _leaks;

    /// <inheritdoc/>
    public void Launch(IGpuKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, IGpuStream stream)
    {
        if (kernel is not RecordedKernel own || own.Module.Gpu != this) throw new GpuMisuseException($"the kernel {kernel.Name} is of another GPU");
        var launch = new RecordedLaunch(own.Name, shape, arguments.ToArray(), own.Parameters);
        if (launch.Arguments.Length != own.ArgumentBytes)
            throw new GpuMisuseException($"{own.Name} takes {own.ArgumentBytes} bytes of arguments ({string.Join(", ", own.Parameters.Select(p => p.Type))}), not {launch.Arguments.Length}");
        CheckShape(own, shape);
        string values = string.Join(", ", own.Parameters.Select((_, i) => TellArgument(launch, i)));
        string shared = shape.DynamicSharedBytes > 0 ? $", {shape.DynamicSharedBytes}" : "";
        Give(stream, $"{own.Name}<<<{shape.Grid}, {shape.Block}{shared}>>>({values})", what =>
        {
            if (own.Module.IsDisposed) throw new GpuMisuseException($"{what}: its module {own.Module} was unloaded");
            for (int i = 0; i < own.Parameters.Count; i++)
                if (own.Parameters[i].IsAddress) _space.Find<RecordedDeviceMemory>(launch.Argument<ulong>(i), 1, $"{what}, argument {i}");
            return () => OnLaunch?.Invoke(launch);
        });
    }

    /// <inheritdoc/>
    public void Gemm(in GemmCall call, IGpuStream stream)
    {
        GemmCall own = call;
        Give(stream, $"{(own.Compute == GemmCompute.Float32 ? "sgemm" : "tf32gemm")} {Letter(own.OperandA)}{Letter(own.OperandB)} {own.M}x{own.N}x{own.K}"
            + $" {own.Alpha} * {Tell(own.A)} ld {own.LdA} stride {own.StrideA} * {Tell(own.B)} ld {own.LdB} stride {own.StrideB}"
            + $" + {own.Beta} * {Tell(own.C)} ld {own.LdC} stride {own.StrideC}, batch {own.Batch}", what =>
            {
                CheckProduct(what, own);
                return () => OnGemm?.Invoke(own);
            });
    }

    internal void Free(Recorded thing)
    {
        Call($"free {thing}", mayCapture: thing is not (RecordedMemory or RecordedModule) && (thing as RecordedStream)?.Captured is null);

        // cuMemFree waits for the device, and a destroyed stream still does its work; pinned memory is the caller's to keep until the stream has passed.
        if (thing is RecordedDeviceMemory) _made.OfType<RecordedStream>().ToList().ForEach(Drain);
        if (thing is RecordedStream stream) Drain(stream);
    }

    private static char Letter(GemmOperand operand) => operand == GemmOperand.AsIs ? 'N' : 'T';

    private void CheckShape(RecordedKernel kernel, LaunchShape shape)
    {
        (Dim3 grid, Dim3 block, int shared) = (shape.Grid, shape.Block, shape.DynamicSharedBytes);
        string what = $"{kernel.Name}<<<{grid}, {block}, {shared}>>>";
        if (Math.Min(Math.Min(grid.X, grid.Y), grid.Z) < 1 || Math.Max(grid.Y, grid.Z) > MostGridYZ)
            throw new GpuMisuseException($"{what}: a grid has at least 1 block each way, and at most {MostGridYZ} in y and z");
        if (Math.Min(Math.Min(block.X, block.Y), block.Z) < 1 || block.Count > MostThreads || block.Z > 64)
            throw new GpuMisuseException($"{what}: a block has 1 to {MostThreads} threads, at most 64 of them in z");
        if (shared < 0 || shared > Math.Max(SharedBytesUntold, kernel.DynamicSharedBytes))
            throw new GpuMisuseException($"{what}: more than {SharedBytesUntold} bytes of dynamic shared memory must be told to GetKernel, which was told {kernel.DynamicSharedBytes}");
    }

    private void CheckProduct(string what, GemmCall call)
    {
        if (Math.Min(Math.Min(call.M, call.N), Math.Min(call.K, call.Batch)) < 1) throw new GpuMisuseException($"{what}: M, N, K and batch must be at least 1");
        bool plainA = call.OperandA == GemmOperand.AsIs, plainB = call.OperandB == GemmOperand.AsIs;
        (ulong Start, ulong End) a = CheckMatrix($"{what}, A", call.A, plainA ? call.M : call.K, plainA ? call.K : call.M, call.LdA, call.StrideA, call.Batch);
        (ulong Start, ulong End) b = CheckMatrix($"{what}, B", call.B, plainB ? call.K : call.N, plainB ? call.N : call.K, call.LdB, call.StrideB, call.Batch);
        (ulong Start, ulong End) c = CheckMatrix($"{what}, C", call.C, call.M, call.N, call.LdC, call.StrideC, call.Batch);
        if (call.Batch > 1 && call.StrideC < (long)call.LdC * (call.N - 1) + call.M) throw new GpuMisuseException($"{what}: the results of the batch overlap");
        if ((c.Start < a.End && a.Start < c.End) || (c.Start < b.End && b.Start < c.End)) throw new GpuMisuseException($"{what}: the result lies over an operand");
    }

    /// <summary>Where a column-major matrix, or a batch of them, starts and ends.</summary>
    private (ulong Start, ulong End) CheckMatrix(string what, ulong address, int rows, int columns, int ld, long stride, int batch)
    {
        if (ld < rows) throw new GpuMisuseException($"{what}: a leading dim of {ld} is less than its {rows} rows");
        if (stride < 0) throw new GpuMisuseException($"{what}: a stride of {stride}");
        if (address % sizeof(float) != 0) throw new GpuMisuseException($"{what}: {Tell(address)} is no multiple of 4 bytes");
        long elements = (batch - 1) * stride + (columns - 1) * (long)ld + rows;
        _space.Find<RecordedDeviceMemory>(address, elements * sizeof(float), what);
        return (address, address + (ulong)elements * sizeof(float));
    }

    private Action Move<TTo, TFrom>(string what, ulong destination, ulong source, long bytes) where TTo : RecordedMemory where TFrom : RecordedMemory
    {
        RecordedMemory to = _space.Find<TTo>(destination, bytes, what), from = _space.Find<TFrom>(source, bytes, what);
        return () => from.Span(source, bytes).CopyTo(to.Span(destination, bytes));
    }

    /// <summary>Writes the line, checks, and puts the work into the stream's queue or into what it captures.</summary>
    private void Give(IGpuStream stream, string text, Func<string, Action> check)
    {
        RecordedStream own = Own<RecordedStream>(stream);
        if (own.Captured is not null && text.StartsWith("launch g", StringComparison.Ordinal)) throw new GpuMisuseException($"{text} while {own} captures");
        Call((own.Captured is null ? "" : "    ") + text + $" on {own}", mayCapture: true);
        check(text);
        var work = new Work(text, () =>
        {
            check(text)();
            _done++;
        });
        if (own.Captured is { } captured) captured.Add(work);
        else own.Pending.Enqueue(work);
    }

    /// <summary>Every call comes through here before it does anything.</summary>
    private void Call(string line, bool mayCapture)
    {
        if (_leaks is not null) throw new GpuMisuseException($"{line}: this GPU was disposed of");
        if (!mayCapture && _made.OfType<RecordedStream>().FirstOrDefault(stream => stream.Captured is not null) is { } capturing)
            throw new GpuMisuseException($"{line}: {capturing} captures; what allocates, frees or waits is not allowed until it has ended");
        if (!line.StartsWith("free ", StringComparison.Ordinal) && Refuse?.Invoke(line) is { } refusal) throw refusal;
        _log.Add(line);
    }

    private static void Drain(RecordedStream stream)
    {
        while (stream.Pending.TryDequeue(out Work? work)) work.Run();
    }

    private TThing Own<TThing>(object thing) where TThing : Recorded
    {
        if (thing is not TThing own || own.Gpu != this) throw new GpuMisuseException($"{thing} is of another GPU");
        return own.IsDisposed ? throw new GpuMisuseException($"{own} was disposed of") : own;
    }

    private string Name<TThing>(string letter) => $"{letter}{_made.OfType<TThing>().Count()}";

    private TThing Made<TThing>(TThing thing) where TThing : Recorded
    {
        _made.Add(thing);
        if (thing is RecordedMemory memory) _space.Add(memory);
        return thing;
    }

    private string Tell(ulong address) => _space.Tell(address);

    private string TellArgument(RecordedLaunch launch, int i)
    {
        PtxParameter parameter = launch.Parameters[i];
        Span<byte> bytes = launch.Arguments.AsSpan(parameter.Offset, parameter.Bytes);
        return parameter switch
        {
            { IsAddress: true } => Tell(launch.Argument<ulong>(i)),
            { Type: "f32" } => $"{launch.Argument<float>(i)}f",
            { Type: "f64" } => $"{launch.Argument<double>(i)}",
            { Type: "u32" or "s32" or "b32", Bytes: 4 } => $"{launch.Argument<int>(i)}",
            _ => $"0x{Convert.ToHexStringLower(bytes)}",
        };
    }

    /// <summary>Remembers what was not given back and frees the host's memory behind it.</summary>
    public void Dispose()
    {
        if (_leaks is not null) return;
        _leaks = Leaks;
        foreach (RecordedMemory memory in _made.OfType<RecordedMemory>().Where(memory => !memory.IsDisposed)) NativeMemory.AlignedFree(memory.Data);
    }
}
