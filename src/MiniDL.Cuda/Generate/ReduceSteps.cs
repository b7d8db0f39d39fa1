// A reduction as launches: one kernel, or two with the parts' results in scratch memory between them.
//
// Reductions of short rows are bodies with one row reduction, for which there is a generator already; reductions of nothing, or of one term, are maps. The one thing
// to understand: the expression that feeds a reduction is computed where the terms are read and never stored.
namespace MiniDL.Cuda;

/// <summary>Plans reductions.</summary>
internal static class ReduceSteps
{
    private const int Alignment = 256;   // bytes, of what lies in scratch memory

    /// <summary>The launches of a stage, in order; none if it has no results.</summary>
    public static IReadOnlyList<Step> Plan(ReduceStage stage, PlanOptions options)
    {
        if (stage.Output.Map.Shape.Count == 0) return [];
        if (stage.Shape.Count == 0) return FusedSteps.Plan(AsMap(stage, [new Number(Level.Full, stage.Output.Buffer.DType, stage.Output.Buffer.Node, Reduce.Identity(stage.Kind))], 0), options);
        var plan = new ReducePlan(stage.Shape, stage.Axes);
        if (plan.Terms == 1) return FusedSteps.Plan(AsMap(stage, stage.Body.Instructions, stage.Value), options);
        if (plan.IsRows) return FusedSteps.Plan(AsRows(stage, plan), options);
        return stage.Body.Instructions.OfType<Load>().Select(load => load.View.Buffer).Distinct().Count() < CutBody.MostBuffers ? Reduction(stage, plan, stage.Body, stage.Value, [], 0)
            : Cut(stage, plan);
    }

    private static FusedStage AsMap(ReduceStage stage, IReadOnlyList<Instruction> instructions, int value) =>
        new(stage.Name, [new FusedBody((int)stage.Output.Map.Shape.Count, 1, instructions, [new Store(value, stage.Output)])]) { Nodes = stage.Nodes };

    private static FusedStage AsRows(ReduceStage stage, ReducePlan plan)
    {
        var reduce = new RowReduce(stage.Output.Buffer.DType, stage.Output.Buffer.Node, stage.Kind, stage.Value);
        var body = new FusedBody(plan.Results, plan.Terms, [.. stage.Body.Instructions, reduce], [new Store(stage.Body.Instructions.Count, stage.Output)]);
        return new FusedStage(stage.Name, [body]) { Nodes = stage.Nodes };
    }

    /// <summary>An expression of too many arrays is computed into scratch memory first.</summary>
    private static IReadOnlyList<Step> Cut(ReduceStage stage, ReducePlan plan)
    {
        Instruction value = stage.Body.Instructions[stage.Value];
        var terms = new Buffer(-1, BufferKind.Temporary, value.Origin, "terms");
        var view = new View(terms, IndexMap.Contiguous(terms.Node.Shape));
        (IReadOnlyList<FusedBody> parts, IReadOnlyDictionary<Buffer, long> cuts) = CutBody.Cut(stage.Body with { Stores = [new Store(stage.Value, view)] });
        long at = Aligned(CutBody.BytesOf(cuts));
        var scratch = new Dictionary<Buffer, long>(cuts) { [terms] = at };
        string name = CudaText.Identifier(stage.Name);
        var loaded = new FusedBody(stage.Body.Rows, 1, [new Load(Level.Full, value.DType, value.Origin, view)], []);
        return [.. parts.Select(part => FusedSteps.Map(stage, stage.Name, $"map_{name}", part, new Parameters(part) { Scratch = scratch }, at + terms.Bytes)),
            .. Reduction(stage, plan, loaded, 0, scratch, at + terms.Bytes)];
    }

    private static IReadOnlyList<Step> Reduction(ReduceStage stage, ReducePlan plan, FusedBody body, int value, Dictionary<Buffer, long> scratch, long scratchBytes)
    {
        if (plan.Results == 1) return WholeReduction.Plan(stage, body, value, scratch, Aligned(scratchBytes));

        // The value is "stored" so that the body's function returns it; where to, is the reduction's affair.
        var term = body with { Stores = [new Store(value, stage.Output with { Map = IndexMap.Contiguous([body.Rows]) })] };
        var combiner = new Combiner(stage.Kind, stage.Output.Buffer.DType);
        bool inParts = plan.Parts > 1;
        long partialsAt = Aligned(scratchBytes), total = inParts ? partialsAt + (long)plan.Results * plan.Parts * combiner.Bytes : scratchBytes;
        string label = $"{Reduce.NameOf(stage.Kind)}_so_far", name = $"reduce_{CudaText.Identifier(stage.Name)}", output = CudaText.Identifier(stage.Output.Buffer);
        string target = $"{output}[{new IndexText(stage.Output.Map).At("r")}]";

        // Reads the terms.
        var parameters = new Parameters(inParts ? body : term) { Scratch = scratch };
        var text = new ReduceText(plan, combiner, new MapText(term, CudaText.Identifier(stage.Name), buffer => parameters[buffer]), label);
        if (!inParts) target = $"{parameters[stage.Output.Buffer]}[{new IndexText(stage.Output.Map).At("r")}]";
        var writer = new CudaWriter();
        KernelText.WriteHead(writer, $"{stage.Name}, {plan.Results} results of {plan.Terms} terms each:", stage.Details, parameters.Described,
            KernelText.Launch(plan.Blocks, plan.Threads, text.Share), KernelText.Includes([body], text.ByFour));
        string declarations = string.Join(", ", new[] { parameters.Declarations, inParts ? $"{combiner.Type}* __restrict__ partials" : "" }.Where(part => part.Length > 0));
        text.Write(writer, KernelText.Signature(inParts ? $"{name}_parts" : name, declarations, plan.Threads), inParts ? $"partials[r * {plan.Parts} + part]" : target);
        IReadOnlyList<KernelArgument> arguments = inParts ? [.. parameters.Arguments, new ScratchArgument(partialsAt)] : parameters.Arguments;
        KernelStep reading = KernelText.Step(stage, inParts ? $"{name}_parts" : name, writer, plan.Blocks, plan.Threads, arguments, total);
        if (!inParts) return [reading];

        // Combines the parts.
        var second = new CudaWriter();
        (int blocks, int threads) = text.WriteCombine(second,
            threads => KernelText.Signature($"{name}_combine", $"const {combiner.Type}* __restrict__ partials, {CudaText.TypeOf(stage.Output.Buffer.DType)}* __restrict__ {output}", threads), target,
            (blocks, threads, share) => KernelText.WriteHead(second, $"{stage.Name}, second kernel: the {plan.Parts} parts of each of {plan.Results} results become one, always in the same order.", [],
                [$"{output}: {stage.Output.Buffer.Node.Type}, written"], KernelText.Launch(blocks, threads, share), []));
        return [reading, KernelText.Step(stage, $"{name}_combine", second, blocks, threads, [new ScratchArgument(partialsAt), new BufferArgument(stage.Output.Buffer, 0)], total)];
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
