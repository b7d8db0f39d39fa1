// The table "The lectures, row by row" of examples/README.md names files, test classes and tests. This holds it to what there is.
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace MiniDL.Examples.Tests;

/// <summary>What a reader is sent to exists.</summary>
[TestFixture]
public sealed partial class LectureRowsTests
{
    private static readonly string s_root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));

    private static IEnumerable<TestCaseData<string, string>> Rows() =>
        from line in Section().Split('\n')
        where line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| concept |", StringComparison.Ordinal)
        let cells = line.Trim('|').Split('|')
        select new TestCaseData<string, string>(cells[1], cells[2]).SetArgDisplayNames(cells[0].Trim());

    [TestCaseSource(nameof(Rows))]
    public void A_row_names_files_and_tests_that_there_are(string read, string tested)
    {
        string[] files = [.. Names(read).Where(name => Path.HasExtension(name) && !name.StartsWith("Layer.", StringComparison.Ordinal))], tests = [.. Names(tested)];
        string[] sources = [.. Files("src", "*").Concat(Files("examples", "*"))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(files, Is.Not.Empty, "where to read it");
            Assert.That(tests, Is.Not.Empty, "the test that shows it");
            foreach (string file in files) Assert.That(sources.Any(path => path.EndsWith($"/{file}", StringComparison.Ordinal)), Is.True, $"there is no file {file}");
            foreach (string test in tests) AssertTest(test);
        }
    }

    // "ClassTests", or "ClassTests.What_it_shows".
    private static void AssertTest(string name)
    {
        string[] parts = name.Split('.');
        string[] files = [.. Files("tests", $"{parts[0]}.cs")];
        Assert.That(files, Has.Length.EqualTo(1), $"files of a test class {parts[0]}");
        if (parts.Length == 2 && files.Length == 1) Assert.That(File.ReadAllText(files[0]), Does.Contain($"public void {parts[1]}("), $"{parts[0]} has no such test");
    }

    [Test]
    public void Every_lecture_has_a_row()
    {
        // A lecture is called as its class is: "knn", KnnLecture.
        string section = Section();
        IEnumerable<string> missing = LectureList.All.Select(lecture => lecture.Name).Where(name => !section.Contains($"`{name}Lecture.cs`", StringComparison.OrdinalIgnoreCase));
        Assert.That(missing, Is.Empty);
    }

    [Test]
    public void Every_row_of_the_lectures_is_there() => Assert.That(Rows().Count(), Is.EqualTo(34));

    private static IEnumerable<string> Names(string cell) => Name().Matches(cell).Select(match => match.Groups[1].Value);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(s_root, folder), pattern, SearchOption.AllDirectories).Select(path => path.Replace('\\', '/')).Where(path => !path.Contains("/bin/") && !path.Contains("/obj/"));

    private static string Section()
    {
        string page = File.ReadAllText(Path.Combine(s_root, "examples", "README.md")).ReplaceLineEndings("\n");
        int start = page.IndexOf("\n## The lectures, row by row\n", StringComparison.Ordinal), end = page.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return page[start..end];
    }

    private static string Here([CallerFilePath] string file = "") => file;
}
