// A ladder for tests of the bench: y = 2 x, with rungs that are wrong in one way each.
using MiniDL.Gpu;
using MiniDL.Ladders;

namespace MiniDL.Bench.Tests;

internal sealed class ToyLadder : Ladder
{
    /// <summary>The kernel must say what element i becomes; Guard what keeps threads within the array.</summary>
    private static Rung Make(int number, string name, string guard, string element) => new(number, name, $"toy/{number:00}_{name}.cu", "", "", problem =>
        new RungPlan([new RungLaunch(new KernelSource("toy", $$"""
            extern "C" __global__ void toy(const float* x, float* y)
            {
                const int N = {{problem["N"]}};
                int i = blockIdx.x * 256 + threadIdx.x;
                if ({{guard}}) y[i] = {{element}};
            }
            """), new LaunchShape(new Dim3((problem["N"] + 255) / 256), new Dim3(256)), ["x", "y"])]));

    public override string Name => "toy";

    public override string Folder => "toy";

    public override string Formula => "y = 2 x";

    public override Measure Measure => Measure.GigaBytes;

    public override int DefaultSize => 4096;

    public Rung Right { get; } = Make(1, "right", "i < N", "2 * x[i]");

    public Rung WrongAtTheEnd { get; } = Make(2, "wrong_at_the_end", "i < N", "i == N - 1 && N % 256 != 0 ? -1 : 2 * x[i]");

    public Rung BesideTheArray { get; } = Make(3, "beside_the_array", "true", "2 * x[i]");

    public Rung WrongWhenLarge { get; } = Make(4, "wrong_when_large", "i < N", "2 * x[i] + (i == 3000 ? 1 : 0)");

    public Rung ForLaterGpus { get; } = Make(5, "for_later_gpus", "i < N", "2 * x[i]") with { Needs = (99, 0) };

    public override IReadOnlyList<Rung> Rungs => [Right, WrongAtTheEnd, BesideTheArray, WrongWhenLarge, ForLaterGpus];

    public override IReadOnlyList<Problem> Checks { get; } = [Of(1), Of(256), Of(333), Of(512), Of(333) with { Offset = 1 }];

    public override Problem OfSize(int n) => Of(n);

    private static Problem Of(int n) => new()
    {
        Size = $"{n}",
        Macros = [("N", n)],
        Arrays = [new ProblemArray("x", n, ArrayRole.Input, i => ProblemArray.Whole(i)), new ProblemArray("y", n, ArrayRole.Output, _ => 0)],
        Flops = n,
        MinimumBytes = 8.0 * n,
        Reference = first => new Dictionary<string, double[]> { ["y"] = [.. first["x"].Select(x => 2 * x)] },
    };
}
