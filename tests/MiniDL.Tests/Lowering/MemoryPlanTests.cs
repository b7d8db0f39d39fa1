// The memory plan, checked from the outside: by which stage reads and writes which bytes.
using static MiniDL.T;

namespace MiniDL.Tests.Lowering;

[TestFixture]
internal sealed class MemoryPlanTests
{
    private static IEnumerable<Program> RandomPrograms(Device device)
    {
        for (int seed = 0; seed < 120; seed++)
        {
            Tensor x = T.Input([6, 6], "x");
            (Tensor[] outputs, Update[] updates) = Programs.Random(seed, nodes: 4 + seed % 40, x);
            using Function function = T.Function([x], outputs, updates, device: device);
            function.Compile([6, 6]);
            yield return function.Program!;
        }
    }

    private static IEnumerable<Program> AllPrograms(Device device) =>
        RandomPrograms(device).Concat(new[] { "logistic", "old", "modern", "conv" }.Select(name => Models.ByName(name).Lower(device)));

    [Test]
    public void NoTwoBuffersShareBytesWhileBothLiveUnlessAResultTakesAnInputsPlace()
    {
        using Device device = Device.Cpu(1);
        int number = 0, taken = 0;
        foreach (Program program in AllPrograms(device))
        {
            var lives = Programs.Lifetimes(program);
            Buffer[] buffers = [.. lives.Keys];
            foreach (Buffer a in buffers)
                foreach (Buffer b in buffers)
                {
                    bool overlap = a != b && a.Offset < b.Offset + b.Bytes && b.Offset < a.Offset + a.Bytes;
                    if (!overlap || lives[a].First > lives[b].First || lives[a].Last < lives[b].First) continue;
                    taken++;
                    Assert.That(lives[a].Last == lives[b].First && MayTakeThePlaceOf(a, b, program.Stages[lives[b].First]),
                        $"program {number}: {a} lives in stages {lives[a]}, {b} in {lives[b]}, and both have bytes {Math.Max(a.Offset, b.Offset)}..\n{program}");
                }
            number++;
        }
        Assert.That(taken, Is.GreaterThan(100), "results that took an input's place");
    }

    /// <summary>One body whose every load of the input is at the position that is stored, input and result filling the same bytes.</summary>
    private static bool MayTakeThePlaceOf(Buffer input, Buffer result, Stage stage)
    {
        if (stage is not FusedStage { Bodies: [var body] } || (input.Offset, input.Bytes, input.Count) != (result.Offset, result.Bytes, result.Count)) return false;
        Store store = body.Stores.Single(store => store.View.Buffer == result);
        bool storedStraight = store.View.Map.IsWhole(result.Count);
        return storedStraight && body.Instructions.OfType<Load>().Where(load => load.View.Buffer == input)
            .All(load => load.View.Map.IsWhole(input.Count) && load.Level == body.Instructions[store.Value].Level);
    }

    [Test]
    public void NoTwoResultsOfAStageShareBytes()
    {
        using Device device = Device.Cpu(1);
        foreach (Program program in AllPrograms(device))
            foreach (Stage stage in program.Stages)
            {
                Buffer[] written = [.. stage.Writes.Select(view => view.Buffer).Distinct().Where(buffer => buffer.Offset >= 0).OrderBy(buffer => buffer.Offset)];
                for (int i = 1; i < written.Length; i++)
                    Assert.That(written[i].Offset, Is.GreaterThanOrEqualTo(written[i - 1].Offset + written[i - 1].Bytes), $"{stage.Name} writes {written[i - 1]} and {written[i]}");
            }
    }

    [Test]
    public void BuffersAreAlignedAndWithinTheArena()
    {
        using Device device = Device.Cpu(1);
        foreach (Program program in AllPrograms(device))
        {
            Buffer[] planned = [.. program.Buffers.Where(buffer => buffer.Offset >= 0)];
            long padding = 63 * planned.Length;
            using (Assert.EnterMultipleScope())
            {
                Assert.That(planned.Select(buffer => buffer.Kind), Is.All.AnyOf(BufferKind.Temporary, BufferKind.Output));
                Assert.That(planned.Select(buffer => buffer.Offset % 64), Is.All.Zero);
                Assert.That(planned.Select(buffer => buffer.Offset + buffer.Bytes), Is.All.LessThanOrEqualTo(program.ArenaBytes));
                Assert.That(program.ArenaBytes, Is.LessThanOrEqualTo(program.NaiveBytes + padding));
            }
        }
    }

    // Much of a step with RMSprop is gradients that wait for the one update stage at its end, so less than that is out of reach; what counts is
    // how near the plan is to the most that lives at any one time.
    [TestCase("modern", 0.7)]
    [TestCase("conv", 0.47)]
    public void TrainingStepsNeedLittleMoreThanWhatLivesAtOnce(string model, double ofNaive)
    {
        using Device device = Device.Cpu(1);
        Program program = Models.ByName(model).Lower(device);
        var lives = Programs.Lifetimes(program);
        long most = Enumerable.Range(0, program.Stages.Count).Max(stage => lives.Where(life => life.Value.First <= stage && stage <= life.Value.Last)
            .Select(life => (life.Key.Offset, life.Key.Bytes)).Distinct().Sum(place => place.Bytes));
        TestContext.Out.WriteLine($"{model}: {program.ArenaBytes / 1e6:F2} MB planned, {most / 1e6:F2} MB live at once, {program.NaiveBytes / 1e6:F2} MB without sharing");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(program.ArenaBytes, Is.LessThanOrEqualTo(ofNaive * program.NaiveBytes));
            Assert.That(program.ArenaBytes, Is.LessThanOrEqualTo(1.02 * most));
        }
    }
}
