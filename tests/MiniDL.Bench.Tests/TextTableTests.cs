// Tables as text.
using MiniDL.Bench.Kernels;

namespace MiniDL.Bench.Tests;

[TestFixture]
public sealed class TextTableTests
{
    [Test]
    public void Markdown_is_padded_figures_stand_right_and_words_left() => Assert.That(
        new TextTable(["rung", "us", "limiter"], [["1 naive", "12.5", "DRAM bytes"], ["2", "3", "float32"]]).ToMarkdown(), Is.EqualTo("""
        | rung    |   us | limiter    |
        | ------- | ---: | ---------- |
        | 1 naive | 12.5 | DRAM bytes |
        | 2       |    3 | float32    |

        """));
}
