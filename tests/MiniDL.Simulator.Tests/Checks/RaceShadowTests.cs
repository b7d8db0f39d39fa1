// Races, and what puts accesses in order: each rule of RaceShadow with a program that has a race without it.
using MiniDL.Simulator.Checks;

namespace MiniDL.Simulator.Tests.Checks;

[TestFixture]
public sealed unsafe class RaceShadowTests
{
    private const uint All = uint.MaxValue;

    /// <summary>A launch with blocks of 64 threads, each of which does things one after the other.</summary>
    private sealed class Scene
    {
        private readonly BlockNumbers _numbers = new();
        private readonly Dictionary<int, BlockClocks> _blocks = [];
        private readonly RaceShadow _global, _shared;
        private FindingLog _log;

        public Scene()
        {
            _log = new();
            (_global, _shared) = (new RaceShadow(_log, _numbers, isShared: false), new RaceShadow(_log, _numbers, isShared: true));
            _numbers.BeginLaunch();
        }

        public IReadOnlyList<RawFinding> Found => [.. _log.Found.Select(f => f.First)];

        public BlockClocks Block(int number)
        {
            if (_blocks.TryGetValue(number, out BlockClocks? clocks)) return clocks;
            _blocks[number] = clocks = new BlockClocks(64);
            clocks.Start(_numbers.Begin(number));
            return clocks;
        }

        public void NextLaunch()
        {
            _numbers.BeginLaunch();
            _global.BeginLaunch();
            _blocks.Clear();
        }

        /// <summary>One thread accesses one address.</summary>
        public Scene Do(AccessMode mode, ulong address, int block, int thread, int pc = 0, bool strong = false, int bytes = 4, bool shared = false)
        {
            ulong* addresses = stackalloc ulong[32];
            addresses[thread % 32] = address;
            (shared ? _shared : _global).Access(mode, strong || mode == AccessMode.Atomic, addresses, 1u << (thread % 32), bytes, Block(block), thread / 32, pc);
            return this;
        }

        public Scene Read(ulong address, int block, int thread, int pc = 0, bool shared = false) => Do(AccessMode.Read, address, block, thread, pc, shared: shared);

        public Scene Write(ulong address, int block, int thread, int pc = 0, bool shared = false) => Do(AccessMode.Write, address, block, thread, pc, shared: shared);

        public Scene Barrier(int block)
        {
            Block(block).PassBarrier([(0, All), (1, All)]);
            return this;
        }

        public void Warp(AccessMode mode, Func<int, ulong> address, int bytes, int warp, int pc)
        {
            ulong* addresses = stackalloc ulong[32];
            for (int lane = 0; lane < 32; lane++) addresses[lane] = address(lane);
            _shared.Access(mode, false, addresses, All, bytes, Block(0), warp, pc);
        }
    }

    [Test]
    public void A_thread_is_in_order_with_itself()
    {
        Scene scene = new Scene().Write(0, 0, 5, shared: true).Read(0, 0, 5, shared: true).Write(0, 0, 5, shared: true);
        Assert.That(scene.Found, Is.Empty);
    }

    [Test]
    public void Two_reads_never_race() => Assert.That(new Scene().Read(0, 0, 1).Read(0, 1, 1).Read(0, 2, 40).Found, Is.Empty);

    [TestCase(nameof(AccessMode.Write), nameof(AccessMode.Read), "read after write")]
    [TestCase(nameof(AccessMode.Read), nameof(AccessMode.Write), "write after read")]
    [TestCase(nameof(AccessMode.Write), nameof(AccessMode.Write), "write after write")]
    [TestCase(nameof(AccessMode.Atomic), nameof(AccessMode.Read), "read after write")]
    [TestCase(nameof(AccessMode.Write), nameof(AccessMode.Atomic), "atomic after write")]
    public void A_missing_barrier_is_found_and_with_it_the_same_is_clean(string firstMode, string secondMode, string what)
    {
        (AccessMode first, AccessMode second) = (Enum.Parse<AccessMode>(firstMode), Enum.Parse<AccessMode>(secondMode));
        Scene racing = new Scene().Do(first, 64, 0, 1, pc: 10, shared: true).Do(second, 64, 0, 40, pc: 20, shared: true);
        Assert.That(racing.Found, Has.Count.EqualTo(1));
        RawFinding found = racing.Found[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.What, Is.EqualTo($"race: {what} in shared memory"));
            Assert.That((found.Pc, found.Thread, found.Address, found.OtherPc, found.OtherThread), Is.EqualTo((20, 40, 64UL, 10, 1)));
        }
        Scene ordered = new Scene().Do(first, 64, 0, 1, shared: true).Barrier(0).Do(second, 64, 0, 40, shared: true);
        Assert.That(ordered.Found, Is.Empty);
    }

    [Test]
    public void Atomics_do_not_race_with_atomics_nor_volatile_with_volatile()
    {
        Assert.That(new Scene().Do(AccessMode.Atomic, 0, 0, 1).Do(AccessMode.Atomic, 0, 1, 1).Found, Is.Empty);
        Assert.That(new Scene().Do(AccessMode.Write, 0, 0, 1, strong: true).Do(AccessMode.Read, 0, 1, 1, strong: true).Found, Is.Empty);
    }

    [Test]
    public void Lanes_of_a_warp_are_ordered_by_sync_instructions_only()
    {
        Scene racing = new Scene().Write(0, 0, 1, shared: true).Read(0, 0, 2, shared: true);
        Assert.That(racing.Found, Has.Count.EqualTo(1), "lanes do not run in step by promise");

        Scene ordered = new Scene().Write(0, 0, 1, shared: true);
        ordered.Block(0).Synchronise(0, All);
        Assert.That(ordered.Read(0, 0, 2, shared: true).Found, Is.Empty);

        Scene others = new Scene().Write(0, 0, 1, shared: true);
        others.Block(0).Synchronise(0, 0xFF00);
        Assert.That(others.Read(0, 0, 2, shared: true).Found, Has.Count.EqualTo(1), "neither took part");

        Scene elsewhere = new Scene().Write(0, 0, 1, shared: true);
        elsewhere.Block(0).Synchronise(0, All);
        Assert.That(elsewhere.Read(0, 0, 40, shared: true).Found, Has.Count.EqualTo(1), "the other warp was not there");
    }

    [Test]
    public void A_write_after_reads_of_a_whole_warp_races_with_the_others_of_it()
    {
        Scene scene = new();
        scene.Warp(AccessMode.Read, _ => 0, 4, warp: 0, pc: 1);
        scene.Write(0, 0, 3, pc: 2, shared: true);
        Assert.That(scene.Found.Select(f => f.What), Is.EqualTo(new[] { "race: write after read in shared memory" }));
    }

    [Test]
    public void A_read_by_one_warp_is_not_forgotten_when_another_reads_too()
    {
        // Warp 1 reads, then warp 0 twice; then a lane of warp 0 writes what itself has read last.
        Scene scene = new Scene().Read(0, 0, 40, pc: 1, shared: true).Read(0, 0, 3, pc: 2, shared: true).Read(0, 0, 3, pc: 3, shared: true).Write(0, 0, 3, pc: 4, shared: true);
        Assert.That(scene.Found.Select(f => f.OtherPc), Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void Lanes_of_one_instruction_that_write_one_address_race()
    {
        Scene scene = new();
        scene.Warp(AccessMode.Write, lane => 4 * (ulong)(lane / 2), 4, warp: 0, pc: 7);
        Assert.That(scene.Found.Select(f => (f.Pc, f.OtherPc)), Is.EqualTo(new[] { (7, 7) }));
    }

    [Test]
    public void Bytes_of_a_word_are_apart()
    {
        Scene scene = new();
        scene.Warp(AccessMode.Write, lane => (ulong)lane, 1, warp: 0, pc: 1);
        Assert.That(scene.Found, Is.Empty, "32 flags of one byte");
        Assert.That(scene.Do(AccessMode.Read, 2, 0, 40, bytes: 4, shared: true).Found, Has.Count.EqualTo(1), "a word over them is of another warp");
    }

    [Test]
    public void Wide_accesses_touch_all_their_words()
    {
        Scene scene = new();
        scene.Warp(AccessMode.Write, lane => 16 * (ulong)lane, 16, warp: 0, pc: 1);
        Assert.That(scene.Found, Is.Empty);
        Assert.That(scene.Read(16 * 31 + 12, 0, 40, shared: true).Found, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_tile_loaded_used_and_loaded_again_needs_two_barriers()
    {
        Assert.That(Run(secondBarrier: true), Is.Empty);
        Assert.That(Run(secondBarrier: false).Select(f => f.What), Has.Some.EqualTo("race: write after read in shared memory"));

        static IReadOnlyList<RawFinding> Run(bool secondBarrier)
        {
            Scene scene = new();
            for (int step = 0; step < 3; step++)
            {
                for (int warp = 0; warp < 2; warp++) scene.Warp(AccessMode.Write, lane => 4 * (ulong)(lane + 32 * warp), 4, warp, pc: 1);
                scene.Barrier(0);
                for (int warp = 0; warp < 2; warp++) scene.Warp(AccessMode.Read, lane => 4 * (ulong)(63 - lane), 4, warp, pc: 2);
                if (secondBarrier) scene.Barrier(0);
            }
            return scene.Found;
        }
    }

    [Test]
    public void Blocks_share_global_memory_without_any_order()
    {
        Scene scene = new Scene().Write(0x1000, 0, 1, pc: 3).Barrier(0).Barrier(1).Read(0x1000, 1, 1, pc: 4);
        Assert.That(scene.Found.Select(f => (f.What, f.Block, f.OtherBlock)), Is.EqualTo(new[] { ("race: read after write in global memory", 1L, 0L) }));
        Assert.That(new Scene().Write(0, 0, 1, shared: true).Write(0, 1, 1, shared: true).Found, Is.Empty, "shared memory is each block's own");
    }

    [Test]
    public void Launches_are_in_order()
    {
        Scene scene = new Scene().Write(0x1000, 0, 1);
        scene.NextLaunch();
        Assert.That(scene.Read(0x1000, 1, 1).Write(0x1000, 1, 1).Found, Is.Empty);
    }

    // Block 0 writes a partial sum, executes a fence and counts; the last block counts and reads the partial sum, in another thread behind a barrier.
    [TestCase(true, true, true, ExpectedResult = 0)]
    [TestCase(false, true, true, ExpectedResult = 1, Description = "without the fence the count tells nothing of the sum")]
    [TestCase(true, false, true, ExpectedResult = 1, Description = "a fence of the block is not for others")]
    [TestCase(true, true, false, ExpectedResult = 1, Description = "without the barrier the other thread has not seen the count")]
    public int The_last_block_reads_what_the_others_wrote(bool fence, bool ofDevice, bool barrier)
    {
        const ulong partial = 0x1000, count = 0x2000;
        Scene scene = new Scene().Write(partial, 0, 0, pc: 1);
        if (fence) scene.Block(0).Fence(0, 1, ofDevice);
        scene.Do(AccessMode.Atomic, count, 0, 0, pc: 2);
        scene.Do(AccessMode.Atomic, count, 1, 0, pc: 2);
        if (barrier) scene.Barrier(1);
        return scene.Read(partial, 1, 33, pc: 3).Found.Count;
    }

    [Test]
    public void A_release_has_behind_it_what_threads_did_before_a_barrier_with_it_and_nothing_else()
    {
        const ulong flag = 0x2000;
        // Thread 40 writes, all meet, thread 0 releases.
        Scene good = new Scene().Write(0x1000, 0, 40).Barrier(0);
        good.Block(0).Fence(0, 1, ofDevice: true);
        good.Do(AccessMode.Write, flag, 0, 0, strong: true).Do(AccessMode.Read, flag, 1, 0, strong: true).Read(0x1000, 1, 0);
        Assert.That(good.Found, Is.Empty);

        // They do not meet.
        Scene bad = new Scene().Write(0x1000, 0, 40);
        bad.Block(0).Fence(0, 1, ofDevice: true);
        bad.Do(AccessMode.Write, flag, 0, 0, strong: true).Do(AccessMode.Read, flag, 1, 0, strong: true).Read(0x1000, 1, 0);
        Assert.That(bad.Found, Has.Count.EqualTo(1));
    }

    [Test]
    public void What_was_acquired_is_handed_on()
    {
        // Block 0 releases at one address to block 1, which releases at another to block 2.
        Assert.That(Chain(secondFence: true), Is.Zero);
        Assert.That(Chain(secondFence: false), Is.EqualTo(1));

        static int Chain(bool secondFence)
        {
            Scene scene = new Scene().Write(0x1000, 0, 0);
            scene.Block(0).Fence(0, 1, ofDevice: true);
            scene.Do(AccessMode.Write, 0x2000, 0, 0, strong: true).Do(AccessMode.Read, 0x2000, 1, 5, strong: true).Barrier(1);
            if (secondFence) scene.Block(1).Fence(1, 2, ofDevice: true);
            scene.Do(AccessMode.Atomic, 0x3000, 1, 33).Do(AccessMode.Read, 0x3000, 2, 0, strong: true);
            return scene.Read(0x1000, 2, 0).Found.Count;
        }
    }

    [Test]
    public void Looking_before_the_release_acquires_nothing()
    {
        Scene scene = new Scene().Write(0x1000, 0, 0);
        scene.Block(0).Fence(0, 1, ofDevice: true);
        scene.Do(AccessMode.Read, 0x2000, 1, 0, strong: true).Do(AccessMode.Write, 0x2000, 0, 0, strong: true);
        Assert.That(scene.Read(0x1000, 1, 0).Found, Has.Count.EqualTo(1));
    }

    [Test]
    public void Findings_of_the_same_two_instructions_are_counted_and_the_log_has_an_end()
    {
        FindingLog log = new();
        for (int i = 0; i < 1000; i++) log.Add(new RawFinding(CheckKind.RaceCheck, "race", 1, 0, i, 0, 4, 2));
        for (int i = 0; i < 150; i++) log.Add(new RawFinding(CheckKind.RaceCheck, "race", 100 + i, 0, 0, 0, 4, 2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(log.Found[0].Count, Is.EqualTo(1000));
            Assert.That(log.Found[0].First.Thread, Is.Zero, "the first is kept");
            Assert.That((log.Found.Count, log.Dropped), Is.EqualTo((100, 51)));
        }
    }
}
