namespace MiniDL.Tests.Training;

/// <summary>First values have the moments and the bounds that their formulas say, and depend on the seed alone.</summary>
[TestFixture]
public sealed class InitTests
{
    private const int Rows = 400, Columns = 250;

    // Of n = 100,000 numbers with standard deviation s the mean is off by s / sqrt(n), the standard deviation by s / sqrt(2 n); five of these.
    private const double MeanSlack = 5 / 316.2, StdSlack = 5 / 447.2;

    private static readonly TestCaseData<Func<Init, NDArray>, double>[] s_cases =
    [
        new TestCaseData<Func<Init, NDArray>, double>(init => init.Normal([Rows, Columns], 0.01f), 0.01).SetArgDisplayNames("Normal"),
        new TestCaseData<Func<Init, NDArray>, double>(init => init.Uniform([Rows, Columns], -3, 3), Math.Sqrt(36.0 / 12)).SetArgDisplayNames("Uniform"),
        new TestCaseData<Func<Init, NDArray>, double>(init => init.XavierNormal([Rows, Columns]), Math.Sqrt(2.0 / 650)).SetArgDisplayNames("XavierNormal"),
        new TestCaseData<Func<Init, NDArray>, double>(init => init.XavierUniform([Rows, Columns]), Math.Sqrt(2.0 / 650)).SetArgDisplayNames("XavierUniform"),
        new TestCaseData<Func<Init, NDArray>, double>(init => init.HeNormal([Rows, Columns]), Math.Sqrt(2.0 / 400)).SetArgDisplayNames("HeNormal"),
        new TestCaseData<Func<Init, NDArray>, double>(init => init.HeUniform([Rows, Columns]), Math.Sqrt(2.0 / 400)).SetArgDisplayNames("HeUniform"),
        new TestCaseData<Func<Init, NDArray>, double>(init => init.HeNormal([400, 10, 5, 5]), Math.Sqrt(2.0 / 250)).SetArgDisplayNames("HeNormal of filters"),
        new TestCaseData<Func<Init, NDArray>, double>(init => init.XavierNormal([400, 10, 5, 5]), Math.Sqrt(2.0 / (250 + 10_000))).SetArgDisplayNames("XavierNormal of filters"),
    ];

    [TestCaseSource(nameof(s_cases))]
    public void Mean_and_standard_deviation_are_those_of_the_formula(Func<Init, NDArray> draw, double std)
    {
        float[] values = draw(new Init(seed: 3)).Span<float>().ToArray();
        double mean = values.Average(value => (double)value);
        double spread = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(mean / std, Is.EqualTo(0).Within(MeanSlack));
            Assert.That(spread / std, Is.EqualTo(1).Within(StdSlack));
        }
    }

    /// <summary>The lectures print other bounds; these are the papers': sqrt(6 / (nIn + nOut)) and sqrt(6 / nIn).</summary>
    [TestCase(false, Rows + Columns)]
    [TestCase(true, Rows)]
    public void Uniform_numbers_fill_their_range_and_stay_in_it(bool he, double fans)
    {
        var init = new Init(seed: 1);
        float[] values = (he ? init.HeUniform([Rows, Columns]) : init.XavierUniform([Rows, Columns])).Span<float>().ToArray();
        double limit = Math.Sqrt(6 / fans);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(values.Max(), Is.InRange(0.999 * limit, 1.000001 * limit));
            Assert.That(values.Min(), Is.InRange(-1.000001 * limit, -0.999 * limit));
        }
    }

    [Test]
    public void The_same_seed_draws_the_same_arrays_and_another_seed_others()
    {
        Init one = new(seed: 1), again = new(seed: 1), other = new(seed: 2);
        float[] first = [.. one.Normal([100], 1).Span<float>()], second = [.. one.Normal([100], 1).Span<float>()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(again.Normal([100], 1).Span<float>().ToArray(), Is.EqualTo(first));
            Assert.That(again.Normal([100], 1).Span<float>().ToArray(), Is.EqualTo(second));
            Assert.That(second, Is.Not.EqualTo(first));
            Assert.That(other.Normal([100], 1).Span<float>().ToArray(), Is.Not.EqualTo(first));
        }
    }

    [Test]
    public void Nonsense_is_refused_with_its_value()
    {
        var init = new Init(seed: 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Assert.Throws<ArgumentOutOfRangeException>(() => init.Normal([2], float.NaN))!.Message, Does.Contain("NaN"));
            Assert.That(Assert.Throws<ArgumentOutOfRangeException>(() => init.Uniform([2], 1, 0))!.Message, Does.Contain("1 to 0"));
            Assert.That(Assert.Throws<ArgumentException>(() => init.HeNormal([2, 3, 4]))!.Message, Does.Contain("(2, 3, 4)"));
        }
    }
}
