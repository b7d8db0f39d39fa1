using MiniDL.Cpu;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed unsafe class PoolPlanTests
{
    private static readonly PoolShape[] s_shapes =
    [
        new(1, 1, 1, 1, 1, 1, 1),
        new(5, 30, 30, 2, 2, 15, 15),
        new(7, 13, 13, 2, 2, 7, 7),
        new(7, 13, 13, 2, 2, 6, 6),
        new(300, 5, 5, 2, 2, 3, 3),
        new(3, 8, 9, 2, 2, 4, 5),
        new(4, 10, 12, 3, 3, 5, 6) { StrideY = 2, StrideX = 2, PadTop = 1, PadLeft = 1 },
        new(4, 7, 11, 3, 2, 7, 10) { StrideY = 1, StrideX = 1, PadTop = 1 },
        new(2, 9, 9, 2, 3, 3, 3) { StrideY = 3, StrideX = 3 },
    ];

    /// <summary>The positions of a window inside the plane, in row-major order.</summary>
    private static IEnumerable<int> Window(PoolShape s, int output)
    {
        (int oy, int ox) = Math.DivRem(output, s.OW);
        for (int ky = 0; ky < s.KH; ky++)
            for (int kx = 0; kx < s.KW; kx++)
            {
                int y = oy * s.StrideY - s.PadTop + ky, x = ox * s.StrideX - s.PadLeft + kx;
                if (y >= 0 && y < s.H && x >= 0 && x < s.W) yield return y * s.W + x;
            }
    }

    private static int ChosenByDefinition(PoolShape s, float[] plane, int output)
    {
        int[] window = [.. Window(s, output)];
        int[] notANumber = [.. window.Where(at => float.IsNaN(plane[at]))];
        return notANumber.Length > 0 ? notANumber[0] : window.First(at => plane[at] == window.Max(other => plane[other]));
    }

    /// <summary>Small integers, so that ties abound, with a NaN or an infinity here and there.</summary>
    private static Scratch Coarse(int count)
    {
        var scratch = new Scratch(count);
        var random = new Random(4);
        for (int i = 0; i < count; i++)
            scratch.Floats[i] = random.Next(40) switch { 0 => float.NaN, 1 => float.NegativeInfinity, 2 => -0f, _ => random.Next(-2, 3) };
        return scratch;
    }

    [Test]
    public void MaxPoolingChoosesTheFirstMaximumAndTheFirstNaN([Values(1, 3)] int threads)
    {
        using var team = new ThreadTeam(threads);
        foreach (PoolShape s in s_shapes)
        {
            int outputs = s.Planes * s.OutputPlane;
            using Scratch x = Coarse(s.Planes * s.InputPlane), y = new(outputs), index = new(outputs), gathered = new(outputs);
            var plan = new MaxPoolPlan(s, team);
            plan.Forward(x.Floats, y.Floats, index.Ints);
            plan.Gather(x.Floats, index.Ints, gathered.Floats);
            for (int i = 0; i < outputs; i++)
            {
                (int plane, int output) = Math.DivRem(i, s.OutputPlane);
                float[] values = Numbers.ToArray(x.Floats + plane * s.InputPlane, s.InputPlane);
                int chosen = ChosenByDefinition(s, values, output);
                Assert.That(index.Ints[i], Is.EqualTo(chosen), $"index {i} of {s}");
                Assert.That(y.Floats[i], Is.EqualTo(values[chosen]), $"value {i} of {s}");
                Assert.That(gathered.Floats[i], Is.EqualTo(values[chosen]), $"gathered value {i} of {s}");
            }
        }
    }

    [Test]
    public void MaxPoolingGradientGoesToTheChosen([Values(1, 3)] int threads)
    {
        using var team = new ThreadTeam(threads);
        foreach (PoolShape s in s_shapes)
        {
            int inputs = s.Planes * s.InputPlane, outputs = s.Planes * s.OutputPlane;
            using Scratch x = Numbers.Random(inputs, 1), y = new(outputs), index = new(outputs);
            using Scratch dY = Numbers.Random(outputs, 2), dX = Numbers.Filled(inputs, float.NaN);
            var plan = new MaxPoolPlan(s, team);
            plan.Forward(x.Floats, y.Floats, index.Ints);
            plan.Backward(dY.Floats, index.Ints, dX.Floats);
            double[] expected = new double[inputs];
            for (int i = 0; i < outputs; i++)
            {
                (int plane, int output) = Math.DivRem(i, s.OutputPlane);
                float[] values = Numbers.ToArray(x.Floats + plane * s.InputPlane, s.InputPlane);
                expected[plane * s.InputPlane + ChosenByDefinition(s, values, output)] += dY.Floats[i];
            }
            Numbers.AssertClose(dX.Floats, expected, Numbers.Tolerance(s.KH * s.KW), $"dX of {s}");
        }
    }

    [Test]
    public void AveragePoolingAndItsGradientFollowTheDefinition([Values] bool countPadding)
    {
        using var team = new ThreadTeam(2);
        foreach (PoolShape s in s_shapes)
        {
            int inputs = s.Planes * s.InputPlane, outputs = s.Planes * s.OutputPlane;
            using Scratch x = Numbers.Random(inputs, 1), dY = Numbers.Random(outputs, 2);
            using Scratch y = Numbers.Filled(outputs, float.NaN), dX = Numbers.Filled(inputs, float.NaN);
            double[] expectedY = new double[outputs], expectedDX = new double[inputs];
            for (int i = 0; i < outputs; i++)
            {
                (int plane, int output) = Math.DivRem(i, s.OutputPlane);
                int[] window = [.. Window(s, output).Select(at => plane * s.InputPlane + at)];
                int count = countPadding ? s.KH * s.KW : window.Length;
                foreach (int at in window)
                {
                    expectedY[i] += (double)x.Floats[at] / count;
                    expectedDX[at] += (double)dY.Floats[i] / count;
                }
            }
            var plan = new AveragePoolPlan(s, team, countPadding);
            plan.Forward(x.Floats, y.Floats);
            plan.Backward(dY.Floats, dX.Floats);
            Numbers.AssertClose(y.Floats, expectedY, Numbers.Tolerance(s.KH * s.KW), $"Y of {s}");
            Numbers.AssertClose(dX.Floats, expectedDX, Numbers.Tolerance(s.KH * s.KW), $"dX of {s}");
        }
    }

    [Test]
    public void AWindowOutsideThePlaneIsAnError()
    {
        using var team = new ThreadTeam(1);
        Assert.That(() => new MaxPoolPlan(new PoolShape(1, 4, 4, 2, 2, 3, 2), team),
            Throws.ArgumentException.With.Message.Contains("row 2 lies wholly outside the input's 4 rows"));
    }

    [Test]
    public void AWarmRunAllocatesNothing()
    {
        PoolShape s = s_shapes[6];
        int inputs = s.Planes * s.InputPlane, outputs = s.Planes * s.OutputPlane;
        using var team = new ThreadTeam(2);
        using Scratch x = Numbers.Random(inputs, 1), y = new(outputs), index = new(outputs);
        var max = new MaxPoolPlan(s, team);
        var average = new AveragePoolPlan(s, team);
        long bytes = Numbers.Allocated(() =>
        {
            max.Forward(x.Floats, y.Floats, index.Ints);
            max.Backward(y.Floats, index.Ints, x.Floats);
            average.Forward(x.Floats, y.Floats);
            average.Backward(y.Floats, x.Floats);
        });
        Assert.That(bytes, Is.Zero);
    }
}
