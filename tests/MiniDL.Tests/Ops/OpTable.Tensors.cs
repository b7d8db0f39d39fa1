// The table's rows of reductions, products, views, joins and indexing.
using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Ops;

internal static partial class OpTable
{
    private static IEnumerable<OpRow> Reductions()
    {
        NDArray m = Arr([2, 3], 1, 2, 3, 4, 5, 6), withNaN = Arr([2, 3], 1, NaN, 3, 4, 5, Inf), none = NDArray.Zeros([0, 3]);
        yield return Reduction("sum all", nameof(Sum), 3, x => Sum(x), Draw.Real).With(new([m], 21), new([none], 0), new([withNaN], NaN));
        yield return Reduction("sum axis 0", nameof(Sum), 2, x => Sum(x, 0), Draw.Real).With(new([m], Vec(5, 7, 9)), new([none], Vec(0, 0, 0)));
        yield return Reduction("sum axis -1", nameof(Sum), 2, x => Sum(x, -1), Draw.Real).With(new([m], Vec(6, 15)), new([withNaN], Vec(NaN, Inf)));
        yield return Reduction("sum axes 0 2", nameof(Sum), 3, x => Sum(x, axes: [0, 2]), Draw.Real).With(new Example([Counting([2, 2, 2])], Vec(10, 18)));
        yield return Reduction("sum axis 1 kept", nameof(Sum), 3, x => Sum(x, 1, keepDims: true), Draw.Real).With(new Example([Counting([2, 2, 2])], Arr([2, 1, 2], 2, 4, 10, 12)));
        yield return Reduction("sum axes 0 2 3 kept", nameof(Sum), 4, x => Sum(x, axes: [-1, 0, 2], keepDims: true), Draw.Real).With(new Example([Counting([2, 2, 1, 2])], Arr([1, 2, 1, 1], 10, 18)));
        yield return Reduction("sum int32", nameof(Sum), 2, x => Sum(x, 1), Draw.Int).With(new([IntArr([1, 2], int.MaxValue, 1)], IntArr([1], int.MinValue)), new([IntArr([2, 2], 1, 2, 3, 4)], IntArr([2], 3, 7)));
        yield return Reduction("mean all", nameof(Mean), 2, x => Mean(x), Draw.Real).With(new([m], 3.5f), new([none], NaN));
        yield return Reduction("mean axis 0", nameof(Mean), 2, x => Mean(x, 0), Draw.Real).With(new Example([m], Vec(2.5f, 3.5f, 4.5f)));
        yield return Reduction("mean axes kept", nameof(Mean), 4, x => Mean(x, axes: [0, 2, 3], keepDims: true), Draw.Real).With(new Example([Counting([2, 2, 1, 2])], Arr([1, 2, 1, 1], 2.5f, 4.5f)));
        yield return Reduction("max all", nameof(Max), 2, x => Max(x), Draw.Distinct).With(new([m], 6), new([withNaN], NaN), new([none], -Inf));
        yield return Reduction("max axis 1", nameof(Max), 3, x => Max(x, 1), Draw.Distinct).With(new Example([Counting([2, 2, 2])], Arr([2, 2], 2, 3, 6, 7)));
        yield return Reduction("max axis -1 kept", nameof(Max), 2, x => Max(x, -1, keepDims: true), Draw.Distinct).With(new Example([withNaN], Arr([2, 1], NaN, Inf)));
        yield return Reduction("max int32", nameof(Max), 2, x => Max(x, 0), Draw.Int).With(new Example([IntArr([2, 2], int.MinValue, 5, -3, 4)], IntArr([2], -3, 5)));
        yield return Reduction("min all", nameof(Min), 2, x => Min(x), Draw.Distinct).With(new([m], 1), new([withNaN], NaN), new([none], Inf));
        yield return Reduction("min axes 0 1", nameof(Min), 3, x => Min(x, axes: [0, 1]), Draw.Distinct).With(new Example([Counting([2, 2, 2])], Vec(0, 1)));
        yield return Reduction("prod all", nameof(Prod), 2, x => Prod(x), Draw.NearOne).With(new([m], 720), new([withNaN], NaN), new([none], 1));
        yield return Reduction("prod axis 0", nameof(Prod), 2, x => Prod(x, 0), Draw.NearOne).With(new Example([m], Vec(4, 10, 18)));
        yield return Reduction("prod int32", nameof(Prod), 2, x => Prod(x, 1), Draw.Index(3)).With(new Example([IntArr([2, 2], 65536, 65536, 46341, 46341)], IntArr([2], 0, -2147479015)));
        yield return Reduction("var all", nameof(Var), 2, x => Var(x), Draw.Real).With(new Example([m], 35f / 12));
        yield return Reduction("var axis 1 kept", nameof(Var), 3, x => Var(x, 1, keepDims: true), Draw.Real).With(new Example([Counting([1, 3, 2])], Arr([1, 1, 2], 8f / 3, 8f / 3)));
        yield return Choice("argmax axis 1", x => ArgMax(x, 1)).With(new Example([Arr([4, 3], 1, 3, 2, 5, 5, 4, 1, NaN, NaN, -Inf, -Inf, -Inf)], IntArr([4], 1, 0, 1, 0)));
        yield return Choice("argmax axis 0 kept", x => ArgMax(x, 0, keepDims: true)).With(new Example([Arr([3, 2], 1, 9, 7, NaN, 7, 9)], IntArr([1, 2], 1, 1)));
        yield return Choice("argmax all", x => ArgMax(x)).With(new Example([Arr([2, 2], 1, 7, 7, 0)], IntArr([], 1)));
        yield return Choice("argmax int32", x => ArgMax(x, -1), Draw.Int).With(new Example([IntArr([1, 3], int.MinValue, 4, 4)], IntArr([1], 1)));
    }

    private static IEnumerable<OpRow> Products()
    {
        NDArray a = Arr([2, 3], 1, 2, 3, 4, 5, 6), b = Arr([3, 2], 7, 8, 9, 10, 11, 12);
        yield return Product("dot vector vector", gen => { int[] d = gen.Dims(1); return [[d[0]], [d[0]]]; }).With(new Example([Vec(1, 2, 3), Vec(4, 5, 6)], 32));
        yield return Product("dot matrix vector", gen => { int[] d = gen.Dims(2); return [[d[0], d[1]], [d[1]]]; }).With(new Example([a, Vec(1, 0, -1)], Vec(-2, -2)));
        yield return Product("dot vector matrix", gen => { int[] d = gen.Dims(2); return [[d[0]], [d[0], d[1]]]; }).With(new Example([Vec(1, 0, -1), b], Vec(-4, -4)));
        yield return Product("dot matrix matrix", gen => { int[] d = gen.Dims(3); return [[d[0], d[1]], [d[1], d[2]]]; }).With(new([a, b], Arr([2, 2], 58, 64, 139, 154)), new([NDArray.Zeros([2, 0]), NDArray.Zeros([0, 1])], Arr([2, 1], 0, 0)));
        yield return Product("dot batched", gen => { int[] d = gen.Dims(4); return [[d[0], d[1], d[2]], [d[0], d[2], d[3]]]; }).With(new Example([Arr([2, 1, 2], 1, 2, 3, 4), Arr([2, 2, 1], 5, 6, 7, 8)], Arr([2, 1, 1], 17, 53)));
        yield return Product("dot batch of one", gen => { int[] d = gen.Dims(4); return [[1, d[1], d[2]], [d[0], d[2], d[3]]]; }).With(new Example([Arr([1, 1, 2], 1, 2), Arr([2, 2, 1], 5, 6, 7, 8)], Arr([2, 1, 1], 17, 23)));
        yield return Product("dot matrix by batch", gen => { int[] d = gen.Dims(4); return [[d[1], d[2]], [d[0], d[2], d[3]]]; }).With(new Example([Arr([1, 2], 1, 2), Arr([2, 2, 1], 5, 6, 7, 8)], Arr([2, 1, 1], 17, 23)));
        yield return Product("dot two batch axes", gen => { int[] d = gen.Dims(5); return [[d[0], 1, d[2], d[3]], [d[1], d[3], d[4]]]; });
        yield return Product("dot batch by vector", gen => { int[] d = gen.Dims(3); return [[d[0], d[1], d[2]], [d[2]]]; }).With(new Example([Arr([2, 1, 2], 1, 2, 3, 4), Vec(1, -1)], Arr([2, 1], -1, -1)));
    }

    private static IEnumerable<OpRow> Views()
    {
        NDArray m = Counting([2, 3]);
        yield return View("transpose", nameof(Transpose), 2, x => Transpose(x)).With(new Example([m], Arr([3, 2], 0, 3, 1, 4, 2, 5)));
        yield return View("transpose 0 2 3 1", nameof(Transpose), 4, x => Transpose(x, [0, 2, 3, 1])).With(new Example([Counting([1, 2, 1, 2])], Arr([1, 1, 2, 2], 0, 2, 1, 3)));
        yield return View("dimshuffle x 1 0", nameof(DimShuffle), 2, x => DimShuffle(x, [-1, 1, 0])).With(new Example([m], Arr([1, 3, 2], 0, 3, 1, 4, 2, 5)));
        yield return new OpRow("dimshuffle drops", nameof(DimShuffle), gen => { int[] d = gen.Dims(2); return [[d[0], 1, d[1]]]; }, x => DimShuffle(x[0], [2, 0]), Draw.Real).With(new Example([Counting([2, 1, 2])], Arr([2, 2], 0, 2, 1, 3)));
        yield return View("expand_dims -1", nameof(ExpandDims), 2, x => ExpandDims(x, -1)).With(new Example([m], Counting([2, 3, 1])));
        yield return View("expand_dims 0", nameof(ExpandDims), 1, x => ExpandDims(x, 0)).With(new Example([Vec(1, 2)], Arr([1, 2], 1, 2)));
        yield return View("reshape", nameof(Reshape), 2, x => Reshape(x, [x.Shape[1], x.Shape[0]])).With(new Example([m], Counting([3, 2]))) with { NeedsShapes = true };
        yield return View("reshape, the rest", nameof(Reshape), 2, x => Reshape(x, [-1])).With(new Example([m], Counting([6])));
        yield return View("flatten", nameof(Flatten), 4, x => Flatten(x)).With(new Example([Counting([2, 1, 2, 2])], Counting([2, 4])));
        yield return View("flatten all", nameof(Flatten), 2, x => Flatten(x, 0)).With(new Example([m], Counting([6])));
        yield return new OpRow("broadcast", nameof(BroadcastTo), gen => [[gen.Dims(1)[0], 1]], x => BroadcastTo(x[0], [3, x[0].Shape[0], 4]), Draw.Real) { NeedsShapes = true }
            .With(new Example([Arr([2, 1], 1, 2)], Arr([3, 2, 4], [.. Enumerable.Repeat((float[])[1, 1, 1, 1, 2, 2, 2, 2], 3).SelectMany(row => row)])));
        yield return View("slice of rows", nameof(Slice), 2, x => Slice(x, (1, x.Shape[0])), least: 1).With(new Example([m], Arr([1, 3], 3, 4, 5))) with { NeedsShapes = true };
        yield return View("slice with steps", nameof(Slice), 2, x => Slice(x, All, (0, int.MaxValue, 2))).With(new Example([m], Arr([2, 2], 0, 2, 3, 5)));
        yield return View("slice in the middle", nameof(Slice), 3, x => Slice(x, (1, x.Shape[0], 2), (0, 1), (1, x.Shape[2], 3)), least: 1).With(new Example([Counting([3, 2, 5])], Arr([1, 1, 2], 11, 14))) with { NeedsShapes = true };
        yield return View("slice of nothing", nameof(Slice), 2, x => Slice(x, (0, 0)), least: 1).With(new Example([m], NDArray.Zeros([0, 3])));
        yield return View("rows", nameof(Rows), 2, x => Rows(x, 0, 1), least: 1).With(new Example([m], Arr([1, 3], 0, 1, 2)));
        yield return View("flip", nameof(Flip), 3, x => Flip(x, [0, -1])).With(new Example([Counting([2, 1, 2])], Arr([2, 1, 2], 3, 2, 1, 0)));
        yield return View("concat of one", nameof(Concat), 2, x => Concat([x])).With(new Example([m], m));
        yield return new OpRow("concat axis 0", nameof(Concat), gen => { int[] d = gen.Dims(3); return [[d[0], d[1]], [d[2], d[1]]]; }, x => Concat(x), Draw.Real, Draw.Real).With(new Example([Arr([1, 2], 1, 2), Arr([2, 2], 3, 4, 5, 6)], Arr([3, 2], 1, 2, 3, 4, 5, 6)));
        yield return new OpRow("concat axis -1", nameof(Concat), gen => { int[] d = gen.Dims(4); return [[d[0], d[1]], [d[0], d[2]], [d[0], d[3]]]; }, x => Concat(x, -1), Draw.Real, Draw.Real, Draw.Real).With(new Example([Arr([2, 1], 1, 2), Arr([2, 2], 3, 4, 5, 6), NDArray.Zeros([2, 0])], Arr([2, 3], 1, 3, 4, 2, 5, 6)));
        yield return new OpRow("stack", nameof(Stack), gen => { Shape s = Shape.Create(gen.Dims(2)); return [s, s]; }, x => Stack(x, 1), Draw.Real, Draw.Real).With(new Example([Arr([2, 2], 1, 2, 3, 4), Arr([2, 2], 5, 6, 7, 8)], Arr([2, 2, 2], 1, 2, 5, 6, 3, 4, 7, 8)));
        yield return View("pad", nameof(Pad), 2, x => Pad(x, [1, 0], [0, 2], 9)).With(new Example([Arr([1, 2], 1, 2)], Arr([2, 4], 9, 9, 9, 9, 1, 2, 9, 9)));
    }

    private static IEnumerable<OpRow> Indexing()
    {
        NDArray table = Counting([3, 2]);
        yield return new OpRow("gather rows", nameof(GatherRows), gen => [[5, gen.Dims(1)[0]], [gen.Dims(1)[0]]], x => GatherRows(x[0], x[1]), Draw.Real, Draw.Index(5)).With(new Example([table, IntArr([4], 2, 0, 2, 1)], Arr([4, 2], 4, 5, 0, 1, 4, 5, 2, 3)));
        yield return new OpRow("gather by matrix", nameof(GatherRows), gen => [[5], Shape.Create(gen.Dims(2))], x => GatherRows(x[0], x[1]), Draw.Real, Draw.Index(5)).With(new Example([Vec(10, 20, 30), IntArr([1, 2], 2, 0)], Arr([1, 2], 30, 10)));
        yield return new OpRow("rows from a symbolic start", nameof(Rows), gen => [[7, gen.Dims(1)[0]], []], x => Rows(x[0], x[1], 3), Draw.Real, Draw.Index(5)).With(new Example([table, IntArr([], 0)], table));
        yield return new OpRow("range", nameof(Range), _ => [[]], _ => Range(4), Draw.Real) { Differentiable = false }.With(new Example([0], IntArr([4], 0, 1, 2, 3)));
        yield return new OpRow("one_hot", nameof(OneHot), gen => [Shape.Create(gen.Dims(2))], x => OneHot(x[0], 5), Draw.Index(6)) { Differentiable = false }.With(new Example([IntArr([3], 4, 0, 5)], Arr([3, 5], 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
    }

    private static OpRow Reduction(string name, string builder, int rank, Func<Tensor, Tensor> build, Draw draw) =>
        new(name, builder, gen => [Shape.Create(gen.Dims(rank))], x => build(x[0]), draw) { Differentiable = draw.DType == DType.Float32 };

    private static OpRow Choice(string name, Func<Tensor, Tensor> build, Draw? draw = null) =>
        new(name, nameof(ArgMax), gen => [Shape.Create(gen.Dims(2, least: 1))], x => build(x[0]), draw ?? Draw.Distinct) { Differentiable = false };

    private static OpRow Product(string name, Func<Gen, Shape[]> shapes) => new(name, nameof(Dot), shapes, x => Dot(x[0], x[1]), Draw.Real, Draw.Real);

    private static OpRow View(string name, string builder, int rank, Func<Tensor, Tensor> build, int least = 0) =>
        new(name, builder, gen => [Shape.Create(gen.Dims(rank, least))], x => build(x[0]), Draw.Real);
}
