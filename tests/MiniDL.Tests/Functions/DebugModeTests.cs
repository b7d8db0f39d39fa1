// Mode.Debug: faults planted in ops are found in the stage that has them; sound programs run through.
using MiniDL.Tests.Lowering;
using static MiniDL.T;

namespace MiniDL.Tests.Functions;

[TestFixture]
internal sealed class DebugModeTests
{
    /// <summary>x -> 2 x, except that the tile routine is off by a part in a thousand at every multiple of 5.</summary>
    private static readonly Elementwise s_wrongDouble = Elementwise.Unary("wrong_double", x => 2 * x, (_, _, g) => 2 * g, "2.0f * {0}", (x, y) =>
    {
        for (int i = 0; i < x.Length; i++) y[i] = 2 * x[i] * (i % 5 == 4 ? 1.001f : 1);
    });

    /// <summary>x -> x, except that NaN becomes 0: what a careless max would do.</summary>
    private static readonly Elementwise s_losesNaN = Elementwise.Unary("loses_nan", x => x, (_, _, g) => g, "{0}", (x, y) =>
    {
        for (int i = 0; i < x.Length; i++) y[i] = float.IsNaN(x[i]) ? 0 : x[i];
    });

    /// <summary>1 / x, except that infinity becomes a large number: what clamping would do.</summary>
    private static readonly Elementwise s_losesInfinity = Elementwise.Unary("loses_infinity", x => 1 / x, (_, _, g) => g, "1.0f / {0}", (x, y) =>
    {
        for (int i = 0; i < x.Length; i++) y[i] = Math.Clamp(1 / x[i], -1e30f, 1e30f);
    });

    /// <summary>a &gt; b, except that it is false for the last of a tile.</summary>
    private static readonly Elementwise s_wrongGreater = Elementwise.Binary("wrong_greater", (a, b) => a > b ? 1 : 0, (_, _, _, _) => (null, null), "{0} > {1}", (a, b, y) =>
    {
        for (int i = 0; i < y.Length; i++) y[i] = a[i] > b[i] && i < y.Length - 1 ? BitConverter.UInt32BitsToSingle(uint.MaxValue) : 0;
    }, ElementTypes.Compare);

    /// <summary>n -> n + 1, except that the lanes are one too large.</summary>
    private static readonly Elementwise s_wrongNext = Elementwise.Unary("wrong_next", x => x + 1, (_, _, _) => null, "{0} + 1", (x, y) => x.CopyTo(y), ElementTypes.Numeric, (x, y) =>
    {
        for (int i = 0; i < x.Length; i++) y[i] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(x[i]) + 2);
    });

    private static readonly NDArray s_numbers = NDArray.From([0.5f, -1f, 2f, 3f, 0.25f, 7f, -8f, 9f, 10f, 11f], [10]);

    private static string MessageOf(Tensor[] inputs, Tensor[] outputs, Update[] updates, params NDArray[] arrays)
    {
        using Device device = Device.Cpu(2);
        using Function function = T.Function(inputs, outputs, updates, device: device, mode: Mode.Debug);
        return Assert.Throws<StageException>(() => function.Run(arrays)).Message;
    }

    [Test]
    public void AWrongTileRoutineIsFoundWithStageLineAndElement()
    {
        Tensor x = Vector("x");
        string line = Here.NextLine();
        using Source.Scope at = Source.Here(Here.Line().Split(':')[0], int.Parse(line.Split(':')[1]));
        Tensor y = s_wrongDouble.Of(x);
        string message = MessageOf([x], [y], [], s_numbers);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(message, Does.StartWith("stage 0, wrong_double, disagrees with the reference: element 4 of "));
            Assert.That(message, Does.Contain("is 0.500500023, the reference says 0.5"));
            Assert.That(message, Does.Contain($"asked for at {line}"));
        }
    }

    [Test]
    public void AnInfinityThatIsLostIsFound()
    {
        Tensor x = Vector("x");
        string message = MessageOf([x], [s_losesInfinity.Of(x)], [], NDArray.From([1f, 0f, 2f], [3]));
        Assert.That(message, Does.Contain("element 1 of "));
    }

    [Test]
    public void InsideAFusedStageTheBodyIsShownWithTheLineOfEachOp()
    {
        Tensor x = Vector("x");
        Tensor a = Add(x, 1); string lineOfAdd = Here.Line();
        Tensor b = s_wrongDouble.Of(a);
        Tensor c = Sqrt(Square(b)); string lineOfSqrt = Here.Line();
        string message = MessageOf([x], [c], [], s_numbers);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(message, Does.Contain("element 4 of "));
            Assert.That(message, Does.Match($@"add\(.*# {lineOfAdd}"));
            Assert.That(message, Does.Match($@"wrong_double\(v\d+\)"));
            Assert.That(message, Does.Match($@"sqrt\(.*# {lineOfSqrt}"));
        }
    }

    [Test]
    public void TheStageThatIsWrongIsBlamedNotTheStagesItFeeds()
    {
        Tensor x = Matrix("x");
        Shared w = Shared(new Init(1).Normal([10, 10], 1), "w");
        Tensor y = Dot(Exp(Dot(s_wrongDouble.Of(Dot(x, w)), w)), w);
        string message = MessageOf([x], [y], [], s_numbers.Reshape([1, 10]));
        Assert.That(message, Does.StartWith("stage 1, wrong_double, disagrees"));
    }

    [Test]
    public void ALostNaNIsADisagreement()
    {
        Tensor x = Vector("x");
        string message = MessageOf([x], [s_losesNaN.Of(x)], [], NDArray.From([1f, float.NaN, 3f], [3]));
        Assert.That(message, Does.Contain("element 1 of ").And.Contain("is 0, the reference says NaN"));
    }

    [Test]
    public void WrongBoolsAndIntsAreFound()
    {
        Tensor x = Vector("x"), n = Vector("n", DType.Int32);
        string ofBool = MessageOf([x], [s_wrongGreater.Of(x, T.Constant(NDArray.From([-100f], [1])))], [], s_numbers);
        // A float could not tell 16,777,216 from the number after it.
        string ofInt = MessageOf([n], [s_wrongNext.Of(n)], [], NDArray.From([16_777_216, 3], [2]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ofBool, Does.Contain("element 9 of ").And.Contain("is 0, the reference says 1"));
            Assert.That(ofInt, Does.Contain("element 0 of ").And.Contain("is 16777218, the reference says 16777217"));
        }
    }

    [Test]
    public void AWrongUpdateInPlaceIsFoundFromTheOldValue()
    {
        Shared w = Shared(NDArray.From([1f, 1f, 1f, 1f, 1f, 1f], [6]), "w");
        string message = MessageOf([], [], [(w, w + s_wrongDouble.Of(w))]);
        Assert.That(message, Does.Contain("element 4 of w").And.Contain("the reference says 3"));
    }

    [Test]
    public void SoundTrainingStepsRaiseNoAlarm([Values("logistic", "old", "modern", "conv")] string model)
    {
        TrainingStep step = Models.SmallByName(model);
        using Device device = Device.Cpu(2);
        using Function train = step.Compile(device, Mode.Debug);
        for (int i = 0; i < 4; i++)
        {
            (NDArray x, NDArray y) = step.Batch(seed: i);
            Assert.That(() => train.Run(x, y).Scalar(), Throws.Nothing, $"step {i}");
        }
    }

    [Test]
    public void AnOutputThatIsAVariableCopiedBeforeItsUpdateRaisesNoAlarm()
    {
        Shared w = Shared(new Init(1).Uniform([6, 6], -1, 1), "w");
        using Device device = Device.Cpu(1);
        using Function function = T.Function([], w, updates: [(w, Tanh(w))], device: device, mode: Mode.Debug);
        Assert.That(() => function.Run(), Throws.Nothing);
    }

    // What a buffer holds changes in the course of a run; each of these reads some buffer before and after, or twice under two names.
    [Test]
    public void SoundProgramsThatUseBuffersAgainRaiseNoAlarm()
    {
        Tensor x = T.Input([4, 4], "x"), n = T.Input([3], "n", DType.Int32);
        Shared a = Shared(new Init(1).Normal([4, 4], 1), "a"), b = Shared(new Init(2).Normal([4, 4], 1), "b"), c = Shared(new Init(3).Normal([4, 4], 1), "c");
        Tensor accumulated = a + Dot(x, b);
        Tensor mask = x > 0;
        Tensor image = Reshape(x, [1, 1, 4, 4]), pooled = MaxPool2D(image, (2, 2));
        using Device device = Device.Cpu(2);
        using Function function = T.Function([x, n],
            [
                a * accumulated, accumulated, Transpose(x) + x, Pad(x, [1, 0], [0, 2], 5), Concat([x, a, x], 1), Flip(Transpose(a), [0]), GatherRows(b, n),
                mask, Where(mask, x, a), ArgMax(x, 1), pooled, Grad(Sum(Square(pooled)), x), Sum(a, 0) + Max(x, 1), a, Sum(c), x, n,
                Grad(Sum(Square(GatherRows(x, n))), x),
            ],
            [(a, b), (b, Softmax(a)), (c, c - Dot(c, x))], device: device, mode: Mode.Debug);
        NDArray numbers = new Init(5).Normal([4, 4], 1), rows = NDArray.From([3, 0, 3], [3]);
        for (int i = 0; i < 3; i++) Assert.That(() => { function.Run(numbers, rows); }, Throws.Nothing, $"run {i}");
    }
}
