// Small helpers of tests: run expressions on a device, interpret them in float64, compare arrays element by element.
namespace MiniDL.Tests;

internal static class Evaluation
{
    /// <summary>The values of expressions on a device.</summary>
    public static NDArray[] Run(Device device, Tensor[] outputs, (Tensor Input, NDArray Value)[] feeds, ulong seed = 7)
    {
        using Function f = T.Function([.. feeds.Select(feed => feed.Input)], outputs, device: device, seed: seed);
        return f.Eval([.. feeds.Select(feed => feed.Value)]);
    }

    /// <summary>The value of one expression on the reference.</summary>
    public static NDArray OnReference(Tensor output, params (Tensor Input, NDArray Value)[] feeds)
    {
        using Device device = Device.Reference();
        return Run(device, [output], feeds)[0];
    }

    /// <summary>The float64 values of a graph of known shapes.</summary>
    public static ReferenceArray[] Interpret(Tensor[] roots, IReadOnlyDictionary<Tensor, NDArray> leaves, ulong seed = 7, Interpreter.Adjust? adjust = null) =>
        Interpreter.Evaluate(roots, leaf => ReferenceArray.From(leaf is Shared shared ? shared.Value : leaves[leaf]), new RunState(seed, 0), adjust);

    /// <summary>A float32 array of rank 1.</summary>
    public static NDArray Vec(params float[] values) => NDArray.From(values, [values.Length]);

    /// <summary>A float32 array of a shape.</summary>
    public static NDArray Arr(Shape shape, params float[] values) => NDArray.From(values, shape);

    /// <summary>An int32 array of a shape.</summary>
    public static NDArray IntArr(Shape shape, params int[] values) => NDArray.From(values, shape);

    /// <summary>A bool array of rank 1.</summary>
    public static NDArray BoolVec(params bool[] values) => NDArray.From(values, [values.Length]);

    /// <summary>All elements as double.</summary>
    public static double[] Doubles(this NDArray array) => [.. Enumerable.Range(0, array.Count).Select(array.ToDouble)];

    /// <summary>0, 1, 2, ... as float32.</summary>
    public static NDArray Counting(Shape shape) => NDArray.From([.. Enumerable.Range(0, (int)shape.Count).Select(i => (float)i)], shape);
}
