// The formulas of the layer norm ladders against what does not know them: automatic differentiation, and a variance computed the wrong way.
using MiniDL.Cuda;
using MiniDL.Simulator;
using static MiniDL.T;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class LayerNormFormulaTests
{
    [Test]
    public void The_formula_of_the_gradient_is_the_gradient()
    {
        const int rows = 5, columns = 7;
        double[] Numbers(int count, int salt) => [.. Enumerable.Range(0, count).Select(i => ProblemArray.Spread(i, salt))];
        double[] x0 = Numbers(rows * columns, 1), g0 = Numbers(rows * columns, 2), gamma0 = Numbers(columns, 3);

        // Layer norm of primitive ops, and the gradient that the compiler finds, in double precision.
        Tensor x = Matrix("x"), g = Matrix("g"), gamma = Vector("gamma"), beta = Vector("beta");
        Tensor centred = x - Mean(x, -1, keepDims: true), rstd = 1 / Sqrt(Mean(Square(centred), -1, keepDims: true) + 1e-5f);
        Tensor[] gradients = Grad(Sum(g * (centred * rstd * gamma + beta)), [x, gamma, beta]);
        using Device reference = Device.Reference();
        using Function function = Function([x, g, gamma, beta], [.. gradients, Mean(x, -1), rstd], device: reference);
        NDArray[] found = function.Eval(Array(x0, rows, columns), Array(g0, rows, columns), Array(gamma0, columns), Array(new double[columns], columns));

        Dictionary<string, double[]> formula = LayerNormBackwardProblem.Gradients(rows, columns, g0, x0, gamma0, Values(found[3]), Values(found[4]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(formula["dx"], Is.EqualTo(Values(found[0])).Within(1e-5));   // results come as float32
            Assert.That(formula["dgamma"], Is.EqualTo(Values(found[1])).Within(1e-5));
            Assert.That(formula["dbeta"], Is.EqualTo(Values(found[2])).Within(1e-5));
        }
    }

    /// <summary>The short formula is right on paper. The check must say that it is not in float32, or it would let pass anything.</summary>
    [Test]
    public void Mean_of_squares_minus_square_of_mean_fails_the_check()
    {
        const string right = "squares += (x[column] - m) * (x[column] - m)", wrong = "squares += x[column] * x[column] - m * m";
        Problem problem = LayerNormProblem.Plain(35, 31);
        RungLaunch launch = new LayerNormLadder().Rungs[0].Plan(problem).Launches[0];
        Assert.That(launch.Source.Text, Does.Contain(right));
        RungLaunch changed = launch with { Source = new KernelSource(launch.Source.Name, launch.Source.Text.Replace(right, wrong, StringComparison.Ordinal)) };

        using SimulatedGpu gpu = CheckedGpu.Make();
        using var kernels = new LoadedKernels(gpu, Nvrtc.Required());
        using var placed = new PlacedProblem(gpu, kernels, problem);
        placed.Run(new RungPlan([changed]));
        Assert.That(placed.WrongResult(), Does.StartWith("y["));
    }

    private static NDArray Array(double[] values, params int[] shape) => NDArray.From<float>([.. values.Select(v => (float)v)], Shape.Create(shape));

    private static double[] Values(NDArray array) => [.. array.Span<float>().ToArray().Select(v => (double)v)];
}
