namespace MiniDL.Tests.Arrays;

/// <summary>Arrays: storage, views that copy nothing, and errors that say what does not fit.</summary>
[TestFixture]
public sealed class NDArrayTests
{
    private static NDArray TwoByThree() => NDArray.From([1f, 2f, 3f, 4f, 5f, 6f], [2, 3]);

    [Test]
    public void From_copies_the_values_in_row_major_order()
    {
        float[] values = [1, 2, 3, 4, 5, 6];
        NDArray array = NDArray.From(values, [2, 3]);
        values[0] = 99;
        Assert.That(array.Span<float>().ToArray(), Is.EqualTo(new[] { 1f, 2f, 3f, 4f, 5f, 6f }));
    }

    [Test]
    public unsafe void An_array_of_a_cache_line_or_more_starts_one()
    {
        foreach (DType dtype in Enum.GetValues<DType>())
            for (int count = 64; count < 5000; count = count * 3 / 2)
            {
                NDArray array = NDArray.Zeros([count], dtype);
                Assert.That((long)array.Pointer % 64, Is.Zero, $"{count} of {dtype}");
                Assert.That(array.Bytes().Length, Is.EqualTo(count * dtype.Size()));
            }
    }

    [Test]
    public void Rows_is_a_view_into_the_same_storage()
    {
        NDArray array = TwoByThree(), last = array.Rows(1, 1);
        last.Span<float>()[0] = 40;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(last.Shape, Is.EqualTo(Shape.Create([1, 3])));
            Assert.That(array.Span<float>()[3], Is.EqualTo(40));
            Assert.That(last.Rows(0, 1).Rows(0, 1).Span<float>()[2], Is.EqualTo(6), "a view of a view");
        }
    }

    [TestCase(-1, 1)]
    [TestCase(0, 3)]
    [TestCase(2, 1)]
    [TestCase(1, int.MaxValue)]
    [TestCase(0, -1)]
    public void Rows_that_are_not_all_there_are_an_error(int start, int count) =>
        Assert.That(() => TwoByThree().Rows(start, count), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("(2, 3)"));

    [Test]
    public void A_scalar_has_no_rows() => Assert.That(() => NDArray.Scalar(1f).Rows(0, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void Reshape_is_a_view_and_fills_in_the_dim_that_is_left_open()
    {
        NDArray array = TwoByThree(), tall = array.Reshape([3, -1]);
        tall.Span<float>()[5] = 60;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(tall.Shape, Is.EqualTo(Shape.Create([3, 2])));
            Assert.That(array.Span<float>()[5], Is.EqualTo(60));
            Assert.That(() => array.Reshape([4, -1]), Throws.ArgumentException.With.Message.Contains("6 elements"));
            Assert.That(() => array.Reshape([7]), Throws.ArgumentException);
        }
    }

    [Test]
    public void Reading_under_another_dtype_is_an_error_that_names_both()
    {
        Assert.That(() => TwoByThree().Span<int>().Length, Throws.InvalidOperationException.With.Message.Contains("float32").And.Message.Contains("int32"));
    }

    [Test]
    public void The_number_of_values_must_be_that_of_the_shape() =>
        Assert.That(() => NDArray.From([1f, 2f], [3]), Throws.ArgumentException.With.Message.Contains("2 values"));

    [Test]
    public void Int_and_bool_arrays_read_as_doubles_exactly()
    {
        NDArray ints = NDArray.From([int.MaxValue, int.MinValue], [2]), bools = NDArray.From([true, false], [2]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ints.ToDouble(0), Is.EqualTo(2147483647.0));
            Assert.That(ints.ToDouble(1), Is.EqualTo(-2147483648.0));
            Assert.That(bools.ToDouble(0), Is.EqualTo(1));
            Assert.That(bools.Bytes().ToArray(), Is.EqualTo(new byte[] { 1, 0 }));
        }
    }

    [Test]
    public void Item_wants_one_element()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(NDArray.From([7f], [1, 1]).Item(), Is.EqualTo(7));
            Assert.That(() => TwoByThree().Item(), Throws.InvalidOperationException.With.Message.Contains("(2, 3)"));
        }
    }

    [Test]
    public void A_copy_has_storage_of_its_own()
    {
        NDArray array = TwoByThree(), copy = array.Copy();
        copy.Span<float>()[0] = 10;
        Assert.That(array.Span<float>()[0], Is.EqualTo(1));
    }

    [Test]
    public void There_is_no_dtype_for_other_element_types() =>
        Assert.That(() => NDArray.From([1.0], [1]), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("Double"));
}
