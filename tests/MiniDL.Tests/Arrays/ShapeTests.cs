namespace MiniDL.Tests.Arrays;

/// <summary>Shapes: dims compared by value, strides, what is accepted where.</summary>
[TestFixture]
public sealed class ShapeTests
{
    private static readonly Shape s_batch = Shape.Create([Shape.Unknown, 784]);

    [Test]
    public void Shapes_with_the_same_dims_are_equal()
    {
        Shape a = Shape.Create([2, 3]), b = Shape.Create([2, 3]), c = Shape.Create([3, 2]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(a, Is.EqualTo(b));
            Assert.That(a.GetHashCode(), Is.EqualTo(b.GetHashCode()));
            Assert.That(a, Is.Not.EqualTo(c));
            Assert.That(Shape.Create([]), Is.SameAs(Shape.Scalar));
        }
    }

    [Test]
    public void Strides_count_the_elements_from_one_index_to_the_next() =>
        Assert.That(Shape.Create([2, 3, 4]).Strides(), Is.EqualTo(new[] { 12, 4, 1 }));

    [TestCase(new int[0], ExpectedResult = 1L)]
    [TestCase(new[] { 2, 3, 4 }, ExpectedResult = 24L)]
    [TestCase(new[] { 5, 0 }, ExpectedResult = 0L)]
    [TestCase(new[] { 100_000, 100_000 }, ExpectedResult = 10_000_000_000L)]
    public long The_count_is_the_product_of_the_dims(int[] dims) => Shape.Create(dims).Count;

    [Test]
    public void An_unknown_dim_has_no_count_and_is_printed_as_a_question_mark()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(s_batch.IsKnown, Is.False);
            Assert.That(s_batch.ToString(), Is.EqualTo("(?, 784)"));
            Assert.That(() => s_batch.Count, Throws.InvalidOperationException.With.Message.Contains("(?, 784)"));
        }
    }

    [TestCase(new[] { 128, 784 }, ExpectedResult = true)]
    [TestCase(new[] { 1, 784 }, ExpectedResult = true)]
    [TestCase(new[] { 128, 785 }, ExpectedResult = false)]
    [TestCase(new[] { 784 }, ExpectedResult = false)]
    public bool A_declared_shape_accepts_arrays_that_agree_where_it_is_known(int[] actual) => s_batch.Accepts(Shape.Create(actual));

    [TestCase(-1, ExpectedResult = 2)]
    [TestCase(0, ExpectedResult = 0)]
    [TestCase(-3, ExpectedResult = 0)]
    public int A_negative_axis_counts_from_the_end(int axis) => Shape.Create([2, 3, 4]).Axis(axis);

    [TestCase(3)]
    [TestCase(-4)]
    public void An_axis_that_is_not_there_is_an_error_that_names_the_shape(int axis) =>
        Assert.That(() => Shape.Create([2, 3, 4]).Axis(axis), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("(2, 3, 4)"));

    [Test]
    public void A_dim_below_unknown_or_a_rank_above_eight_is_an_error()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Shape.Create([-2]), Throws.ArgumentException);
            Assert.That(() => Shape.Create(new int[9]), Throws.ArgumentException);
        }
    }
}
