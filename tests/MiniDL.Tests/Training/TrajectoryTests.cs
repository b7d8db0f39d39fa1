using static MiniDL.T;

namespace MiniDL.Tests.Training;

/// <summary>Each optimiser goes where its paper says, for 100 steps. The cost is 0.5 sum a (p - b)^2 over three elements, whose gradient is a (p - b);
/// beside it runs the paper's algorithm for one element, in float64.</summary>
/// <remarks>A parameter is a float32: every step rounds it, by up to 6e-8 of its size, and so are its state and, on the CPU, all that lies between. 100 such
/// errors of random sign are 6e-7 together if none dies away; here most do, since a step down a bowl shrinks the distance between two paths. So 1e-6 of the
/// parameter's size is what a right formula keeps to. The targets lie such that no parameter comes near 0, where "of its size" would mean little, and the
/// constants such that each counts: an epsilon of 0.1 inside the root instead of outside is off by a tenth.</remarks>
[TestFixture]
public sealed class TrajectoryTests
{
    private const int Steps = 100;
    private static readonly float[] s_start = [1f, -2f, 0.5f], s_a = [1f, 0.25f, 3f], s_b = [5f, -4f, 2f];

    // The constants are float32 numbers: what the graphs hold.
    private const double Rate = 0.05f, Mu = 0.8f, Rho = 0.9f, Epsilon = 0.1f, Beta1 = 0.9f, Beta2 = 0.99f, Decay = 0.5f, TinyEpsilon = 1e-4f;

    /// <summary>The values that a parameter takes after each step, from its first value and the gradient.</summary>
    public delegate IEnumerable<double> Paper(double p, Func<double, double> gradient);

    public delegate Update[] Optimiser(Tensor cost, IReadOnlyList<Shared> parameters);

    private static IEnumerable<double> Sgd(double p, Func<double, double> gradient)
    {
        while (true) yield return p -= Rate * gradient(p);
    }

    // Sutskever et al. (2013), equations 1 and 2.
    private static IEnumerable<double> Momentum(double p, Func<double, double> gradient)
    {
        for (double v = 0; ;)
        {
            v = Mu * v - Rate * gradient(p);
            yield return p += v;
        }
    }

    // Sutskever et al. (2013), equations 3 and 4: the gradient is taken at p + mu v. MiniDL's variable holds that point.
    private static IEnumerable<double> Nesterov(double p, Func<double, double> gradient)
    {
        for (double v = 0; ;)
        {
            v = Mu * v - Rate * gradient(p + Mu * v);
            p += v;
            yield return p + Mu * v;
        }
    }

    // Tieleman and Hinton (2012), epsilon inside the root as in the talk.
    private static IEnumerable<double> RmsProp(double p, Func<double, double> gradient)
    {
        for (double a = 0; ;)
        {
            double g = gradient(p);
            a = Rho * a + (1 - Rho) * g * g;
            yield return p -= Rate * g / Math.Sqrt(a + Epsilon);
        }
    }

    // Zeiler (2012), algorithm 1, the step multiplied by a rate.
    private static IEnumerable<double> Adadelta(double p, Func<double, double> gradient)
    {
        for (double ofGradients = 0, ofSteps = 0; ;)
        {
            double g = gradient(p);
            ofGradients = Rho * ofGradients + (1 - Rho) * g * g;
            double step = -Math.Sqrt(ofSteps + TinyEpsilon) / Math.Sqrt(ofGradients + TinyEpsilon) * g;
            ofSteps = Rho * ofSteps + (1 - Rho) * step * step;
            yield return p += Mu * step;
        }
    }

    // Kingma and Ba (2015), algorithm 1.
    private static IEnumerable<double> Adam(double p, Func<double, double> gradient)
    {
        double m = 0, v = 0;
        for (int t = 1; ; t++)
        {
            double g = gradient(p);
            m = Beta1 * m + (1 - Beta1) * g;
            v = Beta2 * v + (1 - Beta2) * g * g;
            double correctedM = m / (1 - Math.Pow(Beta1, t)), correctedV = v / (1 - Math.Pow(Beta2, t));
            yield return p -= Rate * correctedM / (Math.Sqrt(correctedV) + Epsilon);
        }
    }

    // Loshchilov and Hutter (2019), algorithm 2: the decay is of the old value, beside Adam's step.
    private static IEnumerable<double> AdamW(double p, Func<double, double> gradient)
    {
        double m = 0, v = 0;
        for (int t = 1; ; t++)
        {
            double g = gradient(p);
            m = Beta1 * m + (1 - Beta1) * g;
            v = Beta2 * v + (1 - Beta2) * g * g;
            double correctedM = m / (1 - Math.Pow(Beta1, t)), correctedV = v / (1 - Math.Pow(Beta2, t));
            yield return p -= Rate * (correctedM / (Math.Sqrt(correctedV) + Epsilon) + Decay * p);
        }
    }

    private static readonly (string Name, Optimiser Ours, Paper Paper)[] s_methods =
    [
        ("Sgd", (cost, p) => T.Sgd(cost, p, (float)Rate), Sgd),
        ("Momentum", (cost, p) => T.Momentum(cost, p, (float)Rate, (float)Mu), Momentum),
        ("Nesterov", (cost, p) => T.Nesterov(cost, p, (float)Rate, (float)Mu), Nesterov),
        ("RmsProp", (cost, p) => T.RmsProp(cost, p, (float)Rate, (float)Rho, (float)Epsilon), RmsProp),
        ("Adadelta", (cost, p) => T.Adadelta(cost, p, (float)Mu, (float)Rho, (float)TinyEpsilon), Adadelta),
        ("Adam", (cost, p) => T.Adam(cost, p, (float)Rate, (float)Beta1, (float)Beta2, (float)Epsilon), Adam),
        ("AdamW", (cost, p) => T.AdamW(cost, p, (float)Rate, (float)Decay, (float)Beta1, (float)Beta2, (float)Epsilon), AdamW),
    ];

    private static IEnumerable<TestCaseData<Optimiser, Paper, Func<Device>>> Cases() =>
        from method in s_methods
        from device in new (string Name, Func<Device> Make)[] { ("reference", Device.Reference), ("cpu", () => Device.Cpu(threads: 1)) }
        select new TestCaseData<Optimiser, Paper, Func<Device>>(method.Ours, method.Paper, device.Make).SetArgDisplayNames(method.Name, device.Name);

    [TestCaseSource(nameof(Cases))]
    public void An_optimiser_takes_the_steps_of_its_paper(Optimiser optimiser, Paper paper, Func<Device> makeDevice)
    {
        Shared p = Shared(NDArray.From(s_start, [3]), "p");
        Tensor a = Constant(NDArray.From(s_a, [3])), b = Constant(NDArray.From(s_b, [3]));
        Tensor cost = 0.5f * Sum(a * Square(p - b));
        using Device device = makeDevice();
        using Function train = Function([], cost, optimiser(cost, [p]), device: device);

        IEnumerator<double>[] elements = [.. Enumerable.Range(0, 3).Select(i => paper(s_start[i], x => s_a[i] * (x - s_b[i])).GetEnumerator())];
        for (int step = 1; step <= Steps; step++)
        {
            train.Run();
            float[] actual = p.Value.Span<float>().ToArray();
            for (int i = 0; i < 3; i++)
            {
                elements[i].MoveNext();
                Assert.That(actual[i], Is.EqualTo(elements[i].Current).Within(1e-6 * Math.Abs(elements[i].Current)), $"element {i} after step {step}");
            }
        }
        for (int i = 0; i < 3; i++) Assert.That(Math.Abs(p.Value.Span<float>()[i] - s_start[i]), Is.GreaterThan(0.1), "it went somewhere");
    }
}
