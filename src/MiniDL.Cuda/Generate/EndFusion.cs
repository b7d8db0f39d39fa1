// The last fusion, on programs: an elementwise stage is computed where a neighbouring hand-written kernel loads its operand or stores its result.
//
//   max_pool            y = ...                            max_pool with STORE_Y(i, v):   y[i] = v; h[i] = relu(v) * mask
//   mul_relu_bernoulli  h = relu(y) * mask         ->
//
// Lowering fuses elementwise stages into each other for every executor; this pass is the CUDA executor's own, because it depends on which kernels have ends.
// Moving a map to its neighbour changes when it runs. The one thing to understand: that is allowed if nobody in between, the neighbour included, writes what the map
// reads, or reads or writes what the map writes. The memory plan is made anew afterwards, since lifetimes change.
namespace MiniDL.Cuda;

/// <summary>Fuses maps onto the ends of hand-written kernels.</summary>
internal sealed class EndFusion
{
    private const int MostLoads = 8;   // of a fused map: registers that the kernel has to spare

    private readonly List<Stage> _stages;
    private readonly HashSet<Buffer> _outputs;
    private readonly PlanOptions _options;

    private EndFusion(Program program, PlanOptions options) => (_stages, _outputs, _options) = ([.. program.Stages], [.. program.Outputs], options);

    /// <summary>The program with ends fused. It shares buffers with the one given, which has no memory plan of its own any more.</summary>
    /// <example><code>Program fused = EndFusion.Fuse(program, options);</code></example>
    public static Program Fuse(Program program, PlanOptions options)
    {
        var fusion = new EndFusion(program, options);
        for (int at = 0; at < fusion._stages.Count;)
            if (fusion._stages[at] is not FusedStage map || !(fusion.TryLoadEnd(at, map) || fusion.TryStoreEnd(at, map))) at++;
        if (fusion._stages.Count == program.Stages.Count) return program;

        foreach (Buffer buffer in program.Buffers) buffer.Offset = -1;
        var fused = new Program(program.Buffers, fusion._stages, program.Inputs, program.Outputs);
        MemoryPlan.Assign(fused);
        return fused;
    }

    private static bool IsSmallMap(FusedStage stage) =>
        stage.Bodies is [{ Columns: 1, Positions: > 0 } body] && body.Instructions.OfType<Load>().Select(load => load.View.Buffer).Distinct().Count() <= MostLoads;

    /// <summary>Computes a map where the only stage that reads its result loads it.</summary>
    private bool TryLoadEnd(int at, FusedStage map)
    {
        if (!IsSmallMap(map) || map.Bodies[0].Stores is not [var store]) return false;
        Buffer result = store.View.Buffer;
        int[] readers = [.. Enumerable.Range(0, _stages.Count).Where(i => _stages[i].Reads.Any(view => view.Buffer == result))];
        bool onlyForOne = result.Kind == BufferKind.Temporary && !_outputs.Contains(result) && readers is [var only] && only > at && _stages.Count(stage => Writes(stage, result)) == 1;
        if (!onlyForOne || result.DType != DType.Float32 || !store.View.Map.IsWhole(result.Count)) return false;
        int to = readers[0];
        StageWithEnds? ended = _stages[to] as StageWithEnds;
        Stage core = ended?.Core ?? _stages[to];
        if (ended?.Load is not null || EndsTable.LoadOf(core, result) is not { } site || core.Reads.Count(view => view.Buffer == result) != 1) return false;
        if (ended is not null && ended.Store?.Body.Instructions.OfType<Load>().Any(load => load.View.Buffer == result) == true) return false;
        if (!core.Reads.First(view => view.Buffer == result).Map.IsWhole(result.Count)) return false;

        // The kernel's pointer points at something that the map reads position by position.
        View? operand = map.Reads.FirstOrDefault(view => view.Buffer.DType == DType.Float32 && view.Map.IsWhole(view.Buffer.Count) && view.Buffer.Count == result.Count);
        if (operand is null || Conflict(map, [], at + 1, to + 1)) return false;
        _stages[to] = new StageWithEnds($"{map.Name}_{_stages[to].Name}", EndsTable.WithOperand(core, result, operand.Buffer), new LoadEnd(map, operand, site), ended?.Store) { Nodes = _stages[to].Nodes };
        _stages.RemoveAt(at);
        return true;
    }

    /// <summary>Computes a map where the stage that makes one of its operands stores it.</summary>
    private bool TryStoreEnd(int at, FusedStage map)
    {
        if (!IsSmallMap(map)) return false;
        foreach (Buffer value in map.Reads.Select(view => view.Buffer).Distinct())
        {
            int from = at - 1;
            while (from >= 0 && !Writes(_stages[from], value)) from--;
            if (from < 0 || value.DType != DType.Float32) continue;
            StageWithEnds? ended = _stages[from] as StageWithEnds;
            Stage core = ended?.Core ?? _stages[from];
            bool positionByPosition = value.Count == map.Bodies[0].Positions && map.Reads.All(view => view.Buffer != value || view.Map.IsWhole(value.Count));
            if (ended?.Store is not null || EndsTable.StoreOf(core, value, _options) is not { } site || !positionByPosition || Conflict(map, [value], from, at)) continue;
            Stage? fused = WithStoreEnd(core, map, value, site, at, ended?.Load);
            if (fused is null) continue;
            _stages[from] = fused;
            _stages.RemoveAt(at);
            return true;
        }
        return false;
    }

    private StageWithEnds? WithStoreEnd(Stage core, FusedStage map, Buffer value, EndSite site, int at, LoadEnd? load)
    {
        bool isOverwritten = map.Writes.Any(view => view.Buffer == value);
        bool isStored = value.Kind != BufferKind.Temporary || _outputs.Contains(value) || _stages.Where((stage, i) => i != at).Any(stage => stage.Reads.Any(view => view.Buffer == value));
        Store first = map.Bodies[0].Stores[0];
        bool mayReplace = first.View.Buffer.DType == DType.Float32 && first.View.Map.IsWhole(first.View.Buffer.Count) && first.View.Buffer.Count == value.Count;
        if (isOverwritten || map.Nodes.Count != map.Bodies[0].Stores.Count) return null;
        if (isStored || !mayReplace)
            return isStored ? new StageWithEnds($"{core.Name}_{map.Name}", core, load, new StoreEnd(map, value, true, site)) { Nodes = [.. core.Nodes, .. map.Nodes] } : null;
        Stage replaced = EndsTable.WithResult(core, value, first.View.Buffer, map.Nodes[0]);
        return new StageWithEnds($"{core.Name}_{map.Name}", replaced, load, new StoreEnd(map, value, false, site)) { Nodes = [.. replaced.Nodes, .. map.Nodes.Skip(1)] };
    }

    private static bool Writes(Stage stage, Buffer buffer) => stage.Writes.Any(view => view.Buffer == buffer);

    /// <summary>True when one of the stages from first to end - 1 writes what the map reads (but for <paramref name="given"/>), or touches what it writes.</summary>
    private bool Conflict(FusedStage map, Buffer[] given, int first, int end)
    {
        var reads = map.Reads.Select(view => view.Buffer).Except(given).ToHashSet();
        var writes = map.Writes.Select(view => view.Buffer).ToHashSet();
        for (int i = first; i < end; i++)
        {
            if (_stages[i].Writes.Any(view => reads.Contains(view.Buffer))) return true;
            bool own = i == end - 1 && given.Length == 0;   // the reader of a load end's result, which is what it is for
            if (_stages[i].Writes.Any(view => writes.Contains(view.Buffer)) || (!own && _stages[i].Reads.Any(view => writes.Contains(view.Buffer)))) return true;
        }
        return false;
    }
}
