// The order of stages: any that respects who waits for whom; among those that are ready, the one whose results the graph names first.
//
// The one thing to understand: elementwise parameter updates that nobody waits for share one stage at the end, however many parameters there are.
namespace MiniDL;

/// <summary>Orders groups.</summary>
internal static class Schedule
{
    /// <summary>The groups in the order they run; those in one list become one stage.</summary>
    public static List<List<Group>> Order(List<Group> groups, IReadOnlyDictionary<Tensor, int> position, IReadOnlyDictionary<Tensor, Shared> inPlace)
    {
        var last = groups.Where(group => group.IsFused && group.Consumers.Count == 0 && group.Roots.All(inPlace.ContainsKey)).ToHashSet();
        var waiting = groups.ToDictionary(group => group, group => group.Producers.Count);
        var ready = new PriorityQueue<Group, int>();
        foreach (Group group in groups)
            if (waiting[group] == 0) ready.Enqueue(group, position[group.Roots[^1]]);

        var result = new List<List<Group>>();
        int done = 0;
        while (ready.TryDequeue(out Group? group, out _))
        {
            done++;
            if (!last.Contains(group)) result.Add([group]);
            foreach (Group next in group.Consumers)
                if (--waiting[next] == 0) ready.Enqueue(next, position[next.Roots[^1]]);
        }
        if (done != groups.Count) throw new InvalidOperationException($"{groups.Count - done} stages wait for each other: a mistake in MiniDL's lowering");
        if (last.Count > 0) result.Add([.. groups.Where(last.Contains)]);
        return result;
    }
}
