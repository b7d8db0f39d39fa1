// A body with rows as a kernel: softmax, its loss and its gradient, layer norm, and whatever else was fused with them.
//
//   C = 10, W = 16 lanes a row:   lane  0 1 2 3 4 5 6 7 8 9 . . . . . .  0 1 2 3 4 5 6 7 8 9 . . . . . .     two rows a warp
//   C = 101, W = 32:              lane l has columns l, l + 32, l + 64, l + 96                                one row a warp
//   C = 100, W = 32, by four:     lane l has columns 4 l, ..., 4 l + 3                                        the same
//   C = 4096, W = 256, by four:   thread t has columns 4 t, ..., 4 t + 3, then those 1024 further on, ...     one row a block
//
// Neighbouring lanes load neighbouring columns. A row reduction is each lane's own elements, then a tree over the lanes, then, for a block, the warps in order. The
// one thing to understand: no thread returns early, because the others wait for it in shuffles and barriers; what is outside is left out by conditions.
namespace MiniDL.Cuda;

/// <summary>Writes one body with rows.</summary>
internal sealed class RowText
{
    private readonly FusedBody _body;
    private readonly BodyText _text;
    private readonly RowPlan _plan;
    private readonly Parameters _parameters;

    public RowText(FusedBody body, Parameters parameters)
    {
        (_body, _text, _plan, _parameters) = (body, new BodyText(body, buffer => parameters[buffer]), new RowPlan(body), parameters);
    }

    /// <summary>The layout.</summary>
    public RowPlan Plan => _plan;

    /// <summary>For the header comment.</summary>
    public string Share => _plan.RowsPerBlock > 1 ? $"{_plan.Lanes} lanes a row, {_plan.RowsPerBlock} rows a block" : $"a block a row, {_plan.Each} {(_plan.Each == 1 ? "element" : "elements")} a thread";

    /// <summary>Writes the kernel.</summary>
    public void Write(CudaWriter writer, string name)
    {
        using CudaWriter.Scope kernel = writer.Block(KernelText.Signature(name, _parameters.Declarations, _plan.Threads));
        if (_plan.RowsPerBlock > 1) writer.Line($"const uint lane = threadIdx.x % {_plan.Lanes}, row = blockIdx.x * {_plan.RowsPerBlock} + threadIdx.x / {_plan.Lanes};");
        else writer.Line("const uint lane = threadIdx.x, row = blockIdx.x;");
        for (int value = 0; value < _body.Instructions.Count; value++)
            if (_plan.IsKept(value)) writer.Line($"{CudaText.TypeOf(_body.Instructions[value].DType)} {_text.Variable(value)}{(_plan.Steps > 1 ? $"[{_plan.Steps}]" : "")}{(_plan.ByFour ? "[4]" : "")};");
        for (int pass = 0; pass <= _plan.Passes; pass++)
        {
            WriteRowValues(writer, pass);
            if (pass < _plan.Passes) WritePass(writer, pass);
        }
        WriteRowStores(writer);
    }

    /// <summary>What every lane of a row knows: loads of one element a row, and what is computed from results of reductions.</summary>
    private void WriteRowValues(CudaWriter writer, int pass)
    {
        foreach (int value in _plan.RowValuesBefore(pass))
        {
            Instruction instruction = _body.Instructions[value];
            string expression = instruction switch
            {
                Load load => InsideOr($"{_parameters[load.View.Buffer]}[{new IndexText(load.View.Map).At("row")}]", load.DType),
                RandomNumbers random => BodyText.RandomCall(random, "row"),
                var compute => _text.Expression((Compute)compute),
            };
            writer.Line($"const {CudaText.TypeOf(instruction.DType)} {_text.Variable(value)} = {expression};");
        }
    }

    private string InsideOr(string expression, DType dtype) => _plan.HasRest ? $"row < {_plan.Rows} ? {expression} : {CudaText.Literal(0, dtype)}" : expression;

    private void WritePass(CudaWriter writer, int pass)
    {
        int[] reductions = [.. _plan.ReductionsOf(pass)], values = [.. _plan.FullValuesOf(pass)];
        bool last = pass == _plan.Passes - 1;
        if (reductions.Length == 0 && values.Length == 0 && !(last && _plan.FullStores.Any())) return;
        writer.Line();
        if (_plan.Passes > 1) writer.Comment($"Pass {pass + 1}: {string.Join(", ", reductions.Select(_text.Variable).Concat(last ? _plan.FullStores.Select(store => store.View.Buffer.Name) : []))}.");
        foreach (int reduction in reductions) writer.Line($"{CombinerOf(reduction).Type} {Partial(reduction)} = {CombinerOf(reduction).Identity};");

        bool loops = _plan.Steps > 1;
        string place = loops ? $"lane + {_plan.Lanes} * k" : "lane", column = !_plan.ByFour ? place : loops ? $"4 * ({place})" : "4 * lane";
        if (loops) writer.Line(_plan.IsUnrolled ? "#pragma unroll" : "#pragma unroll 1");
        using (loops ? writer.Block($"for (int k = 0; k < {_plan.Steps}; k++)") : writer.Block(Condition(column) is { Length: > 0 } condition ? $"if ({condition})" : ""))
        {
            writer.Line($"const uint column = {column}, i = row * {_plan.Columns} + column;");
            bool guarded = loops && Condition("column").Length > 0;
            if (!guarded) WriteElements(writer, values, reductions, last);
            else
                using (writer.Block($"if ({Condition("column")})")) WriteElements(writer, values, reductions, last);
        }
        foreach (int reduction in reductions) WriteReduction(writer, reduction);
    }

    /// <summary>What a lane must ask before it touches an element.</summary>
    private string Condition(string column)
    {
        bool allColumns = _plan.Columns == _plan.Lanes * _plan.Each;
        return string.Join(" && ", new[] { allColumns ? "" : $"{column} < {_plan.Columns}", _plan.HasRest ? $"row < {_plan.Rows}" : "" }.Where(part => part.Length > 0));
    }

    /// <summary>An element; or four neighbouring ones: all loads, then one after the other, then all stores.</summary>
    private void WriteElements(CudaWriter writer, int[] values, int[] reductions, bool last)
    {
        Store[] stores = last ? [.. _plan.FullStores] : [];
        if (!_plan.ByFour)
        {
            WriteElement(writer, values, reductions, stores.Select(store => (store, $"{_parameters[store.View.Buffer]}[{IndexText.At(store.View.Map, _plan.Columns)}]")));
            return;
        }
        foreach (int value in values.Where(IsFour))
        {
            if (!_plan.IsKept(value)) writer.Line($"{CudaText.TypeOf(_body.Instructions[value].DType)} {_text.Variable(value)}[4];");
            string four = _text.Variable(value) + (_plan.IsKept(value) && _plan.Steps > 1 ? "[k]" : "");
            writer.Line(_body.Instructions[value] is Load load ? $"load4({_parameters[load.View.Buffer]} + {IndexText.At(load.View.Map, _plan.Columns)}, {four});"
                : $"{BodyText.RandomCallOfFour((RandomNumbers)_body.Instructions[value], "i", four)};");
        }
        foreach (Store store in stores) writer.Line($"{CudaText.TypeOf(store.View.Buffer.DType)} new_{_parameters[store.View.Buffer]}[4];");
        writer.Line("#pragma unroll");
        using (writer.Block("for (int j = 0; j < 4; j++)"))
            WriteElement(writer, values.Where(value => !IsFour(value)), reductions, stores.Select(store => (store, $"new_{_parameters[store.View.Buffer]}[j]")));
        foreach (Store store in stores) writer.Line($"store4({_parameters[store.View.Buffer]} + {IndexText.At(store.View.Map, _plan.Columns)}, new_{_parameters[store.View.Buffer]});");
    }

    /// <summary>True when a value's four neighbours are got at once.</summary>
    private bool IsFour(int value) => _plan.ByFour && _body.Instructions[value] switch
    {
        Load load => new IndexText(load.View.Map).Four == FourKind.Straight,
        RandomNumbers => true,
        _ => false,
    };

    private void WriteElement(CudaWriter writer, IEnumerable<int> values, int[] reductions, IEnumerable<(Store Store, string Target)> stores)
    {
        foreach (int value in values)
        {
            Instruction instruction = _body.Instructions[value];
            string expression = instruction switch
            {
                Load load => $"{_parameters[load.View.Buffer]}[{IndexText.At(load.View.Map, _plan.Columns)}]",
                RandomNumbers random => BodyText.RandomCall(random, "i"),
                var compute => _text.Expression((Compute)compute, Variable),
            };
            writer.Line($"{(_plan.IsKept(value) ? "" : $"const {CudaText.TypeOf(instruction.DType)} ")}{Variable(value)} = {expression};");
        }
        foreach (int reduction in reductions)
            writer.Line($"{Partial(reduction)} = {CombinerOf(reduction).Of(Partial(reduction), _text.Operand(((RowReduce)_body.Instructions[reduction]).A, Variable))};");
        foreach ((Store store, string target) in stores) writer.Line($"{target} = {_text.Operand(store.Value, Variable)};");
    }

    /// <summary>The variable of a value within a pass: kept ones have one element for each k, and with four at a time for each j.</summary>
    private string Variable(int value) =>
        _text.Variable(value) + (_plan.IsKept(value) && _plan.Steps > 1 ? "[k]" : "") + (_plan.ByFour && (_plan.IsKept(value) || IsFour(value)) ? "[j]" : "");

    private Combiner CombinerOf(int reduction) => new(((RowReduce)_body.Instructions[reduction]).Kind, _body.Instructions[reduction].DType);

    private string Partial(int reduction) => _text.Variable(reduction) + (CombinerOf(reduction).Converts ? "_so_far" : "");

    private void WriteReduction(CudaWriter writer, int reduction)
    {
        Combiner combiner = CombinerOf(reduction);
        if (_plan.Lanes > 32) combiner.WriteBlock(writer, Partial(reduction), _plan.Lanes / 32);
        else combiner.WriteTree(writer, Partial(reduction), _plan.Lanes);
        if (combiner.Converts) writer.Line($"const {CudaText.TypeOf(_body.Instructions[reduction].DType)} {_text.Variable(reduction)} = {combiner.Result(Partial(reduction))};");
    }

    /// <summary>Row results go through shared memory, so that those of a block are stored side by side by its first threads. The barrier also makes sure that every
    /// lane has read what is replaced.</summary>
    private void WriteRowStores(CudaWriter writer)
    {
        Store[] stores = [.. _plan.RowStores];
        if (stores.Length == 0) return;
        writer.Line();
        foreach (Store store in stores) writer.Line($"__shared__ {CudaText.TypeOf(store.View.Buffer.DType)} new_{_parameters[store.View.Buffer]}[{_plan.RowsPerBlock}];");
        using (writer.Block("if (lane == 0)"))
            foreach (Store store in stores) writer.Line($"new_{_parameters[store.View.Buffer]}[{(_plan.RowsPerBlock > 1 ? $"threadIdx.x / {_plan.Lanes}" : "0")}] = {_text.Operand(store.Value)};");
        writer.Line("__syncthreads();");
        writer.Line($"const uint r = blockIdx.x * {_plan.RowsPerBlock} + threadIdx.x;");
        using (writer.Block($"if (threadIdx.x < {_plan.RowsPerBlock}{(_plan.HasRest ? $" && r < {_plan.Rows}" : "")})"))
            foreach (Store store in stores) writer.Line($"{_parameters[store.View.Buffer]}[{new IndexText(store.View.Map).At("r")}] = new_{_parameters[store.View.Buffer]}[threadIdx.x];");
    }
}
