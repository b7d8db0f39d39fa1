// From a graph with unknown dims to one in which every dim is known: inputs are replaced by inputs of the shapes that the arrays have, and
// every node is rebuilt on them.
//
// A function does this once per set of input shapes. Rebuilding checks every shape again; ops that took their shape from another tensor now
// take it as a number and let go of that tensor. The one thing to understand: broadcasting was decided when the graph was built, an
// unknown dim counting as not 1; so if such a dim turns out to be 1 where it would now have to stretch, that is an error here.
namespace MiniDL;

/// <summary>Rebuilds the graph on inputs of known shapes.</summary>
public sealed class Specialise(Dictionary<Tensor, Tensor> known) : Pass
{
    /// <inheritdoc/>
    public override string Name => "shapes";

    /// <inheritdoc/>
    public override string Purpose => "every dim becomes known; ops that wait for a shape get it";

    /// <inheritdoc/>
    public override Tensor[] Run(Tensor[] roots, PassReport report)
    {
        var replacements = new Dictionary<Tensor, Tensor>();
        foreach (Tensor node in Traversal.Topological(roots))
        {
            if (known.TryGetValue(node, out Tensor? input))
            {
                replacements[node] = input;
                continue;
            }
            using (Source.At(node.Source))
            {
                Tensor rebuilt = Traversal.WithInputs(node, replacements);
                if (node.Op is Elementwise or MatMul) CheckStretching(node, rebuilt);
                replacements[node] = rebuilt;
            }
        }
        return [.. roots.Select(root => replacements[root])];
    }

    private static void CheckStretching(Tensor before, Tensor after)
    {
        for (int i = 0; i < before.Inputs.Length && i < after.Inputs.Length; i++)
        {
            Shape declared = before.Inputs[i].Shape, actual = after.Inputs[i].Shape;
            int axes = before.Op is MatMul ? declared.Rank - 2 : declared.Rank;
            for (int axis = 0; axis < axes; axis++)
                if (declared[axis] == Shape.Unknown && actual[axis] == 1 && after.Shape[axis] != 1)
                    throw after.Op.Error($"axis {axis} of {after.Inputs[i].Label} turned out to be 1 where {after.Shape[axis]} is needed. "
                        + "A dim that is unknown when the expression is built does not stretch; declare it as 1 to have it broadcast", after.Inputs);
        }
    }
}
