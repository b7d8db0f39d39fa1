// Reductions of whole functions on the CPU: against plain loops, the same bits with any number of threads.
using static MiniDL.T;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed class ReductionTests
{
    private static readonly ReduceKind[] s_kinds = [ReduceKind.Sum, ReduceKind.Max, ReduceKind.Min, ReduceKind.Prod];

    // Rows, columns, everything, middle axes, inner and outer ones; sizes 1, 10, 1000 and 100,003 along what is reduced, some of them split in parts.
    private static readonly (int[] Dims, int[] Axes)[] s_cases =
    [
        ([1], [0]), ([10], [0]), ([1000], [0]), ([100_003], [0]), ([7, 1], [1]), ([128, 10], [1]), ([10, 1000], [1]), ([5, 4099], [1]), ([3, 100_003], [1]),
        ([1, 7], [0]), ([10, 128], [0]), ([1000, 33], [0]), ([100_003, 3], [0]), ([4000, 700], [0]), ([40, 50, 60], [1]), ([3, 100_003, 2], [1]), ([300, 4, 300], [0, 2]),
        ([6, 5, 4, 30], [0, 2]), ([6, 5, 4, 30], [1, 3]), ([2, 1, 3, 1], [1, 2]), ([64, 32, 13, 13], [0, 2, 3]), ([17, 19, 23], [0, 1, 2]),
        ([40, 5, 900], [0, 2]), ([3, 700, 30], [0, 2]), ([2, 3, 40, 3, 50], [0, 2, 4]), ([700, 784], [0]), ([300, 2000], [0]),
        ([70, 64, 937], [0, 2]), ([4500, 937], [0]),   // 17 MB: read with memory asked ahead
    ];

    private static Tensor ReduceOf(ReduceKind kind, Tensor x, int[] axes) => kind switch
    {
        ReduceKind.Sum => Sum(x, axes: axes),
        ReduceKind.Max => Max(x, axes: axes),
        ReduceKind.Min => Min(x, axes: axes),
        _ => Prod(x, axes: axes),
    };

    private static NDArray Numbers(ReduceKind kind, Shape shape, int seed)
    {
        // Products of thousands of numbers stay finite only if these are near 1.
        return kind == ReduceKind.Prod ? new Init((ulong)seed).Uniform(shape, 0.999f, 1.001f) : new Init((ulong)seed).Uniform(shape, -1, 1);
    }

    /// <summary>The result in float64 by its definition, and the sum of the magnitudes of each result's terms.</summary>
    private static (double[] Results, double[] Magnitudes) Plain(ReduceKind kind, Func<int, double> x, Shape shape, int[] axes)
    {
        int[] dims = shape.Dims.ToArray();
        foreach (int axis in axes) dims[axis] = 1;
        int[] strides = Shape.Create(dims).Strides();
        foreach (int axis in axes) strides[axis] = 0;
        var results = new double[Shape.Create(dims).Count];
        var magnitudes = new double[results.Length];
        Array.Fill(results, Reduce.Identity(kind));
        Span<int> index = stackalloc int[shape.Rank];
        for (int i = 0; i < shape.Count; i++)
        {
            int at = 0;
            for (int axis = 0; axis < index.Length; axis++) at += index[axis] * strides[axis];
            double value = x(i);
            results[at] = kind switch { ReduceKind.Sum => results[at] + value, ReduceKind.Prod => results[at] * value, ReduceKind.Max => Math.Max(results[at], value), _ => Math.Min(results[at], value) };
            magnitudes[at] += Math.Abs(value);
            ReferenceArray.Advance(index, shape);
        }
        return (results, magnitudes);
    }

    [Test]
    public void ResultsAreThoseOfALoopInFloat64([ValueSource(nameof(s_kinds))] ReduceKind kind)
    {
        using Device device = Device.Cpu(2);
        foreach ((int[] dims, int[] axes) in s_cases)
        {
            Shape shape = Shape.Create(dims);
            NDArray x = Numbers(kind, shape, seed: dims.Length);
            float[] data = x.Span<float>().ToArray();
            Tensor input = T.Input(shape, "x");
            using Function function = T.Function([input], ReduceOf(kind, input, axes), device: device);
            float[] actual = function.Eval(x)[0].Span<float>().ToArray();
            (double[] expected, double[] magnitudes) = Plain(kind, i => data[i], shape, axes);
            Assert.That(actual, Has.Length.EqualTo(expected.Length));
            for (int i = 0; i < actual.Length; i++)
            {
                // A product of n factors errs by up to n / 2 units; an extreme is exact; a sum as promised.
                double tolerance = kind switch { ReduceKind.Sum => 1e-6 * magnitudes[i], ReduceKind.Prod => magnitudes[i] * 6e-8 * Math.Abs(expected[i]), _ => 0 };
                double difference = Math.Abs(actual[i] - expected[i]);
                if (!(difference <= tolerance)) Assert.Fail($"{kind} of {shape} over {string.Join(' ', axes)}: element {i} is {actual[i]:G9}, expected {expected[i]:G9}");
            }
        }
    }

    [Test]
    public void AnyNumberOfThreadsGivesTheSameBits([ValueSource(nameof(s_kinds))] ReduceKind kind)
    {
        foreach ((int[] dims, int[] axes) in s_cases)
        {
            Shape shape = Shape.Create(dims);
            NDArray x = Numbers(kind, shape, seed: 7);
            var results = new List<int[]>();
            foreach (int threads in new[] { 1, 2, 3 })
            {
                using Device device = Device.Cpu(threads);
                Tensor input = T.Input(shape, "x");
                using Function function = T.Function([input], ReduceOf(kind, input * 1.5f, axes), device: device);
                for (int run = 0; run < 2; run++) results.Add(function.Eval(x)[0].Span<float>().ToArray().Select(BitConverter.SingleToInt32Bits).ToArray());
            }
            foreach (int[] other in results[1..]) Assert.That(other, Is.EqualTo(results[0]), $"{shape} over {string.Join(' ', axes)}");
        }
    }

    /// <summary>A sum of products, or of squares, multiplies as it adds; it is the sum of the same products stored first.</summary>
    [Test]
    public void SumsOfProductsHaveTheBitsOfTheSumOfStoredProducts()
    {
        using Device device = Device.Cpu(2);
        foreach ((int[] dims, int[] axes) in s_cases)
        {
            Shape shape = Shape.Create(dims);
            Tensor x = T.Input(shape, "x"), y = T.Input(shape, "y"), products = T.Input(shape, "products");
            NDArray a = Numbers(ReduceKind.Sum, shape, 1), b = Numbers(ReduceKind.Sum, shape, 2), ab = NDArray.Zeros(shape), aa = NDArray.Zeros(shape);
            for (int i = 0; i < a.Count; i++) (ab.Span<float>()[i], aa.Span<float>()[i]) = (a.Span<float>()[i] * b.Span<float>()[i], a.Span<float>()[i] * a.Span<float>()[i]);
            using Function joined = T.Function([x, y], [Sum(x * y, axes: axes), Sum(Square(x), axes: axes)], device: device), plain = T.Function([products], Sum(products, axes: axes), device: device);
            NDArray[] sums = joined.Eval(a, b);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(sums[0].Bytes().ToArray(), Is.EqualTo(plain.Eval(ab)[0].Bytes().ToArray()), $"{shape} over {string.Join(' ', axes)}");
                Assert.That(sums[1].Bytes().ToArray(), Is.EqualTo(plain.Eval(aa)[0].Bytes().ToArray()), $"squares of {shape} over {string.Join(' ', axes)}");
            }
        }
    }

    [Test]
    public void StridedViewsAreReducedAsTheirElementsLie([Values(DType.Float32, DType.Int32, DType.Bool)] DType dtype)
    {
        using Device device = Device.Cpu(2);
        var random = new Random(3);
        for (int round = 0; round < 60; round++)
        {
            int a = random.Next(2, 40), b = random.Next(2, 40), c = random.Next(2, 40);
            NDArray x = NDArray.Zeros([a, b, c], dtype);
            for (int i = 0; i < x.Count; i++)
            {
                if (dtype == DType.Float32) x.Span<float>()[i] = random.NextSingle() * 2 - 1;
                else if (dtype == DType.Int32) x.Span<int>()[i] = random.Next(-1000, 1000);
                else x.Span<bool>()[i] = random.Next(2) == 0;
            }
            Tensor input = T.Input([a, b, c], "x", dtype);
            int[] order = [0, 1, 2];
            random.Shuffle(order);
            Tensor view = Transpose(Flip(Slice(input, (random.Next(a), a), (0, b, 2)), [random.Next(3)]), order);
            if (random.Next(2) == 0) view = T.BroadcastTo(ExpandDims(view, 0), [3, .. view.Shape.Dims]);
            int[] axes = [.. Enumerable.Range(0, view.Rank).Where(_ => random.Next(2) == 0)];
            // The view's elements one by one, by the reference; then the loop over them.
            ReferenceArray elements = Interpreter.Evaluate([view], _ => ReferenceArray.From(x), default)[0];
            Tensor numbers = dtype == DType.Bool ? Cast(view, DType.Int32) : view;
            ReduceKind kind = s_kinds[random.Next(3)];
            using Function function = T.Function([input], ReduceOf(kind, numbers, axes), device: device);
            NDArray actual = function.Eval(x)[0];
            (double[] expected, double[] magnitudes) = Plain(kind, i => elements.Data[i], view.Shape, axes);
            for (int i = 0; i < expected.Length; i++)
            {
                double difference = Math.Abs(actual.ToDouble(i) - expected[i]);
                if (!(difference <= (dtype == DType.Float32 && kind == ReduceKind.Sum ? 1e-6 * magnitudes[i] : 0))) Assert.Fail($"round {round}: {kind} of {view} over {string.Join(' ', axes)}: {actual.ToDouble(i)} for {expected[i]}");
            }
        }
    }

    [Test]
    public void AProductThatLeavesFloatsRangeComesBack([Values(0, 1)] int axis)
    {
        using Device device = Device.Cpu(1);
        Tensor x = Matrix("x");
        using Function function = T.Function([x], Prod(x, axis), device: device);
        NDArray factors = NDArray.From([1e30f, 1e30f, 1e-30f, 1e-30f], axis == 0 ? [4, 1] : [1, 4]);
        Assert.That(function.Run(factors).Scalar(), Is.EqualTo(1).Within(1e-6f));
    }

    [Test]
    public void ASumOfIntsWrapsAlsoBeyondWhatFloat64Holds()
    {
        const int Count = 6_000_001;   // times 2^31 - 1 is above 2^53
        using Device device = Device.Cpu(1);
        Tensor n = Vector("n", DType.Int32);
        using Function function = T.Function([n], Sum(n), device: device);
        NDArray ones = NDArray.Zeros([Count], DType.Int32);
        ones.Span<int>().Fill(int.MaxValue);
        Assert.That(function.Eval(ones)[0].Span<int>()[0], Is.EqualTo(unchecked(Count * int.MaxValue)));
    }

    [Test]
    public void TheLargestOfNoIntsIsTheSmallestInt([Values] bool debug)
    {
        using Device device = Device.Cpu(1);
        Tensor n = Vector("n", DType.Int32);
        using Function function = T.Function([n], [Max(n), Min(n)], device: device, mode: debug ? Mode.Debug : Mode.Fast);
        NDArray[] results = function.Eval(NDArray.Zeros([0], DType.Int32));
        Assert.That(results.Select(result => result.Span<int>()[0]), Is.EqualTo(new[] { int.MinValue, int.MaxValue }));
    }

    [Test]
    public void NaNSurvivesInEveryPlaceOfASplitReduction([Values(ReduceKind.Max, ReduceKind.Min, ReduceKind.Sum)] ReduceKind kind)
    {
        using Device device = Device.Cpu(3);
        Tensor x = Vector("x"), m = Matrix("m");
        using Function all = T.Function([x], ReduceOf(kind, x, [0]), device: device), columns = T.Function([m], ReduceOf(kind, m, [0]), device: device);
        NDArray numbers = NDArray.Zeros([100_003]);
        foreach (int bad in new[] { 0, 1, 1023, 1024, 50_000, 65_535, 99_999, 100_002 })
        {
            numbers.Span<float>()[bad] = float.NaN;
            Assert.That(all.Run(numbers).Scalar(), Is.NaN, $"element {bad}");
            float[] results = columns.Eval(numbers.Rows(0, 100_000).Reshape([10_000, 10]))[0].Span<float>().ToArray();
            for (int column = 0; column < 10; column++) Assert.That(float.IsNaN(results[column]), Is.EqualTo(bad < 100_000 && bad % 10 == column), $"element {bad}, column {column}");
            numbers.Span<float>()[bad] = 0;
        }
    }
}
