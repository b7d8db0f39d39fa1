// Random expressions from a seed: values and gradients over most ops, known and unknown dims, shared subexpressions, views, updates.
//
// The graph grows one op at a time from a pool; an op takes any members of the pool, so subexpressions are shared. Each new member is evaluated at
// once, and taken in only if its values are of moderate size: then float32 and float64 may be compared. The one thing to understand: every member is
// built twice, once on inputs whose dims are unknown and once on inputs whose dims are known; the second tells the shapes.
using static MiniDL.T;

namespace MiniDL.Tests;

/// <summary>A random graph with arrays for its inputs.</summary>
internal sealed class RandomGraph
{
    private readonly Gen _gen;
    private readonly List<(Tensor Declared, Tensor Known)> _pool = [];
    private readonly Dictionary<Tensor, NDArray> _arrays = [];   // of the known inputs, and of the declared ones

    /// <summary>A graph of about so many ops.</summary>
    public RandomGraph(int seed, int ops)
    {
        _gen = new Gen(seed) { Budget = 60 };
        var inputs = new List<Tensor>();
        for (int i = 0; i < _gen.Between(2, 4); i++) inputs.Add(AddInput(i));
        var variables = new List<Shared>();
        for (int i = 0; i < _gen.Below(3); i++) variables.Add(AddShared(i));
        for (int attempt = 0, made = 0; made < ops && attempt < 4 * ops; attempt++)
            if (TryAddOp()) made++;
        Inputs = [.. inputs];
        Roots = [.. ChooseRoots(inputs)];
        Updates = [.. variables.Select(ChooseUpdate)];
    }

    /// <summary>Inputs, some of their dims unknown.</summary>
    public Tensor[] Inputs { get; }

    /// <summary>What is computed: some values and some gradients.</summary>
    public Tensor[] Roots { get; }

    /// <summary>New values for the shared variables: steps of gradient descent, and anything of the right shape.</summary>
    public Update[] Updates { get; }

    /// <summary>The arrays that are fed.</summary>
    public NDArray[] Arrays => [.. Inputs.Select(input => _arrays[input])];

    private Tensor AddInput(int i)
    {
        Shape shape = Shape.Create(_gen.Dims(_gen.Between(0, 3)));
        Shape declared = Shape.Create([.. shape.Dims.ToArray().Select(dim => dim != 1 && _gen.OneIn(2) ? Shape.Unknown : dim)]);
        (Tensor Declared, Tensor Known) input = (Input(declared, $"x{i}"), Input(shape, $"x{i}"));
        _arrays[input.Declared] = _arrays[input.Known] = Draw.Real.Fill(_gen, shape);
        _pool.Add(input);
        return input.Declared;
    }

    private Shared AddShared(int i)
    {
        Shared variable = T.Shared(Draw.Real.Fill(_gen, Shape.Create(_gen.Dims(_gen.Between(1, 2)))), $"w{i}");
        _pool.Add((variable, variable));
        return variable;
    }

    private Update ChooseUpdate(Shared variable)
    {
        Tensor[] fitting = [.. _pool.Where(member => member.Known.Type == variable.Type && member.Declared.Shape.IsKnown).Select(member => member.Declared)];
        if (_gen.OneIn(3)) return new(variable, _gen.Pick(fitting));
        Tensor cost = Mean(Square(LateFloat())) + Mean(Sin(variable) * _gen.Pick(fitting));
        return new(variable, variable - 0.1f * Grad(cost, variable));
    }

    private IEnumerable<Tensor> ChooseRoots(List<Tensor> inputs)
    {
        for (int i = 0; i < _gen.Between(1, 2); i++) yield return Late().Declared;
        Tensor cost = Mean(Square(LateFloat())) + Sum(Tanh(LateFloat()));
        foreach (Tensor gradient in Grad(cost, inputs, zerosForDisconnected: true)) yield return gradient;
    }

    /// <summary>A member of the pool, more often a young one.</summary>
    private (Tensor Declared, Tensor Known) Late() => _pool[Math.Max(_gen.Below(_pool.Count), _gen.Below(_pool.Count))];

    private Tensor LateFloat()
    {
        Tensor[] floats = [.. _pool.Skip(_pool.Count / 2).Select(member => member.Declared).Where(tensor => tensor.DType == DType.Float32)];
        return floats.Length == 0 ? _pool[0].Declared : _gen.Pick(floats);
    }

    private bool TryAddOp()
    {
        (Tensor Declared, Tensor Known) a = Late(), b = Late();
        if (ChooseOp(a.Known, b.Known) is not { } op) return false;
        (Tensor Declared, Tensor Known) made = (op(a.Declared, b.Declared), op(a.Known, b.Known));
        if (!(made.Known.Shape.Count is > 0 and <= 4000)) return false;

        // A dim that nobody knew but that is 1 would have to stretch later, which is an error by design.
        for (int axis = 0; axis < made.Known.Rank; axis++)
            if (made.Declared.Shape[axis] == Shape.Unknown && made.Known.Shape[axis] == 1) return false;
        double[] values = Evaluation.Interpret([made.Known], _arrays)[0].Data;
        if (!values.All(value => Math.Abs(value) <= 1e3)) return false;
        _pool.Add(made);
        return true;
    }

    /// <summary>An op that fits shapes like those of two members, or null.</summary>
    private Func<Tensor, Tensor, Tensor>? ChooseOp(Tensor a, Tensor b)
    {
        if (a.DType != DType.Float32 || b.DType != DType.Float32) return null;
        int axis = a.Rank == 0 ? 0 : _gen.Below(a.Rank);
        return _gen.Below(10) switch
        {
            0 or 1 => Unary(),
            2 or 3 => Binary(a.Shape, b.Shape),
            4 => a.Rank == 0 ? null : Reduction(a.Rank),
            5 => a.Rank == 0 ? null : View(a, axis),
            6 => Join(a, b, axis),
            7 => Product(a, b),
            8 => a.Rank == 0 ? null : Softmaxes(axis),
            _ => Images(a) ?? Randomly(),
        };
    }

    private Func<Tensor, Tensor, Tensor> Unary() => _gen.Pick<Func<Tensor, Tensor, Tensor>>(
        (a, _) => Tanh(a), (a, _) => Sigmoid(a), (a, _) => Relu(a), (a, _) => Abs(a), (a, _) => -a, (a, _) => Softplus(a), (a, _) => Sin(a), (a, _) => Cos(a), (a, _) => Erf(a),
        (a, _) => Square(a), (a, _) => Exp(Clip(a, -3, 2)), (a, _) => Expm1(Tanh(a)), (a, _) => Log(0.2f + Square(a)), (a, _) => Log1p(Abs(a)), (a, _) => Sqrt(1 + Square(a)),
        (a, _) => Rsqrt(0.5f + Abs(a)), (a, _) => Reciprocal(1 + Square(a)), (a, _) => Sign(a) * a, (a, _) => Floor(a) + a, (a, _) => 1 / (1 + Exp(-a)), (a, _) => Log(Sigmoid(a)),
        (a, _) => Log(1 - Sigmoid(Clip(a, -6, 6))), (a, _) => a * 1 + 0, (a, _) => a * 0.5f * 3, (a, _) => a / 4 - 1, (a, _) => Pow(a, 2), (a, _) => StopGradient(a) * a, (a, _) => 1 - a,
        (a, _) => Exp(Tanh(a)) - 1, (a, _) => -(a * -2), (a, _) => Where(a > 0.3f & !(a > 1), a, 2 * a), (a, _) => a * Cast(a > 0, DType.Float32));

    private Func<Tensor, Tensor, Tensor>? Binary(Shape a, Shape b)
    {
        // Equal trailing dims, or 1, or a missing axis: what broadcasts.
        for (int back = 1; back <= Math.Min(a.Rank, b.Rank); back++)
            if (a[^back] != b[^back] && a[^back] != 1 && b[^back] != 1) return null;
        return _gen.Pick<Func<Tensor, Tensor, Tensor>>(
            (x, y) => x + y, (x, y) => x - y, (x, y) => x * y, (x, y) => x / (1 + Square(y)), (x, y) => Maximum(x, y), (x, y) => Minimum(x, y), (x, y) => x + -y, (x, y) => x - -y,
            (x, y) => Pow(0.5f + Abs(x), Tanh(y)), (x, y) => Where(x > y, x, y * 2), (x, y) => Where(x <= y | y < 0, x - y, x), (x, y) => x * x + y * y, (x, y) => Clip(x, Minimum(y, 0), 1));
    }

    private Func<Tensor, Tensor, Tensor> Reduction(int rank)
    {
        int[]? axes = _gen.OneIn(4) ? null : [.. Enumerable.Range(0, rank).Where(_ => _gen.OneIn(2))];
        bool keep = _gen.OneIn(2);
        return _gen.Pick<Func<Tensor, Tensor, Tensor>>(
            (a, _) => Sum(a, axes: axes, keepDims: keep), (a, _) => Mean(a, axes: axes, keepDims: keep), (a, _) => Max(a, axes: axes, keepDims: keep), (a, _) => Min(a, axes: axes, keepDims: keep),
            (a, _) => Var(a, axes: axes, keepDims: keep), (a, _) => Sum(Sum(Square(a), axes: axes, keepDims: true)), (a, _) => a - Mean(a, axes: axes, keepDims: true),
            (a, _) => Prod(1 + 0.1f * Tanh(a), axes: axes, keepDims: keep), (a, _) => Cast(ArgMax(a, 0, keepDims: true), DType.Float32) + Max(a, 0, keepDims: true));
    }

    private Func<Tensor, Tensor, Tensor> View(Tensor a, int axis)
    {
        int size = a.Shape[axis], start = _gen.Below(size), stop = _gen.Between(start + 1, size);
        int[] order = [.. Enumerable.Range(0, a.Rank)];
        (order[axis], order[^1]) = (order[^1], order[axis]);
        int[] rows = [.. Enumerable.Range(0, _gen.Between(1, 5)).Select(_ => _gen.Below(a.Shape[0]))];
        int[] low = [.. order.Select(_ => _gen.Below(2))], high = [.. order.Select(_ => _gen.Below(3))];
        Range[] ranges = [.. Enumerable.Range(0, a.Rank).Select(i => i == axis ? new Range(start, stop, _gen.Pick(1, 1, 2)) : All)];
        int step = _gen.Pick(1, 2, 3);
        Shape stretched = new Shape[] { [3, .. a.Shape.Dims], a.Shape }[_gen.Below(2)];
        return _gen.Pick<Func<Tensor, Tensor, Tensor>>(
            (x, _) => Transpose(x), (x, _) => Transpose(Transpose(x, order)), (x, _) => Reshape(x, [-1]), (x, _) => Flatten(x, axis), (x, _) => ExpandDims(x, axis), (x, _) => Flip(x, [axis]),
            (x, _) => Flip(Exp(Tanh(Flip(x, [axis]))), [axis]), (x, _) => T.Slice(x, ranges[0], ranges.ElementAtOrDefault(1) is { Stop: > 0 } r ? r : null, ranges.ElementAtOrDefault(2) is { Stop: > 0 } s ? s : null),
            (x, _) => T.Slice(x, (0, int.MaxValue, step)), (x, _) => GatherRows(x, Constant(NDArray.From(rows, [rows.Length]))), (x, _) => T.Pad(x, low, high, 0.5f),
            (x, _) => T.BroadcastTo(x, stretched) * 2, (x, _) => Rows(x, start: 0, 1));
    }

    private Func<Tensor, Tensor, Tensor>? Join(Tensor a, Tensor b, int axis)
    {
        if (a.Rank == 0 || a.Rank != b.Rank) return null;
        if (a.Shape.Equals(b.Shape) && _gen.OneIn(2)) return (x, y) => Stack([x, y, x], axis);
        return a.Shape.With(axis, 1).Equals(b.Shape.With(axis, 1)) ? (x, y) => Concat([x, Tanh(y)], axis) : null;
    }

    private Func<Tensor, Tensor, Tensor>? Product(Tensor a, Tensor b)
    {
        if (a.Rank == 2 && b.Rank == 2 && a.Shape[1] == b.Shape[0]) return (x, y) => Dot(x, y);
        if (a.Rank == 2 && b.Rank == 2 && a.Shape[0] == b.Shape[0]) return _gen.OneIn(2) ? (x, y) => 0.5f * Dot(Transpose(x), y) : (x, y) => -Dot(Transpose(y), x);
        if (a.Rank == 1 && b.Rank == 2 && a.Shape[0] == b.Shape[0]) return (x, y) => Dot(x, y);
        if (a.Rank == 1 && b.Rank == 1 && a.Shape[0] == b.Shape[0]) return (x, y) => Dot(x, y);
        if (a.Rank == 3 && b.Rank == 2 && a.Shape[2] == b.Shape[0]) return (x, y) => Dot(x, y);
        return a.Rank == 2 ? (x, _) => Dot(x, Transpose(x)) : a.Rank == 3 ? (x, _) => Dot(x, Transpose(x, [0, 2, 1])) : null;
    }

    private Func<Tensor, Tensor, Tensor> Softmaxes(int axis) => _gen.Pick<Func<Tensor, Tensor, Tensor>>(
        (a, _) => Softmax(a, axis), (a, _) => LogSoftmax(a, axis), (a, _) => LogSumExp(a, axis), (a, _) => Log(Softmax(a, axis)),
        (a, _) => Exp(a - Max(a, axis, keepDims: true)) / Sum(Exp(a - Max(a, axis, keepDims: true)), axis, keepDims: true),
        (a, _) => Log(Transpose(Exp(Clip(a, -9, 9)) / Sum(Exp(Clip(a, -9, 9)), axis, keepDims: true))), (a, _) => Log(Sum(Exp(Clip(a, -9, 9)), axis)));

    private Func<Tensor, Tensor, Tensor>? Images(Tensor a)
    {
        if (a.Rank < 2 || a.Shape[^1] < 3 || a.Shape[^2] < 3 || a.Rank > 3) return null;
        Shape image = Shape.Create([1, a.Rank == 3 ? a.Shape[0] : 1, a.Shape[^2], a.Shape[^1]]);
        Tensor filters = Constant(Draw.Unit.Fill(_gen, [2, image[1], _gen.Between(1, 3), _gen.Between(1, 3)]));
        ConvMode mode = _gen.Pick(ConvMode.Valid, ConvMode.Same, ConvMode.Full);
        (int, int) stride = (_gen.Between(1, 2), _gen.Between(1, 2));
        bool flip = _gen.OneIn(2), ceil = _gen.OneIn(2);
        return _gen.Pick<Func<Tensor, Tensor, Tensor>>(
            (x, _) => Conv2D(Reshape(x, image), filters, mode, stride, flip: flip), (x, _) => MaxPool2D(Reshape(x, image), (2, 2), ceil: ceil), (x, _) => MaxPool2D(Relu(Reshape(x, image)), (3, 2), (1, 2), ceil: ceil),
            (x, _) => AvgPool2D(Reshape(x, image), (2, 3), (2, 2), (1, 1), ceil), (x, _) => Sum(Conv2D(Reshape(x, image), filters, mode, stride, flip: flip), axes: [2, 3]));
    }

    private Func<Tensor, Tensor, Tensor> Randomly() => _gen.Pick<Func<Tensor, Tensor, Tensor>>(
        (a, _) => Dropout(a, 0.3f), (a, _) => a + 0.1f * Normal(a), (a, _) => a * Uniform(a), (a, _) => Where(Uniform(a) < 0.5f, a, -a));
}
