// Elementwise ops: the shape of the one record that all of them are instances of, and how they broadcast.
//
// An elementwise op is four things side by side: its meaning on scalars, its derivative written in graph ops, its CUDA
// expression and its CPU tile routine. The families (Arithmetic, Exponentials, ...) are lists of such records.
// The one thing to understand: broadcasting is decided here, when the graph is built. Inputs get the same rank by leading dims
// of 1; a dim known to be 1 stretches, an unknown dim promises not to be 1; and the gradient sums over exactly the stretched axes.
namespace MiniDL;

/// <summary>Computes a tile (about a thousand elements) of an elementwise op. Each element takes 4 bytes: float32, int32, or a
/// bool as a mask of 32 zeros or ones; <paramref name="y"/> may be the same span as an input. Unused inputs are empty.</summary>
public delegate void TileRoutine(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c, Span<float> y);

/// <summary>A tile routine of one input.</summary>
internal delegate void UnaryTile(ReadOnlySpan<float> x, Span<float> y);

/// <summary>A tile routine of two inputs.</summary>
internal delegate void BinaryTile(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y);

/// <summary>Which dtypes an elementwise op takes, and which it makes.</summary>
public enum ElementTypes
{
    /// <summary>float32 to float32.</summary>
    Float,

    /// <summary>float32 or int32, all inputs alike, to the same.</summary>
    Numeric,

    /// <summary>float32 or int32, all inputs alike, to bool.</summary>
    Compare,

    /// <summary>Any dtype, all inputs alike, to bool.</summary>
    Equality,

    /// <summary>bool to bool.</summary>
    Logic,

    /// <summary>A bool and two of one dtype, to that dtype.</summary>
    Select,
}

/// <summary>An op applied to each element on its own. One instance per op, listed by family.</summary>
/// <param name="Symbol">The op's name.</param>
/// <param name="Arity">The number of inputs, 1 to 3.</param>
/// <param name="Types">The dtypes it takes.</param>
public sealed record Elementwise(string Symbol, int Arity, ElementTypes Types) : Op
{
    /// <summary>What the op means on scalars, in float64; inputs beyond the arity are 0.</summary>
    public required Func<double, double, double, double> Meaning { get; init; }

    /// <summary>What the op means on int32, where float64 would round: products.</summary>
    public Func<int, int, int>? IntMeaning { get; init; }

    /// <summary>The derivative: from inputs x, the node y and its gradient g, the gradient for each input before any summing
    /// over broadcast axes.</summary>
    public required Func<Tensor[], Tensor, Tensor, Tensor?[]> Derivative { get; init; }

    /// <summary>The CUDA C++ expression, with {0}, {1}, {2} for the inputs.</summary>
    public required string Cuda { get; init; }

    /// <summary>The CUDA C++ expression for int32 inputs, where it differs: sums and products wrap, which C++ promises for unsigned ints only.</summary>
    public string? IntCuda { get; init; }

    /// <summary>The CPU tile routine for float32 inputs (for masks, in the case of logic).</summary>
    public required TileRoutine Tile { get; init; }

    /// <summary>The CPU tile routine for lanes that are not float32, where it differs.</summary>
    public TileRoutine? IntTile { get; init; }

    /// <summary>Roughly how much work one element is, an addition being 1: what recomputing costs against loading.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>How far float32 may be from the reference; a few units in the last place unless told otherwise.</summary>
    public double RelativeError { get; init; } = 2.5e-7;

    /// <inheritdoc/>
    public override string Name => Symbol;

    /// <inheritdoc/>
    public override Tolerance Tolerance => new(RelativeError);

    /// <inheritdoc/>
    public bool Equals(Elementwise? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => Symbol.GetHashCode(StringComparison.Ordinal);

    /// <summary>The routine for tiles of inputs of a dtype.</summary>
    internal TileRoutine TileFor(DType inputs) => inputs != DType.Float32 && IntTile is { } tile ? tile : Tile;

    /// <summary>Makes the node: aligns ranks, lets literals adopt the other inputs' dtype, checks, broadcasts.</summary>
    internal Tensor Of(params Tensor[] inputs)
    {
        Tensor.ThrowIfAnyNull(Symbol, inputs);
        AdoptLiterals(inputs);
        int rank = 0;
        foreach (Tensor input in inputs) rank = Math.Max(rank, input.Rank);
        for (int i = 0; i < inputs.Length; i++)
            if (inputs[i].Rank > 0 && inputs[i].Rank < rank) inputs[i] = DimShuffle.PadRank(inputs[i], rank);
        return Tensor.Apply(this, inputs);
    }

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs)
    {
        DType operand = inputs[^1].DType;
        for (int i = Types == ElementTypes.Select ? 1 : 0; i < inputs.Length; i++)
            if (inputs[i].DType != operand)
                throw Error("the dtypes differ, and nothing is converted silently; use T.Cast", inputs);
        bool taken = Types switch
        {
            ElementTypes.Float => operand == DType.Float32,
            ElementTypes.Numeric or ElementTypes.Compare => operand != DType.Bool,
            ElementTypes.Logic => operand == DType.Bool,
            ElementTypes.Select => inputs[0].DType == DType.Bool,
            _ => true,
        };
        if (!taken)
            throw Error($"takes {(Types switch { ElementTypes.Float => "float32", ElementTypes.Numeric or ElementTypes.Compare => "float32 or int32", ElementTypes.Logic => "bool", _ => "a bool condition" })}; use T.Cast", inputs);
        return new TensorType(Types is ElementTypes.Compare or ElementTypes.Equality or ElementTypes.Logic ? DType.Bool : operand, Broadcast(inputs));
    }

    /// <summary>The shape that all inputs stretch to. Rank 0 fits anything; otherwise ranks are equal here, and along each axis
    /// the dims are equal, or 1, or unknown (which stands for: whatever the others are, but not 1).</summary>
    private Shape Broadcast(ReadOnlySpan<Tensor> inputs)
    {
        int rank = 0;
        foreach (Tensor input in inputs) rank = Math.Max(rank, input.Rank);
        Span<int> dims = stackalloc int[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            int known = 1;
            bool unknown = false;
            foreach (Tensor input in inputs)
            {
                if (input.Rank == 0) continue;
                if (input.Rank != rank) throw Error("the ranks differ", inputs);
                int dim = input.Shape[axis];
                if (dim == Shape.Unknown) unknown = true;
                else if (dim != 1 && known != 1 && dim != known)
                    throw Error($"the shapes do not broadcast: axis {axis} is {known} and {dim}", inputs);
                else if (dim != 1) known = dim;
            }
            dims[axis] = known == 1 && unknown ? Shape.Unknown : known;
        }
        return Shape.Create(dims);
    }

    /// <inheritdoc/>
    public override Tensor?[] Gradient(Tensor y, Tensor g)
    {
        Tensor[] inputs = y.Inputs.ToArray();
        Tensor?[] gradients = Derivative(inputs, y, g);
        for (int i = 0; i < inputs.Length; i++)
            if (gradients[i] is { } gradient) gradients[i] = Reduce.SumTo(gradient, inputs[i]);
        return gradients;
    }

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run)
    {
        var result = new ReferenceArray(type.Shape);
        double[] a = inputs[0].BroadcastTo(type.Shape).Data;
        double[]? b = Arity > 1 ? inputs[1].BroadcastTo(type.Shape).Data : null;
        double[]? c = Arity > 2 ? inputs[2].BroadcastTo(type.Shape).Data : null;
        for (int i = 0; i < a.Length; i++)
        {
            if (type.DType != DType.Int32) result.Data[i] = Meaning(a[i], b?[i] ?? 0, c?[i] ?? 0);
            else if (IntMeaning is { } meaning) result.Data[i] = meaning((int)a[i], (int)(b?[i] ?? 0));
            else result.Data[i] = unchecked((int)(long)Meaning(a[i], b?[i] ?? 0, c?[i] ?? 0));   // int32 wraps
        }
        return result;
    }

    /// <summary>An op of one input. See the families for what each argument means.</summary>
    internal static Elementwise Unary(string symbol, Func<double, double> meaning, Func<Tensor, Tensor, Tensor, Tensor?> derivative,
        string cuda, UnaryTile tile, ElementTypes types = ElementTypes.Float, UnaryTile? intTile = null, int weight = 1, double error = 2.5e-7) =>
        new(symbol, 1, types)
        {
            Meaning = (a, _, _) => meaning(a),
            Derivative = (inputs, y, g) => [derivative(inputs[0], y, g)],
            Cuda = cuda,
            Tile = (a, _, _, y) => tile(a, y),
            IntTile = intTile is null ? null : (a, _, _, y) => intTile(a, y),
            Weight = weight,
            RelativeError = error,
        };

    /// <summary>An op of two inputs. See the families for what each argument means.</summary>
    internal static Elementwise Binary(string symbol, Func<double, double, double> meaning, Func<Tensor, Tensor, Tensor, Tensor, (Tensor?, Tensor?)> derivative,
        string cuda, BinaryTile tile, ElementTypes types = ElementTypes.Float, BinaryTile? intTile = null, int weight = 1, double error = 2.5e-7) =>
        new(symbol, 2, types)
        {
            Meaning = (a, b, _) => meaning(a, b),
            Derivative = (inputs, y, g) =>
            {
                (Tensor? forA, Tensor? forB) = derivative(inputs[0], inputs[1], y, g);
                return [forA, forB];
            },
            Cuda = cuda,
            Tile = (a, b, _, y) => tile(a, b, y),
            IntTile = intTile is null ? null : (a, b, _, y) => intTile(a, b, y),
            Weight = weight,
            RelativeError = error,
        };

    private static void AdoptLiterals(Tensor[] inputs)
    {
        foreach (Tensor other in inputs)
        {
            if (other.DType != DType.Int32 || other.Op is Constant { IsLiteral: true }) continue;
            for (int i = 0; i < inputs.Length; i++)
                if (inputs[i].Op is Constant { IsLiteral: true } literal && literal.Value.Item() == (int)literal.Value.Item())
                    inputs[i] = Constant.Of(literal.Value.Item(), DType.Int32);
            return;
        }
    }
}
