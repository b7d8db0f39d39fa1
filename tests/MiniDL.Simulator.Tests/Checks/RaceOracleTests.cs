// Random programs, checked against the definition: every order there is as an edge of a graph, and two accesses race if no path leads from one to the other.
using MiniDL.Simulator.Checks;

namespace MiniDL.Simulator.Tests.Checks;

[TestFixture]
public sealed unsafe class RaceOracleTests
{
    private const int Threads = 64;
    private static readonly int[] Actors = [0, 1, 2, 33];

    /// <summary>Something that happened: an access, or a node that orders.</summary>
    private sealed record Event(int Block, int Thread, AccessMode? Mode, bool Strong, ulong Address, List<int> Before);

    /// <summary>A program as it ran, its graph, and what racecheck said.</summary>
    private sealed class Scene
    {
        private readonly Random _random;
        private readonly int _words;
        private readonly FindingLog _log = new();
        private readonly BlockNumbers _numbers = new();
        private readonly RaceShadow _shadow;
        private readonly BlockClocks[] _blocks = [new(Threads), new(Threads), new(Threads)];
        private readonly List<Event> _events = [];
        private readonly Dictionary<(int, int), int> _last = [];                              // the last event of each thread
        private readonly Dictionary<(int, int), (int Event, bool OfDevice)> _fences = [];
        private readonly Dictionary<ulong, List<(int Fence, int Block, bool OfDevice)>> _released = [];

        public Scene(int seed)
        {
            // From crowded programs to those in which few accesses meet.
            (_random, _words) = (new Random(seed), 4 << (seed % 5));
            _shadow = new RaceShadow(_log, _numbers, isShared: false);
            _numbers.BeginLaunch();
            for (int b = 0; b < _blocks.Length; b++) _blocks[b].Start(_numbers.Begin(b));
            for (int step = 0; step < 40; step++) Step();
        }

        public IReadOnlyList<RawFinding> Found => [.. _log.Found.Select(f => f.First)];

        private void Step()
        {
            int block = _random.Next(_blocks.Length), thread = Actors[_random.Next(Actors.Length)], warp = thread / 32;
            switch (_random.Next(11))
            {
                case 0:
                    _blocks[block].PassBarrier([(0, uint.MaxValue), (1, uint.MaxValue)]);
                    Join(block, Actors);
                    break;
                case 1:
                    // Lanes 0, 1 and 2, or two of them.
                    uint lanes = new[] { 7u, 3u, 6u, uint.MaxValue }[_random.Next(4)];
                    _blocks[block].Synchronise(warp, lanes);
                    Join(block, [.. Actors.Where(t => t / 32 == warp && (lanes >> (t % 32) & 1) == 1)]);
                    break;
                case 2:
                    bool ofDevice = _random.Next(3) > 0;
                    _blocks[block].Fence(warp, 1u << (thread % 32), ofDevice);
                    _fences[(block, thread)] = (Add(block, thread, null, false, 0), ofDevice);
                    break;
                case < 8: Access((AccessMode)_random.Next(3), true, 0x2000 + 4 * (ulong)_random.Next(2), block, thread); break;
                default: Access(_random.Next(2) == 0 ? AccessMode.Read : AccessMode.Write, false, 0x1000 + 4 * (ulong)_random.Next(_words), block, thread); break;
            }

        }

        private void Access(AccessMode mode, bool strong, ulong address, int block, int thread)
        {
            int its = Add(block, thread, mode, strong, address);
            // Looking comes first: what this very access releases is not yet there.
            if (strong && mode != AccessMode.Write && _released.TryGetValue(address, out var releases))
                foreach ((int fence, int from, bool ofDevice) in releases) if (ofDevice || from == block) _events[its].Before.Add(fence);
            if (strong && mode != AccessMode.Read && _fences.TryGetValue((block, thread), out (int Event, bool OfDevice) done))
            {
                if (!_released.TryGetValue(address, out var here)) _released[address] = here = [];
                here.Add((done.Event, block, done.OfDevice));
            }
            ulong* addresses = stackalloc ulong[32];
            addresses[thread % 32] = address;
            _shadow.Access(mode, strong || mode == AccessMode.Atomic, addresses, 1u << (thread % 32), 4, _blocks[block], thread / 32, pc: its);
        }

        private int Add(int block, int thread, AccessMode? mode, bool strong, ulong address)
        {
            List<int> before = _last.TryGetValue((block, thread), out int last) ? [last] : [];
            _events.Add(new Event(block, thread, mode, strong, address, before));
            return _last[(block, thread)] = _events.Count - 1;
        }

        /// <summary>Threads meet: one node behind the last events of all, which is then the last event of each.</summary>
        private void Join(int block, int[] threads)
        {
            List<int> before = [.. threads.Where(t => _last.ContainsKey((block, t))).Select(t => _last[(block, t)])];
            _events.Add(new Event(block, -1, null, false, 0, before));
            foreach (int thread in threads) _last[(block, thread)] = _events.Count - 1;
        }

        /// <summary>All pairs that race, by definition.</summary>
        public HashSet<(int, int)> Races()
        {
            // Events are in an order that the edges respect: what lies before an event is known when it comes.
            var before = new HashSet<int>[_events.Count];
            HashSet<(int, int)> races = [];
            for (int e = 0; e < _events.Count; e++)
            {
                before[e] = [];
                foreach (int b in _events[e].Before) { before[e].Add(b); before[e].UnionWith(before[b]); }
                for (int o = 0; o < e; o++) if (Conflict(_events[o], _events[e]) && !before[e].Contains(o)) races.Add((o, e));
            }
            return races;
        }

        /// <summary>True if the finding is among the races. Of lanes of a warp that read a word at the same clocks, any may be named.</summary>
        public bool IsRace(HashSet<(int, int)> races, RawFinding finding) =>
            races.Any(race => race.Item2 == finding.Pc && _events[race.Item1].Block == finding.OtherBlock && _events[race.Item1].Thread / 32 == finding.OtherThread / 32);

        private static bool Conflict(Event a, Event b) =>
            a.Mode is not null && b.Mode is not null && a.Address == b.Address && (a.Block, a.Thread) != (b.Block, b.Thread)
            && (a.Mode != AccessMode.Read || b.Mode != AccessMode.Read) && !(a.Strong && b.Strong);
    }

    [Test]
    public void Nothing_is_reported_that_is_no_race_and_few_racing_programs_are_missed()
    {
        int racing = 0, found = 0, clean = 0;
        for (int seed = 0; seed < 5000; seed++)
        {
            Scene scene = new(seed);
            HashSet<(int, int)> races = scene.Races();
            foreach (RawFinding finding in scene.Found)
                Assert.That(scene.IsRace(races, finding), $"program {seed}: {finding}");
            if (races.Count == 0) clean++;
            else racing++;
            if (scene.Found.Count > 0) found++;
        }
        TestContext.Out.WriteLine($"{clean} clean programs; {found} of {racing} racing ones found");
        Assert.That(clean, Is.GreaterThan(50), "some programs have no race");
        Assert.That(found, Is.GreaterThan(0.95 * racing));
    }
}
