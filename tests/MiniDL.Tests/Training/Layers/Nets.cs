// Small helpers of the tests of layers: run a model's two expressions on arrays.
namespace MiniDL.Tests.Training.Layers;

internal static class Nets
{
    /// <summary>A model of a layer, its first values drawn from seed 1.</summary>
    public static Model Model(Layer net, Shape input) => new(net, input, new Init(seed: 1));

    /// <summary>What the expression for use gives for a batch.</summary>
    public static NDArray Used(this Model model, NDArray batch)
    {
        Tensor x = Batch(model);
        return Evaluate([x], model.Use(x), [], batch);
    }

    /// <summary>What the expression for training gives for a batch; running statistics move on.</summary>
    public static NDArray Trained(this Model model, NDArray batch, ulong seed = 7)
    {
        Tensor x = Batch(model);
        (Tensor y, IReadOnlyList<Update> running) = model.Train(x);
        return Evaluate([x], y, [.. running], batch, seed);
    }

    /// <summary>An input for batches of a model's examples.</summary>
    public static Tensor Batch(Model model) => T.Input([Shape.Unknown, .. model.Input.Dims], "x");

    /// <summary>The variable of a name.</summary>
    public static Shared Named(this Model model, string name) => model.Variables.Single(variable => variable.Name == name);

    /// <summary>Gives a variable new values.</summary>
    public static void Set(this Model model, string name, params float[] values) => model.Named(name).Value = NDArray.From(values, model.Named(name).Shape);

    /// <summary>A variable's values.</summary>
    public static float[] Get(this Model model, string name) => model.Named(name).Value.Span<float>().ToArray();

    private static NDArray Evaluate(Tensor[] inputs, Tensor output, Update[] updates, NDArray batch, ulong seed = 7)
    {
        using Device device = Device.Cpu(threads: 1);
        using Function f = T.Function(inputs, [output], updates, device: device, seed: seed);
        return f.Eval(batch)[0];
    }
}
