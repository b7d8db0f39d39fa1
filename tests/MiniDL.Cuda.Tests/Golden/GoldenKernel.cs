using MiniDL.Tests;

namespace MiniDL.Cuda.Tests;

/// <summary>Generated kernels that are compared with files beside the tests. To accept a change that is meant, run the tests with MINIDL_ACCEPT=1 and read the diff.</summary>
internal static class GoldenKernel
{
    /// <summary>Asserts that the kernels of some steps, one after the other, are what the file holds. The files of kernels/ that they include are left out.</summary>
    public static void Check(string name, IReadOnlyList<Step> steps)
    {
        string path = Path.Combine(Repository.Root, "tests", "MiniDL.Cuda.Tests", "Golden", name);
        string text = string.Concat(steps.Cast<KernelStep>().Select(step => WithoutIncludes(step.Source.Text)));
        if (Environment.GetEnvironmentVariable("MINIDL_ACCEPT") == "1") File.WriteAllText(path, text);
        Assert.That(path, Does.Exist, "no golden file yet; run once with MINIDL_ACCEPT=1");
        Assert.That(text, Is.EqualTo(File.ReadAllText(path).ReplaceLineEndings("\n")), $"{name} differs; if the change is meant, run with MINIDL_ACCEPT=1");
    }

    private static string WithoutIncludes(string text)
    {
        text = text.Replace(KernelLibrary.Read(ReducePass.File), $"#include \"{ReducePass.File}\"\n", StringComparison.Ordinal);
        foreach (string file in new[] { "random/philox.cuh", "fused/ranges.cuh", "fused/four.cuh", "prelude.cuh" })
        {
            string included = KernelLibrary.Resolve($"#include \"{file}\"\n"), alone = included.Replace(KernelLibrary.Read("prelude.cuh"), "", StringComparison.Ordinal);
            text = text.Replace(included, $"#include \"{file}\"\n", StringComparison.Ordinal);
            if (alone.Length > 0) text = text.Replace(alone, $"#include \"{file}\"\n", StringComparison.Ordinal);
        }
        return text;
    }
}
