// Kernels as NVRTC compiles them, against the same computation in C#.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Tests.Execute;

[TestFixture]
public sealed class FixtureTests
{
    private static float[] Floats(int n, Func<int, float> f) => [.. Enumerable.Range(0, n).Select(f)];

    [Test]
    public void Vectors_are_added_and_the_tail_is_left_alone([Values(1, 31, 32, 33, 1000)] int n)
    {
        using Simulation gpu = Simulation.OfFixture("vector_add");
        float[] a = Floats(n, i => i), b = Floats(n, i => 0.5f * i);
        Numbers<float> c = gpu.Zeros<float>(n + 1);
        gpu.Run("vector_add", (n + 127) / 128, 128, gpu.Upload(a), gpu.Upload(b), c, n);
        Assert.That(c.Read(), Is.EqualTo(Floats(n, i => 1.5f * i).Append(0)));
    }

    [Test]
    public void Vectors_of_four_are_added_in_a_grid_stride_loop()
    {
        using Simulation gpu = Simulation.OfFixture("vector_add");
        Numbers<float> c = gpu.Zeros<float>(4 * 300);
        gpu.Run("vector_add4", 2, 64, gpu.Upload(Floats(1200, i => i)), gpu.Upload(Floats(1200, i => 1 - i)), c, 300);
        Assert.That(c.Read(), Is.All.EqualTo(1f));
    }

    [Test]
    public void A_sum_goes_through_shuffles_and_shared_memory()
    {
        using Simulation gpu = Simulation.OfFixture("reduce");
        Numbers<float> sums = gpu.Zeros<float>(3);
        gpu.Run("reduce", 3, 96, gpu.Upload(Floats(1000, i => i)), sums, 1000);
        Assert.That(sums.Read().Sum(), Is.EqualTo(499_500f));
    }

    [Test]
    public void Lanes_vote_match_and_reduce()
    {
        using Simulation gpu = Simulation.OfFixture("reduce");
        int[] x = [.. Enumerable.Range(0, 128).Select(i => i * 7 % 9)];
        (Numbers<int> same, Numbers<int> odd, Numbers<int> least) = (gpu.Zeros<int>(128), gpu.Zeros<int>(2), gpu.Zeros<int>(128));
        gpu.Run("votes", 2, 64, gpu.Upload(x), same, odd, least);
        int[][] warps = [.. x.Chunk(32)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(same.Read(), Is.EqualTo(x.Select((v, i) => warps[i / 32].Count(w => w == v) + (v > 5 ? 100 : 0))));
            Assert.That(odd.Read(), Is.EqualTo(x.Chunk(64).Select(block => block.Count(v => v % 2 == 1))));
            Assert.That(least.Read(), Is.EqualTo(x.Select((_, i) => warps[i / 32].Min())));
        }
    }

    [Test]
    public void Every_lane_leaves_a_loop_when_it_is_done()
    {
        using Simulation gpu = Simulation.OfFixture("diverge");
        int[] x = [.. Enumerable.Range(1, 100)];
        Numbers<int> steps = gpu.Zeros<int>(100);
        gpu.Run("collatz", 2, 64, gpu.Upload(x), steps, 100);
        Assert.That(steps.Read(), Is.EqualTo(x.Select(v => { int n = 0; for (; v != 1; n++) v = v % 2 == 1 ? 3 * v + 1 : v / 2; return n; })));
    }

    [Test]
    public void A_switch_falls_through_breaks_and_returns()
    {
        using Simulation gpu = Simulation.OfFixture("diverge");
        int[] x = [.. Enumerable.Range(0, 64).Select(i => i * 5 % 11)];
        Numbers<float> y = gpu.Zeros<float>(64);
        gpu.Run("cases", 1, 64, gpu.Upload(x), y, 64);
        Assert.That(y.Read(), Is.EqualTo(x.Select((c, i) => c switch
        {
            0 => i + 1f,
            1 => i * 2f - 3,
            2 => i - 3f,
            3 => i + Enumerable.Range(0, i % 5).Sum(),
            7 => -(float)i,
            9 => 0f,
            _ => 100f,
        })));
    }

    [Test]
    public void Threads_that_returned_are_not_waited_for()
    {
        using Simulation gpu = Simulation.OfFixture("diverge");
        Numbers<float> y = gpu.Zeros<float>(64);
        gpu.Run("early_return", 1, 64, gpu.Upload(Floats(64, i => i)), y, 41);
        Assert.That(y.Read(), Is.EqualTo(Floats(64, i => i < 41 ? 40 - i : 0)));
    }

    [Test]
    public void Functions_call_and_recurse()
    {
        using Simulation gpu = Simulation.OfFixture("calls");
        (Numbers<int> fib, Numbers<int> quotients, Numbers<int> remainders) = (gpu.Zeros<int>(40), gpu.Zeros<int>(40), gpu.Zeros<int>(40));
        (Numbers<float> polynomials, Numbers<double> doubles) = (gpu.Zeros<float>(40), gpu.Zeros<double>(40));
        gpu.Run("calls", 1, 40, fib, quotients, remainders, polynomials, doubles);
        static int Fibonacci(int n) => n < 2 ? n : Fibonacci(n - 1) + Fibonacci(n - 2);
        int[] threads = [.. Enumerable.Range(0, 40)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(fib.Read(), Is.EqualTo(threads.Select(i => i % 2 == 1 ? Fibonacci(i % 12) : -1)));
            Assert.That(quotients.Read(), Is.EqualTo(threads.Select(i => (1000 + 7 * i) / (i + 1))));
            Assert.That(remainders.Read(), Is.EqualTo(threads.Select(i => (1000 + 7 * i) % (i + 1))));
            Assert.That(polynomials.Read(), Is.EqualTo(threads.Select(i => Enumerable.Range(0, 2 + i % 4).Sum(k => (i + k) * MathF.Pow(0.5f, k)))));
            Assert.That(doubles.Read(), Is.EqualTo(threads.Select(i => i > 8 ? 4.0 * i : 2.0 * i)));
        }
    }

    [Test]
    public void Local_arrays_are_each_threads_own()
    {
        using Simulation gpu = Simulation.OfFixture("local_arrays");
        int[] order = [.. Enumerable.Range(0, 16).Select(i => i * 5 % 16)];
        (Numbers<float> y, Numbers<byte> bytes) = (gpu.Zeros<float>(64), gpu.Zeros<byte>(64));
        gpu.Run("local_arrays", 1, 64, gpu.Upload(order), y, bytes);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(y.Read(), Is.EqualTo(Floats(64, i => Enumerable.Range(0, 4).Sum(k => (float)(i * order[(i + k) & 15]) + ((long)i << (10 * (order[k] & 3)))))));
            Assert.That(bytes.Read(), Is.EqualTo(Enumerable.Range(0, 64).Select(i => (byte)(i + 17 * order[i & 15]))));
        }
    }

    [Test]
    public void Atomics_count_everything_once([Values(1, 2)] int threads)
    {
        using Simulation gpu = Simulation.OfFixture("atomics", new SimulatorOptions { Threads = threads });
        int[] x = [.. Enumerable.Range(0, 256).Select(i => i * i % 37)];
        (Numbers<int> histogram, Numbers<int> most, Numbers<uint> ticket) = (gpu.Zeros<int>(8), gpu.Zeros<int>(1), gpu.Zeros<uint>(1));
        (Numbers<float> sum, Numbers<int> order) = (gpu.Zeros<float>(1), gpu.Zeros<int>(256));
        gpu.Run("atomics", 4, 64, gpu.Upload(x), histogram, most, ticket, sum, order);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(histogram.Read(), Is.EqualTo(Enumerable.Range(0, 8).Select(k => x.Count(v => v % 8 == k))));
            Assert.That(most.Read()[0], Is.EqualTo(x.Max()));
            Assert.That(ticket.Read()[0], Is.EqualTo(256u));
            Assert.That(sum.Read()[0], Is.EqualTo(128f));
            Assert.That(order.Read().Order(), Is.EqualTo(Enumerable.Range(0, 256)));
        }
    }

    [Test]
    public void A_lock_that_lanes_of_one_warp_fight_for_is_passed_on([Values(0, 5)] int seed)
    {
        using Simulation gpu = Simulation.OfFixture("atomics", new SimulatorOptions { Seed = seed });
        Numbers<int> counter = gpu.Zeros<int>(1);
        gpu.Run("locked", 3, 64, counter);
        Assert.That(counter.Read()[0], Is.EqualTo(192));
    }

    [Test]
    public void The_last_block_sums_what_the_others_wrote([Values(0, 1, 2)] int seed)
    {
        using Simulation gpu = Simulation.OfFixture("atomics", new SimulatorOptions { Seed = seed });
        Numbers<int> total = gpu.Zeros<int>(1);
        gpu.Run("last_block", 20, 32, gpu.Upload([.. Enumerable.Range(0, 20)]), gpu.Zeros<int>(20), total);
        Assert.That(total.Read()[0], Is.EqualTo(190));
    }

    [Test]
    public void A_block_can_wait_for_a_later_one()
    {
        using Simulation gpu = Simulation.OfFixture("atomics");
        Numbers<int> flags = gpu.Zeros<int>(51);
        gpu.Run("backwards", 50, 32, flags);
        Assert.That(flags.Read(), Is.EqualTo(Enumerable.Range(0, 51).Select(i => 50 - i)));
    }

    [Test]
    public void Printf_writes_in_the_order_of_blocks_and_threads()
    {
        using Simulation gpu = Simulation.OfFixture("printing");
        gpu.Run("printing", 2, 4, gpu.Upload(Floats(8, i => 1.5f * i)));
        Assert.That(gpu.Printed.ToString(), Is.EqualTo(
            "0: x = 0.00 zero|    0|0   |ff|a|1099511627776|0.000000e+00|0%\n" +
            "3: x = 4.50 more|   -3|3   |ff|d|1099511627776|4.500000e+00|4.5%\n" +
            "6: x = 9.00 more|   -6|6   |ff|g|1099511627776|9.000000e+00|9%\n"));
    }

    [Test]
    public void An_assertion_that_fails_names_its_text_and_thread()
    {
        using Simulation gpu = Simulation.OfFixture("printing");
        GpuException error = Assert.Throws<GpuException>(() => gpu.Run("asserting", 1, 64, gpu.Upload(Floats(64, i => 40 - i))))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo("CUDA_ERROR_ASSERT"));
            Assert.That(error.Message, Does.Contain("assertion 'x[threadIdx.x] >= 0' failed").And.Contain("thread (41,0,0)"));
        }
    }

    [Test]
    public void Dynamic_shared_memory_lies_behind_static()
    {
        using Simulation gpu = Simulation.OfFixture("shared_transpose");
        int[] x = [.. Enumerable.Range(0, 128)];
        Numbers<int> y = gpu.Zeros<int>(128);
        gpu.Run("shared_transpose", new LaunchShape(new Dim3(1), new Dim3(16, 8), 16 * 9 * 4), gpu.Upload(x), y);
        int[] permutation = [2, 0, 3, 1];
        Assert.That(y.Read(), Is.EqualTo(x.Select(t => 10 * (t % 8 * 16 + t / 8) + permutation[t & 3])));
    }
}
