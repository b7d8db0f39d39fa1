// The instructions of a fused body as C++ statements.
//
// The one thing to understand: every value becomes a named constant of its own, v3_sub after v3 = sub(...) of the listing, so no expression nests and none needs
// parentheses; numbers are the exception, they stand as literals where they are used.
namespace MiniDL.Cuda;

/// <summary>Names and expressions of one body's values.</summary>
/// <param name="body">The body.</param>
/// <param name="nameOf">The name of a buffer, after which what is loaded from it is called.</param>
internal sealed class BodyText(FusedBody body, Func<Buffer, string> nameOf)
{
    private const int LongestLabel = 28;

    /// <summary>The body.</summary>
    public FusedBody Body { get; } = body;

    /// <summary>The variable that holds a value.</summary>
    public string Variable(int value)
    {
        string label = Body.Instructions[value] switch
        {
            Load load => nameOf(load.View.Buffer),
            Compute compute => compute.Op.Name,
            RandomNumbers random => random.Op.Name,
            RowReduce reduce => $"row_{Reduce.NameOf(reduce.Kind)}",
            var other => other.Origin.Op.Name,
        };
        label = CudaText.Identifier(label);
        return $"v{value}_{(label.Length <= LongestLabel ? label : label[..LongestLabel])}".TrimEnd('_');
    }

    /// <summary>A value as an operand: its variable, or the number it is; a stretched value is the row's.</summary>
    /// <param name="value">The value.</param>
    /// <param name="variable">The variable of a value that has one, if it is not <see cref="Variable"/>.</param>
    public string Operand(int value, Func<int, string>? variable = null) => Body.Instructions[value] switch
    {
        Number number => CudaText.Literal(number.Value, number.DType),
        Stretch stretch => Operand(stretch.A, variable),
        _ => variable?.Invoke(value) ?? Variable(value),
    };

    /// <summary>The expression of an elementwise op or a cast.</summary>
    public string Expression(Compute compute, Func<int, string>? variable = null)
    {
        int[] operands = [.. new[] { compute.A, compute.B, compute.C }.Where(operand => operand >= 0)];
        object[] names = [.. operands.Select(operand => Operand(operand, variable))];
        DType from = Body.Instructions[operands[^1]].DType;
        return compute.Op switch
        {
            Elementwise op => string.Format(System.Globalization.CultureInfo.InvariantCulture, from == DType.Int32 && op.IntCuda is { } ints ? ints : op.Cuda, names),
            Cast cast => Converted((string)names[0], from, cast.To),
            _ => throw new InvalidOperationException($"code generation does not know {compute.Op}, which is no elementwise op"),
        };
    }

    private static string Converted(string x, DType from, DType to) => (from, to) switch
    {
        (DType.Float32, DType.Int32) => $"__float2int_rz({x})",   // truncates, saturates, NaN gives 0; a plain cast of such numbers is undefined in C++
        (DType.Int32, DType.Float32) => $"__int2float_rn({x})",
        (DType.Bool, DType.Float32) => $"({x} ? 1.0f : 0.0f)",
        (DType.Bool, DType.Int32) => $"({x} ? 1 : 0)",
        (DType.Float32, DType.Bool) => $"({x} != 0.0f)",
        (DType.Int32, DType.Bool) => $"({x} != 0)",
        _ => x,
    };

    /// <summary>The call that draws the random number of an element, from kernels/random/philox.cuh.</summary>
    public static string RandomCall(RandomNumbers random, string index) => random.Op.Kind == RandomKind.Bernoulli
        ? $"bernoulli(run, {random.Op.Stream}, {index}, {CudaText.Literal(random.Op.P, DType.Float32)})"
        : $"{random.Op.Name}(run, {random.Op.Stream}, {index})";

    /// <summary>The call that draws those of four consecutive elements, the first a multiple of four.</summary>
    public static string RandomCallOfFour(RandomNumbers random, string index, string target) => random.Op.Kind == RandomKind.Bernoulli
        ? $"bernoulli4(run, {random.Op.Stream}, {index}, {CudaText.Literal(random.Op.P, DType.Float32)}, {target})"
        : $"{random.Op.Name}4(run, {random.Op.Stream}, {index}, {target})";

    /// <summary>The values that an instruction reads.</summary>
    public static IEnumerable<int> Operands(Instruction instruction) => instruction switch
    {
        Compute compute => new[] { compute.A, compute.B, compute.C }.Where(value => value >= 0),
        RowReduce reduce => [reduce.A],
        Stretch stretch => [stretch.A],
        _ => [],
    };
}
