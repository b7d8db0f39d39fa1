// A process that saves over and over is killed without warning; what it leaves must be a checkpoint that it had saved whole.
using System.Diagnostics;
using System.Globalization;
using MiniDL.Tests.Functions;

namespace MiniDL.Tests.Training.Fit;

[TestFixture]
public sealed class KillTests
{
    private const int Elements = 300_000;   // of each of two arrays: a save takes some milliseconds, most of them in the middle of writing
    private const int LongestWaitMs = 40;

    [Test]
    public void A_process_killed_while_it_saves_leaves_its_last_whole_checkpoint() => KillAtRandomMoments(times: 10, seed: 1);

    [Test]
    [Category("Long")]
    public void So_at_two_hundred_moments() => Assert.That(KillAtRandomMoments(times: 200, seed: 2), Is.Positive, "kills that hit the middle of a file");

    // How many kills left an unfinished file.
    private static int KillAtRandomMoments(int times, ulong seed)
    {
        string folder = Directory.CreateTempSubdirectory("minidl-kill-").FullName, path = Path.Combine(folder, "run.safetensors");
        try
        {
            var random = new SplitMix64(seed);
            int unfinished = 0;
            for (int i = 0; i < times; i++)
            {
                (int reported, bool isFinished) = SaveUntilKilled(path, (int)(random.NextDouble() * LongestWaitMs));
                if (!isFinished) unfinished++;

                // The file is the last that was reported, or the next, if the kill came between its rename and the report.
                (int step, float[] values) = Load(path);
                using (Assert.EnterMultipleScope())
                {
                    Assert.That(step, Is.EqualTo(reported).Or.EqualTo(reported + 1), $"kill {i}");
                    Assert.That(values, Is.EqualTo(new[] { (float)step }), $"kill {i}: every element is of that step");
                    Assert.That(Directory.GetFiles(folder), Has.Length.LessThanOrEqualTo(2), $"kill {i}: at most one file lies beside it");
                }
            }
            Checkpoint.Save(path, Variables(0), Notes(0));
            Assert.That(Directory.GetFiles(folder), Is.EqualTo(new[] { path }), "the next save has cleaned up");
            return unfinished;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (int Reported, bool IsFinished) SaveUntilKilled(string path, int milliseconds)
    {
        using Process child = Process.Start(TestEntry.Child("save", path))!;
        string? first = child.StandardOutput.ReadLine();
        Assert.That(first, Is.EqualTo("1"), "it has saved once");
        Thread.Sleep(milliseconds);
        child.Kill();
        string rest = child.StandardOutput.ReadToEnd();
        child.WaitForExit();

        // A line counts if its end has arrived.
        string[] lines = rest.Split('\n');
        int reported = lines.Length > 1 ? int.Parse(lines[^2], CultureInfo.InvariantCulture) : 1;
        return (reported, Directory.GetFiles(Path.GetDirectoryName(path)!).Length == 1);
    }

    private static (int Step, float[] Values) Load(string path)
    {
        IReadOnlyList<Shared> variables = Variables(-1);
        int step = 0;
        Checkpoint.Load(path, variables, notes =>
        {
            step = (int)notes.Number("step");
            return () => { };
        });
        return (step, [.. variables.SelectMany(variable => variable.Value.Span<float>().ToArray()).Distinct()]);
    }

    /// <summary>The child: saves step 1, 2, 3, ... and reports each once it is in its place.</summary>
    public static int SaveForEver(string path)
    {
        for (int step = 1; step < 100_000; step++)
        {
            Checkpoint.Save(path, Variables(step), Notes(step));
            Console.Out.WriteLine(step);
            Console.Out.Flush();
        }
        return 1;
    }

    private static IReadOnlyList<Shared> Variables(int step) =>
        [.. new[] { "weights", "mean of weights" }.Select(name => T.Shared(NDArray.From(Enumerable.Repeat((float)step, Elements).ToArray(), [Elements]), name))];

    private static Dictionary<string, string> Notes(int step) => new() { ["step"] = step.ToString(CultureInfo.InvariantCulture) };
}
