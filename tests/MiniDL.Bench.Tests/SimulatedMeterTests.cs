// What the bench makes of rungs on the simulator: wrong ones are found out, right ones counted; and the JSON that comes of it.
using System.Text;
using System.Text.Json;
using MiniDL.Bench.Kernels;
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Tests;

[TestFixture]
public sealed class SimulatedMeterTests
{
    private readonly ToyLadder _toy = new();

    private IReadOnlyList<RungResult> Measure(IReadOnlyList<Rung> rungs, int n = 4096)
    {
        using var meter = new SimulatedMeter(Nvrtc.Required(), [KnownGpus.A100, KnownGpus.Rtx3090]);
        return meter.Measure(_toy, rungs, _toy.OfSize(n), _ => { });
    }

    [Test]
    public void A_right_rung_is_counted_for_each_gpu()
    {
        RungResult result = Measure([_toy.Right])[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Wrong, Is.Null);
            Assert.That(result.Measurements.Select(measured => measured.Gpu.Name), Is.EqualTo(new[] { "A100", "RTX 3090" }));
            foreach (RungMeasurement measured in result.Measurements)
            {
                Assert.That(measured.Microseconds, Is.GreaterThan(0));
                Assert.That(measured.IsSampled, Is.False);
                Assert.That(measured.Counters!.GlobalLoads.SectorsPerRequest, Is.EqualTo(4));
                Assert.That(KernelTables.Moved(measured), Is.EqualTo(1));
                Assert.That(KernelTables.BankWaves(measured.Counters), Is.Null);
                Assert.That(measured.Slowest.Registers, Is.InRange(1, 64));
            }
        }
    }

    [Test]
    public void A_wrong_rung_is_not_timed_and_its_first_wrong_element_is_told()
    {
        IReadOnlyList<RungResult> results = Measure([_toy.WrongAtTheEnd, _toy.Right]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results[0].Wrong, Does.StartWith("at 333, arrays moved by 1 element: y[332] of 333 is -1, should be"));
            Assert.That(results[0].Measurements, Is.Empty);
            Assert.That(results[1].Measurements, Has.Count.EqualTo(2));
        }
    }

    [Test]
    public void An_access_beside_an_array_is_told_with_its_line() =>
        Assert.That(Measure([_toy.BesideTheArray])[0].Wrong, Does.StartWith("at 333").And.Contain("out of bounds").And.Contain("by /toy.cu:5, block (1,0,0)"));

    /// <summary>An error at the size itself, which the small problems do not have: the GPU is lost, and the next rung gets a new one.</summary>
    [Test]
    public void A_rung_that_fails_at_the_size_alone_takes_no_other_with_it()
    {
        Rung fails = _toy.Right with { Plan = problem => problem["N"] < 4096 ? _toy.Right.Plan(problem) : _toy.BesideTheArray.Plan(problem) };
        IReadOnlyList<RungResult> results = Measure([fails, _toy.Right], n: 4097);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results[0].Wrong, Does.StartWith("at 4097: ").And.Contain("CUDA_ERROR_ILLEGAL_ADDRESS"));
            Assert.That(results[0].Measurements, Is.Empty);
            Assert.That(results[1].Measurements, Has.Count.EqualTo(2));
        }
    }

    [Test]
    public void A_rung_for_later_gpus_is_left_out()
    {
        RungResult result = Measure([_toy.ForLaterGpus])[0];
        Assert.That((result.Wrong, result.Measurements.Count), Is.EqualTo(((string?)null, 0)));
        Assert.That(KernelTables.Of([result], [KnownGpus.A100])[0].Rows[0], Does.Contain("needs sm_990"));
    }

    [TestCase(1 << 20, false)]
    [TestCase(1 << 27, true)]
    public void Large_problems_are_sampled(int elements, bool sampled) => Assert.That(SimulatedMeter.Samples(_toy.OfSize(elements)), Is.EqualTo(sampled));

    [Test]
    public void Json_has_the_agreed_members()
    {
        using JsonDocument line = Json(Measure([_toy.Right])[0]);
        JsonElement rung = line.RootElement, estimate = rung.GetProperty("estimate");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(rung.EnumerateObject().Select(member => member.Name),
                Is.EqualTo(new[] { "ladder", "rung", "name", "file", "size", "sampled", "wrong", "counters", "estimate", "estimates", "limiter" }));
            Assert.That(rung.GetProperty("rung").GetInt32(), Is.EqualTo(1));
            Assert.That(rung.GetProperty("counters").GetProperty("global_load_sectors").GetInt64(), Is.EqualTo(512));
            Assert.That(rung.GetProperty("counters").GetProperty("bytes_over_minimum").GetDouble(), Is.EqualTo(1));
            Assert.That(estimate.EnumerateObject().Select(member => member.Name), Is.EqualTo(
                new[] { "gpu", "microseconds", "gbps", "percent_of_limit", "limiter", "terms", "occupancy", "registers", "shared_bytes", "spill_bytes", "launches" }));
            Assert.That(estimate.GetProperty("terms").EnumerateArray().Select(term => term.GetProperty("name").GetString()), Does.Contain("DRAM bytes"));
            Assert.That(rung.GetProperty("estimates").EnumerateArray().Select(each => each.GetProperty("gpu").GetString()), Is.EqualTo(new[] { "A100", "RTX 3090" }));
        }
    }

    [Test]
    public void Json_of_a_wrong_rung_says_what_is_wrong_and_has_no_figures()
    {
        using JsonDocument line = Json(Measure([_toy.WrongAtTheEnd])[0]);
        Assert.That(line.RootElement.GetProperty("wrong").GetString(), Does.Contain("y[332]"));
        Assert.That(line.RootElement.TryGetProperty("estimate", out _), Is.False);
    }

    internal static JsonDocument Json(RungResult result)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            KernelJson.Write(json, result);
            json.WriteEndObject();
        }
        return JsonDocument.Parse(Encoding.UTF8.GetString(stream.ToArray()));
    }
}
