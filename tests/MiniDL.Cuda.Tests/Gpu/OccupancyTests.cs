// Occupancy, worked out by hand or taken from NVIDIA's guide.
using MiniDL.Gpu;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class OccupancyTests
{
    // CUDA C++ Best Practices Guide, section "Calculating Occupancy": 37 registers on compute capability 7.0.
    [TestCase(128, 12, 0.75)]
    [TestCase(320, 4, 0.625)]
    public void The_guides_example(int threads, int blocks, double fraction)
    {
        Occupancy occupancy = Occupancy.Of(Multiprocessor.Of((7, 0)), threads, registers: 37, sharedBytes: 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(occupancy.BlocksPerMultiprocessor, Is.EqualTo(blocks));
            Assert.That(occupancy.Fraction, Is.EqualTo(fraction));
            Assert.That(occupancy.Limiter, Is.EqualTo(OccupancyLimiter.Registers));
        }
    }

    [Test]
    public void Threads_limit_a_light_kernel() =>
        Assert.That(Occupancy.Of(Multiprocessor.Of((8, 0)), 256, registers: 32, sharedBytes: 0), Is.EqualTo(new Occupancy(8, 8, 64, OccupancyLimiter.Threads)));

    [Test]
    public void Blocks_limit_blocks_of_one_warp() =>
        Assert.That(Occupancy.Of(Multiprocessor.Of((8, 6)), 32, registers: 32, sharedBytes: 0), Is.EqualTo(new Occupancy(16, 1, 48, OccupancyLimiter.Blocks)));

    // 255 registers: 8,192 a warp, of 16,384 in each quarter: 8 warps in all.
    [Test]
    public void Registers_limit_a_heavy_kernel() =>
        Assert.That(Occupancy.Of(Multiprocessor.Of((9, 0)), 256, registers: 255, sharedBytes: 0), Is.EqualTo(new Occupancy(1, 8, 64, OccupancyLimiter.Registers)));

    // A warp of 168 registers takes 5,376: three fit in a quarter (16,384 / 5,376), 12 on the SM, although 65,536 / 5,376 is 12.19 as well;
    // of 184 registers, 5,888: two in a quarter, 8 in all, although 65,536 / 5,888 would be 11.
    [TestCase(168, 12)]
    [TestCase(184, 8)]
    public void Warps_come_in_fours(int registers, int warps) =>
        Assert.That(Occupancy.Of(Multiprocessor.Of((8, 0)), 32, registers, sharedBytes: 0).Warps, Is.EqualTo(warps));

    // 164 KB for blocks of 32 + 1 KB: four. On 7.0 nothing is reserved: 96 KB hold three of 32 KB.
    [TestCase(8, 0, 4)]
    [TestCase(7, 0, 3)]
    public void Shared_memory_limits_and_a_kilobyte_of_it_is_reserved(int major, int minor, int blocks)
    {
        Occupancy occupancy = Occupancy.Of(Multiprocessor.Of((major, minor)), 128, registers: 32, sharedBytes: 32 * 1024);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(occupancy.BlocksPerMultiprocessor, Is.EqualTo(blocks));
            Assert.That(occupancy.Limiter, Is.EqualTo(OccupancyLimiter.SharedMemory));
        }
    }

    [Test]
    public void A_block_that_does_not_fit_has_no_occupancy()
    {
        Multiprocessor sm = Multiprocessor.Of((8, 9));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Occupancy.Of(sm, 64, 32, sharedBytes: 99 * 1024).Warps, Is.EqualTo(2));
            Assert.That(Occupancy.Of(sm, 64, 32, sharedBytes: 99 * 1024 + 1).Fraction, Is.Zero);
            Assert.That(Occupancy.Of(sm, 1024, registers: 128, sharedBytes: 0).Fraction, Is.Zero);
        }
    }

    [TestCase(0)]
    [TestCase(1025)]
    public void No_block_has_so_many_threads(int threads) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Occupancy.Of(Multiprocessor.Of((8, 0)), threads, 32, 0));
}
