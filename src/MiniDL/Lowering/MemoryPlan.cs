// Where each intermediate lives: one arena, in which a byte is used again as soon as nobody reads it any more.
//
// Two steps. First, results that may be written over an input that dies there, position by position, join its block; a block lives from its first write
// to its last read, outputs until the next run. Then blocks are placed, the largest first, each at the lowest offset where it meets no block that lives at
// the same time. The one thing to understand: lifetimes are intervals of stage numbers, and two blocks may share bytes exactly when their intervals do not
// meet. Large blocks first, because a hole that a small one leaves is of no use to them ("greedy by size": Pisarchyk and Lee, "Efficient memory
// management for deep neural net inference", 2020).
namespace MiniDL;

/// <summary>Assigns arena offsets.</summary>
internal static class MemoryPlan
{
    private const int Alignment = 64;   // bytes: a cache line, and the widest vector

    private sealed class Block(long bytes, int first)
    {
        public long Bytes => bytes;

        public int First => first;

        public int Last { get; set; }

        public int TakenAt { get; set; } = -1;   // the stage in which a result took an input's place

        public long Offset { get; set; }

        public long End => Align(Offset + Bytes);

        public bool LivesWith(Block other) => First <= other.Last && other.First <= Last;
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

        // Join results to the inputs they replace.
        var blockOf = new Dictionary<Buffer, Block>();
        foreach (Buffer buffer in first.Keys.Where(buffer => buffer.Kind is BufferKind.Temporary or BufferKind.Output).OrderBy(buffer => first[buffer]).ThenByDescending(buffer => buffer.Bytes))
        {
            Block block = InPlaceOf(program.Stages[first[buffer]], first[buffer], buffer, blockOf) ?? new Block(buffer.Bytes, first[buffer]);
            block.Last = last[buffer];
            blockOf[buffer] = block;
        }

        // Place them.
        var placed = new List<Block>();   // by offset
        foreach (Block block in blockOf.Values.Distinct().OrderByDescending(block => block.Bytes).ThenBy(block => block.First)) Place(block, placed);
        foreach ((Buffer buffer, Block block) in blockOf) buffer.Offset = block.Offset;
        program.ArenaBytes = placed.Select(block => block.End).DefaultIfEmpty(0).Max();
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

    /// <summary>Gives a block the lowest offset that is free for its whole life, and keeps the list in order.</summary>
    private static void Place(Block block, List<Block> placed)
    {
        foreach (Block other in placed)
        {
            if (!block.LivesWith(other)) continue;
            if (block.End <= other.Offset) break;
            block.Offset = Math.Max(block.Offset, other.End);
        }
        int at = placed.Count;
        while (at > 0 && placed[at - 1].Offset > block.Offset) at--;
        placed.Insert(at, block);
    }

    private static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
