// The tables of kernels/README.md: rewriting them, and that there is one for every ladder.
using MiniDL.Bench.Kernels;
using MiniDL.Bench.Programs;
using MiniDL.Ladders;
using MiniDL.Tests;

namespace MiniDL.Bench.Tests;

[TestFixture]
public sealed class KernelChapterTests
{
    private static readonly ToyLadder s_toy = new();

    private const string Chapter = """
        # A chapter

        <!-- bench -- kernels: toy -->
        | what stood | here |
        <!-- end -->

        Words behind it.
        <!-- bench -- kernels: other -->
        | another | table |
        <!-- end -->
        """;

    [Test]
    public void What_stands_between_the_markers_is_replaced_and_nothing_else() => Assert.That(KernelChapter.Rewrite(Chapter, s_toy, "| new |\n"), Is.EqualTo("""
        # A chapter

        <!-- bench -- kernels: toy -->

        | new |
        <!-- end -->

        Words behind it.
        <!-- bench -- kernels: other -->
        | another | table |
        <!-- end -->
        """));

    [Test]
    public void Writing_twice_changes_nothing()
    {
        string once = KernelChapter.Rewrite(Chapter, s_toy, "| new |\n");
        Assert.That(KernelChapter.Rewrite(once, s_toy, "| new |\n"), Is.EqualTo(once));
    }

    [TestCase("# A chapter without markers\n")]
    [TestCase("<!-- bench -- kernels: toy -->\n| no end |\n")]
    [TestCase("<!-- bench -- kernels: toy -->\n| no end of its own |\n<!-- bench -- kernels: other -->\n<!-- end -->\n")]
    public void A_missing_marker_is_named(string chapter)
    {
        string message = Assert.Throws<BenchmarkException>(() => KernelChapter.Rewrite(chapter, s_toy, "| new |\n")).Message;
        Assert.That(message, Does.Contain("<!-- bench -- kernels: toy -->").And.Contain("<!-- end -->"));
    }

    /// <summary>That the figures are those of today would take minutes to find out; that no rung is missing or renamed does not.</summary>
    [Test]
    public void The_chapter_has_a_table_for_each_ladder_with_a_row_for_each_rung()
    {
        string chapter = File.ReadAllText(Path.Combine(Repository.Root, "kernels", "README.md"));
        using (Assert.EnterMultipleScope())
        {
            foreach (Ladder ladder in LadderList.All)
            {
                string[] parts = KernelChapter.BlockOf(chapter, ladder).Split("\n\n");
                string advice = $"{ladder.Name}: run bench -- kernels --ladder {ladder.Name} --device sim --write";
                IEnumerable<string[]> tables = parts.Select(part => part.Trim()).Where(part => part.StartsWith('|')).Select(part => part.Split('\n'));
                Assert.That(tables, Is.Not.Empty, advice);
                foreach (string[] table in tables)
                    Assert.That(table.Skip(2).Select(line => line.Split('|')[1].Trim()).ToArray(), Is.EqualTo(ladder.Rungs.Select(KernelTables.RowOf).ToArray()), advice);
            }
        }
    }
}
