// Debug and NanGuard on a device with memory of its own.
using System.Runtime.InteropServices;
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class CarefulModeTests : RunFixture
{
    private static readonly NDArray s_x = NDArray.From([0.5f, -1f, 2f, 3f, 0.25f, 7f], [2, 3]);

    private void SpoilStage(string name, int element, float value) => Host.Spoil = (stage, program) =>
    {
        if (stage.Name == name) MemoryMarshal.Cast<byte, float>(program.Memory.Bytes(stage.Writes.First().Buffer))[element] = value;
    };

    [Test]
    public void A_kernel_that_is_wrong_is_found_with_stage_and_element()
    {
        Tensor x = Matrix("x");
        Shared w = Shared(new Init(1).Normal([3, 2], 1), "w");
        using Function f = Host.Ready(Function([x], Sum(Exp(Dot(x, w)), 0), device: Device, mode: Mode.Debug), [2, 3]);
        SpoilStage(f.Program!.Stages[0].Name, 3, 123);
        Assert.That(() => f.Run(s_x), Throws.TypeOf<StageException>().With.Message.Contains("stage 0, gemm").And.Message.Contains("element 3 of ").And.Message.Contains("is 123, the reference says"));
    }

    [Test]
    public void A_wrong_update_in_place_is_found_from_the_old_value()
    {
        Shared w = Shared(NDArray.From([1f, 2f, 3f], [3]), "w");
        using Function f = Host.Ready(Function([], [], updates: [(w, w * 2)], device: Device, mode: Mode.Debug));
        f.Run();
        Host.Spoil = (stage, program) => MemoryMarshal.Cast<byte, float>(program.Memory.Bytes(stage.Writes.First().Buffer))[1] += 1;
        Assert.That(() => f.Run(), Throws.TypeOf<StageException>().With.Message.Contains("element 1 of w").And.Message.Contains("is 9, the reference says 8"));
    }

    [Test]
    public void The_first_stage_that_makes_a_NaN_is_named_with_the_op_that_made_it()
    {
        Tensor v = Vector("v");
        using Function f = Host.Ready(Function([v], Sum(v * Log(v)), device: Device, mode: Mode.NanGuard), [2]);
        f.Run(NDArray.From([1f, 2f], [2]));
        Assert.That(() => f.Run(NDArray.From([1f, 0f], [2])), Throws.TypeOf<StageException>().With.Message.Contains("stores NaN").And.Message.Contains("made by log"));
    }

    [Test]
    public void A_NaN_that_a_stage_wrote_over_what_it_read_is_explained_from_what_it_read()
    {
        Shared w = Shared(NDArray.From([4f, 1f, -1f], [3]), "w");
        using Function f = Host.Ready(Function([], [], updates: [(w, Sqrt(w))], device: Device, mode: Mode.NanGuard));
        Assert.That(() => f.Run(), Throws.TypeOf<StageException>().With.Message.Contains("element 2 of w").And.Message.Contains("made by sqrt"));
    }
}
