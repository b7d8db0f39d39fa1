// What a function promises: simultaneous updates, outputs before updates, givens, results that go stale, early errors.
using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Functions;

/// <summary>Functions, on the reference and on the CPU alike.</summary>
[TestFixture("reference")]
[TestFixture("cpu")]
public sealed class FunctionTests(string deviceName)
{
    private readonly Device _device = deviceName == "cpu" ? Device.Cpu(2) : Device.Reference();

    [OneTimeTearDown]
    public void Free() => _device.Dispose();

    [Test]
    public void Updates_are_simultaneous_two_variables_can_be_exchanged()
    {
        Shared a = T.Shared(Vec(1, 2), "a"), b = T.Shared(Vec(3, 4), "b");
        using Function swap = Function([], Array.Empty<Tensor>(), updates: [(a, b), (b, a)], device: _device);
        swap.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(a.Value.Doubles(), Is.EqualTo((double[])[3, 4]));
            Assert.That(b.Value.Doubles(), Is.EqualTo((double[])[1, 2]));
        }
        swap.Run();
        Assert.That(a.Value.Doubles(), Is.EqualTo((double[])[1, 2]));
    }

    [Test]
    public void Three_variables_can_go_round_and_be_computed_from_each_other()
    {
        Shared a = T.Shared(1, "a"), b = T.Shared(2, "b"), c = T.Shared(3, "c");
        using Function f = Function([], a + b + c, updates: [(a, b + c), (b, a * c), (c, a + 0)], device: _device);
        Assert.That(f.Run().Scalar(), Is.EqualTo(6));
        Assert.That(new[] { a.Value.Item(), b.Value.Item(), c.Value.Item() }, Is.EqualTo((float[])[5, 3, 1]));
    }

    private static IEnumerable<TestCaseData> SelfReferences()
    {
        // 70 x 70 elements are more than an executor holds in one tile before it stores.
        const int N = 70;
        yield return Self("w + 2 flip w", w => w + 2 * Flip(w, [0, 1]), (w, i, j) => w(i, j) + 2 * w(N - 1 - i, N - 1 - j));
        yield return Self("w + 2 w^T", w => w + 2 * Transpose(w), (w, i, j) => w(i, j) + 2 * w(j, i));
        yield return Self("w - its first row", w => w - Slice(w, (0, 1)), (w, i, j) => w(i, j) - w(0, j));
        yield return Self("rows taken round", w => GatherRows(w, Constant(NDArray.From([.. Enumerable.Range(0, N).Select(i => 3 * i % N)], [N]))), (w, i, j) => w(3 * i % N, j));
        yield return Self("shifted by a row", w => Concat([Slice(w, (1, N)), Slice(w, (0, 1))]), (w, i, j) => w((i + 1) % N, j));
        yield return Self("transposed", w => Transpose(w), (w, i, j) => w(j, i));
        yield return Self("centred", w => w - Mean(w, 0), (w, i, j) => w(i, j) - Enumerable.Range(0, N).Average(k => w(k, j)));
        yield return Self("multiplied by itself", w => Dot(w, w), (w, i, j) => Enumerable.Range(0, N).Sum(k => w(i, k) * w(k, j)));
        yield return Self("w - w w", w => w - Dot(w, w), (w, i, j) => w(i, j) - Enumerable.Range(0, N).Sum(k => w(i, k) * w(k, j)));

        static TestCaseData Self(string name, Func<Tensor, Tensor> update, Func<Func<int, int, double>, int, int, double> expected) =>
            new TestCaseData(update, expected).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(SelfReferences))]
    public void An_update_may_read_its_own_variable_anywhere(Func<Tensor, Tensor> update, Func<Func<int, int, double>, int, int, double> expected)
    {
        const int N = 70;
        NDArray old = Draw.Unit.Fill(new Gen(5), [N, N]);
        Shared w = T.Shared(old, "w");
        using Function f = Function([], Array.Empty<Tensor>(), updates: [(w, update(w))], device: _device);
        f.Run();
        double[] actual = w.Value.Doubles();
        for (int k = 0; k < actual.Length; k++)
            Assert.That(actual[k], Is.EqualTo(expected((i, j) => old.ToDouble(i * N + j), k / N, k % N)).Within(2e-5), $"element {k}");
    }

    [Test]
    public void Outputs_are_computed_from_the_values_before_the_updates()
    {
        Shared n = T.Shared(0, "n");
        using Function count = Function([], [n, n * 10], updates: [(n, n + 1)], device: _device);
        Assert.That(count.Eval().Select(value => value.Item()), Is.EqualTo((float[])[0, 0]));
        Assert.That(count.Eval().Select(value => value.Item()), Is.EqualTo((float[])[1, 10]));
        Assert.That(n.Value.Item(), Is.EqualTo(2));
    }

    [Test]
    public void A_given_stands_for_an_input_a_data_set_stays_where_it_is()
    {
        Shared data = T.Shared(Counting([6, 2]), "data");
        Tensor x = Matrix("x"), i = T.Scalar("i", DType.Int32);
        using Function f = Function([i], Sum(x, 1), givens: [(x, Rows(data, i * 2, 2))], device: _device);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(f.Eval(NDArray.Scalar(0))[0].Doubles(), Is.EqualTo((double[])[1, 5]));
            Assert.That(f.Eval(NDArray.Scalar(2))[0].Doubles(), Is.EqualTo((double[])[17, 21]));
            Assert.That(() => f.Run(NDArray.Scalar(3)), Throws.TypeOf<GraphException>().With.Message.Contains("row 6 does not exist"));
        }
    }

    [Test]
    public void Shared_values_are_copies()
    {
        NDArray start = Vec(1, 2);
        Shared s = T.Shared(start, "s");
        start.Span<float>()[0] = 99;
        NDArray read = s.Value;
        read.Span<float>()[1] = 99;
        Assert.That(s.Value.Doubles(), Is.EqualTo((double[])[1, 2]));
    }

    [Test]
    public void A_value_that_is_set_is_what_functions_see()
    {
        Shared s = T.Shared(Vec(1, 2), "s");
        using Function f = Function([], s * 2, updates: [(s, s + 1)], device: _device);
        f.Run();
        s.Value = Vec(10, 20);
        Assert.That(f.Eval()[0].Doubles(), Is.EqualTo((double[])[20, 40]));
        Assert.That(s.Value.Doubles(), Is.EqualTo((double[])[11, 21]));
        Assert.That(() => s.Value = Vec(1), Throws.TypeOf<GraphException>().With.Message.Contains("s is float32(2)"));
        Assert.That(() => s.Value = IntArr([2], 1, 2), Throws.TypeOf<GraphException>());
    }

    [Test]
    public void Two_functions_share_a_variable()
    {
        Shared s = T.Shared(1, "s");
        using Function grow = Function([], s, updates: [(s, s * 2)], device: _device), read = Function([], s, device: _device);
        grow.Run();
        grow.Run();
        Assert.That(read.Run().Scalar(), Is.EqualTo(4));
    }

    [Test]
    public void A_function_adapts_to_new_shapes()
    {
        Tensor x = Matrix("x");
        using Function f = Function([x], Sum(x, 0), device: _device);
        foreach ((int rows, double sum) in new[] { (1, 0.0), (3, 6), (1, 0), (0, 0), (3, 6) })
            Assert.That(f.Eval(Counting([rows, 2]))[0].ToDouble(0), Is.EqualTo(sum), $"{rows} rows");
    }

    [Test]
    public void Only_the_shapes_last_used_stay_compiled_and_dropped_ones_come_back()
    {
        Tensor x = Vector("x");
        using Function f = Function([x], Sum(x), device: _device);
        for (int round = 0; round < 2; round++)
            for (int n = 1; n <= 40; n++)
                Assert.That(f.Run(NDArray.From([.. Enumerable.Repeat(2f, n)], [n])).Scalar(), Is.EqualTo(2 * n));
        Assert.That(f.CompiledShapes, Is.EqualTo(16));
    }

    [Test]
    public void The_floor_of_a_division_is_whole_at_multiples_of_the_divisor()
    {
        // With x * (1 / 41) instead of x / 41, 41 * (1 / 41) rounds to just below 1, and its floor is 0.
        Tensor x = Vector("x");
        using Function f = Function([x], Floor(x / 41), device: _device);
        Assert.That(f.Eval(Vec(40, 41, 82, 164))[0].Doubles(), Is.EqualTo((double[])[0, 1, 2, 4]));
    }

    [Test]
    public void Results_are_gone_after_the_next_run()
    {
        Tensor x = Vector("x");
        using Function f = Function([x], x * 2, device: _device);
        Results first = f.Run(Vec(1, 2));
        Assert.That(first.ToArray().Doubles(), Is.EqualTo((double[])[2, 4]));
        f.Run(Vec(3, 4));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => first.ToArray(), Throws.InvalidOperationException.With.Message.Contains("the function has run again"));
            Assert.That(() => first.Scalar(), Throws.InvalidOperationException);
            Assert.That(() => default(Results).Scalar(), Throws.InvalidOperationException);
        }
    }

    [Test]
    public void Results_are_read_as_what_they_are()
    {
        Tensor x = Vector("x");
        using Function f = Function([x], [x, ArgMax(x, 0), x > 1], device: _device);
        Results results = f.Run(Vec(1, 2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.Scalar(1), Is.EqualTo(1));
            Assert.That(results.ToArray(2).Span<bool>().ToArray(), Is.EqualTo((bool[])[false, true]));
            Assert.That(() => results.Scalar(0), Throws.InvalidOperationException.With.Message.Contains("not one number"));
            Assert.That(() => results.CopyTo(new float[3], 0), Throws.InvalidOperationException.With.Message.Contains("output 0 is float32(2)"));
            Assert.That(() => results.CopyTo(new int[2], 0), Throws.InvalidOperationException);
            Assert.That(() => results.Scalar(3), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("3 outputs"));
        }
    }

    [Test]
    public void A_disposed_function_does_not_run()
    {
        Function f = Function([], T.Constant(1), device: _device);
        f.Dispose();
        f.Dispose();
        Assert.That(() => f.Run(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Inputs_and_updates_are_checked_before_anything_is_compiled()
    {
        Tensor x = Matrix("x"), y = Matrix("y");
        Shared w = T.Shared(Vec(1, 2), "w");
        using (Assert.EnterMultipleScope())
        {
            Refused("y is needed, but is neither an input nor given", () => Function([x], x + y, device: _device));
            Refused("x is named twice", () => Function([x, x], x, device: _device));
            Refused("exp is not an input variable", () => Function([Exp(x)], x, device: _device));
            Refused("w is not an input variable", () => Function([w], w, device: _device));
            Refused("w has two updates", () => Function([], w, updates: [(w, w), (w, w * 2)], device: _device));
            Refused("does not fit w of type float32(2)", () => Function([], w, updates: [(w, Sum(w))], device: _device));
            Refused("does not fit w", () => Function([], w, updates: [(w, Cast(w, DType.Int32))], device: _device));
            Refused("cannot stand for x", () => Function([], x, givens: [(x, w)], device: _device));
            Refused("cannot stand for x", () => Function([], x, givens: [(x, Cast(x, DType.Int32))], device: _device));
        }
    }

    [Test]
    public void Arrays_are_checked_against_the_inputs()
    {
        Tensor x = Input([Shape.Unknown, 3], "x"), n = T.Scalar("n", DType.Int32);
        using Function f = Function([x, n], x, device: _device);
        using (Assert.EnterMultipleScope())
        {
            Refused("1 arrays for 2 inputs (x, n)", () => f.Run(Counting([2, 3])));
            Refused("float32(2, 4) was fed to x", () => f.Run(Counting([2, 4]), NDArray.Scalar(1)));
            Refused("float32(3) was fed to x", () => f.Run(Counting([3]), NDArray.Scalar(1)));
            Refused("float32() was fed to n", () => f.Run(Counting([2, 3]), 1f));
            Refused("int32(2, 3) was fed to x", () => f.Run(NDArray.Zeros([2, 3], DType.Int32), NDArray.Scalar(1)));
        }
    }

    [Test]
    public void An_update_whose_new_shape_is_known_only_at_run_time_must_fit_then()
    {
        Shared w = T.Shared(Vec(1, 2), "w");
        Tensor x = Vector("x");
        Assert.That(() =>
        {
            using Function f = Function([x], w, updates: [(w, x * 2)], device: _device);
            f.Run(Vec(1, 2, 3));
        }, Throws.TypeOf<GraphException>().With.Message.Contains("w"));
    }

    [Test]
    public void A_null_and_a_disposed_device_are_refused_by_name()
    {
        Tensor x = Vector("x"), none = null!;
        Shared w = T.Shared(Vec(1, 2), "w");
        Device gone = Device.Cpu(1);
        using Function f = Function([x], x + 1, device: _device), late = Function([x], x + 1, device: gone);
        late.Run(Vec(1));
        gone.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Function([none], x, device: _device), Throws.ArgumentNullException);
            Assert.That(() => Function([x], none, device: _device), Throws.ArgumentNullException);
            Assert.That(() => Function([x], x, updates: [(w, none)], device: _device), Throws.ArgumentNullException);
            Assert.That(() => Function([x], x, givens: [(none, x)], device: _device), Throws.ArgumentNullException);
            Assert.That(() => f.Run((NDArray)null!), Throws.ArgumentNullException.With.Message.Contains("the array for x is null"));
            f.Run(Vec(1));
            Assert.That(() => f.Run((NDArray)null!), Throws.ArgumentNullException, "also once it is compiled");
            Assert.That(() => late.Run(Vec(1)), Throws.TypeOf<ObjectDisposedException>());
        }
    }

    private static void Refused(string message, Action action) =>
        Assert.That(() => action(), Throws.TypeOf<GraphException>().With.Message.Contains(message).And.Message.Matches("FunctionTests.cs|arrays for"));
}
