// The tests' own process, started a second time, for what must be seen from outside: two processes that share a cache, a library that is not there.
//
//     dotnet MiniDL.Cuda.Tests.dll compile FOLDER COUNT     compiles kernels through a cache in FOLDER; prints "COMPILED FOUND"
//     dotnet MiniDL.Cuda.Tests.dll version                  prints NVRTC's version and where it is; without NVRTC the message, and exits 1
using System.Diagnostics;

namespace MiniDL.Cuda.Tests;

internal static class Program
{
    public static int Main(string[] args)
    {
        try
        {
            switch (args)
            {
                case ["compile", var folder, var count]:
                    var compiler = new NvrtcCompiler(NvrtcLibrary.Load(), new KernelCache(folder, Console.Error));
                    compiler.Compile([.. Enumerable.Range(0, int.Parse(count)).Select(Kernels.Numbered)], "sm_80");
                    Console.WriteLine($"{compiler.Compiled} {compiler.FromCache}");
                    return 0;
                case ["version"]:
                    NvrtcLibrary nvrtc = NvrtcLibrary.Load();
                    Console.WriteLine($"{nvrtc.Version.Major}.{nvrtc.Version.Minor} {nvrtc.Name}");
                    return 0;
                default:
                    Console.Error.WriteLine("this is a test project: dotnet test");
                    return 2;
            }
        }
        catch (MissingLibraryException missing)
        {
            Console.Error.WriteLine(missing.Message);
            return 1;
        }
    }

    /// <summary>Starts such a process.</summary>
    /// <param name="nvrtc">What MINIDL_NVRTC is to be; null: as it is.</param>
    /// <param name="args">Its arguments.</param>
    public static Process Start(string? nvrtc, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (nvrtc is not null) start.Environment["MINIDL_NVRTC"] = nvrtc;
        return Process.Start(start)!;
    }

    /// <summary>Waits for a process that was started so.</summary>
    public static (int ExitCode, string Output, string Errors) Finish(Process process)
    {
        using (process)
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output.Trim(), errors.Result);
        }
    }
}
