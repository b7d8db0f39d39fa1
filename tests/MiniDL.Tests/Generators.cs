// Where generated tests get their shapes and numbers: everything is a pure function of a seed, which a failing test prints.
namespace MiniDL.Tests;

/// <summary>Random choices from a seed.</summary>
internal sealed class Gen(int seed)
{
    private static readonly int[] s_dims = [1, 2, 3, 4, 5, 8, 16, 17, 31, 32, 33, 64, 65, 100, 257, 1000, 1025, 4097];
    private readonly Random _random = new(seed);

    public int Seed { get; } = seed;

    /// <summary>The largest number of elements of a shape.</summary>
    public int Budget { get; init; } = 24;

    /// <summary>Whether shapes may have a dim of 0.</summary>
    public bool Empty { get; init; }

    /// <summary>Whether some numbers are a hundred or a thousand times larger than the rest.</summary>
    public bool Outliers { get; init; }

    /// <summary>Whether some numbers are NaN or infinite.</summary>
    public bool Special { get; init; }

    public int Below(int n) => _random.Next(n);

    public int Between(int low, int high) => _random.Next(low, high + 1);

    public bool OneIn(int n) => _random.Next(n) == 0;

    public double Real() => _random.NextDouble();

    public TItem Pick<TItem>(params ReadOnlySpan<TItem> items) => items[_random.Next(items.Length)];

    /// <summary>Dims whose product is within the budget; large ones come first or last, so that both ends of a shape are tried.</summary>
    public int[] Dims(int rank, int least = 0)
    {
        var dims = new int[rank];
        int left = Budget;
        int[] order = [.. Enumerable.Range(0, rank)];
        _random.Shuffle(order);
        foreach (int axis in order)
        {
            int fitting = s_dims.Count(dim => dim <= left);
            dims[axis] = Empty && least == 0 && OneIn(12) ? 0 : Math.Max(least, s_dims[_random.Next(fitting)]);
            left = Math.Max(1, left / Math.Max(1, dims[axis]));
        }
        return dims;
    }

    /// <summary>Shapes that broadcast to one: each is its full shape with some axes 1, or leading axes left out, or a scalar.</summary>
    public Shape[] Broadcasting(int count)
    {
        int[] full = Dims(Between(1, 3));
        var shapes = new Shape[count];
        for (int i = 0; i < count; i++)
        {
            int[] dims = (int[])full.Clone();
            if (i != 0 || OneIn(3))
                for (int axis = 0; axis < dims.Length; axis++)
                    if (OneIn(4)) dims[axis] = 1;
            shapes[i] = OneIn(8) ? Shape.Scalar : Shape.Create(dims.AsSpan(OneIn(5) ? Below(dims.Length) : 0));
        }
        return shapes;
    }

    public NDArray Floats(Shape shape, Func<double> next)
    {
        NDArray array = NDArray.Zeros(shape);
        foreach (ref float x in array.Span<float>())
        {
            x = (float)(next() * (Outliers && OneIn(30) ? Math.Pow(10, Between(1, 3)) : 1));
            if (Special && OneIn(40)) x = Pick(float.NaN, float.PositiveInfinity, float.NegativeInfinity);
        }
        return array;
    }

    public NDArray Ints(Shape shape, Func<int> next)
    {
        NDArray array = NDArray.Zeros(shape, DType.Int32);
        foreach (ref int x in array.Span<int>()) x = next();
        return array;
    }
}

/// <summary>A way to fill an input: the op's domain, and where its derivative exists.</summary>
internal sealed record Draw(DType DType, Func<Gen, Shape, NDArray> Fill)
{
    /// <summary>-3 to 3, at least 0.05 from any whole number: where relu, abs, sign, floor and clip have their kinks.</summary>
    public static readonly Draw Real = new(DType.Float32, (gen, shape) => gen.Floats(shape, () => gen.Between(-3, 2) + 0.05 + 0.9 * gen.Real()));

    /// <summary>0.1 to 3.</summary>
    public static readonly Draw Positive = new(DType.Float32, (gen, shape) => gen.Floats(shape, () => 0.1 + 2.9 * gen.Real()));

    /// <summary>-0.9 to 0.9.</summary>
    public static readonly Draw Unit = new(DType.Float32, (gen, shape) => Moderate(gen).Floats(shape, () => -0.9 + 1.8 * gen.Real()));

    /// <summary>0.8 to 1.2 with either sign: products of thousands stay in range.</summary>
    public static readonly Draw NearOne = new(DType.Float32, (gen, shape) => Moderate(gen).Floats(shape, () => (gen.OneIn(2) ? 1 : -1) * (0.95 + 0.1 * gen.Real())));

    /// <summary>No two elements nearer than 0.05: for ops that pick the largest.</summary>
    public static readonly Draw Distinct = new(DType.Float32, (gen, shape) =>
    {
        int[] order = [.. Enumerable.Range(0, (int)shape.Count)];
        new Random(gen.Below(int.MaxValue)).Shuffle(order);
        int next = 0;
        return Moderate(gen).Floats(shape, () => 0.1 * order[next++] - 1 + 0.04 * gen.Real());
    });

    public static readonly Draw Int = new(DType.Int32, (gen, shape) => gen.Ints(shape, () => gen.OneIn(20) ? gen.Pick(int.MinValue, int.MaxValue, 1 << 20) : gen.Between(-9, 9)));

    public static readonly Draw Bool = new(DType.Bool, (gen, shape) =>
    {
        NDArray array = NDArray.Zeros(shape, DType.Bool);
        foreach (ref bool x in array.Span<bool>()) x = gen.OneIn(2);
        return array;
    });

    /// <summary>Whole numbers 0 to <paramref name="limit"/> - 1.</summary>
    public static Draw Index(int limit) => new(DType.Int32, (gen, shape) => gen.Ints(shape, () => gen.Below(limit)));

    private static Gen Moderate(Gen gen) => new(gen.Below(int.MaxValue)) { Special = gen.Special };
}
