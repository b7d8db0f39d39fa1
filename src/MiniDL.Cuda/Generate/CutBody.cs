// Cuts a body that reads very many buffers into several, each of which a thread can hold in its registers.
//
//   y = x0 + x1 + ... + x599      ->      s0 = x0 + ... + x94;   s1 = s0 + x95 + ... ;   ...   y = s5 + ... + x599
//
// All loads of a position come before its stores, so a body of 600 loads would want 600 registers (there are 255), and more than 510 pointers do not fit into a kernel's
// 4,096 bytes of parameters. The one thing to understand: the parts run one after the other, and the values that a later part needs travel through scratch memory;
// everything that the body stores is stored by the last part, so what is replaced in place is still there for all of them.
namespace MiniDL.Cuda;

/// <summary>Splits bodies.</summary>
internal static class CutBody
{
    /// <summary>Buffers that one part reads and writes at most.</summary>
    public const int MostBuffers = 96;

    private const int Alignment = 256;   // bytes, of each value in scratch memory

    /// <summary>The parts in order (the body itself if it needs no cut), and where in scratch memory the buffers between them lie.</summary>
    /// <exception cref="NotSupportedException">More values than a kernel can pass on are alive at every point of the body.</exception>
    public static (IReadOnlyList<FusedBody> Parts, IReadOnlyDictionary<Buffer, long> Scratch) Cut(FusedBody body)
    {
        var parts = new List<FusedBody>();
        var scratch = new Dictionary<Buffer, long>();
        int previous = int.MaxValue;
        while (BuffersOf(body, body.Instructions.Count) > MostBuffers)
        {
            int at = BestCut(body);
            if (at < 0 || body.Instructions.Count >= previous)
                throw new NotSupportedException($"a fused expression of {body.Instructions.Count} instructions touches {BuffersOf(body, body.Instructions.Count)} arrays at once, and a kernel can have {MostBuffers}; "
                    + "compute it in parts, each an output of a function of its own");
            previous = body.Instructions.Count;
            (FusedBody first, body) = CutAt(body, at, scratch);
            parts.Add(first);
        }
        parts.Add(body);
        return (parts, scratch);
    }

    /// <summary>Bytes of scratch memory that the parts share.</summary>
    public static long BytesOf(IReadOnlyDictionary<Buffer, long> scratch) => scratch.Select(pair => pair.Value + pair.Key.Bytes).DefaultIfEmpty(0).Max();

    /// <summary>The buffers of the first instructions, with one for each value that later ones need; of all, with those stored.</summary>
    private static int BuffersOf(FusedBody body, int instructions)
    {
        int loaded = body.Instructions.Take(instructions).OfType<Load>().Select(load => load.View.Buffer).Distinct().Count();
        return loaded + (instructions < body.Instructions.Count ? Passed(body, instructions).Count : body.Stores.Count);
    }

    /// <summary>The longest beginning that fits, or -1.</summary>
    private static int BestCut(FusedBody body)
    {
        for (int at = body.Instructions.Count - 1; at > 0; at--)
            if (BuffersOf(body, at) <= MostBuffers) return at;
        return -1;
    }

    /// <summary>The computed values of the first instructions that the others, or the stores, use.</summary>
    private static List<int> Passed(FusedBody body, int at)
    {
        var used = new HashSet<int>(body.Stores.Select(store => store.Value));
        for (int i = at; i < body.Instructions.Count; i++) used.UnionWith(BodyText.Operands(body.Instructions[i]));
        foreach (int stretch in used.Where(value => value < at && body.Instructions[value] is Stretch).ToArray()) used.Add(((Stretch)body.Instructions[stretch]).A);
        return [.. used.Where(value => value < at && body.Instructions[value] is Compute or RandomNumbers or RowReduce).Order()];
    }

    private static (FusedBody First, FusedBody Later) CutAt(FusedBody body, int at, Dictionary<Buffer, long> scratch)
    {
        // Values that are passed on: stored by the first part, loaded by the rest.
        var instructions = new List<Instruction>();
        var newIndex = new Dictionary<int, int>();
        var stores = new List<Store>();
        foreach (int value in Passed(body, at))
        {
            Instruction instruction = body.Instructions[value];
            var buffer = new Buffer(-1 - scratch.Count, BufferKind.Temporary, instruction.Origin, $"scratch{scratch.Count}");
            scratch[buffer] = (BytesOf(scratch) + Alignment - 1) / Alignment * Alignment;
            var view = new View(buffer, IndexMap.Contiguous(buffer.Node.Shape));
            stores.Add(new Store(value, view));
            newIndex[value] = instructions.Count;
            instructions.Add(new Load(instruction.Level, instruction.DType, instruction.Origin, view));
        }

        // What costs nothing to have again: numbers, loads, stretched row values; as far as the rest uses them.
        for (int i = at; i < body.Instructions.Count; i++)
        {
            foreach (int operand in BodyText.Operands(body.Instructions[i])) Again(operand);
            newIndex[i] = instructions.Count;
            instructions.Add(Renamed(body.Instructions[i]));
        }
        foreach (Store store in body.Stores) Again(store.Value);
        return (body with { Instructions = [.. body.Instructions.Take(at)], Stores = stores },
            body with { Instructions = instructions, Stores = [.. body.Stores.Select(store => store with { Value = newIndex[store.Value] })] });

        void Again(int value)
        {
            if (newIndex.ContainsKey(value)) return;
            if (body.Instructions[value] is Stretch stretch) Again(stretch.A);
            newIndex[value] = instructions.Count;
            instructions.Add(Renamed(body.Instructions[value]));
        }

        Instruction Renamed(Instruction instruction) => instruction switch
        {
            Compute compute => compute with { A = At(compute.A), B = At(compute.B), C = At(compute.C) },
            RowReduce reduce => reduce with { A = At(reduce.A) },
            Stretch stretch => stretch with { A = At(stretch.A) },
            _ => instruction,
        };

        int At(int value) => value < 0 ? value : newIndex[value];
    }
}
