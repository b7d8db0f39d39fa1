// Which updates write straight into their shared variable.
//
// A stage may replace a variable in place if everyone else who reads the old value runs before it, and if it itself reads the old value only at the
// position it is about to write (loads come before stores). Waiting can go in a circle (a takes b's value and b takes a's): then the new value
// gets memory of its own and is copied when all stages are done.
namespace MiniDL;

/// <summary>Decides for each update, and links groups so that readers run before the writer.</summary>
internal sealed class InPlaceUpdates
{
    private readonly Dictionary<Tensor, Shared> _targets = [];

    /// <summary>New values computed in place, and the variables they replace.</summary>
    public IReadOnlyDictionary<Tensor, Shared> Targets => _targets;

    /// <summary>The variable that a stored node replaces in place, or null.</summary>
    public Shared? Target(Tensor root) => _targets.GetValueOrDefault(root);

    public static InPlaceUpdates Decide(List<Group> groups, Dictionary<Tensor, Shared> updates, IndexMaps maps)
    {
        var result = new InPlaceUpdates();
        var groupOf = new Dictionary<Tensor, Group>();
        var readers = new Dictionary<Tensor, List<(Group Group, Tensor Node, int Input)>>();
        foreach (Group group in groups)
        {
            foreach (Tensor root in group.Roots) groupOf[root] = group;
            foreach (Tensor member in group.Members)
                for (int i = 0; i < member.Inputs.Length; i++)
                {
                    Tensor stored = maps[member.Inputs[i]].Base;
                    if (stored is not Shared) continue;
                    if (!readers.TryGetValue(stored, out var list)) readers[stored] = list = [];
                    list.Add((group, member, i));
                }
        }

        foreach ((Tensor value, Shared variable) in updates)
        {
            Group writer = groupOf[value];
            var reads = readers.GetValueOrDefault(variable, []);
            if (!reads.Where(read => read.Group == writer).All(read => ReadsWhereItWrites(read.Node, read.Input, value, maps))) continue;
            Group[] others = [.. reads.Select(read => read.Group).Where(group => group != writer).Distinct()];
            if (others.Any(reader => Reaches(writer, reader))) continue;
            foreach (Group reader in others)
            {
                reader.Consumers.Add(writer);
                writer.Producers.Add(reader);
            }
            result._targets[value] = variable;
        }
        return result;
    }

    private static bool ReadsWhereItWrites(Tensor reader, int input, Tensor written, IndexMaps maps)
    {
        if (reader.Op is Gemm) return input == 2 && reader == written;
        IndexMap map = maps.ReadBy(reader, input).Map;
        return Grouping.IsPointwise(reader) && map.IsWhole((int)written.Shape.Count);
    }

    private static bool Reaches(Group from, Group to)
    {
        var seen = new HashSet<Group> { from };
        var open = new Stack<Group>([from]);
        while (open.TryPop(out Group? group))
            foreach (Group next in group.Consumers)
            {
                if (next == to) return true;
                if (seen.Add(next)) open.Push(next);
            }
        return false;
    }
}
