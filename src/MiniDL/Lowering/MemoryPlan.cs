// Where each intermediate lives: one arena, in which a byte is used again as soon as nobody reads it any more.
//
// Buffers in the order in which they are first written; each gets the lowest offset that is free for its whole life. Outputs live until
// the next run. The one thing to understand: lifetimes are intervals of stage numbers, and two buffers may share bytes exactly when their intervals
// do not meet; a fused stage may also write a result over an input that dies there, position by position.
namespace MiniDL;

/// <summary>Assigns arena offsets.</summary>
internal static class MemoryPlan
{
    private const int Alignment = 64;   // bytes: a cache line, and the widest vector

    private sealed record Block(long Offset, long Bytes, int First)
    {
        public int Last { get; set; }

        public int TakenAt { get; set; } = -1;   // the stage in which a result took an input's place
    }

    /// <summary>Sets the offset of each temporary and output, and the size of the arena.</summary>
    public static void Assign(Program program)
    {
        var first = new Dictionary<Buffer, int>();
        var last = new Dictionary<Buffer, int>();
        for (int stage = 0; stage < program.Stages.Count; stage++)
            foreach (View view in program.Stages[stage].Reads.Concat(program.Stages[stage].Writes))
            {
                first.TryAdd(view.Buffer, stage);
                last[view.Buffer] = stage;
            }
        foreach (Buffer output in program.Outputs) last[output] = int.MaxValue;

        var blocks = new List<Block>();
        var blockOf = new Dictionary<Buffer, Block>();
        foreach (Buffer buffer in first.Keys.Where(buffer => buffer.Kind is BufferKind.Temporary or BufferKind.Output).OrderBy(buffer => first[buffer]).ThenByDescending(buffer => buffer.Bytes))
        {
            Block? block = InPlaceOf(program.Stages[first[buffer]], first[buffer], buffer, blockOf);
            if (block is null)
            {
                blocks.RemoveAll(old => old.Last < first[buffer]);
                blocks.Add(block = new Block(LowestGap(blocks, buffer.Bytes), buffer.Bytes, first[buffer]));
            }
            block.Last = last[buffer];
            blockOf[buffer] = block;
            buffer.Offset = block.Offset;
            program.ArenaBytes = Math.Max(program.ArenaBytes, Align(block.Offset + block.Bytes));
        }
    }

    /// <summary>The block of an input that dies in this stage and is read only at the position where the result is written, if there is one.</summary>
    private static Block? InPlaceOf(Stage stage, int at, Buffer result, Dictionary<Buffer, Block> blockOf)
    {
        if (stage is not FusedStage { Bodies: [var body] }) return null;
        Store store = body.Stores.First(store => store.View.Buffer == result);
        Level level = body.Instructions[store.Value].Level;
        foreach (Load load in body.Instructions.OfType<Load>())
        {
            Buffer input = load.View.Buffer;
            bool dies = blockOf.TryGetValue(input, out Block? block) && block.Last == at && block.TakenAt != at;   // no later reader, and no other result took it
            bool fits = input.Bytes == result.Bytes && input.DType.Size() == result.DType.Size() && store.View.Map.IsWhole(result.Count);
            bool samePositions = body.Instructions.OfType<Load>().All(other => other.View.Buffer != input || (other.Level == level && other.View.Map.IsWhole(input.Count)));
            if (!dies || !fits || !samePositions) continue;
            block!.TakenAt = at;
            return block;
        }
        return null;
    }

    private static long LowestGap(List<Block> blocks, long bytes)
    {
        long offset = 0;
        foreach (Block block in blocks.OrderBy(block => block.Offset))
        {
            if (offset + bytes <= block.Offset) break;
            offset = Math.Max(offset, Align(block.Offset + block.Bytes));
        }
        return offset;
    }

    private static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
