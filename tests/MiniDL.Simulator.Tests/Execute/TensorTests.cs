// Tensor cores, ldmatrix and asynchronous copies in kernels.
using MiniDL.Simulator.Checks;

namespace MiniDL.Simulator.Tests.Execute;

[TestFixture]
public sealed class TensorTests
{
    private static float[] Draw(int count, int seed)
    {
        var random = new Random(seed);
        // Small whole numbers: exact in every format, and so is their product.
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(-8, 9))];
    }

    /// <summary>C[m,n] + A[m,k] B[k,n].</summary>
    private static IEnumerable<float> Product(float[] a, float[] b, float[] c, int n, int k) =>
        c.Select((start, i) => start + Enumerable.Range(0, k).Sum(j => a[i / n * k + j] * b[j * n + i % n]));

    private static ushort[] Halves(float[] x) => [.. x.Select(v => BitConverter.HalfToUInt16Bits((Half)v))];

    private static Simulation Checked() => Simulation.OfFixture("tensor", new SimulatorOptions { Checks = CheckKinds.All });

    [Test]
    public void A_product_of_tf32()
    {
        using Simulation gpu = Checked();
        (float[] a, float[] b, float[] c) = (Draw(128, 1), Draw(64, 2), Draw(128, 3));
        Numbers<float> result = gpu.Upload(c);
        gpu.Run("mma_tf32", 1, 32, gpu.Upload(a), gpu.Upload(b), result);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Read(), Is.EqualTo(Product(a, b, c, 8, 8)));
            Assert.That(gpu.Gpu.Findings, Is.Empty);
        }
    }

    [Test]
    public void A_product_of_f16_whose_fragments_come_by_ldmatrix()
    {
        using Simulation gpu = Checked();
        (float[] a, float[] b) = (Draw(256, 4), Draw(128, 5));
        Numbers<float> result = gpu.Zeros<float>(128);
        gpu.Run("mma_f16", 1, 32, gpu.Upload(Halves(a)), gpu.Upload(Halves(b)), result);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Read(), Is.EqualTo(Product(a, b, new float[128], 8, 16)));
            Assert.That(gpu.Gpu.Findings, Is.Empty);
        }
    }

    [Test]
    public void Copies_arrive_group_by_group_and_short_ones_are_filled_with_zeros()
    {
        using Simulation gpu = Checked();
        const int n = 50;
        float[] x = Draw(3 * 128 + n, 6);
        Numbers<float> y = gpu.Zeros<float>(32);
        gpu.Run("pipeline", 1, 32, gpu.Upload(x), y, n);
        float[] padded = [.. x, .. new float[128 - n]];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(y.Read(), Is.EqualTo(Enumerable.Range(0, 32).Select(t => Enumerable.Range(1, 4).Sum(k => Enumerable.Range(0, 4).Sum(i => padded[128 * (k - 1) + (4 * t + 4 * k + i) % 128])))));
            Assert.That(gpu.Gpu.Findings, Is.Empty);
        }
    }

    [Test]
    public void A_copy_is_not_there_before_it_was_waited_for()
    {
        using Simulation gpu = Checked();
        float[] x = Draw(32, 7);
        Numbers<float> y = gpu.Zeros<float>(64);
        gpu.Run("impatient", 1, 32, gpu.Upload(x), y);
        Assert.That(y.Read(), Is.EqualTo(Enumerable.Repeat(-1f, 32).Concat(x)));
    }

    [Test]
    public void A_barrier_in_shared_memory_is_passed_when_the_copies_have_arrived([Values(0, 1, 2, 3)] int seed)
    {
        using Simulation gpu = Simulation.OfFixture("tensor", new SimulatorOptions { Seed = seed, InstructionLimit = 1_000_000 });
        float[] x = Draw(128, 8);
        Numbers<float> y = gpu.Zeros<float>(64);
        gpu.Run("barrier_object", 1, 64, gpu.Upload(x), y);
        Assert.That(y.Read(), Is.EqualTo(Enumerable.Range(0, 64).Select(t => x[t] + x[127 - t])));
    }

    [Test]
    public void A_copy_counts_as_a_load_and_a_store()
    {
        using Simulation gpu = Simulation.OfFixture("tensor", new SimulatorOptions { Counting = Counting.On });
        gpu.Run("impatient", 1, 32, gpu.Zeros<float>(32), gpu.Zeros<float>(64));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(gpu.Gpu.Reports[0].Counters.GlobalLoads.Sectors, Is.EqualTo(4));
            Assert.That(gpu.Gpu.Reports[0].Counters.SharedStores.Wavefronts, Is.EqualTo(2), "the store of -1, and the copy");
        }
    }
}
