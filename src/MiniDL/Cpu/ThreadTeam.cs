// The threads of the CPU executor: a fixed team that runs one stage's items together and then waits for the next stage.
//
// It stands in the run phase, under every parallel stage. A training step is a few dozen stages of 5 to 5,000 microseconds
// each, so what counts is the time to hand a stage over: members spin for a moment between stages (a hot hand-over takes
// about a microsecond), and park when nothing comes (an idle process uses no CPU).
// The one thing to understand: every member has a range of items of its own, the same one in every run, so that what it
// touched last time is still in its core's cache; who finishes early takes items from the others' ranges. A range is one
// 64-bit word, (run number, items left), changed only by compare-and-swap: a member that wakes up late, from a run that is
// over, fails to take anything, so nobody waits for it.
using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace MiniDL.Cpu;

/// <summary>What a <see cref="ThreadTeam"/> runs: item numbers 0 to items-1, in any order, each exactly once.</summary>
internal interface ITeamWork
{
    /// <summary>Does one item. <paramref name="worker"/> (0 to Threads-1) names the scratch memory that the item may use:
    /// no two items run at the same time under one worker number.</summary>
    void Do(int item, int worker);
}

/// <summary>A fixed team of threads; the caller's thread is worker 0. For one caller at a time.</summary>
internal sealed class ThreadTeam : IDisposable
{
    /// <summary>How long a member without work spins before it parks. Long enough to bridge a short serial stage.</summary>
    private static readonly long s_spinTicks = Stopwatch.Frequency / 1_000_000 * 50;

    /// <summary>Longs from one member's range to the next: two cache lines, so that members do not disturb each other.</summary>
    private const int Pad = 16;

    private readonly Thread[] _threads;
    private readonly long[] _ranges;          // member w: (run << 32 | items left) at w * Pad
    private readonly object _gate = new();    // members without work park here
    private readonly object _finished = new();// the caller parks here
    private ITeamWork? _work;
    private int _items;
    private volatile int _run;                // rises by one with each Run
    private volatile int _parked;             // members in (or on their way into) Monitor.Wait on _gate
    private volatile bool _callerParked;
    private volatile bool _disposed;
    private int _done;                        // items finished in this run
    private Exception? _error;

    /// <summary>Starts <paramref name="threads"/> - 1 background threads.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one thread.</exception>
    public ThreadTeam(int threads)
    {
        if (threads < 1)
            throw new ArgumentOutOfRangeException(nameof(threads), $"a team needs at least one thread, not {threads}");
        Threads = threads;
        _ranges = new long[threads * Pad];
        _threads = new Thread[threads - 1];
        for (int member = 1; member < threads; member++)
        {
            int worker = member;
            _threads[member - 1] = new Thread(() => Serve(worker)) { IsBackground = true, Name = $"MiniDL worker {member}" };
            _threads[member - 1].Start();
        }
    }

    /// <summary>The number of members, the caller's thread included.</summary>
    public int Threads { get; }

    /// <summary>Runs items 0 to <paramref name="items"/> - 1 of <paramref name="work"/> and returns when all are done.
    /// An exception in an item is thrown here again (the first one, after the other items have run).</summary>
    public void Run(ITeamWork work, int items)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Threads == 1 || items <= 1)
        {
            for (int item = 0; item < items; item++) work.Do(item, 0);
            return;
        }
        _work = work;
        _items = items;
        _done = 0;
        _error = null;
        int run = Open();
        Take(run, 0);
        WaitUntilDone();
        _work = null;
        if (_error is { } error) ExceptionDispatchInfo.Throw(error);
    }

    /// <summary>Ends the threads and waits for them.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        lock (_gate) Monitor.PulseAll(_gate);
        foreach (Thread thread in _threads) thread.Join();
    }

    /// <summary>Gives every member its range, and wakes those who are parked.</summary>
    private int Open()
    {
        // Members may take items as soon as a range carries the new run number.
        int run = unchecked(_run + 1);
        for (int worker = 0; worker < Threads; worker++)
            Volatile.Write(ref _ranges[worker * Pad], Word(run, End(worker) - End(worker - 1)));
        _run = run;

        // A member first counts itself as parked, then looks at _run again; here the order is the other way round.
        Interlocked.MemoryBarrier();
        if (_parked > 0)
            lock (_gate) Monitor.PulseAll(_gate);
        return run;
    }

    private int End(int worker) => (int)((long)_items * (worker + 1) / Threads);

    private static long Word(int run, int left) => (long)run << 32 | (uint)left;

    /// <summary>Takes and does items, first of the worker's own range, then of the others'.</summary>
    private void Take(int run, int worker)
    {
        int did = 0;
        for (int turn = 0; turn < Threads; turn++)
        {
            int owner = (worker + turn) % Threads;
            ref long range = ref _ranges[owner * Pad];
            while (true)
            {
                long word = Volatile.Read(ref range);
                int left = (int)(uint)word;
                if ((int)(word >> 32) != run || left == 0) break;
                if (Interlocked.CompareExchange(ref range, word - 1, word) != word) continue;

                // From here on this run cannot end before the item is counted, so _work and _items are this run's.
                Do(End(owner) - left, worker);
                did++;
            }
        }
        if (did > 0 && Interlocked.Add(ref _done, did) == _items && worker != 0 && _callerParked)
            lock (_finished) Monitor.Pulse(_finished);
    }

    private void Do(int item, int worker)
    {
        try
        {
            _work!.Do(item, worker);
        }
        catch (Exception error)
        {
            // Kept, and thrown again at the caller: an exception must not end a background thread, and with it the process.
            Interlocked.CompareExchange(ref _error, error, null);
        }
    }

    private void WaitUntilDone()
    {
        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _done) != _items)
        {
            Thread.SpinWait(4);
            if (Stopwatch.GetTimestamp() - start < s_spinTicks) continue;
            lock (_finished)
            {
                _callerParked = true;
                Interlocked.MemoryBarrier();
                while (Volatile.Read(ref _done) != _items) Monitor.Wait(_finished);
                _callerParked = false;
            }
        }
    }

    /// <summary>The life of a background thread: spin, park, work.</summary>
    private void Serve(int worker)
    {
        int seen = 0;
        while (!_disposed)
        {
            long start = Stopwatch.GetTimestamp();
            while (_run == seen && !_disposed && Stopwatch.GetTimestamp() - start < s_spinTicks) Thread.SpinWait(4);
            if (_run == seen) Park(seen);
            if (_disposed) return;
            seen = _run;
            Take(seen, worker);
        }
    }

    private void Park(int seen)
    {
        lock (_gate)
        {
            _parked++;
            Interlocked.MemoryBarrier();
            while (_run == seen && !_disposed) Monitor.Wait(_gate);
            _parked--;
        }
    }
}
