// Writes the body of a fused stage: the members of a group as a straight line of instructions.
//
// Members come in topological order; each input is a number, a value of this body, a row value stretched along rows, or a load. The one thing to
// understand: the level of a value follows from its number of elements, and so does what is read: R elements in a body of R rows of C columns
// are one per row.
namespace MiniDL;

/// <summary>Builds one body.</summary>
internal sealed class BodyBuilder
{
    private readonly Group _group;
    private readonly IndexMaps _maps;
    private readonly Func<Tensor, Buffer> _bufferOf;
    private readonly List<Instruction> _instructions = [];
    private readonly Dictionary<Tensor, int> _values = [];                       // member -> its value
    private readonly Dictionary<int, int> _stretched = [];                       // row value -> the same stretched
    private readonly Dictionary<(Tensor, IndexMap, Level), int> _loads = [];
    private readonly Dictionary<(double, DType, Level), int> _numbers = [];

    private BodyBuilder(Group group, IndexMaps maps, Func<Tensor, Buffer> bufferOf) => (_group, _maps, _bufferOf) = (group, maps, bufferOf);

    /// <summary>The body of a fused group, with a store for each root. <paramref name="order"/> is the graph's topological order.</summary>
    public static FusedBody Build(Group group, IReadOnlyDictionary<Tensor, int> order, IndexMaps maps, Func<Tensor, Buffer> bufferOf)
    {
        var builder = new BodyBuilder(group, maps, bufferOf);
        foreach (Tensor member in group.Members.OrderBy(member => order[member])) builder.Emit(member);
        Store[] stores = [.. group.Roots.Select(root => new Store(builder._values[root], new View(bufferOf(root), IndexMap.Contiguous(root.Shape))))];
        return new FusedBody(group.Rows, group.Columns, builder._instructions, stores);
    }

    /// <summary>The body that computes the input of a reduction that is a stage of its own, and the value that is its result.</summary>
    public static (FusedBody Body, int Value) BuildReduced(Group group, IReadOnlyDictionary<Tensor, int> order, IndexMaps maps, Func<Tensor, Buffer> bufferOf)
    {
        var builder = new BodyBuilder(group, maps, bufferOf);
        Tensor reduce = group.Roots[0];
        foreach (Tensor member in group.Members.OrderBy(member => order[member]))
            if (member != reduce) builder.Emit(member);
        int value = builder.ValueOf(reduce, 0, Level.Full);
        return (new FusedBody(group.Rows, 1, builder._instructions, []), value);
    }

    private void Emit(Tensor node)
    {
        Level level = _group.LevelOf(node);
        _values[node] = node.Op switch
        {
            Copy => ValueOf(node, 0, level),
            RandomOp random => Add(new RandomNumbers(level, node.DType, node, random)),
            Reduce reduce => Add(new RowReduce(node.DType, node, reduce.Kind, ValueOf(node, 0, Level.Full))),
            _ => Add(new Compute(level, node.DType, node, node.Op, ValueOf(node, 0, level), InputOrNone(node, 1, level), InputOrNone(node, 2, level))),
        };
    }

    private int InputOrNone(Tensor node, int input, Level level) => input < node.Inputs.Length ? ValueOf(node, input, level) : -1;

    /// <summary>The value of a node's input at a level: a number, a value computed here, or a load.</summary>
    private int ValueOf(Tensor reader, int input, Level level)
    {
        (Tensor stored, IndexMap map) = _maps.ReadBy(reader, input);
        if (stored.Op is Constant { Value.Count: 1 } constant)
        {
            var key = (constant.Value.ToDouble(0), stored.DType, level);
            return _numbers.TryGetValue(key, out int number) ? number : _numbers[key] = Add(new Number(level, stored.DType, stored, key.Item1));
        }
        if (_values.TryGetValue(stored, out int value))
        {
            if (_instructions[value].Level == level) return value;
            // Only a row value can be of another level than its reader.
            return _stretched.TryGetValue(value, out int stretched) ? stretched : _stretched[value] = Add(new Stretch(stored.DType, stored, value));
        }
        long positions = level == Level.Full ? _group.Positions : _group.Rows;
        var load = (stored, map, level);
        if (map.Shape.Count != positions) throw new InvalidOperationException($"{stored} is read over {positions} positions through {map}");
        return _loads.TryGetValue(load, out int loaded) ? loaded : _loads[load] = Add(new Load(level, stored.DType, stored, new View(_bufferOf(stored), map)));
    }

    private int Add(Instruction instruction)
    {
        _instructions.Add(instruction);
        return _instructions.Count - 1;
    }
}
