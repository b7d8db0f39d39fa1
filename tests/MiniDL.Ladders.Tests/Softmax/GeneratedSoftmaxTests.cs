// The executor has no kernel for softmax: it generates one, for softmax and whatever was fused with it. It must do what the ladder's best rung does.
using System.Globalization;
using MiniDL.Cuda;
using MiniDL.Simulator;
using static MiniDL.T;

namespace MiniDL.Ladders.Tests;

[TestFixture]
public sealed class GeneratedSoftmaxTests
{
    private const double MoreInstructions = 1.05;   // than the best rung's

    /// <summary>Ten classes, two rows a warp; a row a warp, in one float4 a lane and in eight; a row a block.</summary>
    [TestCase(4000, 10)]
    [TestCase(1000, 100)]
    [TestCase(1024, 1000)]
    [TestCase(256, 4096)]
    public void The_generated_kernel_does_what_the_best_rung_does(int rows, int columns)
    {
        Problem problem = SoftmaxProblem.Even(rows, columns);
        CountedRows best = CountedRows.Of(new SoftmaxLadder().Best, problem), generated = Generated(problem);
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{problem.Size}: {generated.InstructionsPer32:0.0} instructions for 32 elements, {best.InstructionsPer32:0.0} by hand"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(generated.Reports, Has.Count.EqualTo(1), "launches");
            Assert.That(generated.Sectors, Is.LessThanOrEqualTo(best.Sectors));
            Assert.That(generated.Requests, Is.LessThanOrEqualTo(best.Requests));
            Assert.That(generated.InstructionsPer32, Is.LessThanOrEqualTo(MoreInstructions * best.InstructionsPer32));
            Assert.That(generated.SpecialPerElement, Is.LessThanOrEqualTo(best.SpecialPerElement));
            Assert.That(generated.Counters.BankConflicts, Is.Zero);
        }
    }

    /// <summary>128 rows by a warp each would leave most of the device idle, so each row gets a block.</summary>
    [Test]
    public void Few_rows_are_shared_by_more_threads()
    {
        LaunchReport few = Generated(SoftmaxProblem.Even(128, 1000)).Reports[0], many = Generated(SoftmaxProblem.Even(1024, 1000)).Reports[0];
        Assert.That((few.Shape.Grid.Count * few.Shape.Block.Count / 128, many.Shape.Grid.Count * many.Shape.Block.Count / 1024), Is.EqualTo((128, 32)), "threads for each row");
    }

    private static CountedRows Generated(Problem problem)
    {
        int rows = problem["ROWS"], columns = problem["COLUMNS"];
        using var gpu = new SimulatedGpu(new SimulatorOptions { Counting = Counting.WithCaches });
        using var device = new CudaDevice(gpu, Nvrtc.Required());
        Tensor x = Matrix("x");
        using Function softmax = Function([x], Softmax(x), device: device);
        double[] first = [.. Enumerable.Range(0, rows * columns).Select(problem.Arrays[0].First)];
        float[] y = new float[rows * columns];
        softmax.Run(NDArray.From<float>([.. first.Select(v => (float)v)], [rows, columns])).CopyTo<float>(y);
        double[] expected = problem.Reference(new Dictionary<string, double[]> { ["x"] = first })["y"];
        Assert.That(y.Zip(expected, (actual, wanted) => !(Math.Abs(actual - wanted) <= problem.Tolerance)), Has.None.True, "results");
        return new CountedRows(problem, [.. gpu.Reports]);
    }
}
