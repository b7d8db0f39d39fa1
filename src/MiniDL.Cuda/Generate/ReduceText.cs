// A reduction as a kernel, and the kernel that combines its parts.
//
// A thread adds up its own terms, then the threads of a result combine theirs: by shuffles for runs, through shared memory for columns. The one thing to understand:
// position = where the result's terms begin + where the term is, both by index arithmetic with constant dims, so any axes may be reduced.
namespace MiniDL.Cuda;

/// <summary>Writes the kernels of a reduction.</summary>
internal sealed class ReduceText(ReducePlan plan, Combiner combiner, MapText terms, string label)
{
    private readonly bool _byFour = terms.ByFour && !plan.IsColumns && plan.InnerTerms % 4 == 0;

    /// <summary>True when a thread takes four neighbouring terms at a time.</summary>
    public bool ByFour => _byFour;

    /// <summary>For the header comment.</summary>
    public string Share => (plan.IsColumns ? $"{plan.Width} columns by {plan.Lanes} rows of lanes" : plan.ResultsPerBlock > 1 ? $"{plan.Lanes} lanes a result, {plan.ResultsPerBlock} results a block" : "a block a result")
        + (plan.Parts > 1 ? $", cut into {plan.Parts} parts of {plan.PartTerms} terms" : "");

    /// <summary>Writes the kernel that reads the terms.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="signature">Its first line.</param>
    /// <param name="target">Where result <c>r</c> goes; with several parts, where part <c>part</c> of it goes.</param>
    public void Write(CudaWriter writer, string signature, string target)
    {
        terms.WriteFunction(writer);
        writer.Line();
        using CudaWriter.Scope kernel = writer.Block(signature);
        if (plan.IsColumns) WriteColumns(writer, target);
        else WriteRuns(writer, target);
    }

    private void WriteRuns(CudaWriter writer, string target)
    {
        WriteRunsPlace(writer, plan.Lanes, plan.ResultsPerBlock, plan.Parts);
        writer.Line($"{combiner.Type} {label} = {combiner.Identity};");
        WriteTerms(writer, "lane", plan.Lanes, new IndexText([.. plan.Kept.Select(axis => axis.Count)], [.. plan.Kept.Select(axis => axis.Step)]).At("r"),
            plan.Results % plan.ResultsPerBlock == 0 ? "" : $"r < {plan.Results}");
        WriteRunsEnd(writer, plan.Lanes, plan.ResultsPerBlock, plan.Results, target, plan.Parts > 1 ? label : combiner.Result(label));
    }

    private static void WriteRunsPlace(CudaWriter writer, int lanes, int perBlock, int parts) => writer.Line(
        perBlock > 1 ? $"const uint lane = threadIdx.x % {lanes}, r = blockIdx.x * {perBlock} + threadIdx.x / {lanes};   // r: the result"
        : parts > 1 ? $"const uint lane = threadIdx.x, r = blockIdx.x / {parts}, part = blockIdx.x % {parts};   // r: the result"
        : "const uint lane = threadIdx.x, r = blockIdx.x;   // r: the result");

    private void WriteRunsEnd(CudaWriter writer, int lanes, int perBlock, int results, string target, string result)
    {
        if (lanes > 32) combiner.WriteBlock(writer, label, lanes / 32);
        else combiner.WriteTree(writer, label, lanes);
        writer.Line($"if (lane == 0{(results % perBlock == 0 ? "" : $" && r < {results}")}) {target} = {result};");
    }

    private void WriteColumns(CudaWriter writer, string target)
    {
        int outer = plan.Results / plan.Columns;
        bool hasRest = plan.Tiles * plan.Width != plan.Columns;
        writer.Line($"const uint column = {(plan.Tiles > 1 ? $"blockIdx.x % {plan.Tiles} * {plan.Width} + " : "")}threadIdx.x % {plan.Width}, lane = threadIdx.x / {plan.Width};");
        if (outer > 1) writer.Line($"const uint outer = blockIdx.x / {plan.Tiles} % {outer};");
        if (plan.Parts > 1) writer.Line($"const uint part = blockIdx.x / {plan.Tiles * outer};");
        writer.Line($"const uint r = {(outer > 1 ? $"outer * {plan.Columns} + " : "")}column;   // the result");
        writer.Line($"{combiner.Type} {label} = {combiner.Identity};");
        (int Count, int Step)[] kept = plan.Kept[..^1];
        string start = outer > 1 ? new IndexText([.. kept.Select(axis => axis.Count)], [.. kept.Select(axis => axis.Step)]).At("outer") + " + column" : "column";
        WriteTerms(writer, "lane", plan.Lanes, start, hasRest ? $"column < {plan.Columns}" : "");

        // Rows of lanes are folded onto each other.
        writer.Line($"__shared__ {combiner.Type} {label}_of[{plan.Threads}];");
        writer.Line($"{label}_of[threadIdx.x] = {label};");
        writer.Line("__syncthreads();");
        using (writer.Block($"for (int rows = {plan.Lanes}; rows > 1; rows = (rows + 1) / 2)"))
        {
            writer.Line($"const int folded = (rows + 1) / 2 * {plan.Width};");
            writer.Line($"if (lane < rows / 2) {label}_of[threadIdx.x] = {combiner.Of($"{label}_of[threadIdx.x]", $"{label}_of[threadIdx.x + folded]")};");
            writer.Line("__syncthreads();");
        }
        string result = $"{label}_of[threadIdx.x]";
        writer.Line($"if (lane == 0{(hasRest ? $" && column < {plan.Columns}" : "")}) {target} = {(plan.Parts > 1 ? result : combiner.Result(result))};");
    }

    /// <summary>A thread's own terms.</summary>
    private void WriteTerms(CudaWriter writer, string lane, int lanes, string start, string condition)
    {
        writer.Line($"const uint start = {start};   // where its terms begin");
        if (plan.Parts > 1) writer.Line($"const uint end = {(plan.Terms % plan.PartTerms == 0 ? $"(part + 1) * {plan.PartTerms}" : $"min((part + 1) * {plan.PartTerms}, {plan.Terms}u)")};");
        string first = (plan.Parts > 1 ? $"part * {plan.PartTerms} + " : "") + (_byFour ? $"4 * {lane}" : lane), end = plan.Parts > 1 ? "end" : $"{plan.Terms}";
        string at = new IndexText([.. plan.Reduced.Select(axis => axis.Count)], [.. plan.Reduced.Select(axis => axis.Step)]).At("t");
        if (condition.Length > 0) end += $" && {condition}";
        using (writer.Block($"for (uint t = {first}; t < {end}; t += {(_byFour ? 4 * lanes : lanes)})"))
        {
            writer.Line($"const uint i = start + {at};");
            if (_byFour)
            {
                terms.WriteLoadsOfFour(writer);
                writer.Line("#pragma unroll");
                writer.Line($"for (int k = 0; k < 4; k++) {label} = {combiner.Of(label, terms.CallOfFour())};");
            }
            else writer.Line($"{label} = {combiner.Of(label, terms.Call("i"))};");
        }
    }

    /// <summary>Writes the second kernel: the parts of each result, side by side in scratch memory, become one.</summary>
    /// <returns>Its blocks and threads.</returns>
    public (int Blocks, int Threads) WriteCombine(CudaWriter writer, Func<int, string> signature, string target, Action<int, int, string> writeHead)
    {
        int lanes = ReducePlan.LanesFor(plan.Parts, plan.Results);
        int threads = Math.Max(lanes, (int)Math.Min(KernelText.Threads, ((long)plan.Results * lanes + 31) / 32 * 32)), perBlock = threads / lanes, blocks = KernelText.Blocks(plan.Results, perBlock);
        writeHead(blocks, threads, $"{lanes} lanes a result");
        using CudaWriter.Scope kernel = writer.Block(signature(threads));
        WriteRunsPlace(writer, lanes, perBlock, parts: 1);
        writer.Line($"{combiner.Type} {label} = {combiner.Identity};");
        writer.Line($"for (uint part = lane; part < {plan.Parts}{(plan.Results % perBlock != 0 ? $" && r < {plan.Results}" : "")}; part += {lanes}) {label} = {combiner.Of(label, $"partials[r * {plan.Parts} + part]")};");
        WriteRunsEnd(writer, lanes, perBlock, plan.Results, target, combiner.Result(label));
        return (blocks, threads);
    }
}
