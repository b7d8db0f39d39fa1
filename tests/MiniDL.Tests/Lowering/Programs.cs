// Random programs for the tests of lowering, and an independent reading of who uses which memory when.
using static MiniDL.T;

namespace MiniDL.Tests.Lowering;

internal static class Programs
{
    /// <summary>A function of random ops over matrices of the shape of x, 6 x 6 or 40 x 40 (more than a tile): outputs are kept, shared variables
    /// updated, some of them from each other.</summary>
    public static (Tensor[] Outputs, Update[] Updates) Random(int seed, int nodes, Tensor x)
    {
        var random = new Random(seed);
        int side = x.Shape[0];
        Shared[] variables = [.. Enumerable.Range(0, 4).Select(i => Shared(new Init((ulong)(seed * 10 + i)).Uniform([side, side], -1, 1), $"w{i}"))];
        List<Tensor> all = [x, .. variables];
        for (int i = 0; i < nodes; i++) all.Add(RandomOp(random, Pick, all.Count, side));
        Tensor[] outputs = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pick())];
        Update[] updates = [.. variables.Where(_ => random.Next(4) > 0).Select(variable => new Update(variable, Tanh(Pick())))];
        return (outputs, updates);

        Tensor Pick() => random.Next(3) == 0 ? all[random.Next(all.Count)] : all[random.Next(Math.Max(0, all.Count - 6), all.Count)];
    }

    private static Tensor RandomOp(Random random, Func<Tensor> pick, int salt, int side) => random.Next(16) switch
    {
        0 => Dot(pick(), pick()) * 0.2f,
        1 => Transpose(pick()),
        2 => pick() + Max(pick(), random.Next(2), keepDims: true),
        3 => Softmax(pick()),
        4 => pick() * Sum(pick(), 1, keepDims: true),
        5 => Flip(pick(), [random.Next(2)]),
        6 => Where(pick() > pick(), pick(), pick()),
        7 => Reshape(Transpose(Reshape(pick(), side == 6 ? [4, 9] : [25, 64])), [side, side]),
        8 => Concat([Slice(pick(), (0, 1 + salt % 5)), Slice(pick(), (1 + salt % 5, side))]),
        9 => Pad(Slice(pick(), (1, side - 1), (2, side)), [1, 0], [1, 2], 0.5f),
        10 => Tanh(pick()),
        11 => Sigmoid(pick()) * pick(),
        12 => pick() - Mean(pick()),
        13 => Cast(pick() < 0, DType.Float32) + pick(),
        14 => GatherRows(pick(), T.Constant(NDArray.From<int>([.. Enumerable.Range(0, side).Select(i => (5 + i * 7) % side)], [side]))),
        _ => pick() + pick(),
    };

    /// <summary>The bytes of the arena that are in use at each stage, and by whom: from a buffer's first write to its last read, an output to the end.</summary>
    public static Dictionary<Buffer, (int First, int Last)> Lifetimes(Program program)
    {
        var lives = new Dictionary<Buffer, (int First, int Last)>();
        for (int i = 0; i < program.Stages.Count; i++)
        {
            foreach (View view in program.Stages[i].Writes) lives[view.Buffer] = lives.TryGetValue(view.Buffer, out var life) ? (life.First, i) : (i, i);
            foreach (View view in program.Stages[i].Reads)
            {
                if (view.Buffer.Offset < 0) continue;
                if (!lives.TryGetValue(view.Buffer, out var life)) throw new InvalidOperationException($"stage {i} reads {view.Buffer} before it is written");
                lives[view.Buffer] = (life.First, i);
            }
        }
        foreach (Buffer output in program.Outputs) lives[output] = (lives[output].First, int.MaxValue);
        return lives.Where(pair => pair.Key.Offset >= 0).ToDictionary();
    }
}
