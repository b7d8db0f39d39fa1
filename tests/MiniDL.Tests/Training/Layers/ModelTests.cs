using MiniDL.Tests.Functions;
using static MiniDL.Layer;
using static MiniDL.Tests.Evaluation;

namespace MiniDL.Tests.Training.Layers;

/// <summary>A model's expressions share its variables; names are paths; errors say which layer, which shapes and which line.</summary>
[TestFixture]
public sealed class ModelTests
{
    private static Layer Net => Sequential(Dense(6), BatchNorm(), Relu, Residual(Sequential(Dense(6), Relu)), Dense(3));

    [Test]
    public void Names_are_paths_in_the_order_of_the_layers()
    {
        Model model = Nets.Model(Net, [4]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(model.Variables.Select(variable => variable.Name), Is.EqualTo(new[]
            {
                "dense.weights", "dense.bias", "batch_norm.gamma", "batch_norm.beta", "batch_norm.mean", "batch_norm.variance",
                "residual.sequential.dense.weights", "residual.sequential.dense.bias", "dense_2.weights", "dense_2.bias",
            }));
            Assert.That(model.Parameters, Is.EqualTo(model.Variables.Where(variable => !variable.Name!.EndsWith("mean") && !variable.Name.EndsWith("variance"))), "statistics are not trained");
            Assert.That(model.OutputShape, Is.EqualTo(Shape.Create([Shape.Unknown, 3])));
            Assert.That(model.ParameterCount, Is.EqualTo(30 + 12 + 42 + 21).And.EqualTo(model.Summary().Parameters));
        }
    }

    [Test]
    public void Training_one_expression_trains_all()
    {
        Model model = Nets.Model(Net, [4]);
        NDArray batch = new Init(seed: 2).Normal([8, 4], 1);
        double[] before = model.Used(batch).Doubles();
        Step(model, model.Parameters);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(model.Used(batch).Doubles(), Is.Not.EqualTo(before).Within(1e-3));
            Assert.That(model.Variables.Select(variable => variable.Name), Is.Unique, "no second set was made");
        }
    }

    [Test]
    public void What_is_not_given_to_the_optimiser_is_frozen()
    {
        Model model = Nets.Model(Net, [4]);
        Dictionary<string, double[]> before = model.Variables.ToDictionary(variable => variable.Name!, variable => variable.Value.Doubles());
        Step(model, model.ParametersOf("residual", "dense_2"));
        string[] changed = [.. model.Variables.Where(variable => !variable.Value.Doubles().SequenceEqual(before[variable.Name!])).Select(variable => variable.Name!)];
        Assert.That(changed, Is.EqualTo(new[] { "batch_norm.mean", "batch_norm.variance", "residual.sequential.dense.weights", "residual.sequential.dense.bias", "dense_2.weights", "dense_2.bias" }));
    }

    [Test]
    public void A_layer_that_is_not_there_is_answered_with_those_that_are() =>
        Assert.That(() => Nets.Model(Net, [4]).ParametersOf("dense", "conv2d"),
            Throws.ArgumentException.With.Message.Contains("'conv2d'").And.Message.Contains("dense, batch_norm, residual.sequential.dense, dense_2"));

    [Test]
    public void The_same_seed_draws_the_same_net_and_another_seed_another()
    {
        double[] Weights(ulong seed) => new Model(Net, [4], new Init(seed)).Named("dense_2.weights").Value.Doubles();
        (double[] one, double[] again, double[] other) = (Weights(1), Weights(1), Weights(2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(again, Is.EqualTo(one));
            Assert.That(other, Is.Not.EqualTo(one));
        }
    }

    [Test]
    public void A_layer_may_stand_in_two_models_with_parameters_of_their_own()
    {
        Layer shared = Dense(3);
        Model one = Nets.Model(shared, [4]), other = Nets.Model(Sequential(shared, shared), [2]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(one.Parameters.Select(parameter => parameter.Shape), Is.EqualTo(new Shape[] { [4, 3], [3] }));
            Assert.That(other.Parameters.Select(parameter => parameter.Shape), Is.EqualTo(new Shape[] { [2, 3], [3], [3, 3], [3] }));
        }
    }

    [Test]
    public void An_error_names_the_innermost_layer_the_shapes_and_the_line_that_asked()
    {
        var error = Assert.Throws<GraphException>(() => Nets.Model(Sequential(Dense(6), Residual(Sequential(Relu, Conv2D(4, 3)))), [4]))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.StartWith("layer residual.sequential.conv2d: conv2d: needs images (B, C, H, W)"));
            Assert.That(error.Message, Does.Contain("not (?, 6)").And.Match(@"asked for at Nets\.cs:\d+"));
        }
    }

    [Test]
    public void Nodes_of_a_net_are_dated_to_the_line_that_uses_it()
    {
        Model model = Nets.Model(Net, [4]);
        Tensor x = Nets.Batch(model);
        string here = Here.NextLine();
        Tensor y = model.Use(x);
        Assert.That(Traversal.Topological([y]).Where(node => node.Inputs.Length > 0).Select(node => $"{node.Source}"), Is.All.EqualTo(here));
    }

    [Test]
    public void An_input_that_would_need_other_weights_is_refused_with_both_shapes()
    {
        Model model = Nets.Model(Net, [4]);
        Assert.That(() => model.Use(T.Input([Shape.Unknown, 5], "wide")), Throws.TypeOf<GraphException>()
            .With.Message.Contains("layer dense:").And.Message.Contains("dense.weights").And.Message.Contains("(4, 6)").And.Message.Contains("(5, 6)"));
    }

    [Test]
    public void A_parameter_that_is_asked_for_in_training_only_is_refused_by_name()
    {
        Model model = Nets.Model(new Scaled { OnlyInTraining = true }, [4]);
        Assert.That(() => model.Train(Nets.Batch(model)), Throws.TypeOf<GraphException>().With.Message.Contains("scaled.factor").And.Message.Contains("training"));
    }

    [Test]
    public void A_layer_of_ones_own_is_a_class_with_one_method()
    {
        Model model = Nets.Model(Sequential(new Scaled(), Of("twice", x => x * 2), new Scaled()), [2]);
        model.Set("scaled.factor", 3);
        model.Set("scaled_2.factor", 5);
        Assert.That(model.Used(Arr([1, 2], 1, -1)).Doubles(), Is.EqualTo(new double[] { 30, -30 }));
    }

    private sealed class Scaled : Layer
    {
        public bool OnlyInTraining { get; init; }

        public override string Kind => "scaled";

        protected internal override Tensor Apply(Tensor x, Scope scope) =>
            OnlyInTraining && !scope.IsTraining ? x : x * scope.Parameter("factor", [1], (_, shape) => NDArray.Zeros(shape));
    }

    private static void Step(Model model, IReadOnlyList<Shared> parameters)
    {
        Tensor x = Nets.Batch(model);
        (Tensor y, IReadOnlyList<Update> running) = model.Train(x);
        Tensor cost = T.Mean(T.Square(y - 1));
        using Device device = Device.Cpu(threads: 1);
        using Function train = T.Function([x], cost, [.. running, .. T.Sgd(cost, parameters, 0.5f)], device: device);
        train.Run(new Init(seed: 3).Normal([8, 4], 1));
    }
}
