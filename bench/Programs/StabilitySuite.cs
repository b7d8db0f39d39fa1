// bench -- stability: the modern net, trained past the point where its cost, computed as it is written, turns into NaN.
//
// The one thing to understand: after about 15 epochs some probabilities of the softmax are exactly 0 in float32, and -sum t log p contains 0 log 0. This
// suite counts those zeros, to show that the danger is real, and the NaNs in costs and weights, of which there must be none.
using MiniDL.Examples;

namespace MiniDL.Bench.Programs;

/// <summary>The suite of <c>bench -- stability [--epochs N] [--threads N] [--json]</c>.</summary>
internal static class StabilitySuite
{
    private const int Batch = 128;

    private sealed record Line(int Epoch, double Cost, long ZeroProbabilities, long NaNs, double Accuracy);

    /// <summary>Trains and prints; returns 0 if no NaN was seen, else 1.</summary>
    public static int Run(string? dataFolder, int threads, int epochs, bool json)
    {
        Mnist data = Mnist.Load(Mnist.FindFolder(dataFolder));
        using Device device = Device.Cpu(threads);
        MnistProgram program = ModernNet.Build(new Init(seed: 1));
        using var trainer = new Trainer(program, data, device, Batch, seed: 1);
        using Function zeros = CountZeros(program, device);
        var lines = new List<Line>();
        Console.WriteLine($"{"epoch",6}{"mean cost",12}{"p exactly 0",14}{"NaNs",8}{"accuracy",10}");
        for (int epoch = 1; epoch <= epochs; epoch++)
        {
            var line = Epoch(epoch, trainer, program, zeros, data);
            lines.Add(line);
            Console.WriteLine($"{epoch,6}{line.Cost,12:F5}{line.ZeroProbabilities,14}{line.NaNs,8}{line.Accuracy,9:F2}%");
        }
        long total = lines.Sum(line => line.NaNs);
        Console.WriteLine($"{total} NaNs in {epochs} epochs");
        if (json)
        {
            JsonLine.Print("epochs", lines, (writer, line) =>
            {
                writer.WriteNumber("epoch", line.Epoch);
                writer.WriteNumber("zero_probabilities", line.ZeroProbabilities);
                writer.WriteNumber("nans", line.NaNs);
                writer.WriteNumber("accuracy", line.Accuracy);
            });
        }
        return total == 0 ? 0 : 1;
    }

    private static Line Epoch(int epoch, Trainer trainer, MnistProgram program, Function zeros, Mnist data)
    {
        (double sum, long nans, long zeroCount) = (0, 0, 0);
        for (int step = 0; step < trainer.BatchesPerEpoch; step++)
        {
            float cost = trainer.Train(step);
            if (!float.IsFinite(cost)) nans++;
            sum += cost;
        }
        foreach (Shared parameter in program.Parameters)
            foreach (float weight in parameter.Value.Span<float>())
                if (!float.IsFinite(weight)) nans++;
        for (int start = 0; start + Batch <= data.TrainImages.Shape[0]; start += Batch)
            zeroCount += (long)zeros.Run(data.TrainImages.Rows(start, Batch)).Scalar();
        return new Line(epoch, sum / trainer.BatchesPerEpoch, zeroCount, nans, trainer.Accuracy());
    }

    // p is what the cost takes the logarithm of, as the user wrote it, dropout and all.
    private static Function CountZeros(MnistProgram program, Device device)
    {
        Tensor p = Traversal.Topological(program.Cost).Single(node => node.Op.Name == "log").Inputs[0];
        return T.Function([program.X], T.Sum(T.Cast(T.Equal(p, 0), DType.Float32)), device: device, seed: 2);
    }
}
