// What the parser takes, and how it says what is wrong.
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Tests.Ptx;

[TestFixture]
public sealed class ParserTests
{
    private const string Head = ".version 8.4\n.target sm_80\n.address_size 64\n";

    private static PtxFunction Kernel(string body) => PtxParser.Parse(Head + ".visible .entry k(.param .u64 p)\n{\n" + body + "\n}").Functions["k"];

    [Test]
    public void A_variable_has_its_contents()
    {
        PtxModule module = PtxParser.Parse(Head + """
            .visible .global .align 4 .u32 a = 7;
            .const .align 4 .b8 b[8] = {0, 0, 128, 63};
            .global .f32 c[2] = {0f3F800000, 1.5};
            .global .align 8 .u64 d[2] = {generic(a)+4, b};
            .global .s16 e[2][2] = {{-1, 2}, {3}};
            .extern .shared .align 16 .b8 f[];
            .global .b8 g[] = {1, 2, 3};
            """);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(module.Variables.Select(v => v.Name), Is.EqualTo(new[] { "a", "b", "c", "d", "e", "f", "g" }));
            Assert.That(module.Variables[0].Contents, Is.EqualTo(new byte[] { 7, 0, 0, 0 }));
            Assert.That(module.Variables[1], Has.Property("Bytes").EqualTo(8).And.Property("Space").EqualTo(StateSpace.Constant));
            Assert.That(module.Variables[2].Contents, Is.EqualTo(new byte[] { 0, 0, 128, 63, 0, 0, 192, 63 }));
            Assert.That(module.Variables[3].Addresses, Is.EqualTo(new[] { (0, 8, "a", 4L), (8, 8, "b", 0L) }));
            Assert.That(module.Variables[4].Contents, Is.EqualTo(new byte[] { 255, 255, 2, 0, 3, 0 }));
            Assert.That(module.Variables[5], Has.Property("Bytes").EqualTo(0).And.Property("IsExternal").True.And.Property("Alignment").EqualTo(16));
            Assert.That(module.Variables[6].Bytes, Is.EqualTo(3));
        }
    }

    [Test]
    public void Names_are_those_of_the_innermost_braces()
    {
        PtxFunction kernel = Kernel("""
            .reg .b32 r; .reg .b32 %r<3>;
            mov.b32 r, 1;
            { .reg .b64 r; .reg .pred p; mov.b64 r, 2;
              L: @!p bra L; }
            { .reg .pred p; L: @p bra L; bra M; }
            M: mov.b32 r, %r2;
            """);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kernel.Body.Select(i => i.Opcode), Is.EqualTo(new[] { "mov.b32", "mov.b64", "bra", "bra", "bra", "mov.b32" }));
            Assert.That(((RegisterOperand)kernel.Body[0].Operands[0]).Register, Is.EqualTo(((RegisterOperand)kernel.Body[5].Operands[0]).Register));
            Assert.That(kernel.Registers[((RegisterOperand)kernel.Body[1].Operands[0]).Register], Is.EqualTo(PtxType.B64));
            Assert.That(kernel.Body.Where(i => i.Opcode == "bra").Select(i => kernel.Labels[((LabelOperand)i.Operands[0]).Label]), Is.EqualTo(new[] { 2, 3, 5 }));
            Assert.That(kernel.Body[2].GuardNegated, Is.True);
            Assert.That(kernel.Body[3].GuardNegated, Is.False);
        }
    }

    [Test]
    public void Operands_come_in_all_their_forms()
    {
        PtxFunction kernel = Kernel("""
            .reg .b32 %r<9>; .reg .b64 %rd<3>; .reg .pred %p<3>; .local .align 4 .b8 depot[16];
            shfl.sync.down.b32 %r1|%p1, %r2, 16, 0x1f, -1;
            ld.global.v2.u32 {%r1, %r2}, [%rd1+-8];
            setp.lt.and.s32 %p1|_, %r1, %r2, !%p2;
            mov.u64 %rd1, depot;
            st.local.u32 [depot+4], %r1;
            frob.tile.2d [%rd1, {%r1, %r2}], [%rd2];
            mov.f32 %r1, 0fBF800000;
            """);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kernel.Body[0].Operands[0], Is.InstanceOf<PairOperand>());
            Assert.That(kernel.Body[0].Operands[4], Is.EqualTo(new NumberOperand(ulong.MaxValue, NumberKind.Integer)));
            Assert.That(((AddressOperand)kernel.Body[1].Operands[1]).Offset, Is.EqualTo(-8));
            Assert.That(kernel.Body[2].Operands[3], Is.InstanceOf<NegatedOperand>());
            Assert.That(kernel.Body[3].Operands[1], Is.InstanceOf<VariableOperand>());
            Assert.That(((VariableOperand)((AddressOperand)kernel.Body[4].Operands[0]).Base).Offset, Is.EqualTo(4));
            Assert.That(kernel.Body[5].Opcode, Is.EqualTo("frob.tile.2d"));
            Assert.That(kernel.Body[6].Operands[1], Is.EqualTo(new NumberOperand(0xBF800000, NumberKind.Single)));
        }
    }

    [Test]
    public void Lines_of_the_source_are_those_of_the_last_loc()
    {
        PtxModule module = PtxParser.Parse(Head + """
            .visible .entry k()
            .maxntid 128, 2, 1
            .minnctapersm 2
            {
                .loc 1 7 3
                membar.gl;
                .loc 1 9 5, function_name $L__info_string0, inlined_at 1 8 2
                membar.gl;
                .pragma "nounroll";
                ret;
            }
            .file 1 "some/kernel.cu"
            .section .debug_str { $L__info_string0: .b8 97 }
            """);
        PtxFunction kernel = module.Functions["k"];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kernel.Body.Select(i => i.SourceLine), Is.EqualTo(new[] { 7, 9, 9 }));
            Assert.That(module.Files[1], Is.EqualTo("some/kernel.cu"));
            Assert.That(kernel.MostThreads, Is.EqualTo(256));
            Assert.That(module.Target, Is.EqualTo(80));
        }
    }

    [TestCase(".reg .b32 %r1; mov.b32 %r1 1;", 6, "expected ','")]
    [TestCase("bra nowhere;", 6, "no label 'nowhere'")]
    [TestCase("L: L: ret;", 6, "'L' is there twice")]
    [TestCase("@%p1 ret;", 6, "no predicate register")]
    [TestCase(".reg .b32 %r1; mov.b32 %r1, 0f3F80;", 6, "is no number")]
    [TestCase(".shared .align 3 .b8 x[4];", 6, "power of two")]
    [TestCase("ret", 7, "expected")]
    [TestCase(".reg .b99 x;", 6, "expected a type")]
    public void What_is_wrong_is_said_with_its_line(string body, int line, string message)
    {
        PtxException problem = Assert.Throws<PtxException>(() => Kernel(body))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(problem.Message, Does.Contain(message));
            Assert.That(problem.Line, Is.EqualTo(line));
        }
    }

    [TestCase("", "'.version'")]
    [TestCase(".version 8.4", "'.target sm_NN'")]
    [TestCase(".version 8.4\n.target sm_80\n.address_size 32", "'.address_size 64'")]
    [TestCase(".version 8.4\n.target sm_80\n/* never", "never ends")]
    [TestCase(".version 8.4\n.target sm_80\n.visible .entry k() {", "'}'")]
    [TestCase(".version 8.4\n.target sm_80\nhello", "expected a directive")]
    public void A_text_that_is_no_module_is_refused(string text, string message) =>
        Assert.That(Assert.Throws<PtxException>(() => PtxParser.Parse(text))!.Message, Does.Contain(message));
}
