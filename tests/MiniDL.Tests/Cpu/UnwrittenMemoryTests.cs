// The arena is not cleared: no stage may read what nobody has written. So what it held before must not matter.
using MiniDL.Cpu;
using MiniDL.Tests.Lowering;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed class UnwrittenMemoryTests
{
    /// <summary>The outputs' bytes of a run that starts with every byte of the arena set to a value (255 makes floats NaN and ints -1).</summary>
    private static byte[][] RunFrom(byte before, Program program, ThreadTeam team, NDArray[] inputs)
    {
        using var ready = new CpuProgram(program, team);
        foreach (Buffer buffer in program.Buffers)
            if (buffer.Offset >= 0) ready.Memory.Bytes(buffer).Fill(before);
        ready.Run(inputs, new RunState(1, 0));
        return [.. program.Outputs.Select(output => ready.Memory.Bytes(output).ToArray())];
    }

    [Test]
    public void RandomProgramsReadNothingTheyHaveNotWritten()
    {
        using Device device = Device.Cpu(1);
        using var team = new ThreadTeam(2);
        for (int seed = 0; seed < 100; seed++)
        {
            Tensor x = T.Input([6, 6], "x");
            (Tensor[] outputs, _) = Programs.Random(seed, nodes: 5 + seed % 40, x);
            using Function function = T.Function([x], outputs, device: device);
            function.Compile([6, 6]);
            NDArray[] inputs = [new Init((ulong)seed).Uniform([6, 6], -1, 1)];
            Assert.That(RunFrom(255, function.Program!, team, inputs), Is.EqualTo(RunFrom(0, function.Program!, team, inputs)), $"seed {seed}\n{function.Program}");
        }
    }

    [Test]
    public void NorDoTrainingSteps([Values("old", "modern", "conv")] string model)
    {
        TrainingStep step = Models.SmallByName(model);
        using Device device = Device.Cpu(1);
        using var team = new ThreadTeam(2);
        using Function train = T.Function([step.X, step.Y], [step.Cost, .. step.Updates.Select(update => update.Value)], device: device);
        train.Compile(step.XShape, step.YShape);
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        Assert.That(RunFrom(255, train.Program!, team, [x, y]), Is.EqualTo(RunFrom(0, train.Program!, team, [x, y])));
    }
}
