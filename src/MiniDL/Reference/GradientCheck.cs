// Is a gradient right? Compares T.Grad with central differences, both in float64, through the interpreter.
//
//   df/dx  ~  (f(x + h) - f(x - h)) / 2h
// The difference is wrong by h^2/6 f''' (Taylor) and by about u |f| / h (f is rounded, u = 2^-53). The sum of the two is smallest near the cube
// root of u, h = 6e-6 (Press et al., "Numerical Recipes", 5.7), where about ten digits are right; hence the tolerances below. In float32 three
// digits would be left, and a wrong gradient would pass. The one thing to understand: the differences are taken of the expression as it was
// written, the gradient of the expression as Grad stabilised it, so a wrong rewrite is found here as well.
namespace MiniDL;

/// <summary>Compares gradients with central differences in float64.</summary>
public static class GradientCheck
{
    private const double Step = 6e-6;        // times max(1, |x|)
    private const double Relative = 1e-6;    // ten digits are right where f is smooth; six are asked for
    private const double OfCost = 1e-8;      // the rounding of f, u |f| / h = 2e-11 |f|, times a few hundred terms that may cancel

    /// <summary>Checks the gradient of an expression with respect to each of <paramref name="wrt"/>, element by element. The elements of an
    /// expression that is not a scalar are added up with fixed random weights, so that no errors cancel. Pass a gradient to check second derivatives.</summary>
    /// <param name="expression">float32 of any shape; may hold random nodes, which then draw the same numbers each time.</param>
    /// <param name="wrt">float32 inputs and shared variables.</param>
    /// <param name="feeds">An array for each input that the expression needs.</param>
    /// <param name="relativeTolerance">The allowed difference relative to the larger of the two gradients.</param>
    /// <param name="elements">At most this many elements of each variable are checked, spread evenly.</param>
    /// <param name="seed">Seeds the weights and the random nodes.</param>
    /// <returns>The largest difference found, as a fraction of the allowed one: 1 or less.</returns>
    /// <exception cref="GraphException">A gradient is wrong: the message names the variable, the element and both values. Or an input is not fed, or
    /// no gradient reaches a variable. A function with a kink closer to a value than 6e-6 fails too: choose other values.</exception>
    /// <example><code>GradientCheck.Verify(cost, [w, b], [(x, images), (t, labels)]);
    /// GradientCheck.Verify(T.Grad(cost, w), [w, b], [(x, images), (t, labels)]);   // second derivatives</code></example>
    public static double Verify(Tensor expression, IReadOnlyList<Tensor> wrt, IReadOnlyList<(Tensor Input, NDArray Value)>? feeds = null,
        double relativeTolerance = Relative, int elements = 100, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(expression);
        ArgumentNullException.ThrowIfNull(wrt);
        ArgumentOutOfRangeException.ThrowIfLessThan(elements, 1);
        foreach (Tensor variable in wrt)
            if (variable.Op is not (InputOp or SharedOp)) throw GraphException.About("gradient check", $"{variable.Label} is computed; only inputs and shared variables can be varied", [variable]);

        // Make a scalar of the expression and differentiate it as a user would, before any shape is known.
        Tensor weights = InputOp.Make(expression.Type, "weights", expression.Source);
        Tensor cost = T.Sum(expression * weights);
        Tensor[] roots = [cost, .. T.Grad(cost, wrt)];

        // Make the shapes known and the values float64.
        Dictionary<Tensor, Tensor> known = KnownInputs(feeds ?? []);
        Dictionary<Tensor, ReferenceArray> values = LeafValues(roots, weights, known, feeds ?? []);
        Shape shape = new Specialise(known).Run([expression], new PassReport("shapes"))[0].Shape;
        known[weights] = InputOp.Make(new TensorType(DType.Float32, shape), "weights", expression.Source);
        values[known[weights]] = RandomWeights(shape, seed);
        roots = new Pipeline().Run(new Specialise(known), roots);
        ReferenceArray[] Evaluate(Tensor[] some) => Interpreter.Evaluate(some, leaf => values[leaf], new RunState(seed, 0));

        // Compare, one element of one variable at a time.
        ReferenceArray[] analytic = Evaluate(roots);
        double worst = 0, slack = OfCost * Math.Max(1, Math.Abs(analytic[0].Data[0]));
        for (int v = 0; v < wrt.Count; v++)
        {
            ReferenceArray x = values[known.GetValueOrDefault(wrt[v], wrt[v])], gradient = analytic[v + 1];
            if (!gradient.Shape.Equals(x.Shape)) throw GraphException.About("gradient check", $"the gradient has shape {gradient.Shape}, {wrt[v].Label} has {x.Shape}", [wrt[v]]);
            int count = Math.Min(elements, x.Data.Length);
            for (int k = 0; k < count; k++)
            {
                int i = (int)((long)k * x.Data.Length / count);
                double exact = gradient.Data[i], numeric = CentralDifference(x.Data, i, () => Evaluate(roots[..1])[0].Data[0]);
                double ratio = Math.Abs(exact - numeric) / (relativeTolerance * Math.Max(Math.Abs(exact), Math.Abs(numeric)) + slack);
                if (!(ratio <= 1))
                    throw GraphException.About("gradient check", $"the gradient for {wrt[v].Label}[{Index(i, x.Shape)}] = {x.Data[i]:G7} is {exact:G10}, but central differences give {numeric:G10}: "
                        + $"{ratio:G3} times the allowed difference. Either a gradient rule is wrong, or there is a kink or a jump within {Step:G1} of this value", [wrt[v], expression]);
                worst = Math.Max(worst, ratio);
            }
        }
        return worst;
    }

    /// <summary>(f(x + h) - f(x - h)) / 2h for element i of x; 2h is the distance that the rounded x + h and x - h really have.</summary>
    private static double CentralDifference(double[] x, int i, Func<double> f)
    {
        double before = x[i], h = Step * Math.Max(1, Math.Abs(before));
        x[i] = before + h;
        double right = x[i], above = f();
        x[i] = before - h;
        double left = x[i], below = f();
        x[i] = before;
        return (above - below) / (right - left);
    }

    private static Dictionary<Tensor, Tensor> KnownInputs(IReadOnlyList<(Tensor Input, NDArray Value)> feeds)
    {
        var known = new Dictionary<Tensor, Tensor>();
        foreach ((Tensor input, NDArray value) in feeds)
        {
            if (input.Op is not InputOp) throw GraphException.About("gradient check", $"{input.Label} is not an input variable", [input]);
            if (value.DType != input.DType || !input.Shape.Accepts(value.Shape)) throw GraphException.About("gradient check", $"an array of {value.DType.Label()}{value.Shape} was fed to {input.Label}", [input]);
            known[input] = InputOp.Make(new TensorType(input.DType, value.Shape), input.Name, input.Source);
        }
        return known;
    }

    private static Dictionary<Tensor, ReferenceArray> LeafValues(Tensor[] roots, Tensor weights, Dictionary<Tensor, Tensor> known, IReadOnlyList<(Tensor Input, NDArray Value)> feeds)
    {
        var values = feeds.ToDictionary(feed => known[feed.Input], feed => ReferenceArray.From(feed.Value));
        foreach (Tensor leaf in Traversal.Topological(roots))
        {
            if (leaf is Shared shared) values[shared] = ReferenceArray.From(shared.Value);
            else if (leaf.Op is InputOp && leaf != weights && !known.ContainsKey(leaf)) throw GraphException.About("gradient check", $"{leaf.Label} is needed, but no array was fed to it", [leaf]);
        }
        return values;
    }

    /// <summary>Numbers in [0.5, 1.5): no element counts for little, and no two for the same.</summary>
    private static ReferenceArray RandomWeights(Shape shape, ulong seed)
    {
        var weights = new ReferenceArray(shape);
        for (int i = 0; i < weights.Data.Length; i++) weights.Data[i] = 0.5 + Ops.Philox.Uniform(seed, uint.MaxValue, 0, (uint)i);
        return weights;
    }

    /// <summary>The multi-index of element <paramref name="i"/>: 1, 0, 3.</summary>
    private static string Index(int i, Shape shape) => string.Join(", ", shape.Strides().Select((stride, axis) => i / stride % shape[axis]));
}
