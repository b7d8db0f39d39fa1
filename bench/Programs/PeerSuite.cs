// bench -- peers: a training step of each program in MiniDL and in PyTorch, in turns.
//
// The one thing to understand: milliseconds on a shared machine drift by tens of percent within minutes, so the two take turns, a ratio is
// formed within each turn, and the median of these ratios is what is reported. The peer is a process of its own, started anew for each turn;
// it times its own steps, so that Python's start-up is not counted.
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using MiniDL.Examples;

namespace MiniDL.Bench.Programs;

/// <summary>The suite of <c>bench -- peers [--models NAME...] [--steps N] [--rounds N] [--threads N] [--peer SCRIPT] [--json]</c>.</summary>
internal sealed partial class PeerSuite(string? dataFolder, string script, int threads, int steps, int rounds)
{
    /// <summary>Where the peer's script is looked for.</summary>
    public static string DefaultScript => Path.Combine(AppContext.BaseDirectory, "peers", "torch_progression.py");

    private const string Python = "/usr/bin/python3";   // the system's, for which distributions package PyTorch

    private const string HowToInstall = "PyTorch is needed for the system's Python: `apt-get install python3-torch` on Debian and Ubuntu, or `pip install torch`. "
        + "Name another script with the same arguments (DATA_DIR MODEL --steps N --threads N) and the same line of output with --peer.";

    // Variables that make OpenBLAS choose another kernel than its own for this processor; the peer is to run at its best.
    private static readonly string[] s_unset = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];

    private sealed record Line(string Model, double Ours, double Peer, double Ratio);

    /// <summary>Measures and prints; returns the exit code.</summary>
    public int Run(string[] models, bool json)
    {
        if (!File.Exists(script)) throw new BenchmarkException($"there is no peer script {Path.GetFullPath(script)}; name it with --peer");
        if (!File.Exists(Python)) throw new BenchmarkException($"there is no {Python}. {HowToInstall}");
        string folder = Mnist.FindFolder(dataFolder);
        Machine.NoteIfBusy();
        var suite = new StepSuite(dataFolder, threads, steps);
        using Device device = Device.Cpu(threads);
        var lines = new List<Line>();
        Console.WriteLine($"{"program",-10}{"ms/step",10}{"peer",10}{"ratio",8}    batch 128, {threads} thread(s), {steps} steps in each of {rounds} turns");
        foreach (string model in models)
        {
            var (ours, peers) = (new double[rounds], new double[rounds]);
            for (int round = 0; round < rounds; round++)
            {
                using (Trainer trainer = suite.Prepare(model, device)) ours[round] = StepSuite.Median(trainer, steps);
                peers[round] = RunPeer(folder, model);
            }
            var line = new Line(model, Median(ours), Median(peers), Median([.. ours.Zip(peers, (mine, theirs) => theirs / mine)]));
            lines.Add(line);
            Console.WriteLine($"{model,-10}{line.Ours,10:F3}{line.Peer,10:F3}{line.Ratio,8:F2}");
        }
        Console.WriteLine("ratio: the peer's time divided by MiniDL's, the median of the turns; above 1 MiniDL is faster.");
        if (json)
        {
            JsonLine.Print("models", lines, (writer, line) =>
            {
                writer.WriteString("model", line.Model);
                writer.WriteNumber("threads", threads);
                writer.WriteNumber("ms_per_step", Math.Round(line.Ours, 4));
                writer.WriteNumber("peer_ms_per_step", Math.Round(line.Peer, 4));
                writer.WriteNumber("ratio", Math.Round(line.Ratio, 4));
            });
        }
        return 0;
    }

    private double RunPeer(string folder, string model)
    {
        var start = new ProcessStartInfo(Python, [script, folder, model, "--steps", $"{steps}", "--epochs", "1000", "--threads", $"{threads}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string variable in s_unset) start.Environment.Remove(variable);
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (errors.Result.Contains("No module named 'torch'", StringComparison.Ordinal)) throw new BenchmarkException(HowToInstall);
        var time = StepTime().Match(output);
        return process.ExitCode == 0 && time.Success
            ? double.Parse(time.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : throw new BenchmarkException($"{script} ended with code {process.ExitCode} and without a line `... ms/step N ...`:\n{output}{errors.Result}");
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    [GeneratedRegex(@"ms/step ([0-9.]+)")]
    private static partial Regex StepTime();
}
