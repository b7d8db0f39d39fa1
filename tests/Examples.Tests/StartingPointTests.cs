// How far parameters moved: sqrt of the sum of squares over all of them.
using MiniDL.Examples;

namespace MiniDL.Examples.Tests;

[TestFixture]
public sealed class StartingPointTests
{
    [Test]
    public void The_distance_is_the_L2_norm_of_all_changes_together()
    {
        Shared a = T.Shared(NDArray.From([1f, 2f], [2])), b = T.Shared(NDArray.From([5f], [1]));
        var start = new StartingPoint([a, b]);
        a.Value = NDArray.From([1f, 4f], [2]);    // changes 0 and 2
        b.Value = NDArray.From([4f], [1]);        // change -1: sqrt(4 + 1)
        Assert.That(start.Distance(), Is.EqualTo(Math.Sqrt(5)).Within(1e-12));
    }

    [Test]
    public void Before_any_step_it_is_0() => Assert.That(new StartingPoint([T.Shared(NDArray.From([1f], [1]))]).Distance(), Is.Zero);
}
