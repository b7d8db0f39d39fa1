// Index maps as expressions.
namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class IndexTextTests
{
    private static IEnumerable<TestCaseData> Maps()
    {
        yield return new TestCaseData(IndexMap.Contiguous([4, 5, 6]), "i").SetName("straight");
        yield return new TestCaseData(new IndexMap([128, 625], [0, 1], 0), "i % 625").SetName("a bias along a batch");
        yield return new TestCaseData(new IndexMap([128, 625], [1, 0], 0), "i / 625").SetName("a column along rows");
        yield return new TestCaseData(new IndexMap([128, 32, 15, 15], [0, 1, 0, 0], 0), "i / 225 % 32").SetName("one for each channel");
        yield return new TestCaseData(new IndexMap([784, 128], [1, 784], 0), "i % 128 * 784 + i / 128").SetName("a transpose");
        yield return new TestCaseData(new IndexMap([10], [-1], 9), "9 - i").SetName("reversed");
        yield return new TestCaseData(new IndexMap([2, 10], [10, -1], 9), "9 + i / 10 * 10 - i % 10").SetName("rows reversed");
        yield return new TestCaseData(new IndexMap([3, 4], [0, 0], 7), "7").SetName("one element everywhere");
        yield return new TestCaseData(new IndexMap([5, 3], [20, 2], 1), "1 + i % 3 * 2 + i / 3 * 20").SetName("a slice with steps");
    }

    [TestCaseSource(nameof(Maps))]
    public void An_index_map_is_written_with_as_few_terms_as_it_has_axes(object map, string text) => Assert.That(new IndexText((IndexMap)map).At("i"), Is.EqualTo(text));

    [Test]
    public void Rows_and_columns_are_used_where_axes_part_there()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IndexText.At(IndexMap.Contiguous([7, 10]), 10), Is.EqualTo("i"));
            Assert.That(IndexText.At(new IndexMap([7, 10], [1, 7], 0), 10), Is.EqualTo("row + column * 7"));
            Assert.That(IndexText.At(new IndexMap([7, 10], [0, 1], 3), 10), Is.EqualTo("3 + column"));
            Assert.That(IndexText.At(new IndexMap([35, 2], [1, 35], 0), 10), Is.EqualTo("i % 2 * 35 + i / 2"), "axes that part elsewhere");
        }
    }

    private static IEnumerable<TestCaseData> Fours()
    {
        yield return new TestCaseData(IndexMap.Contiguous([3, 5]), FourKind.Straight).SetName("straight");
        yield return new TestCaseData(IndexMap.Contiguous([3, 5]) with { Offset = 2 }, FourKind.Scattered).SetName("straight from 2");
        yield return new TestCaseData(new IndexMap([8, 12], [0, 1], 0), FourKind.Straight).SetName("a bias of 12");
        yield return new TestCaseData(new IndexMap([8, 10], [0, 1], 0), FourKind.Scattered).SetName("a bias of 10");
        yield return new TestCaseData(new IndexMap([8, 12], [1, 0], 0), FourKind.Same).SetName("a column along rows of 12");
        yield return new TestCaseData(new IndexMap([8, 10], [1, 0], 0), FourKind.Scattered).SetName("a column along rows of 10");
        yield return new TestCaseData(new IndexMap([8, 12], [0, 0], 5), FourKind.Same).SetName("one element");
        yield return new TestCaseData(new IndexMap([8, 12], [18, 1], 0), FourKind.Scattered).SetName("rows 18 apart");
        yield return new TestCaseData(new IndexMap([12], [-1], 11), FourKind.Scattered).SetName("reversed");
    }

    [TestCaseSource(nameof(Fours))]
    public void Four_positions_are_one_load_only_where_they_are_neighbours_and_aligned(object map, object kind) => Assert.That(new IndexText((IndexMap)map).Four, Is.EqualTo((FourKind)kind));

    [Test]
    public void The_period_is_what_lies_below_a_stretched_outermost_axis()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new IndexText(new IndexMap([128, 625], [0, 1], 0)).Period, Is.EqualTo(625));
            Assert.That(new IndexText(new IndexMap([8, 32, 15, 15], [0, 1, 0, 0], 0)).Period, Is.EqualTo(32 * 225));
            Assert.That(new IndexText(new IndexMap([128, 625], [1, 0], 0)).Period, Is.Zero);
            Assert.That(new IndexText(new IndexMap([128, 625], [0, 0], 0)).Period, Is.Zero);
        }
    }
}
