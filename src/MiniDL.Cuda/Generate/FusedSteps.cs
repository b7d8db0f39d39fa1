// A fused stage as launches: maps together in one, bodies with rows one by one.
//
// The parameter updates of a step are as many bodies as there are parameters, all of the same expression. One launch serves them all ("multi-tensor"): blocks are dealt
// to bodies by constant ranges of blockIdx.x, and bodies of the same expression share one function of pointers and a count. The one thing to understand:
// a plan depends on the stage alone, never on the device, so the same program gives the same kernels and the same bits everywhere.
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
            while (first + count < maps.Count && new Parameters(maps.Skip(first).Take(count + 1)).Bytes <= KernelArguments.MostBytes) count++;
            steps.Add(count == 1 ? Alone(stage, name, maps[first], new Dictionary<Buffer, long>()) : Together(stage, name, [.. maps.Skip(first).Take(count)]));
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

    /// <summary>Bodies that share a function, and the pointers that each gives it.</summary>
    private sealed class Family(string text, string name, IReadOnlyList<string> types, bool needsRun, bool byFour)
    {
        public string Text => text;

        public string Name => name;

        public IReadOnlyList<string> Types => types;

        public bool NeedsRun => needsRun;

        public bool ByFour => byFour;

        public List<(FusedBody Body, IReadOnlyList<Buffer> Buffers, int Blocks)> Members { get; } = [];
    }

    private static KernelStep Together(FusedStage stage, string name, FusedBody[] bodies)
    {
        const int threads = KernelText.Threads;
        var parameters = new Parameters(bodies);
        List<Family> families = FamiliesOf(bodies, name, parameters);
        int blocks = families.Sum(family => family.Members.Sum(member => member.Blocks));

        var writer = new CudaWriter();
        IEnumerable<string> lines = families.SelectMany(family => family.Members[0].Body.Lines().Prepend(Title(family)));
        KernelText.WriteHead(writer, $"{stage.Name}, {bodies.Length} expressions over arrays of their own:", lines, parameters.Described,
            KernelText.Launch(blocks, threads, "dealt to the arrays in order"), KernelText.Includes(bodies, families.Any(family => family.ByFour)));
        foreach (Family family in families) writer.Paste(family.Text + "\n");
        using (writer.Block(KernelText.Signature($"map_{name}", parameters.Declarations, threads)))
        {
            int first = 0;
            foreach (Family family in families)
            {
                int end = first + family.Members.Sum(member => member.Blocks);
                if (families.Count == 1) WriteFamily(writer, family, parameters, first);
                else
                    using (writer.Block((first > 0 ? "else " : "") + $"if (blockIdx.x < {end})")) WriteFamily(writer, family, parameters, first);
                first = end;
            }
        }
        return KernelText.Step(stage, $"map_{name}", writer, blocks, threads, parameters.Arguments);
    }

    private static string Title(Family family) => family.Members.Count == 1 ? $"{family.Name}, {family.Members[0].Body.Rows} elements:"
        : $"{family.Name}, {family.Members.Count} times ({string.Join(", ", family.Members.Select(member => member.Body.Rows))} elements), the first time:";

    private static List<Family> FamiliesOf(FusedBody[] bodies, string name, Parameters parameters)
    {
        var families = new List<Family>();
        foreach (FusedBody body in bodies)
        {
            // The text of the body's function with its buffers numbered: the same for bodies of the same expression.
            var own = new Parameters(body);
            string[] types = [.. own.Buffers.Select(parameters.TypeOf)];
            string label = $"{name}_{families.Count}";
            string text = TextOf(label, out bool byFour, out int threads);
            Family? family = families.Find(other => other.Text == TextOf(other.Name, out _, out _));
            if (family is null) families.Add(family = new Family(text, label, types, own.NeedsRun, byFour));
            family.Members.Add((body, own.Buffers, KernelText.Blocks(threads, KernelText.Threads)));

            string TextOf(string label, out bool byFour, out int threads)
            {
                var map = new MapText(body, label, buffer => $"p{own.Buffers.ToList().IndexOf(buffer)}", isShared: true);
                (byFour, threads) = (map.ByFour, map.Threads);
                var writer = new CudaWriter();
                map.WriteFunction(writer);
                writer.Line();
                string pointers = string.Join(", ", types.Select((type, i) => $"{type} p{i}").Concat(own.NeedsRun ? ["const uint64* __restrict__ run"] : []));
                using (writer.Block($"__device__ __forceinline__ void {label}({pointers}, uint thread, uint count)")) map.WriteShare(writer, "count", mayHaveRest: true);
                return writer.ToString();
            }
        }
        return families;
    }

    /// <summary>Finds the member that this block belongs to, and calls the family's function for it.</summary>
    private static void WriteFamily(CudaWriter writer, Family family, Parameters parameters, int first)
    {
        for (int i = 0; i < family.Types.Count; i++) writer.Line($"{family.Types[i]} p{i};");
        writer.Line("uint block = blockIdx.x, count;");
        for (int i = 0; i < family.Members.Count; i++)
        {
            (FusedBody body, IReadOnlyList<Buffer> buffers, int own) = family.Members[i];
            bool isLast = i == family.Members.Count - 1;
            using (writer.Block(((i > 0 ? "else " : "") + (isLast ? "" : $"if (block < {first + own})")).TrimEnd()))
            {
                foreach ((Buffer buffer, int p) in buffers.Select((buffer, p) => (buffer, p))) writer.Line($"p{p} = {parameters[buffer]};");
                writer.Line($"count = {body.Rows};");
                if (first > 0) writer.Line($"block -= {first};");
            }
            first += own;
        }
        string run = family.NeedsRun ? ", run" : "";
        writer.Line($"{family.Name}({string.Join(", ", family.Types.Select((_, p) => $"p{p}"))}{run}, {KernelText.Threads} * block + threadIdx.x, count);");
    }
}
