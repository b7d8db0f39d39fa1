// The table is complete: every builder has a row, and every op is in the chapter that describes them.
using System.Reflection;

namespace MiniDL.Tests.Ops;

/// <summary>A new op cannot be forgotten.</summary>
[TestFixture]
public sealed class OpListTests
{
    [Test]
    public void Every_builder_that_makes_a_tensor_of_tensors_is_in_the_table()
    {
        // Leaves and gradients are tested elsewhere; whatever else gives a tensor is an op, or composed of ops, and needs a row.
        string[] notOps = [nameof(T.Input), nameof(T.Scalar), nameof(T.Vector), nameof(T.Matrix), nameof(T.Tensor4), nameof(T.Constant), nameof(T.Shared), nameof(T.Grad)];
        IEnumerable<string> builders = typeof(T).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(method => method.ReturnType == typeof(Tensor)).Select(method => method.Name).Distinct().Except(notOps);
        Assert.That(builders.Except(OpTable.Rows.Select(row => row.Builder)), Is.Empty, "builders without a row in OpTable");
    }

    [Test]
    public void Names_are_distinct() => Assert.That(OpTable.Rows.Select(row => row.Name), Is.Unique);

    [Test]
    public void Every_op_is_in_the_chapter_about_ops()
    {
        string chapter = Path.Combine(Repository.Root, "src", "MiniDL", "Ops", "README.md");
        string text = File.ReadAllText(chapter);
        Assert.That(NamesOfAllOps().Where(name => !text.Contains($"`{name}`", StringComparison.Ordinal)), Is.Empty, "ops that the chapter does not name");
    }

    /// <summary>The names of the ops in all expressions of the table and in their gradients.</summary>
    private static HashSet<string> NamesOfAllOps()
    {
        var names = new HashSet<string>();
        foreach (OpRow row in OpTable.Rows)
        {
            Tensor[] inputs = row.Inputs(row.Shapes(new Gen(1)), known: true);
            Tensor y = row.Build(inputs);
            Tensor[] roots = row.Differentiable ? [y, .. T.Grad(T.Sum(y), OpRow.Differentiated(inputs))] : [y];
            foreach (Tensor node in Traversal.Topological(roots))
                if (node.Inputs.Length > 0) names.Add(node.Op.Name);
        }
        return names;
    }
}
