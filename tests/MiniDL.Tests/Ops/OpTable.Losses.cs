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
    }

    private static OpRow Loss(string builder, Func<Tensor, Tensor, Tensor> build, Draw first) =>
        new(Symbol(builder), builder, gen => { Shape s = Shape.Create(gen.Dims(2, least: 1)); return [s, s]; }, x => build(x[0], x[1]), first, Draw.Positive);
}
