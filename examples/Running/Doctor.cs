// `examples -- doctor`: what this machine has that MiniDL can use.
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MiniDL.Cuda;

namespace MiniDL.Examples;

/// <summary>Tells about the machine, the data and the devices.</summary>
public static class Doctor
{
    /// <summary>Prints the report.</summary>
    public static void Report(Terminal terminal, Options options)
    {
        terminal.WriteLine($".NET        {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}");
        terminal.WriteLine($"system      {RuntimeInformation.OSDescription}");
        terminal.WriteLine($"cores       {Environment.ProcessorCount}");
        terminal.WriteLine($"vectors     {Vectors()}; Vector<float> has {Vector<float>.Count} lanes");
        terminal.WriteLine($"memory      {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:F1} GB");
        terminal.WriteLine($"data        {DataFolder(options.Data)}");
        WriteReport(terminal, "driver", Libraries.Driver());
        WriteReport(terminal, "NVRTC", Libraries.Nvrtc());
        WriteReport(terminal, "cuBLAS", Libraries.CuBlas());
        terminal.WriteLine($"kernels     {Libraries.KernelCacheLine()}");
        terminal.WriteLine("devices     cpu        fast, the default");
        terminal.WriteLine("            reference  float64, node by node, slow: what the others are compared with");
        terminal.WriteLine("            cuda       an NVIDIA GPU; needs the driver, NVRTC and (but for --gemm handwritten) cuBLAS");
        terminal.WriteLine("            sim[:GPU]  a simulated GPU, slow; needs NVRTC");
    }

    private static void WriteReport(Terminal terminal, string name, LibraryReport report)
    {
        for (int i = 0; i < report.Lines.Count; i++) terminal.WriteLine($"{(i == 0 ? name : ""),-12}{report.Lines[i]}");
    }

    private static string Vectors() => string.Join(", ", new[]
    {
        $"512 bits {YesNo(Vector512.IsHardwareAccelerated)}",
        $"256 bits {YesNo(Vector256.IsHardwareAccelerated)}",
        $"128 bits {YesNo(Vector128.IsHardwareAccelerated)}",
    });

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static string DataFolder(string? asked)
    {
        try
        {
            return Mnist.FindFolder(asked);
        }
        catch (DataFileException missing)
        {
            return missing.Message;
        }
    }
}
