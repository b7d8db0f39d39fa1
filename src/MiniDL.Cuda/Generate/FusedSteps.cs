// A fused stage as launches: maps together in one, bodies with rows one by one.
//
// The parameter updates of a step are as many bodies as there are parameters, all of the same expression. One launch serves them all ("multi-tensor", ManyMaps). The one thing to
// understand: a plan depends on the stage alone, never on the device, so the same program gives the same kernels and the same bits everywhere.
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Plans fused stages.</summary>
internal static class FusedSteps
{
    /// <summary>The launches of a stage, in order; none if it has no elements.</summary>
    /// <exception cref="NotSupportedException">A body touches too many arrays at once.</exception>
    public static IReadOnlyList<Step> Plan(FusedStage stage, PlanOptions options)
    {
        var steps = new List<Step>();
        var maps = new List<FusedBody>();
        string name = CudaText.Identifier(stage.Name);
        foreach (FusedBody body in stage.Bodies.Where(body => body.Positions > 0))
        {
            (IReadOnlyList<FusedBody> parts, IReadOnlyDictionary<Buffer, long> scratch) = CutBody.Cut(body);
            if (parts.Count == 1 && body.Columns == 1) maps.Add(body);
            else steps.AddRange(parts.Select(part => Alone(stage, name, part, scratch)));
        }

        // As many maps into one launch as its parameters allow.
        for (int first = 0, count; first < maps.Count; first += count)
        {
            count = 1;
            while (first + count < maps.Count && ManyMaps.BytesOf(maps.Skip(first).Take(count + 1)) <= KernelArguments.MostBytes) count++;
            steps.Add(count == 1 ? Alone(stage, name, maps[first], new Dictionary<Buffer, long>()) : ManyMaps.Plan(stage, name, [.. maps.Skip(first).Take(count)]));
        }
        return steps;
    }

    private static KernelStep Alone(FusedStage stage, string name, FusedBody body, IReadOnlyDictionary<Buffer, long> scratch)
    {
        var parameters = new Parameters(body) { Scratch = scratch };
        return body.Columns > 1 ? Rows(stage, $"rows_{name}", body, parameters, CutBody.BytesOf(scratch)) : Map(stage, stage.Name, $"map_{name}", body, parameters, CutBody.BytesOf(scratch));
    }

    private static KernelStep Rows(FusedStage stage, string name, FusedBody body, Parameters parameters, long scratchBytes)
    {
        var rows = new RowText(body, parameters);
        var writer = new CudaWriter();
        KernelText.WriteHead(writer, $"{stage.Name}, for each of {body.Rows} rows of {body.Columns}:", body.Lines(), parameters.Described,
            KernelText.Launch(rows.Plan.Blocks, rows.Plan.Threads, rows.Share), KernelText.Includes([body], rows.Plan.ByFour));
        rows.Write(writer, name);
        return KernelText.Step(stage, name, writer, rows.Plan.Blocks, rows.Plan.Threads, parameters.Arguments, scratchBytes);
    }

    /// <summary>The launch of a single body without rows.</summary>
    internal static KernelStep Map(Stage stage, string title, string name, FusedBody body, Parameters parameters, long scratchBytes)
    {
        var map = new MapText(body, CudaText.Identifier(title), buffer => parameters[buffer], isShared: true);
        int threads = KernelText.BlockFor(map.Threads), blocks = KernelText.Blocks(map.Threads, threads);
        var writer = new CudaWriter();
        KernelText.WriteHead(writer, $"{title}, for each of {body.Rows} elements:", body.Lines(), parameters.Described,
            KernelText.Launch(blocks, threads, map.Share), KernelText.Includes([body], map.ByFour));
        map.WriteFunction(writer);
        writer.Line();
        using (writer.Block(KernelText.Signature(name, parameters.Declarations, threads)))
        {
            writer.Line($"const uint thread = blockIdx.x * {threads} + threadIdx.x;");
            map.WriteShare(writer, $"{map.Count}", map.Count % 4 != 0);
        }
        return KernelText.Step(stage, name, writer, blocks, threads, parameters.Arguments, scratchBytes);
    }
}
