// The table's rows of convolutions, pooling, softmax and random numbers.
using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Ops;

internal static partial class OpTable
{
    private static IEnumerable<OpRow> Windows()
    {
        // Worked by hand on the image 0..8 (3x3) and the filter 1 2 / 3 4.
        NDArray image = Counting([1, 1, 3, 3]), filter = Arr([1, 1, 2, 2], 1, 2, 3, 4);
        yield return Conv("conv2d valid", 3, 3, (x, w) => Conv2D(x, w)).With(new Example([image, filter], Arr([1, 1, 2, 2], 27, 37, 57, 67)));
        yield return Conv("conv2d valid flip", 2, 3, (x, w) => Conv2D(x, w, flip: true)).With(new Example([image, filter], Arr([1, 1, 2, 2], 13, 23, 43, 53)));
        yield return Conv("conv2d same", 3, 2, (x, w) => Conv2D(x, w, ConvMode.Same)).With(new Example([image, filter], Arr([1, 1, 3, 3], 27, 37, 17, 57, 67, 29, 20, 23, 8)));
        yield return Conv("conv2d full", 3, 3, (x, w) => Conv2D(x, w, ConvMode.Full)).With(new Example([image, filter], Arr([1, 1, 4, 4], 0, 4, 11, 6, 12, 27, 37, 17, 30, 57, 67, 29, 12, 20, 23, 8)));
        yield return Conv("conv2d full flip", 1, 2, (x, w) => Conv2D(x, w, ConvMode.Full, flip: true)).With(new Example([image, filter], Arr([1, 1, 4, 4], 0, 1, 4, 4, 3, 13, 23, 18, 15, 43, 53, 36, 18, 45, 52, 32)));
        yield return Conv("conv2d stride", 2, 3, (x, w) => Conv2D(x, w, stride: (2, 3))).With(new Example([image, filter], Arr([1, 1, 1, 1], 27)));
        yield return Conv("conv2d padding and stride", 3, 3, (x, w) => Conv2D(x, w, stride: (2, 1), padding: (1, 2))).With(new Example([image, filter], Arr([1, 1, 2, 6], 0, 0, 4, 11, 6, 0, 0, 30, 57, 67, 29, 0)));
        yield return Conv("conv2d same stride", 3, 3, (x, w) => Conv2D(x, w, ConvMode.Same, stride: (2, 2))).With(new Example([image, filter], Arr([1, 1, 2, 2], 27, 17, 20, 8)));
        yield return Conv("conv2d 1x1", 1, 1, (x, w) => Conv2D(x, w)).With(new Example([Counting([1, 2, 1, 2]), Arr([1, 2, 1, 1], 10, 1)], Arr([1, 1, 1, 2], 2, 13)));

        NDArray five = Arr([1, 1, 1, 5], 1, 5, 5, NaN, 0);
        yield return Pool("max_pool", nameof(MaxPool2D), x => MaxPool2D(x, (2, 2))).With(new Example([image], Arr([1, 1, 1, 1], 4)));
        yield return Pool("max_pool ceil", nameof(MaxPool2D), x => MaxPool2D(x, (2, 2), ceil: true)).With(new Example([image], Arr([1, 1, 2, 2], 4, 5, 7, 8)));
        yield return Pool("max_pool overlapping", nameof(MaxPool2D), x => MaxPool2D(x, (3, 2), stride: (1, 1))).With(new Example([image], Arr([1, 1, 1, 2], 7, 8)));
        yield return Pool("max_pool padded", nameof(MaxPool2D), x => MaxPool2D(x, (3, 3), stride: (2, 2), padding: (1, 1))).With(new Example([Arr([1, 1, 3, 3], -1, -2, -3, -4, -5, -6, -7, -8, -9)], Arr([1, 1, 2, 2], -1, -2, -4, -5)));
        yield return Pool("max_pool ceil, stride above window", nameof(MaxPool2D), x => MaxPool2D(x, (1, 2), stride: (2, 3), ceil: true)).With(new Example([five], Arr([1, 1, 1, 2], 5, NaN)));
        yield return Pool("max_pool ceil, window above image", nameof(MaxPool2D), x => MaxPool2D(x, (40, 9), stride: (1, 2), ceil: true)).With(new Example([image], Arr([1, 1, 1, 1], 8)));
        yield return Pool("avg_pool", nameof(AvgPool2D), x => AvgPool2D(x, (2, 2))).With(new Example([image], Arr([1, 1, 1, 1], 2)));
        yield return Pool("avg_pool ceil", nameof(AvgPool2D), x => AvgPool2D(x, (2, 2), ceil: true)).With(new Example([image], Arr([1, 1, 2, 2], 2, 3.5f, 6.5f, 8)));
        yield return Pool("avg_pool padded", nameof(AvgPool2D), x => AvgPool2D(x, (2, 2), padding: (1, 1))).With(new Example([image], Arr([1, 1, 2, 2], 0, 1.5f, 4.5f, 6)));
        yield return Pool("avg_pool counts padding", nameof(AvgPool2D), x => AvgPool2D(x, (2, 2), padding: (1, 1), countPadding: true)).With(new Example([image], Arr([1, 1, 2, 2], 0, 0.75f, 2.25f, 6)));
        yield return Pool("avg_pool overlapping", nameof(AvgPool2D), x => AvgPool2D(x, (2, 3), stride: (1, 2), ceil: true)).With(new Example([image], Arr([1, 1, 2, 1], 2.5f, 5.5f)));
    }

    private static IEnumerable<OpRow> Normalised()
    {
        // e^0 : e^ln2 : e^ln5 is 1 : 2 : 5.
        float l2 = MathF.Log(2), l5 = MathF.Log(5), l8 = MathF.Log(8);
        NDArray x = Arr([2, 3], 0, l2, l5, 1e4f, 1e4f + l2, -1e4f), edge = Arr([3, 2], Inf, 0, NaN, 0, -Inf, 0);
        yield return Row("softmax", nameof(Softmax), x => Softmax(x)).With(new([Arr([1, 3], 0, l2, l5)], Arr([1, 3], 0.125f, 0.25f, 0.625f)), new([Arr([1, 2], 1e4f, -1e4f)], Arr([1, 2], 1, 0)), new([edge], Arr([3, 2], NaN, NaN, NaN, NaN, 0, 1)));
        yield return Row("softmax axis 0", nameof(Softmax), x => Softmax(x, 0)).With(new Example([Arr([3, 1], 0, l2, l5)], Arr([3, 1], 0.125f, 0.25f, 0.625f)));
        yield return Row("log_softmax", nameof(LogSoftmax), x => LogSoftmax(x)).With(new([Arr([1, 3], 0, l2, l5)], Arr([1, 3], -l8, l2 - l8, l5 - l8)), new([Arr([1, 2], 1e4f, -1e4f)], Arr([1, 2], 0, -2e4f)));
        yield return Row("log_softmax axis 0", nameof(LogSoftmax), x => LogSoftmax(x, 0)).With(new Example([Arr([2, 1], 0, 0)], Arr([2, 1], -l2, -l2)));
        yield return Row("log_sum_exp", nameof(LogSumExp), x => LogSumExp(x)).With(new([Arr([1, 3], 0, l2, l5)], Vec(l8)), new([Arr([1, 2], -1e4f, -1e4f)], Vec(-1e4f + l2)));
        yield return Row("log_sum_exp axis 0 kept", nameof(LogSumExp), x => LogSumExp(x, 0, keepDims: true)).With(new Example([Arr([2, 1], 0, 0)], Arr([1, 1], l2)));
    }

    private static IEnumerable<OpRow> RandomNumbers()
    {
        // The numbers themselves are tested in Tiles/PhiloxTests.cs, what they are used for in Functions/RandomnessTests.cs.
        yield return Randomly("uniform", nameof(Uniform), x => Uniform(x));
        yield return Randomly("normal", nameof(Normal), x => Normal(x));
        yield return Randomly("bernoulli", nameof(Bernoulli), x => Bernoulli(x, 0.3f));
        yield return Randomly("bernoulli 0", nameof(Bernoulli), x => Bernoulli(x, 0)).With(new Example([Vec(1, 2, 3)], Vec(0, 0, 0)));
        yield return Randomly("bernoulli 1", nameof(Bernoulli), x => Bernoulli(x, 1)).With(new Example([Vec(1, 2, 3)], Vec(1, 1, 1)));
        yield return new OpRow("dropout", nameof(Dropout), gen => [Shape.Create(gen.Dims(2))], x => Dropout(x[0], 0.4f), Draw.Real).With(new Example([Vec(0, 0)], Vec(0, 0)));
        yield return new OpRow("dropout 0", nameof(Dropout), gen => [Shape.Create(gen.Dims(2))], x => Dropout(x[0], 0), Draw.Real).With(new Example([Vec(1, NaN)], Vec(1, NaN)));
    }

    private static OpRow Conv(string name, int filterH, int filterW, Func<Tensor, Tensor, Tensor> build) =>
        new(name, nameof(Conv2D), gen =>
        {
            (int b, int c, int o) = (gen.Between(gen.Empty ? 0 : 1, 3), gen.Between(1, 3), gen.Between(1, gen.Budget > 100 ? 9 : 2));
            int side = gen.Budget > 100 ? 20 : 2;
            return [[b, c, filterH + gen.Below(side), filterW + gen.Below(side)], [o, c, filterH, filterW]];
        }, x => build(x[0], x[1]), Draw.Real, Draw.Real)
        { KnownInputs = [1] };

    private static OpRow Pool(string name, string builder, Func<Tensor, Tensor> build) =>
        new(name, builder, gen => [[gen.Between(gen.Empty ? 0 : 1, 2), gen.Between(1, 3), 3 + gen.Below(gen.Budget > 100 ? 30 : 3), 3 + gen.Below(gen.Budget > 100 ? 30 : 3)]], x => build(x[0]), Draw.Distinct);

    private static OpRow Row(string name, string builder, Func<Tensor, Tensor> build) =>
        new(name, builder, gen => [Shape.Create(gen.Dims(2, least: 1))], x => build(x[0]), Draw.Real);

    private static OpRow Randomly(string name, string builder, Func<Tensor, Tensor> build) =>
        new(name, builder, gen => [Shape.Create(gen.Dims(2))], x => build(x[0]), Draw.Real) { Differentiable = false };
}
