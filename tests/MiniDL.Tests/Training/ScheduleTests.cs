namespace MiniDL.Tests.Training;

/// <summary>Schedules at their corners: first step, last step, the steps where something changes, and beyond the end.</summary>
[TestFixture]
public sealed class ScheduleTests
{
    private static void AssertRates(Func<int, float> schedule, params (int Step, double Rate)[] expected)
    {
        using (Assert.EnterMultipleScope())
            foreach ((int step, double rate) in expected)
                Assert.That(schedule(step), Is.EqualTo(rate).Within(1e-6 * rate + 1e-12), $"at step {step}");
    }

    [Test]
    public void Constant_is_constant() => AssertRates(Schedules.Constant(0.1f), (0, 0.1f), (1_000_000, 0.1f));

    [Test]
    public void Step_drops_at_each_multiple() =>
        AssertRates(Schedules.Step(0.8f, every: 10, factor: 0.5f), (0, 0.8f), (9, 0.8f), (10, 0.4f), (19, 0.4f), (20, 0.2f), (35, 0.1f));

    [Test]
    public void Cosine_goes_down_half_a_wave_and_stays() =>
        AssertRates(Schedules.Cosine(1, steps: 100, last: 0.2f), (0, 1), (25, 0.6 + 0.4 * Math.Sqrt(0.5)), (50, 0.6), (75, 0.6 - 0.4 * Math.Sqrt(0.5)), (100, 0.2f), (101, 0.2f), (10_000, 0.2f));

    [Test]
    public void Warm_up_rises_in_equal_steps_and_then_the_other_schedule_begins_at_its_step_0() =>
        AssertRates(Schedules.WarmUp(4, Schedules.Step(0.8f, every: 10)), (0, 0.2f), (1, 0.4f), (2, 0.6f), (3, 0.8f), (4, 0.8f), (13, 0.8f), (14, 0.08f));

    [Test]
    public void One_cycle_rises_to_its_peak_and_ends_a_hundred_thousand_times_lower() =>
        AssertRates(Schedules.OneCycle(0.5f, steps: 100), (0, 0.02f), (15, (0.02 + 0.5) / 2), (30, 0.5f), (65, (0.5 + 5e-6) / 2), (100, 5e-6), (101, 5e-6), (10_000, 5e-6));

    [Test]
    public void One_cycle_has_one_peak()
    {
        Func<int, float> schedule = Schedules.OneCycle(0.5f, steps: 37, rise: 0.4f);
        float[] rates = [.. Enumerable.Range(0, 40).Select(schedule)];
        int peak = Array.IndexOf(rates, rates.Max());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(peak, Is.EqualTo(15));   // 0.4 * 37 = 14.8
            Assert.That(rates[peak], Is.EqualTo(0.5f));
            Assert.That(rates[..(peak + 1)], Is.Ordered);
            Assert.That(rates[peak..], Is.Ordered.Descending);
        }
    }

    [Test]
    public void Nonsense_is_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Schedules.Step(0.1f, every: 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => Schedules.Cosine(0.1f, steps: 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => Schedules.WarmUp(0, Schedules.Constant(1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => Schedules.OneCycle(0.1f, steps: 10, rise: 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => Schedules.Constant(0.1f)(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
    }
}
