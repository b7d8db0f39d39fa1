// The table's rows of losses.
using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Ops;

internal static partial class OpTable
{
    private static IEnumerable<OpRow> Losses()
    {
        float l2 = MathF.Log(2), l4 = MathF.Log(4);
        yield return Loss(nameof(CategoricalCrossEntropy), (p, t) => CategoricalCrossEntropy(p, t), Draw.Positive).With(new Example([Arr([2, 2], 0.5f, 0.5f, 0.25f, 0.75f), Arr([2, 2], 1, 0, 1, 0)], Vec(l2, l4)));
        yield return Loss(nameof(CategoricalCrossEntropyFromLogits), (z, t) => CategoricalCrossEntropyFromLogits(z, t), Draw.Real).With(new Example([Arr([2, 2], 3, 3, 1e4f, -1e4f), Arr([2, 2], 1, 0, 0, 1)], Vec(l2, 2e4f)));
        yield return Loss(nameof(MeanSquaredError), (y, t) => MeanSquaredError(y, t), Draw.Real).With(new Example([Vec(1, 2), Vec(3, 2)], 2));
        yield return Loss(nameof(BinaryCrossEntropyFromLogits), (z, t) => BinaryCrossEntropyFromLogits(z, t), Draw.Real).With(new Example([Vec(0, 1e4f, 1e4f, -1e4f), Vec(1, 1, 0, 0)], Vec(l2, 0, 1e4f, 0)));
        yield return new OpRow("sparse_cross_entropy", nameof(SparseCrossEntropy), gen => { int b = gen.Dims(1)[0]; return [[b, 5], [b]]; }, x => SparseCrossEntropy(x[0], x[1]), Draw.Real, Draw.Index(5)) { KnownInputs = [0] }
            .With(new Example([Arr([3, 2], 0, 0, 1e4f, -1e4f, 5, 6), IntArr([3], 1, 1, -1)], Vec(l2, 2e4f, 0)));
        yield return Loss(nameof(KlDivergence), (p, t) => KlDivergence(p, t), Draw.Positive).With(new Example([Arr([2, 2], 0.25f, 0.75f, 0.5f, 0.5f), Arr([2, 2], 0.25f, 0.75f, 1, 0)], Vec(0, l2)));
        yield return new OpRow("entropy", nameof(Entropy), gen => [Shape.Create(gen.Dims(2, least: 1))], x => Entropy(x[0]), Draw.Positive).With(new Example([Arr([2, 2], 0.5f, 0.5f, 0, 1)], Vec(l2, 0)));
        yield return new OpRow("smooth_labels", nameof(SmoothLabels), gen => [Shape.Create(gen.Dims(2, least: 1))], x => SmoothLabels(x[0], 0.25f), Draw.Positive).With(new Example([Vec(0, 1)], Vec(0.125f, 0.875f)));
        yield return Penalty(nameof(L1), x => L1(x), 7);
        yield return Penalty(nameof(L2), x => L2(x), 25);
        yield return Penalty(nameof(GlobalNorm), x => GlobalNorm(x), 5);
    }

    private static OpRow Penalty(string builder, Func<Tensor[], Tensor> build, float of3And4) =>
        new OpRow(Symbol(builder), builder, gen => [Shape.Create(gen.Dims(2, least: 1)), Shape.Create(gen.Dims(1, least: 1))], build, Draw.Real, Draw.Real).With(new Example([Arr([1, 2], 0, -3), Vec(4)], of3And4));

    private static OpRow Loss(string builder, Func<Tensor, Tensor, Tensor> build, Draw first) =>
        new(Symbol(builder), builder, gen => { Shape s = Shape.Create(gen.Dims(2, least: 1)); return [s, s]; }, x => build(x[0], x[1]), first, Draw.Positive);
}
