// Updates are simultaneous, whatever is computed in place: every case beside what it must give, then random systems beside the reference.
using static MiniDL.T;

namespace MiniDL.Tests.Lowering;

[TestFixture]
internal sealed class UpdateTests
{
    private static Shared Vec(string name, params float[] values) => Shared(NDArray.From(values, [values.Length]), name);

    private static float[] ValueOf(Shared variable) => variable.Value.Span<float>().ToArray();

    private static float[][] Run(Tensor[] outputs, Update[] updates, int times = 1)
    {
        using Device device = Device.Cpu(2);
        using Function function = T.Function([], outputs, updates, device: device);
        NDArray[] results = [];
        for (int i = 0; i < times; i++) results = function.Eval();
        return [.. results.Select(result => result.Span<float>().ToArray())];
    }

    [Test]
    public void TwoVariablesSwap()
    {
        Shared a = Vec("a", 1, 2), b = Vec("b", 3, 4);
        Run([], [(a, b), (b, a)]);
        Assert.That((ValueOf(a), ValueOf(b)), Is.EqualTo((new[] { 3f, 4f }, new[] { 1f, 2f })));
    }

    [Test]
    public void ThreeVariablesRotateWithArithmetic()
    {
        Shared a = Vec("a", 1, 2), b = Vec("b", 3, 4), c = Vec("c", 5, 6);
        Run([], [(a, b + 1), (b, c * 2), (c, a - 1)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ValueOf(a), Is.EqualTo([4f, 5f]));
            Assert.That(ValueOf(b), Is.EqualTo([10f, 12f]));
            Assert.That(ValueOf(c), Is.EqualTo([0f, 1f]));
        }
    }

    [Test]
    public void AnOutputIsTheValueBeforeTheUpdate()
    {
        Shared w = Vec("w", 1, 2);
        float[][] outputs = Run([w, w * 10, Sum(w)], [(w, w + 1)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(outputs[0], Is.EqualTo([1f, 2f]));
            Assert.That(outputs[1], Is.EqualTo([10f, 20f]));
            Assert.That(outputs[2], Is.EqualTo([3f]));
            Assert.That(ValueOf(w), Is.EqualTo([2f, 3f]));
        }
    }

    [Test]
    public void TheNewValueMayBeAnOutputToo()
    {
        Shared w = Vec("w", 1, 2);
        Tensor next = w * 3;
        float[][] outputs = Run([next, next + w], [(w, next)], times: 2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(outputs[0], Is.EqualTo([9f, 18f]));
            Assert.That(outputs[1], Is.EqualTo([12f, 24f]));
            Assert.That(ValueOf(w), Is.EqualTo([9f, 18f]));
        }
    }

    [Test]
    public void ReadersOfEveryKindSeeTheOldValue()
    {
        Shared w = Shared(NDArray.From([1f, 2f, 3f, 4f], [2, 2]), "w");
        float[][] outputs = Run([Transpose(w), Dot(w, w), Max(w, 0), Flip(w, [1]), GatherRows(w, T.Constant(NDArray.From([1, 1], [2]))), Softmax(w - w), Concat([w, w])], [(w, w * 0)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(outputs[0], Is.EqualTo([1f, 3f, 2f, 4f]));
            Assert.That(outputs[1], Is.EqualTo([7f, 10f, 15f, 22f]));
            Assert.That(outputs[2], Is.EqualTo([3f, 4f]));
            Assert.That(outputs[3], Is.EqualTo([2f, 1f, 4f, 3f]));
            Assert.That(outputs[4], Is.EqualTo([3f, 4f, 3f, 4f]));
            Assert.That(outputs[6], Is.EqualTo([1f, 2f, 3f, 4f, 1f, 2f, 3f, 4f]));
            Assert.That(ValueOf(w), Is.All.Zero);
        }
    }

    [Test]
    public void AnUpdateMayBeALeafAViewOrAConstant()
    {
        Shared a = Shared(NDArray.From([1f, 2f, 3f, 4f], [2, 2]), "a"), b = Shared(NDArray.Zeros([2, 2]), "b"), c = Shared(NDArray.Zeros([2, 2]), "c"), d = Shared(NDArray.Zeros([2, 2]), "d");
        Run([], [(a, Transpose(a)), (b, a), (c, T.Constant(NDArray.From([9f, 8f, 7f, 6f], [2, 2]))), (d, T.BroadcastTo(Slice(a, (0, 1)), [2, 2]))]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ValueOf(a), Is.EqualTo([1f, 3f, 2f, 4f]));
            Assert.That(ValueOf(b), Is.EqualTo([1f, 2f, 3f, 4f]));
            Assert.That(ValueOf(c), Is.EqualTo([9f, 8f, 7f, 6f]));
            Assert.That(ValueOf(d), Is.EqualTo([1f, 2f, 1f, 2f]));
        }
    }

    [Test]
    public void TwoVariablesMayGetTheSameValue()
    {
        Shared a = Vec("a", 1, 2), b = Vec("b", 3, 4), c = Vec("c", 5, 6);
        Tensor sum = a + b;
        float[][] outputs = Run([sum], [(a, sum), (b, sum), (c, sum)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(outputs[0], Is.EqualTo([4f, 6f]));
            Assert.That(ValueOf(a), Is.EqualTo([4f, 6f]));
            Assert.That(ValueOf(b), Is.EqualTo([4f, 6f]));
            Assert.That(ValueOf(c), Is.EqualTo([4f, 6f]));
        }
    }

    [Test]
    public void RowsOfADataSetAreReplacedByASymbolicSlice()
    {
        Shared data = Shared(NDArray.From([1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f], [4, 2]), "data");
        Tensor start = Scalar("start", DType.Int32), batch = Rows(data, start * 2, 2);
        using Device device = Device.Cpu(2);
        using Function function = T.Function([start], batch, [(data, Concat([batch * 10, Slice(data, (0, 2))]))], device: device);
        NDArray[] first = function.Eval(NDArray.Scalar(1));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first[0].Span<float>().ToArray(), Is.EqualTo([5f, 6f, 7f, 8f]));
            Assert.That(ValueOf(data), Is.EqualTo([50f, 60f, 70f, 80f, 1f, 2f, 3f, 4f]));
        }
    }

    [Test]
    public void AReadThatIsNotAtTheWrittenPositionKeepsItsOldValue()
    {
        // Normalising reads whole rows, accumulating a product reads the variable as an operand too.
        Shared w = Shared(NDArray.From([1f, 3f, 2f, 2f], [2, 2]), "w"), v = Shared(NDArray.From([1f, 2f, 3f, 4f], [2, 2]), "v");
        Run([], [(w, w / Sum(w, 1, keepDims: true) + Transpose(w)), (v, v + Dot(v, v))]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ValueOf(w), Is.EqualTo([1.25f, 2.75f, 3.5f, 2.5f]));
            Assert.That(ValueOf(v), Is.EqualTo([8f, 12f, 18f, 26f]));
        }
    }

    // More than a tile: a transposed read meets elements that another tile has replaced already, if the update is wrongly done in place.
    [Test]
    public void ATransposedReadOfManyTilesSeesOldValuesAlone()
    {
        const int N = 90;
        Shared w = Shared(new Init(1).Uniform([N, N], -1, 1), "w");
        float[] old = ValueOf(w);
        Run([], [(w, w * 2 + Transpose(w))]);
        float[] expected = [.. Enumerable.Range(0, N * N).Select(i => old[i] * 2 + old[i % N * N + i / N])];
        Assert.That(ValueOf(w), Is.EqualTo(expected));
    }

    [Test]
    public void IntsAndBoolsAreUpdatedToo()
    {
        Shared n = Shared(NDArray.From([1, 2], [2]), "n"), flags = Shared(NDArray.From([true, false], [2]), "flags");
        using Device device = Device.Cpu(2);
        using Function function = T.Function([], n, [(n, n * 3 + 1), (flags, !flags & (n > 1))], device: device);
        function.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(n.Value.Span<int>().ToArray(), Is.EqualTo([4, 7]));
            Assert.That(flags.Value.Span<bool>().ToArray(), Is.EqualTo([false, true]));
        }
    }

    // Both devices take the same steps from the same values; a step's result must not depend on what is computed in place, nor in which order.
    [Test]
    public void RandomUpdateSystemsAgreeWithTheReference()
    {
        using Device cpu = Device.Cpu(2), reference = Device.Reference();
        for (int seed = 0; seed < 150; seed++)
        {
            Shape shape = seed % 3 == 0 ? [40, 40] : [6, 6];
            Tensor x = T.Input(shape, "x");
            (Tensor[] outputs, Update[] updates) = Programs.Random(seed, nodes: 3 + seed % 25, x);
            NDArray[] initial = [.. updates.Select(update => update.Variable.Value)];
            using Function fast = T.Function([x], outputs, updates, device: cpu), slow = T.Function([x], outputs, updates, device: reference);
            for (int step = 0; step < 2; step++)
            {
                NDArray fed = new Init((ulong)(seed + step)).Uniform(shape, -1, 1);
                double[] spreads = Spreads([.. outputs, .. updates.Select(update => update.Value)], leaf => ReferenceArray.From(leaf is Shared shared ? shared.Value : fed));
                NDArray[] expected = [.. slow.Eval(fed), .. updates.Select(update => update.Variable.Value)];
                for (int i = 0; i < updates.Length; i++) updates[i].Variable.Value = initial[i];
                NDArray[] actual = [.. fast.Eval(fed), .. updates.Select(update => update.Variable.Value)];
                for (int i = 0; i < updates.Length; i++) updates[i].Variable.Value = initial[i] = expected[outputs.Length + i];
                for (int r = 0; r < expected.Length; r++) AssertClose(actual[r], expected[r], spreads[r], $"seed {seed}, step {step}, {(r < outputs.Length ? $"output {r}" : updates[r - outputs.Length].Variable.Name)}", fast);
            }
        }
    }

    /// <summary>How far each root moves, at the most, when every node is moved by its op's tolerance: what rounding may do in float32.</summary>
    private static double[] Spreads(Tensor[] roots, Func<Tensor, ReferenceArray> leaves)
    {
        ReferenceArray[] still = Interpreter.Evaluate(roots, leaves, default);
        var spreads = new double[roots.Length];
        for (ulong seed = 0; seed < 3; seed++)
        {
            ReferenceArray[] moved = Interpreter.Evaluate(roots, leaves, default, new Jitter(seed, default).Apply);
            for (int r = 0; r < roots.Length; r++)
                for (int i = 0; i < still[r].Data.Length; i++) spreads[r] = Math.Max(spreads[r], Math.Abs(moved[r].Data[i] - still[r].Data[i]));
        }
        return spreads;
    }

    private static void AssertClose(NDArray actual, NDArray expected, double spread, string what, Function function)
    {
        double largest = 0;
        for (int i = 0; i < expected.Count; i++) largest = Math.Max(largest, Math.Abs(expected.ToDouble(i)));
        for (int i = 0; i < expected.Count; i++)
        {
            double difference = Math.Abs(actual.ToDouble(i) - expected.ToDouble(i));
            if (!(difference <= 4 * spread + 1e-6 * largest) && !expected.ToDouble(i).Equals(actual.ToDouble(i)))
                Assert.Fail($"{what}: element {i} is {actual.ToDouble(i):G9}, expected {expected.ToDouble(i):G9}, spread {spread:G3}\n{function.Explain()}");
        }
    }
}
