// The table of all ops. Being listed here is what gets an op its value, gradient, agreement and documentation tests.
//
// A row: name, builder, shapes of the inputs, the expression, the domain of each input; then a formula of its own for elementwise ops, and examples
// worked by hand. The elementwise ops are in this file, the others in OpTable.Tensors.cs.
using static MiniDL.T;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Ops;

internal static partial class OpTable
{
    private const float Inf = float.PositiveInfinity;
    private const float NaN = float.NaN;

    public static IReadOnlyList<OpRow> Rows { get; } = [.. Unary(), .. Binary(), .. Logic(), .. Casts(), .. Reductions(), .. Products(), .. Views(), .. Indexing(), .. Windows(), .. Normalised(), .. RandomNumbers(), .. Losses()];

    private static IEnumerable<OpRow> Unary()
    {
        yield return Elementwise(nameof(Neg), x => Neg(x), x => -x, Draw.Real).With(Unary([1, -2, 0, NaN, Inf], [-1, 2, 0, NaN, -Inf]));
        yield return Elementwise(nameof(Exp), x => Exp(x), x => Math.Pow(Math.E, x), Draw.Real).With(Unary([0, NaN, Inf, -Inf, 89, -200], [1, NaN, Inf, 0, Inf, 0]));
        yield return Elementwise(nameof(Log), x => Log(x), x => Math.Log2(x) * Math.Log(2), Draw.Positive).With(Unary([1, 0, -1, NaN, Inf], [0, -Inf, NaN, NaN, Inf]));
        yield return Elementwise(nameof(Log1p), x => Log1p(x), x => Math.Log(1 + x), Draw.Unit).With(Unary([0, 1e-30f, -1, -2, NaN, Inf, -Inf], [0, 1e-30f, -Inf, NaN, NaN, Inf, NaN]));
        yield return Elementwise(nameof(Expm1), x => Expm1(x), x => Math.Exp(x) - 1, Draw.Real).With(Unary([0, 1e-30f, -Inf, NaN, Inf, 1e4f], [0, 1e-30f, -1, NaN, Inf, Inf]));
        yield return Elementwise(nameof(Sqrt), x => Sqrt(x), x => Math.Pow(x, 0.5), Draw.Positive).With(Unary([4, 0, -1, NaN, Inf], [2, 0, NaN, NaN, Inf]));
        yield return Elementwise(nameof(Rsqrt), x => Rsqrt(x), x => Math.Pow(x, -0.5), Draw.Positive).With(Unary([4, 0, -1, NaN, Inf], [0.5f, Inf, NaN, NaN, 0]));
        yield return Elementwise(nameof(Square), x => Square(x), x => Math.Pow(x, 2), Draw.Real).With(Unary([3, -3, 0, NaN, -Inf, 1e20f], [9, 9, 0, NaN, Inf, Inf]));
        yield return Elementwise(nameof(Abs), x => Abs(x), x => x < 0 ? -x : x, Draw.Real).With(Unary([3, -3, 0, NaN, -Inf], [3, 3, 0, NaN, Inf]));
        yield return (Elementwise(nameof(Sign), x => Sign(x), x => x / Math.Abs(x), Draw.Real) with { Twice = false }).With(Unary([3, -3, 0, NaN, -Inf, 1e-45f], [1, -1, 0, NaN, -1, 1]));
        yield return Elementwise(nameof(Sin), x => Sin(x), x => Math.Cos(x - Math.PI / 2), Draw.Real).With(Unary([0, NaN, Inf], [0, NaN, NaN]));
        yield return Elementwise(nameof(Cos), x => Cos(x), x => Math.Sin(x + Math.PI / 2), Draw.Real).With(Unary([0, NaN, Inf], [1, NaN, NaN]));
        yield return Elementwise(nameof(Tanh), x => Tanh(x), x => 1 - 2 / (Math.Exp(2 * x) + 1), Draw.Real).With(Unary([0, NaN, Inf, -Inf, 1e4f], [0, NaN, 1, -1, 1]));
        yield return Elementwise(nameof(Sigmoid), x => Sigmoid(x), x => 0.5 + 0.5 * Math.Tanh(x / 2), Draw.Real).With(Unary([0, NaN, Inf, -Inf, -1e4f], [0.5f, NaN, 1, 0, 0]));
        yield return Elementwise(nameof(Softplus), x => Softplus(x), x => Math.Log(1 + Math.Exp(x)), Draw.Real).With(Unary([0, NaN, Inf, -Inf, 1e4f, -1e4f], [0.6931472f, NaN, Inf, 0, 1e4f, 0]));
        yield return Elementwise(nameof(Relu), x => Relu(x), x => (x + Math.Abs(x)) / 2, Draw.Real).With(Unary([3, -3, 0, NaN, Inf, -Inf], [3, 0, 0, NaN, Inf, 0]));
        yield return Elementwise(nameof(Erf), x => Erf(x), Tiles.Truth.Erf, Draw.Real).With(Unary([0, NaN, Inf, -Inf, 1, -6.5f], [0, NaN, 1, -1, 0.8427008f, -1]));
        yield return Elementwise(nameof(Reciprocal), x => Reciprocal(x), x => Math.Pow(x, -1), Draw.Real).With(Unary([4, 0, -0f, NaN, Inf], [0.25f, Inf, -Inf, NaN, 0]));
        yield return (Elementwise(nameof(Floor), x => Floor(x), x => x - ((x % 1) + 1) % 1, Draw.Real) with { Twice = false }).With(Unary([1.5f, -1.5f, -0.25f, 2, NaN, Inf], [1, -2, -1, 2, NaN, Inf]));
        yield return Ints(nameof(Neg), x => Neg(x[0]), 1, x => -x[0]).With(UnaryInt([1, int.MinValue], [-1, int.MinValue]));
        yield return Ints(nameof(Square), x => Square(x[0]), 1, x => x[0] * x[0]).With(UnaryInt([-3, 65536, 46341], [9, 0, -2147479015]));
        yield return Ints(nameof(Abs), x => Abs(x[0]), 1, x => x[0] < 0 ? -x[0] : x[0]).With(UnaryInt([-3, int.MinValue], [3, int.MinValue]));
        yield return new OpRow("zeros_like", nameof(ZerosLike), gen => [Shape.Create(gen.Dims(2))], x => ZerosLike(x[0]), Draw.Real) { Differentiable = false, Formula = _ => 0 };
        yield return new OpRow("ones_like", nameof(OnesLike), gen => [Shape.Create(gen.Dims(2))], x => OnesLike(x[0]), Draw.Real) { Differentiable = false, Formula = _ => 1 };
        yield return Elementwise(nameof(StopGradient), x => StopGradient(x), x => x, Draw.Real) with { Differentiable = false };
    }

    private static IEnumerable<OpRow> Binary()
    {
        yield return Elementwise2(nameof(Add), x => Add(x[0], x[1]), x => x[0] - -x[1], Draw.Real, Draw.Real).With(Binary([1, Inf, NaN, 1], [2, -Inf, 1, NaN], [3, NaN, NaN, NaN]));
        yield return Elementwise2(nameof(Sub), x => Sub(x[0], x[1]), x => x[0] + -x[1], Draw.Real, Draw.Real).With(Binary([1, Inf, NaN, 1], [2, Inf, 1, NaN], [-1, NaN, NaN, NaN]));
        yield return Elementwise2(nameof(Mul), x => Mul(x[0], x[1]), x => x[0] / (1 / x[1]), Draw.Real, Draw.Real).With(Binary([3, 0, 0, 1e30f], [2, Inf, NaN, 1e30f], [6, NaN, NaN, Inf]));
        yield return Elementwise2(nameof(Div), x => Div(x[0], x[1]), x => x[0] * Math.Pow(x[1], -1), Draw.Real, Draw.Real).With(Binary([3, 1, -1, 0, 1], [2, 0, 0, 0, Inf], [1.5f, Inf, -Inf, NaN, 0]));
        yield return Elementwise2(nameof(Pow), x => Pow(x[0], x[1]), x => Math.Exp(x[1] * Math.Log(x[0])), Draw.Positive, Draw.Real)
            .With(Binary([2, -2, -2, 0, 0, -8, NaN, 1], [3, 3, 0.5f, 0, -1, 2, 0, NaN], [8, -8, NaN, 1, Inf, 64, 1, 1]));
        yield return Elementwise2(nameof(Maximum), x => Maximum(x[0], x[1]), x => x[0] > x[1] ? x[0] : x[1], Draw.Real, Draw.Real).With(Binary([1, NaN, 1, -Inf], [2, 1, NaN, 3], [2, NaN, NaN, 3]));
        yield return Elementwise2(nameof(Minimum), x => Minimum(x[0], x[1]), x => x[0] < x[1] ? x[0] : x[1], Draw.Real, Draw.Real).With(Binary([1, NaN, 1, -Inf], [2, 1, NaN, 3], [1, NaN, NaN, -Inf]));
        yield return Ints(nameof(Add), x => Add(x[0], x[1]), 2, x => x[0] + x[1]).With(BinaryInt([int.MaxValue, 2], [1, 3], [int.MinValue, 5]));
        yield return Ints(nameof(Sub), x => Sub(x[0], x[1]), 2, x => x[0] - x[1]).With(BinaryInt([int.MinValue, 2], [1, 3], [int.MaxValue, -1]));
        yield return Ints(nameof(Mul), x => Mul(x[0], x[1]), 2, x => x[0] * x[1]).With(BinaryInt([1 << 20, 123456789, int.MinValue], [1 << 20, 987654321, -1], [0, -67153019, int.MinValue]));
        yield return Ints(nameof(Maximum), x => Maximum(x[0], x[1]), 2, x => Math.Max(x[0], x[1]));
        yield return Ints(nameof(Minimum), x => Minimum(x[0], x[1]), 2, x => Math.Min(x[0], x[1]));
        yield return new OpRow("clip", nameof(Clip), gen => [Shape.Create(gen.Dims(2))], x => Clip(x[0], -1, 2), Draw.Real) { Formula = x => x[0] < -1 ? -1 : x[0] > 2 ? 2 : x[0] }
            .With(Unary([-5, 0.5f, 7, NaN, Inf, -Inf], [-1, 0.5f, 2, NaN, 2, -1]));
        yield return Ints(nameof(Clip), x => Clip(x[0], -1, 2), 1, x => Math.Clamp(x[0], -1, 2));
    }

    private static IEnumerable<OpRow> Logic()
    {
        (string Builder, Func<Tensor, Tensor, Tensor> Build, Func<double, double, bool> Means, bool[] OfSpecial)[] comparisons =
        [
            (nameof(Less), (a, b) => Less(a, b), (a, b) => a < b, [true, false, false, false, false]),
            (nameof(LessEqual), (a, b) => LessEqual(a, b), (a, b) => !(a > b), [true, true, false, false, false]),
            (nameof(Greater), (a, b) => Greater(a, b), (a, b) => b < a, [false, false, true, false, false]),
            (nameof(GreaterEqual), (a, b) => GreaterEqual(a, b), (a, b) => !(b > a), [false, true, true, false, false]),
            (nameof(Equal), (a, b) => Equal(a, b), (a, b) => a - b == 0, [false, true, false, false, false]),
            (nameof(NotEqual), (a, b) => NotEqual(a, b), (a, b) => a - b != 0, [true, false, true, true, true]),
        ];
        foreach (var (builder, build, means, special) in comparisons)
        {
            foreach (Draw draw in builder is nameof(Equal) or nameof(NotEqual) ? new[] { Draw.Real, Draw.Index(4), Draw.Bool } : [Draw.Real, Draw.Index(4)])
                yield return new OpRow($"{Symbol(builder)} {draw.DType.Label()}", builder, gen => gen.Broadcasting(2), x => build(x[0], x[1]), draw, draw)
                { Formula = x => means(x[0], x[1]) ? 1 : 0, Differentiable = false };
            yield return new OpRow($"{Symbol(builder)} special", builder, _ => [[5], [5]], x => build(x[0], x[1]), Draw.Real, Draw.Real) { Differentiable = false }
                .With(new Example([Vec(1, 2, Inf, NaN, NaN), Vec(2, 2, 1, NaN, 1)], BoolVec(special)));
        }
        yield return Bools(nameof(And), x => And(x[0], x[1]), 2, x => x[0] * x[1]);
        yield return Bools(nameof(Or), x => Or(x[0], x[1]), 2, x => Math.Sign(x[0] + x[1]));
        yield return Bools(nameof(Not), x => Not(x[0]), 1, x => 1 - x[0]);
        foreach (Draw draw in new[] { Draw.Real, Draw.Int, Draw.Bool })
            yield return new OpRow($"where {draw.DType.Label()}", nameof(Where), gen => gen.Broadcasting(3), x => Where(x[0], x[1], x[2]), Draw.Bool, draw, draw)
            { Formula = x => x[0] * x[1] + (1 - x[0]) * x[2], Differentiable = draw.DType == DType.Float32 };
        yield return new OpRow("where special", nameof(Where), _ => [[2], [2], [2]], x => Where(x[0], x[1], x[2]), Draw.Bool, Draw.Real, Draw.Real)
            .With(new Example([BoolVec(true, false), Vec(1, NaN), Vec(NaN, 2)], Vec(1, 2)));
    }

    private static IEnumerable<OpRow> Casts()
    {
        yield return CastOf(Draw.Real, DType.Int32, Math.Truncate).With(new Example([Vec(1.9f, -1.9f, NaN, 1e20f, -Inf)], IntArr([5], 1, -1, 0, int.MaxValue, int.MinValue)));
        yield return CastOf(Draw.Real, DType.Bool, x => x == 0 ? 0 : 1).With(new Example([Vec(0, -0f, 1e-45f, NaN, -Inf)], BoolVec(false, false, true, true, true)));
        yield return CastOf(Draw.Int, DType.Float32, x => x).With(new Example([IntArr([2], 7, 16777217)], Vec(7, 16777216)));
        yield return CastOf(Draw.Int, DType.Bool, x => x == 0 ? 0 : 1);
        yield return CastOf(Draw.Bool, DType.Float32, x => x);
        yield return CastOf(Draw.Bool, DType.Int32, x => x);
    }

    private static OpRow CastOf(Draw draw, DType to, Func<double, double> means) =>
        new($"cast {draw.DType.Label()} to {to.Label()}", nameof(Cast), gen => [Shape.Create(gen.Dims(2))], x => Cast(x[0], to), draw) { Formula = x => means(x[0]), Differentiable = false };

    private static OpRow Elementwise(string builder, Func<Tensor, Tensor> build, Func<double, double> formula, Draw draw) =>
        new(Symbol(builder), builder, gen => [Shape.Create(gen.Dims(gen.Between(0, 3)))], x => build(x[0]), draw) { Formula = x => formula(x[0]) };

    private static OpRow Elementwise2(string builder, Func<Tensor[], Tensor> build, Func<double[], double> formula, Draw a, Draw b) =>
        new(Symbol(builder), builder, gen => gen.Broadcasting(2), build, a, b) { Formula = formula };

    private static OpRow Ints(string builder, Func<Tensor[], Tensor> build, int arity, Func<int[], int> means) =>
        new($"{Symbol(builder)} int32", builder, gen => gen.Broadcasting(arity), build, [.. Enumerable.Repeat(Draw.Int, arity)]) { Formula = x => means([.. x.Select(v => (int)v)]), Differentiable = false };

    private static OpRow Bools(string builder, Func<Tensor[], Tensor> build, int arity, Func<double[], double> means) =>
        new(Symbol(builder), builder, gen => gen.Broadcasting(arity), build, [.. Enumerable.Repeat(Draw.Bool, arity)]) { Formula = means, Differentiable = false };

    private static Example Unary(float[] x, float[] y) => new([Vec(x)], Vec(y));

    private static Example UnaryInt(int[] x, int[] y) => new([IntArr([x.Length], x)], IntArr([y.Length], y));

    private static Example Binary(float[] a, float[] b, float[] y) => new([Vec(a), Vec(b)], Vec(y));

    private static Example BinaryInt(int[] a, int[] b, int[] y) => new([IntArr([a.Length], a), IntArr([b.Length], b)], IntArr([y.Length], y));

    /// <summary>The name in listings of what a builder makes: LessEqual is less_equal.</summary>
    private static string Symbol(string builder) => string.Concat(builder.Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
