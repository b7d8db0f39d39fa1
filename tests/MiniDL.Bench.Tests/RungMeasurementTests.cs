// The physical limit and the figures that follow from a time, against numbers worked out by hand.
using MiniDL.Bench.Kernels;
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Tests;

[TestFixture]
public sealed class RungMeasurementTests
{
    // 108 SMs * 64 lanes * 2 * 1.41 GHz = 19,491 GFLOP/s; a product of 4,096 a side is 137.44 GFLOP.
    [Test]
    public void A_large_product_is_limited_by_arithmetic()
    {
        RungMeasurement measured = Product(4096, KnownGpus.A100, microseconds: 14_103);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(measured.LimitMicroseconds, Is.EqualTo(7051.4).Within(0.5));
            Assert.That(measured.PercentOfLimit, Is.EqualTo(50).Within(0.01));
            Assert.That(measured.Speed, Is.EqualTo(9745).Within(1));
        }
    }

    // 1,048,576 elements: 8 bytes each at 1,555 GB/s take 5.39 us; the arithmetic 0.05 us.
    [Test]
    public void Doubling_an_array_is_limited_by_memory()
    {
        var toy = new ToyLadder();
        var measured = new RungMeasurement(toy, toy.Right, toy.OfSize(1 << 20), KnownGpus.A100, 10, []);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(measured.LimitMicroseconds, Is.EqualTo(5.3946).Within(1e-3));
            Assert.That(measured.Speed, Is.EqualTo(838.86).Within(0.01));
        }
    }

    [Test]
    public void A_gpu_that_tells_no_clock_has_no_limit()
    {
        RungMeasurement measured = Product(64, KnownGpus.A100 with { ClockMHz = 0 }, microseconds: 10);
        Assert.That(measured.PercentOfLimit, Is.NaN);
    }

    [Test]
    public void A_rung_that_rounds_its_operands_has_no_limit_of_float32()
    {
        RungMeasurement measured = Product(64, KnownGpus.A100, microseconds: 10);
        Assert.That((measured with { Rung = measured.Rung with { IsFloat32 = false } }).PercentOfLimit, Is.NaN);
        Assert.That(measured.PercentOfLimit, Is.GreaterThan(0));
    }

    [Test]
    public void A_rung_that_takes_twice_the_time_of_cuBLAS_has_half_its_speed()
    {
        RungMeasurement measured = Product(64, KnownGpus.A100, microseconds: 10) with { CuBlasMicroseconds = 5, CuBlasTf32Microseconds = 1 };
        Assert.That((measured.PercentOfCuBlas, measured.PercentOfCuBlasTf32), Is.EqualTo((50.0, 10.0)));
    }

    private static RungMeasurement Product(int n, GpuProperties gpu, double microseconds)
    {
        Ladder sgemm = LadderList.Find("sgemm").Single();
        return new RungMeasurement(sgemm, sgemm.Rungs[0], sgemm.OfSize(n), gpu, microseconds, []);
    }
}
