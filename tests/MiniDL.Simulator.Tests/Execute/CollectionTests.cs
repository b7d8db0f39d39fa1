// Kernels run on the address of their code, and the garbage collector of the host moves what it may.
namespace MiniDL.Simulator.Tests.Execute;

[TestFixture]
public sealed class CollectionTests
{
    private const int Rounds = 20_000;

    // r1 = 3 r1 + 1, 20,000 times, by itself in C#.
    private const string Body = """
        mov.u32 %r1, %r0;
        mov.u32 %r2, 0;
        AGAIN:
        mad.lo.u32 %r1, %r1, 3, 1;
        add.u32 %r2, %r2, 1;
        setp.lt.u32 %p1, %r2, 20000;
        @%p1 bra AGAIN;
        mul.wide.u32 %rd1, %r0, 4;
        add.u64 %rd2, %rd0, %rd1;
        st.global.u32 [%rd2], %r1;
        """;

    [Test]
    public void A_kernel_runs_on_while_the_garbage_collector_tidies_up()
    {
        uint[] expected = [.. Enumerable.Range(0, 32).Select(lane =>
        {
            uint x = (uint)lane;
            for (int i = 0; i < Rounds; i++) x = unchecked(3 * x + 1);
            return x;
        })];
        using var done = new CancellationTokenSource();
        Task collector = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);

                // What lay where something else has moved away from is overwritten.
                for (int i = 0; i < 1000; i++) GC.KeepAlive(Enumerable.Repeat((byte)0xcc, 2000).ToArray());
            }
        });
        try
        {
            for (int i = 0; i < 20; i++) Assert.That(Simulation.WordsOf(Body), Is.EqualTo(expected));
        }
        finally
        {
            done.Cancel();
            collector.GetAwaiter().GetResult();
        }
    }
}
