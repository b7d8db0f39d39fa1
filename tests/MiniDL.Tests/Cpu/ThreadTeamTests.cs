using MiniDL.Cpu;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed class ThreadTeamTests
{
    private sealed class Counting(int items, int threads) : ITeamWork
    {
        private readonly int[] _busy = new int[threads];

        public readonly int[] Times = new int[items];
        public int Overlaps;

        public void Do(int item, int worker)
        {
            if (Interlocked.Exchange(ref _busy[worker], 1) != 0) Interlocked.Increment(ref Overlaps);
            Interlocked.Increment(ref Times[item]);
            Volatile.Write(ref _busy[worker], 0);
        }
    }

    private sealed class Failing(int bad) : ITeamWork
    {
        public int Ran;

        public void Do(int item, int worker)
        {
            Interlocked.Increment(ref Ran);
            if (item == bad) throw new InvalidOperationException($"item {item}");
        }
    }

    [Test]
    public void EveryItemRunsOnceAndNoWorkerNumberTwiceAtATime(
        [Values(1, 2, 3, 7)] int threads, [Values(0, 1, 2, 5, 1000)] int items)
    {
        using var team = new ThreadTeam(threads);
        var work = new Counting(items, threads);
        team.Run(work, items);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(work.Times, Is.All.EqualTo(1));
            Assert.That(work.Overlaps, Is.Zero);
        }
    }

    [Test]
    public void ManyTinyRunsLoseAndRepeatNothing([Values(2, 5)] int threads)
    {
        const int Runs = 20_000, Items = 6;
        using var team = new ThreadTeam(threads);
        var work = new Counting(Items, threads);
        for (int run = 0; run < Runs; run++) team.Run(work, Items);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(work.Times, Is.All.EqualTo(Runs));
            Assert.That(work.Overlaps, Is.Zero);
        }
    }

    [Test]
    public void ParkedThreadsWakeUpAgain()
    {
        using var team = new ThreadTeam(3);
        var work = new Counting(30, 3);
        for (int run = 0; run < 20; run++)
        {
            team.Run(work, 30);
            Thread.Sleep(2);
        }
        Assert.That(work.Times, Is.All.EqualTo(20));
    }

    [Test]
    public void AnExceptionReachesTheCallerAndTheTeamLivesOn([Values(1, 3)] int threads, [Values(0, 99)] int bad)
    {
        using var team = new ThreadTeam(threads);
        var failing = new Failing(bad);
        var counting = new Counting(100, threads);
        Assert.That(() => team.Run(failing, 100), Throws.InvalidOperationException.With.Message.EqualTo($"item {bad}"));
        team.Run(counting, 100);
        Assert.That(counting.Times, Is.All.EqualTo(1));
    }

    [Test]
    public void DisposeEndsTheTeam()
    {
        var team = new ThreadTeam(4);
        team.Run(new Counting(8, 4), 8);
        team.Dispose();
        team.Dispose();
        Assert.That(() => team.Run(new Counting(8, 4), 8), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void ATeamNeedsAThread() => Assert.That(() => new ThreadTeam(0), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void AWarmRunAllocatesNothing()
    {
        using var team = new ThreadTeam(2);
        var work = new Counting(10, 2);
        Assert.That(Numbers.Allocated(() => team.Run(work, 10)), Is.Zero);
    }
}
