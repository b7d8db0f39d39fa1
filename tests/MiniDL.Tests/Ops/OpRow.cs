// One row of the op table: what a generated test needs to know about an op.
namespace MiniDL.Tests.Ops;

/// <summary>Arrays worked out by hand: what goes in and what must come out.</summary>
internal sealed record Example(NDArray[] Inputs, NDArray Expected);

/// <summary>An op as the table lists it.</summary>
/// <param name="Name">Distinct in the table.</param>
/// <param name="Builder">The builder of <see cref="T"/> it is made with.</param>
/// <param name="Shapes">Shapes for the inputs, within the generator's budget.</param>
/// <param name="Build">The expression of its inputs.</param>
/// <param name="Draws">The domain of each input.</param>
internal sealed record OpRow(string Name, string Builder, Func<Gen, Shape[]> Shapes, Func<Tensor[], Tensor> Build, params Draw[] Draws)
{
    /// <summary>The op's meaning on scalars, by a formula of its own.</summary>
    public Func<double[], double>? Formula { get; init; }

    /// <summary>Values worked out by hand, special ones among them.</summary>
    public Example[] Examples { get; init; } = [];

    /// <summary>A gradient reaches the float32 inputs.</summary>
    public bool Differentiable { get; init; } = true;

    /// <summary>The gradient can be differentiated again.</summary>
    public bool Twice { get; init; } = true;

    /// <summary>The builder reads the dims of all its inputs, so they cannot be left unknown.</summary>
    public bool NeedsShapes { get; init; }

    /// <summary>Inputs whose dims must be known: filters.</summary>
    public int[] KnownInputs { get; init; } = [];

    public OpRow With(params Example[] examples) => this with { Examples = examples };

    /// <summary>Input variables for shapes: with the dims known, or left unknown except for those that are 1.</summary>
    public Tensor[] Inputs(Shape[] shapes, bool known) => [.. shapes.Select((shape, i) =>
        T.Input(known || KnownInputs.Contains(i) ? shape : Shape.Create([.. shape.Dims.ToArray().Select(dim => dim == 1 ? 1 : Shape.Unknown)]), $"x{i}", Draws[i].DType))];

    /// <summary>The inputs that gradients are checked for.</summary>
    public static Tensor[] Differentiated(Tensor[] inputs) => [.. inputs.Where(input => input.DType == DType.Float32)];

    public override string ToString() => Name;
}
