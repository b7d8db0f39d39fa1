// The entry point of this assembly when a test starts it as a child process: what the environment variable MINIDL_DEBUG does can only
// be seen in a fresh process, since it is read once; and a process that is to be killed while it saves must be another one.
using System.Diagnostics;
using MiniDL.Tests.Lowering;
using MiniDL.Tests.Training.Fit;

namespace MiniDL.Tests.Functions;

internal static class TestEntry
{
    private static int Main(string[] args)
    {
        if (args is ["save", var path]) return KillTests.SaveForEver(path);
        if (args is not ["train"]) return 2;
        TrainingStep step = Models.SmallByName("logistic");
        (NDArray x, NDArray y) = step.Batch(seed: 1);
        using Device device = Device.Cpu(2);
        using Function train = step.Compile(device);
        for (int i = 0; i < 3; i++) train.Run(x, y);
        return 0;
    }

    /// <summary>How to start this assembly as a child process.</summary>
    public static ProcessStartInfo Child(params string[] args) =>
        new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", typeof(TestEntry).Assembly.Location, .. args])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };

    /// <summary>What a child process that trains a few steps writes to standard error with MINIDL_DEBUG at a level, or unset.</summary>
    public static string ErrorOutputOfTraining(string? level)
    {
        ProcessStartInfo start = Child("train");
        start.Environment.Remove("MINIDL_DEBUG");
        if (level is not null) start.Environment["MINIDL_DEBUG"] = level;
        using Process child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync();
        string error = child.StandardError.ReadToEnd();
        child.WaitForExit();
        if (child.ExitCode != 0 || output.Result.Length > 0) Assert.Fail($"the child process ended with {child.ExitCode}: {error}{output.Result}");
        return error;
    }
}
