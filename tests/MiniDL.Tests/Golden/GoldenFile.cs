namespace MiniDL.Tests.Golden;

/// <summary>Text that is compared with a file beside the tests. To accept a change that is meant, run the tests with MINIDL_ACCEPT=1 and read the diff.</summary>
internal static class GoldenFile
{
    /// <summary>Asserts that <paramref name="text"/> is what the file holds.</summary>
    public static void Check(string name, string text)
    {
        string path = Path.Combine(Repository.Root, "tests", "MiniDL.Tests", "Golden", name);
        text = text.ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable("MINIDL_ACCEPT") == "1") File.WriteAllText(path, text);
        Assert.That(path, Does.Exist, "no golden file yet; run once with MINIDL_ACCEPT=1");
        Assert.That(text, Is.EqualTo(File.ReadAllText(path).ReplaceLineEndings("\n")), $"{name} differs; if the change is meant, run with MINIDL_ACCEPT=1");
    }
}
