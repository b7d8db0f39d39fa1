// Mode.NanGuard: the first NaN or infinity stops the run, with the line of the op that made it.
using MiniDL.Tests.Lowering;
using static MiniDL.T;

namespace MiniDL.Tests.Functions;

[TestFixture]
internal sealed class NanGuardTests
{
    private static string MessageOf(Tensor[] inputs, Tensor output, Update[] updates, params NDArray[] arrays)
    {
        using Device device = Device.Cpu(2);
        using Function function = T.Function(inputs, output, updates, device: device, mode: Mode.NanGuard);
        return Assert.Throws<StageException>(() => function.Run(arrays)).Message;
    }

    [Test]
    public void ALogarithmOfANegativeNumberIsNamedByItsOwnLineAlthoughTheStageEndsLater()
    {
        Tensor x = Vector("x");
        Tensor a = x - 1;
        Tensor b = Log(a); string lineOfLog = Here.Line();
        Tensor c = Add(Tanh(b), 3); string lineOfSum = Here.Line();
        string message = MessageOf([x], c, [], NDArray.From([2f, 3f, 0.5f, 4f], [4]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(message, Does.StartWith("stage 0, ").And.Contain("stores NaN as element 2 of "));
            Assert.That(message, Does.Contain($"made by log, asked for at {lineOfLog}"));
            Assert.That(message, Does.Contain($"asked for at {lineOfSum}; the whole stage"));
        }
    }

    [Test]
    public void ZeroByZeroIsNamed()
    {
        Tensor a = Vector("a"), b = Vector("b");
        Tensor y = a / b; string line = Here.Line();
        string message = MessageOf([a, b], Sum(y * 2), [], NDArray.From([1f, 0f], [2]), NDArray.From([1f, 0f], [2]));
        Assert.That(message, Does.Contain($"made by div, asked for at {line}"));
    }

    [Test]
    public void AnExponentialThatOverflowsFloat32IsNamedThoughFloat64HoldsIt()
    {
        Tensor x = Matrix("x");
        Tensor e = Exp(x); string lineOfExp = Here.Line();
        Tensor p = e / (1 + e); string lineOfQuotient = Here.Line();
        string message = MessageOf([x], p, [], NDArray.From([1f, 89f, 2f, 3f], [2, 2]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(message, Does.Contain("stores NaN as element 1 of "));
            Assert.That(message, Does.Contain($"made by exp, asked for at {lineOfExp}"));
            Assert.That(message, Does.Contain(lineOfQuotient));
        }
    }

    [Test]
    public void AProductOfMatricesThatOverflowsIsNamed()
    {
        Tensor x = Matrix("x");
        Tensor y = Dot(x, x); string line = Here.Line();
        string message = MessageOf([x], Sum(y), [], NDArray.From([1e30f, 1e30f, 1f, 1f], [2, 2]));
        Assert.That(message, Does.StartWith("stage 0, gemm").And.Contain($"made by dot, asked for at {line}"));
    }

    [Test]
    public void AnUpdateInPlaceIsTracedFromTheOldValue()
    {
        Shared w = Shared(NDArray.From([4f, 1f, 0f], [3]), "w");
        Tensor root = Rsqrt(w); string line = Here.Line();
        string message = MessageOf([], Sum(w), [(w, w - root)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(message, Does.Contain("element 2 of w").And.Contain($"made by rsqrt, asked for at {line}"));
            Assert.That(w.Value.Span<float>().ToArray(), Is.EqualTo([4f, 1f, 0f]), "the variable is as it was");
        }
    }

    [Test]
    public void NaNThatWasFedIsNotBlamedOnAnOp()
    {
        Tensor x = Vector("x"); string line = Here.Line();
        string message = MessageOf([x], Square(x) + 1, [], NDArray.From([1f, float.NaN], [2]));
        Assert.That(message, Does.Contain("no stage made it: x: float32(2)").And.Contain($"made at {line}"));
    }

    [Test]
    public void InfinityThatIsChosenAwayIsNoAlarm()
    {
        Tensor x = Vector("x");
        using Device device = Device.Cpu(1);
        using Function function = T.Function([x], Where(x > 0, 1 / x, 0), device: device, mode: Mode.NanGuard);
        Assert.That(function.Eval(NDArray.From([0f, 2f], [2]))[0].Span<float>().ToArray(), Is.EqualTo([0f, 0.5f]));
    }

    [Test]
    public void SoundTrainingRunsThrough([Values("logistic", "modern", "conv")] string model)
    {
        TrainingStep step = Models.SmallByName(model);
        using Device device = Device.Cpu(2);
        using Function train = step.Compile(device, Mode.NanGuard);
        for (int i = 0; i < 10; i++)
        {
            (NDArray x, NDArray y) = step.Batch(seed: i);
            Assert.That(() => train.Run(x, y).Scalar(), Throws.Nothing, $"step {i}");
        }
    }
}
