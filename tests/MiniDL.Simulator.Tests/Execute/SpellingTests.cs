// Every spelling of an instruction that NVRTC was seen to emit for several hundred float32 kernels, with and without fast math (Fixtures/spellings.txt): each decodes.
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Tests.Execute;

[TestFixture]
public sealed class SpellingTests
{
    private static IEnumerable<string> Spellings()
    {
        using Stream stream = typeof(SpellingTests).Assembly.GetManifestResourceStream("spellings.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line) yield return line;
    }

    [Test]
    public void All_are_known()
    {
        string[] all = [.. Spellings()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(all, Has.Length.GreaterThan(300));
            foreach (string spelling in all) Assert.That(Decode(spelling), Is.Empty, spelling);
        }
    }

    [Test]
    public void A_modifier_nobody_knows_is_not_overlooked([Values("ld.global.wobbly.f32", "bar.sync.wobbly", "add.wobbly.s32", "shfl.sync.wobbly.b32", "cvt.rn.wobbly.f32.s32", "atom.global.wobbly.add.u32")] string spelling) =>
        Assert.That(Decode(spelling), Is.Not.Empty);

    /// <summary>What the decoder has to say against an instruction of that spelling, with operands that fit.</summary>
    private static string[] Decode(string spelling)
    {
        string text = $$"""
            .version 8.4
            .target sm_80
            .address_size 64
            .func f(.param .b32 a) { ret; }
            .visible .entry k(.param .u64 out)
            {
                .reg .pred %p<9>; .reg .b16 %h<9>; .reg .b32 %w<9>; .reg .b64 %d<9>; .param .b32 argument;
                {{spelling}} {{Operands(spelling)}};
                L: ret;
            }
            """;
        PtxModule module = PtxParser.Parse(text);
        return Decoder.Decode(module, module.Functions["k"], new Dictionary<string, ulong>()).Messages;
    }

    private static string Operands(string spelling)
    {
        string[] words = spelling.Split('.');
        string last = words[^1];
        string r = Register(last), vector = words.Contains("v4") ? $"{{{r}1, {r}2, {r}3, {r}4}}" : words.Contains("v2") ? $"{{{r}1, {r}2}}" : r + "1";
        string wide = last.EndsWith("32", StringComparison.Ordinal) ? "%d" : "%w";
        return (words[0], words.Length > 1 ? words[1] : "") switch
        {
            ("ld", "param") => $"{vector}, [out]",
            ("ld", _) => $"{vector}, [%d1]",
            ("st", "param") => $"[argument], {r}1",
            ("st", _) => $"[%d1], {vector}",
            ("red", _) => $"[%d1], {r}1",
            ("atom", _) when words.Contains("cas") => $"{r}1, [%d1], {r}2, {r}3",
            ("atom", _) => $"{r}1, [%d1], {r}2",
            ("bar", "sync") or ("barrier", "sync") => "0",
            ("bar", "warp") => "%w1",
            ("bar", "red") => $"{r}1, 0, %p2",
            ("bra", _) => "L",
            ("call", _) => "f, (argument)",
            ("membar" or "ret" or "trap", _) => "",
            ("activemask", _) => "%w1",
            ("cvt", _) => $"{Register(words[^2])}1, {r}2",
            ("cvta", _) => "%d1, %d2",
            ("match" or "redux", _) => $"%w1, {r}2, %w3",
            ("mad" or "mul", "wide") => words[0] == "mul" ? $"{wide}1, {r}2, {r}3" : $"{wide}1, {r}2, {r}3, {wide}4",
            ("fma" or "mad" or "shf" or "prmt" or "bfe", _) => $"{r}1, {r}2, {r}3, {r}4",
            ("bfi", _) => $"{r}1, {r}2, {r}3, %w4, %w5",
            ("bfind" or "clz" or "popc", _) => $"%w1, {r}2",
            ("selp", _) => $"{r}1, {r}2, {r}3, %p1",
            ("setp", _) => $"%p1, {r}2, {r}3",
            ("shfl", _) => "%w1|%p1, %w2, %w3, %w4, %w5",
            ("shl" or "shr", _) => $"{r}1, {r}2, %w3",
            ("vote", "sync") => words.Contains("ballot") ? "%w1, %p1, %w2" : "%p1, !%p2, %w2",
            ("abs" or "neg" or "not" or "mov" or "brev" or "ex2" or "lg2" or "sin" or "cos" or "rcp" or "sqrt" or "rsqrt", _) => $"{r}1, {r}2",
            _ => $"{r}1, {r}2, {r}3",
        };
    }

    private static string Register(string type) => type switch
    {
        "pred" => "%p",
        "u8" or "s8" or "b8" or "u16" or "s16" or "b16" or "f16" or "bf16" => "%h",
        "u64" or "s64" or "b64" or "f64" => "%d",
        _ => "%w",
    };
}
