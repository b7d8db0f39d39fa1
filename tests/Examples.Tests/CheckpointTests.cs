using System.Diagnostics;
using System.Text.Json;

namespace MiniDL.Examples.Tests;

/// <summary>--save, --resume, --log and --out: what a run leaves, and how another goes on with it.</summary>
[TestFixture]
public sealed class CheckpointTests
{
    private TinyData _data = null!;

    [SetUp]
    public void MakeData() => _data = new TinyData();

    [TearDown]
    public void DeleteData() => _data.Dispose();

    private string Place(string name) => Path.Combine(_data.Folder, name);

    // Six steps of four of 24 examples are an epoch: stopped in the middle of one, and at the end.
    [TestCase("old-0.5", 6)]
    [TestCase("modern", 8)]
    [TestCase("modern", 12)]
    [TestCase("conv", 3)]
    public void A_program_that_was_saved_goes_on_to_the_bit(string name, int steps)
    {
        using Device device = Device.Cpu(threads: 1);
        using Mnist4 whole = Build(name, device), first = Build(name, device), second = Build(name, device, seed: 1);
        for (int step = 0; step < 15; step++) whole.Trainer.Train(step);
        for (int step = 0; step < steps; step++) first.Trainer.Train(step);
        first.Trainer.Save(Place("run"), steps);
        int done = second.Trainer.Load(Place("run"));
        for (int step = done; step < 15; step++) second.Trainer.Train(step);
        Assert.That(done, Is.EqualTo(steps));
        Assert.That(second.Bytes, Is.EqualTo(whole.Bytes));
    }

    [TestCase("modern")]
    [TestCase("keras")]
    [TestCase("resnet")]
    public void From_the_command_line_a_resumed_run_ends_as_the_whole_one(string name)
    {
        string file = Place("run.safetensors"), other = Place("whole.safetensors");
        (int wholeCode, string whole, _) = Run(name, "--epochs", "1", "--steps", "3", "--save", other, "--json");
        (int firstCode, _, string errors) = Run(name, "--epochs", "1", "--steps", "2", "--save", file);
        (int secondCode, string second, _) = Run(name, "--epochs", "1", "--steps", "3", "--resume", file, "--save", file, "--json");
        Assert.That((wholeCode, firstCode, secondCode, errors), Is.EqualTo((0, 0, 0, "")));
        using (Assert.EnterMultipleScope())
        {
            SafeTensors a = SafeTensors.Load(file), b = SafeTensors.Load(other);
            Assert.That(second, Does.Contain("goes on after step 2"));
            Assert.That(JsonLine(second).GetProperty("steps").GetInt32(), Is.EqualTo(3));
            Assert.That(JsonLine(second).GetProperty("accuracy").GetDouble(), Is.EqualTo(JsonLine(whole).GetProperty("accuracy").GetDouble()));
            Assert.That(a.Names, Is.EqualTo(b.Names).And.Not.Empty);
            foreach (string array in a.Names) Assert.That(a[array].Bytes().SequenceEqual(b[array].Bytes()), Is.True, array);
        }
    }

    [TestCase("logistic", "modern", "", "is a checkpoint of another program")]
    [TestCase("modern", "modern", "--seed 2", "was saved by a run with --seed 1, this one has 2; give --seed 1")]
    [TestCase("modern", "modern", "--batch 6", "--batch 4, this one has 6")]
    public void A_checkpoint_of_another_run_is_refused_with_what_differs(string saved, string resumed, string options, string says)
    {
        Run(saved, "--steps", "1", "--save", Place("run"));
        (int code, _, string errors) = Run([resumed, "--steps", "2", "--resume", Place("run"), .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors, Does.StartWith("error: ").And.Contain(says).And.Not.Contain("   at "));
        }
    }

    [Test]
    public void A_name_that_stands_for_two_runs_saves_two_files()
    {
        Run("old", "--steps", "1", "--save", Place("run.safetensors"));
        Assert.That(File.Exists(Place("run.safetensors")) && File.Exists(Place("run-old-0.5.safetensors")), Is.True);
    }

    [TestCase("modern")]
    [TestCase("keras")]
    public void Cancelled_a_run_ends_well_with_what_was_trained_and_saved(string name)
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        using var output = new StringWriter();
        int code = CommandLine.Run([name, "--batch", "4", "--data", _data.Folder, "--save", Place("run"), "--json"], output, TextWriter.Null, stop.Token);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.Zero);
            Assert.That($"{output}", Does.Contain("stopped after step 0"));
            Assert.That(JsonLine($"{output}").GetProperty("steps").GetInt32(), Is.Zero);
        }
    }

    [Test]
    public void Cancelled_in_one_of_several_runs_the_others_are_not_begun()
    {
        using var output = new StringWriter();
        Assert.That(CommandLine.Run(["old", "--batch", "4", "--data", _data.Folder], output, TextWriter.Null, new CancellationToken(canceled: true)), Is.Zero);
        Assert.That($"{output}", Does.Contain("old: stopped").And.Not.Contain("old-0.5:"));
    }

    [Test]
    public void The_interrupt_key_ends_a_process_with_exit_code_0_and_a_checkpoint()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("signals are sent with kill here");
        string program = Path.Combine(AppContext.BaseDirectory, "MiniDL.Examples.dll");
        string[] command = ["dotnet", program, "logistic", "--epochs", "10000", "--batch", "4", "--data", _data.Folder, "--save", Place("run"), "--log", Place("log")];
        if (OperatingSystem.IsLinux()) command = ["env", "--default-signal=INT", .. command];   // tests that run in a script's background ignore the key, and their children would inherit that
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        while (!process.HasExited && !File.Exists(Place("run"))) Thread.Sleep(20);   // it has trained an epoch
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"])) kill.WaitForExit();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.ExitCode, Is.Zero);
            Assert.That(output, Does.Contain("stopped after step").And.Contain("saved in"));
            Assert.That(SafeTensors.Load(Place("run")).Metadata["step"], Is.Not.EqualTo("0"));
        }
    }

    [TestCase("modern")]
    [TestCase("keras")]
    public void The_log_has_a_line_for_each_epoch_and_the_page_everything_in_one_file(string name)
    {
        (int code, _, string errors) = Run(name, "--epochs", "2", "--log", Place("logs/run.jsonl"), "--out", Place("out"));
        Assert.That((code, errors), Is.EqualTo((0, "")));
        JsonElement[] lines = [.. File.ReadAllLines(Place("logs/run.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];
        string page = File.ReadAllText(Place($"out/{name}.html"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines.Select(line => line.GetProperty("epoch").GetInt32()), Is.EqualTo(new[] { 1, 2 }));
            Assert.That(lines.Select(line => line.GetProperty("model").GetString()), Is.All.EqualTo(name));
            Assert.That(lines.Select(line => line.GetProperty("steps").GetInt32()), Is.EqualTo(new[] { 6, 12 }));
            Assert.That(page, Does.Contain("<h2>Model</h2>").And.Contain("<h2>Configuration</h2>").And.Contain("cost by epoch").And.Contain("accuracy by epoch").And.Contain("<svg "));
        }
    }

    [Test]
    public void The_page_of_the_logistic_regression_has_its_weights()
    {
        Run("logistic", "--epochs", "1", "--out", Place("out"));
        Assert.That(File.ReadAllText(Place("out/logistic.html")), Does.Contain("What each digit looks for").And.Contain("data:image/png;base64,"));
    }

    private (int Code, string Output, string Errors) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        string[] batch = args.Contains("--batch") ? [] : ["--batch", "4"];
        int code = CommandLine.Run([.. args, .. batch, "--threads", "1", "--data", _data.Folder], output, errors);
        return (code, output.ToString(), errors.ToString());
    }

    private static JsonElement JsonLine(string output) => JsonDocument.Parse(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;

    private Mnist4 Build(string name, Device device, ulong seed = 1) => new(Progression.Mnist.Single(chapter => chapter.Name == name).Build(new Init(seed)), Mnist.Load(_data.Folder), device);

    // A program ready to train in batches of 4.
    private sealed class Mnist4(MnistProgram program, Mnist data, Device device) : IDisposable
    {
        public Trainer Trainer { get; } = new(program, data, device, batch: 4, seed: 1);

        public byte[] Bytes => [.. program.Parameters.Concat(program.Updates.Select(update => update.Variable)).SelectMany(variable => variable.Value.Bytes().ToArray())];

        public void Dispose() => Trainer.Dispose();
    }
}
