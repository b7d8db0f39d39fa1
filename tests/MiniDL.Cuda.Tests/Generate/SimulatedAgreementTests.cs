// The whole op table, random graphs, and the shapes that generated kernels treat specially, run on the simulated GPU and compared with the reference.
//
// Each is compiled by NVRTC from the text that a real GPU would get, planned by the planners of the executor. No kernel may spill a register.
using MiniDL.Simulator;
using MiniDL.Tests;
using MiniDL.Tests.Ops;
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class SimulatedAgreementTests
{
    /// <summary>Compiles many kernels at once, ahead, and remembers what each needs.</summary>
    private sealed class Remembering(IKernelCompiler compiler) : IKernelCompiler
    {
        public Dictionary<KernelSource, CompiledKernel> Kernels { get; } = [];

        public IReadOnlyList<CompiledKernel> Compile(IReadOnlyList<KernelSource> sources, string architecture)
        {
            KernelSource[] missing = [.. sources.Distinct().Where(source => !Kernels.ContainsKey(source))];
            if (missing.Length > 0)
                foreach (CompiledKernel kernel in compiler.Compile(missing, architecture)) Kernels[kernel.Source] = kernel;
            return [.. sources.Select(source => Kernels[source])];
        }
    }

    private sealed record Case(string Name, FunctionGraph Graph, NDArray[] Arrays, int Seed);

    [Test]
    public void Every_op_of_the_table_agrees() => Check(OpTable.Rows.Select(row => OfTable(row, seed: 2, gradient: false)));

    [Test]
    public void Special_values_agree_NaN_and_infinity_among_them() => Check(OpTable.Rows.SelectMany(row => row.Examples.Select((example, i) => OfExample(row, example, i))));

    [Test, Category("Long")]
    public void Every_op_of_the_table_and_its_gradient_agree_over_five_shapes() =>
        Check(Enumerable.Range(0, 5).SelectMany(seed => OpTable.Rows.SelectMany(row => row.Differentiable ? new[] { OfTable(row, seed, false), OfTable(row, seed, true) } : [OfTable(row, seed, false)])));

    [Test]
    public void Random_graphs_agree() => Check(Enumerable.Range(5000, 8).Select(OfRandomGraph));

    [Test, Category("Long")]
    public void Five_hundred_random_graphs_agree() => Check(Enumerable.Range(300_000, 500).Select(OfRandomGraph));

    [Test]
    public void Reductions_of_every_layout_agree()
    {
        (Shape Shape, int[] Axes)[] layouts =
        [
            ([100_000], [0]), ([10_003], [0]), ([3, 70_001], [1]), ([5000, 7], [0]), ([600, 130], [0]), ([2, 900, 40], [1]), ([4, 200, 3, 50], [0, 2]), ([40, 3, 501], [0, 2]), ([16, 8, 15, 15], [0, 2, 3]), ([5, 257], [1]),
        ];
        Check(layouts.SelectMany(layout => new[]
        {
            Of($"sum of {layout.Shape} over {string.Join(' ', layout.Axes)}", layout.Shape, Draw.Real, x => Sum(Square(x), axes: layout.Axes)),
            Of($"max of {layout.Shape}", layout.Shape, Draw.Distinct, x => Max(x, axes: layout.Axes)),
            Of($"product of {layout.Shape}", layout.Shape, Draw.Real, x => Prod(Add(Mul(Tanh(x), 0.01f), 1), axes: layout.Axes)),
            Of($"int sum of {layout.Shape}", layout.Shape, Draw.Int, x => Sum(x, axes: layout.Axes)),
        }));
    }

    [Test]
    public void Rows_of_every_length_agree() => Check(new[] { 2, 7, 16, 31, 33, 100, 257, 1000, 1025, 4096 }.SelectMany(columns => new[]
    {
        Of($"softmax of {columns}", [7, columns], Draw.Real, x => Softmax(x)),
        Of($"normalised {columns}", [5, columns], Draw.Real, x => Div(Sub(x, Mean(x, 1, keepDims: true)), Sqrt(Add(Var(x, 1, keepDims: true), 1e-5f)))),
    }));

    [Test]
    public void Random_numbers_agree_by_four_and_one_by_one() => Check(new Shape[] { [4096], [3333], [7, 100] }.SelectMany(shape => new[]
    {
        Of($"uniform {shape}", shape, Draw.Real, x => Mul(x, Uniform(x))),
        Of($"normal {shape}", shape, Draw.Real, x => Add(x, Normal(x))),
        Of($"dropout {shape}", shape, Draw.Real, x => T.Dropout(x, 0.4f)),
        Of($"uniform, transposed {shape}", shape, Draw.Real, x => Mul(Flip(x, [0]), Uniform(x))),
    }));

    [Test]
    public void A_NaN_among_many_terms_is_the_largest_and_the_smallest()
    {
        Tensor x = Input([10_003], "x");
        NDArray numbers = Draw.Real.Fill(new Gen(1), [10_003]);
        numbers.Span<float>()[7777] = float.NaN;
        Check([new Case("a NaN among many", FunctionChecks.Freeze([x], [Max(x), Min(x), Sum(x)], [], []), [numbers], 1)]);
    }

    /// <summary>The kernel of kernels/reduce has macros, parameters and variables of its own.</summary>
    [Test]
    public void A_sum_of_arrays_with_the_names_of_a_kernel_agrees()
    {
        Tensor[] xs = [.. new[] { "N", "PART", "sum", "end", "i", "v", "x", "y", "tid", "terms", "load4_x", "run" }.Select(name => Input([5001], name))];
        Tensor sum = Sum(xs.Aggregate((a, b) => Add(a, b)) * Uniform(xs[0]));
        Check([new Case("a sum of arrays with a kernel's names", FunctionChecks.Freeze(xs, [sum, Sum(Uniform(xs[0]))], [], []), [.. xs.Select((_, i) => Draw.Real.Fill(new Gen(i), [5001]))], 1)]);
    }

    [Test]
    public void Many_arrays_agree()
    {
        Tensor[] xs = [.. Enumerable.Range(0, 250).Select(i => Input([50], $"x{i}"))];
        Tensor sum = xs.Aggregate((a, b) => Add(a, Tanh(b)));
        var cut = new Case("a sum of 250 arrays", FunctionChecks.Freeze(xs, [sum], [], []), [.. xs.Select((_, i) => Draw.Real.Fill(new Gen(i), [50]))], 1);

        Shared[] weights = [.. Enumerable.Range(0, 260).Select(i => Shared(Draw.Real.Fill(new Gen(i), [i % 7 + 1, i % 5 + 3]), $"w{i}"))];
        Update[] updates = [.. weights.Select(weight => new Update(weight, Sub(weight, Mul(weight, 0.1f))))];
        Tensor any = Input([1], "x");
        Check([cut, new Case("260 updates", FunctionChecks.Freeze([any], [Exp(any)], updates, []), [NDArray.Zeros([1])], 1)]);
    }

    private static Case OfTable(OpRow row, int seed, bool gradient)
    {
        var gen = new Gen(seed) { Budget = new[] { 40, 3000, 300, 20_000 }[seed % 4] / (gradient ? 10 : 1), Empty = true, Special = !gradient && seed == 4 };
        Shape[] shapes = row.Shapes(gen);
        Tensor[] inputs = row.Inputs(shapes, known: true);
        Tensor y = row.Build(inputs);
        Tensor[] outputs = gradient ? [y, .. Grad(Add(Mean(Square(y)), Sum(y)), OpRow.Differentiated(inputs))] : [y];
        return new Case($"{row.Name}{(gradient ? ", gradient" : "")}, seed {seed}", FunctionChecks.Freeze(inputs, outputs, [], []), [.. shapes.Select((shape, i) => row.Draws[i].Fill(gen, shape))], seed);
    }

    private static Case OfExample(OpRow row, Example example, int number)
    {
        Tensor[] inputs = row.Inputs([.. example.Inputs.Select(array => array.Shape)], known: true);
        return new Case($"{row.Name}, example {number}", FunctionChecks.Freeze(inputs, [row.Build(inputs)], [], []), example.Inputs, 1);
    }

    private static Case OfRandomGraph(int seed)
    {
        var graph = new RandomGraph(seed, ops: 4 + seed % 24);
        return new Case($"graph {seed}", FunctionChecks.Freeze(graph.Inputs, graph.Roots, graph.Updates, []), graph.Arrays, seed);
    }

    private static Case Of(string name, Shape shape, Draw draw, Func<Tensor, Tensor> build)
    {
        Tensor x = Input(shape, "x", draw.DType);
        return new Case(name, FunctionChecks.Freeze([x], [build(x)], [], []), [draw.Fill(new Gen(1), shape)], 1);
    }

    private static void Check(IEnumerable<Case> every)
    {
        Case[] cases = [.. every];
        var compiler = new Remembering(Nvrtc.Required());
        compiler.Compile([.. cases.SelectMany(one => SourcesOf(one)).Distinct()], Stages.Options.Gpu.Architecture);
        using SimulatedGpu gpu = CheckedGpu.Make();
        using var device = new CudaDevice(gpu, compiler);
        int judged = 0;
        using (Assert.EnterMultipleScope())
        {
            foreach (Case one in cases)
            {
                (string? wrong, bool stable) = Agreement.Compare(Agreement.On(device), one.Graph, one.Arrays, one.Seed);
                if (stable) judged++;
                Assert.That(wrong, Is.Null, one.Name);
                gpu.AssertClean();
                gpu.ResetFindings();
            }
            foreach (CompiledKernel kernel in compiler.Kernels.Values) Assert.That(kernel.Resources!.Value.SpillBytes, Is.Zero, $"{kernel.Source.Name}\n{kernel.Source.Text}");
        }
        TestContext.Out.WriteLine($"{judged} of {cases.Length} cases, {compiler.Kernels.Count} kernels, at most {compiler.Kernels.Values.Max(kernel => kernel.Resources!.Value.Registers)} registers");
        Assert.That(judged, Is.GreaterThan(0.9 * cases.Length), "cases that can be judged: no bool or int was about to change");
    }

    /// <summary>The kernels that a case will need.</summary>
    private static IReadOnlyList<KernelSource> SourcesOf(Case one)
    {
        Dictionary<Tensor, Tensor> known = one.Graph.Known([.. one.Arrays.Select(array => array.Shape)]);
        Tensor[] roots = new Pipeline().Optimise(one.Graph.Roots, known);
        MiniDL.Program program = Lower.ToProgram([.. one.Graph.Inputs.Select(input => known[input])], roots, [.. one.Graph.Updates.Select(update => update.Variable)]);
        return ProgramPlan.For(program, Stages.Options).Sources;
    }
}
