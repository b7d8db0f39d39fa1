// Several maps in one launch: a training step ends with an update for each parameter, all of the same expression over arrays of their own.
//
//   struct update_0_arrays { float* p0; const float* p1; float* p2; };    the pointers of one body; a List of these is passed by value
//   const Share own = shareOf<update_0_ranges>(blockIdx.x);               whose blocks this one is among: kernels/fused/ranges.cuh
//   update_0(arrays.p0, arrays.p1, arrays.p2, 256 * own.block + threadIdx.x, own.count);
//
// Bodies whose functions have the same text are a family and share the function. The one thing to understand: it is rung 4 of the ladder kernels/update with another expression
// in its middle. What finds the array and what shares it out to threads are the same files.
namespace MiniDL.Cuda;

/// <summary>Plans one launch of several bodies without rows.</summary>
internal static class ManyMaps
{
    private const int Named = 3;   // of the arrays that a pointer stands for, in a comment

    /// <summary>Bodies that share a function.</summary>
    private sealed class Family(string text, string name, IReadOnlyList<string> types, bool needsRun, bool byFour)
    {
        public string Text => text;

        public string Name => name;

        public IReadOnlyList<string> Types => types;

        public bool NeedsRun => needsRun;

        public bool ByFour => byFour;

        public List<(FusedBody Body, IReadOnlyList<Buffer> Buffers, int Blocks)> Members { get; } = [];

        public int Blocks => Members.Sum(member => member.Blocks);
    }

    /// <summary>The bytes of the launch's parameters.</summary>
    public static int BytesOf(IEnumerable<FusedBody> bodies)
    {
        Parameters[] each = [.. bodies.Select(body => new Parameters(body))];
        return sizeof(ulong) * (each.Sum(parameters => parameters.Buffers.Count) + (each.Any(parameters => parameters.NeedsRun) ? 1 : 0));
    }

    /// <summary>The launch.</summary>
    public static KernelStep Plan(FusedStage stage, string name, FusedBody[] bodies)
    {
        List<Family> families = FamiliesOf(bodies, name);
        var parameters = new Parameters(families.SelectMany(family => family.Members).Select(member => member.Body));
        int blocks = families.Sum(family => family.Blocks);
        var writer = new CudaWriter();
        KernelText.WriteHead(writer, $"{stage.Name}, {bodies.Length} expressions over arrays of their own:", families.SelectMany(family => family.Members[0].Body.Lines().Prepend(Title(family))),
            parameters.Described, KernelText.Launch(blocks, KernelText.Threads, "dealt to the arrays in order"),
            [.. KernelText.Includes(bodies, families.Any(family => family.ByFour)), "fused/ranges.cuh"]);
        foreach (Family family in families)
        {
            writer.Paste(family.Text + "\n");
            WriteTables(writer, family);
        }
        IEnumerable<string> lists = families.Select(family => $"const __grid_constant__ List<{family.Name}_arrays, {family.Members.Count}> {family.Name}_list");
        using (writer.Block(KernelText.Signature($"map_{name}", string.Join(", ", lists.Concat(parameters.NeedsRun ? ["const uint64* __restrict__ run"] : [])), KernelText.Threads)))
        {
            int first = 0;
            foreach (Family family in families)
            {
                if (families.Count == 1) WriteCall(writer, family, first);
                else
                    using (writer.Block($"{(first > 0 ? "else " : "")}{(first + family.Blocks < blocks ? $"if (blockIdx.x < {first + family.Blocks})" : "")}")) WriteCall(writer, family, first);
                first += family.Blocks;
            }
        }
        KernelArgument[] arguments = [.. families.SelectMany(family => family.Members).SelectMany(member => member.Buffers).Select(buffer => new BufferArgument(buffer, 0)),
            .. parameters.NeedsRun ? [new RunStateArgument()] : Array.Empty<KernelArgument>()];
        return KernelText.Step(stage, $"map_{name}", writer, blocks, KernelText.Threads, arguments);
    }

    private static string Title(Family family) => family.Members.Count == 1 ? $"{family.Name}, {family.Members[0].Body.Rows} elements:"
        : $"{family.Name}, {family.Members.Count} times ({string.Join(", ", family.Members.Select(member => member.Body.Rows))} elements), the first time:";

    private static List<Family> FamiliesOf(FusedBody[] bodies, string name)
    {
        var all = new Parameters(bodies);
        var families = new List<Family>();
        foreach (FusedBody body in bodies)
        {
            // The text of the body's function with its buffers numbered: the same for bodies of the same expression.
            var own = new Parameters(body);
            string[] types = [.. own.Buffers.Select(all.TypeOf)];
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

    /// <summary>The pointers of one member, and which blocks and how many elements each member has.</summary>
    private static void WriteTables(CudaWriter writer, Family family)
    {
        using (writer.Block($"struct {family.Name}_arrays", ";"))
        {
            for (int p = 0; p < family.Types.Count; p++)
            {
                IEnumerable<string> names = family.Members.Take(Named).Select(member => CudaText.Identifier(member.Buffers[p])).Concat(family.Members.Count > Named ? ["..."] : []);
                writer.Line($"{family.Types[p].Replace("* __restrict__", "*", StringComparison.Ordinal)} p{p};   // {string.Join(", ", names)}");
            }
        }
        writer.Line();
        int[] firstBlocks = [.. Enumerable.Range(0, family.Members.Count + 1).Select(count => family.Members.Take(count).Sum(member => member.Blocks))];
        using (writer.Block($"struct {family.Name}_ranges", ";"))
            writer.Line($"static constexpr uint firstBlock[] = {{ {string.Join(", ", firstBlocks)} }}, count[] = {{ {string.Join(", ", family.Members.Select(member => member.Body.Rows))} }};");
        writer.Line();
    }

    /// <summary>Finds the member that this block belongs to, and calls the family's function for it.</summary>
    private static void WriteCall(CudaWriter writer, Family family, int first)
    {
        writer.Line($"const Share own = shareOf<{family.Name}_ranges>(blockIdx.x{(first > 0 ? $" - {first}" : "")});");
        writer.Line($"const {family.Name}_arrays arrays = {family.Name}_list.items[own.index];");
        writer.Line($"{family.Name}({string.Join(", ", family.Types.Select((_, p) => $"arrays.p{p}"))}{(family.NeedsRun ? ", run" : "")}, {KernelText.Threads} * own.block + threadIdx.x, own.count);");
    }
}
