namespace MiniDL.Tests.Training.Fit;

/// <summary>The order of an epoch: each row once, by seed and epoch alone.</summary>
[TestFixture]
public sealed class EpochOrderTests
{
    [Test]
    public void Every_epoch_has_each_row_once_in_an_order_of_its_own()
    {
        var order = new EpochOrder(100, seed: 1, isShuffled: true);
        int[][] epochs = [.. Enumerable.Range(0, 20).Select(epoch => order.Of(epoch).ToArray())];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(epochs, Has.All.EquivalentTo(Enumerable.Range(0, 100)));
            Assert.That(epochs.Select(rows => string.Join(' ', rows)), Is.Unique);
        }
    }

    [Test]
    public void It_depends_on_seed_and_epoch_alone()
    {
        int[] seventh = new EpochOrder(50, seed: 3, isShuffled: true).Of(7).ToArray(), other = new EpochOrder(50, seed: 4, isShuffled: true).Of(7).ToArray();
        var later = new EpochOrder(50, seed: 3, isShuffled: true);
        later.Of(2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(later.Of(7).ToArray(), Is.EqualTo(seventh));
            Assert.That(other, Is.Not.EqualTo(seventh));
        }
    }

    [Test]
    public void Every_row_comes_to_every_place_equally_often()
    {
        // 6,000 epochs of 6 rows: each of the 36 counts is binomial with mean 1000 and standard deviation 28.9.
        var order = new EpochOrder(6, seed: 5, isShuffled: true);
        var counts = new int[36];
        for (int epoch = 0; epoch < 6000; epoch++)
        {
            ReadOnlySpan<int> rows = order.Of(epoch);
            for (int place = 0; place < 6; place++) counts[6 * place + rows[place]]++;
        }
        Assert.That(counts, Has.All.InRange(1000 - 5 * 29, 1000 + 5 * 29));
    }

    [Test]
    public void Unshuffled_it_is_the_order_of_the_data() =>
        Assert.That(new EpochOrder(5, seed: 1, isShuffled: false).Of(3).ToArray(), Is.EqualTo(new[] { 0, 1, 2, 3, 4 }));
}
