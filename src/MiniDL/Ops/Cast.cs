// Conversion between dtypes. MiniDL never converts silently; this is the one op that does it.
//
// The one thing to understand: what a conversion does at the edges (NaN, numbers too large for an int) is part of the op's meaning, the same on every device.
using System.Runtime.CompilerServices;
using MiniDL.Ops;

namespace MiniDL;

/// <summary>Conversion to <paramref name="To"/>: float to int truncates toward zero (NaN gives 0, large values the nearest int),
/// bool to number gives 0 or 1, number to bool tells whether it differs from 0 (NaN does).</summary>
public sealed record Cast(DType To) : Op
{
    /// <inheritdoc/>
    public override string Name => "cast";

    /// <inheritdoc/>
    protected override string Parameters => To.Label();

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => new(To, inputs[0].Shape);

    /// <summary>Float to float is the identity; any other conversion gives no gradient.</summary>
    public override Tensor?[] Gradient(Tensor y, Tensor g) =>
        [To == DType.Float32 && y.Inputs[0].DType == DType.Float32 ? g : null];

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) =>
        new(type.Shape, Array.ConvertAll(inputs[0].Data, x => To switch
        {
            DType.Bool => x != 0 ? 1 : 0,
            DType.Int32 => double.IsNaN(x) ? 0 : Math.Clamp(Math.Truncate(x), int.MinValue, int.MaxValue),
            _ => x,
        }));

    /// <summary>The tile routine for inputs of a dtype, or null when the lanes stay as they are.</summary>
    internal TileRoutine? TileFrom(DType from) => (from, To) switch
    {
        (DType.Float32, DType.Int32) => (a, _, _, y) => Tile.FloatToInt(a, Lanes.Ints(y)),
        (DType.Int32, DType.Float32) => (a, _, _, y) => Tile.IntToFloat(Lanes.Ints(a), y),
        (DType.Bool, DType.Float32) => (a, _, _, y) => Tile.MaskToFloat(Lanes.Masks(a), y),
        (DType.Bool, DType.Int32) => (a, _, _, y) => Tile.MaskToInt(Lanes.Masks(a), Lanes.Ints(y)),
        (DType.Float32, DType.Bool) => (a, _, _, y) => Tile.ToMask(a, Lanes.Masks(y)),
        (DType.Int32, DType.Bool) => (a, _, _, y) => Tile.ToMask(Lanes.Ints(a), Lanes.Masks(y)),
        _ => null,
    };
}

public static partial class T
{
    /// <summary>x converted to another dtype.</summary>
    /// <example><code>Tensor accuracy = T.Mean(T.Cast(T.Equal(predicted, labels), DType.Float32));</code></example>
    public static Tensor Cast(Tensor x, DType to, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var at = Source.Here(file, line);
        return x.DType == to ? x : Tensor.Apply(new Cast(to), x);
    }
}
