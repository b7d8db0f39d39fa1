// A program in C, of which MiniDL knows nothing, on whatever driver this machine has: saxpy.c. Without a driver or a C compiler the test is skipped, by name.
using System.Diagnostics;

namespace MiniDL.Cuda.Tests;

[TestFixture]
[Category("Driver")]
public sealed class DriverProgramTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    [TestCase(1)]
    [TestCase(1000)]
    [TestCase(100_001)]
    public void A_program_in_C_runs_as_it_is(int n)
    {
        using (DriverGpu gpu = GpuOfThisMachine.OpenOrSkip())
        {
            using var folder = new TemporaryFolder();
            string program = Path.Combine(folder.Path, "saxpy");
            Compile(Path.Combine(AppContext.BaseDirectory, "saxpy.c"), program);
            (int code, string output, string errors) = Run(program, $"{n}");
            Assert.That(code, Is.Zero, errors);
            Assert.That(output.TrimEnd().Split('\n'), Is.EqualTo(new[] { gpu.Properties.Name, "wrong: 0" }));
        }
    }

    private static void Compile(string source, string program)
    {
        try
        {
            (int code, _, string errors) = Run("gcc", "-O1", "-Wall", "-Werror", "-o", program, source, "-ldl");
            Assert.That(code, Is.Zero, errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore("no gcc");
        }
    }

    private static (int Code, string Output, string Errors) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end within {s_patience.TotalSeconds} seconds");
        }
        return (process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }
}
