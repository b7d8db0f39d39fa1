// Reads a PTX text: the module level. PTX ISA 8.4, sections 4, 5 and 11.
//
// The one thing to understand: the parser knows the grammar and not the instructions. Any word with operands is an instruction to it, so that a text with an
// instruction nobody knows still loads; Decoder finds out what a word means, kernel by kernel.
using System.Text;

namespace MiniDL.Simulator.Ptx;

/// <summary>A recursive-descent parser with one token of look-ahead.</summary>
/// <example><code>PtxModule module = PtxParser.Parse(".version 8.4\n.target sm_80\n.address_size 64\n.visible .entry k() { ret; }");</code></example>
internal sealed partial class PtxParser
{
    private readonly PtxLexer _lexer;
    private readonly PtxModule _module = new();
    private Token _token;

    private PtxParser(string text)
    {
        _lexer = new PtxLexer(text);
        _token = _lexer.Next();
    }

    /// <summary>Parses UTF-8 text; a zero byte ends it.</summary>
    public static PtxModule Parse(ReadOnlySpan<byte> utf8)
    {
        int zero = utf8.IndexOf((byte)0);
        return Parse(Encoding.UTF8.GetString(zero < 0 ? utf8 : utf8[..zero]));
    }

    /// <summary>Parses a text.</summary>
    /// <exception cref="PtxException">It is no PTX.</exception>
    public static PtxModule Parse(string text)
    {
        var parser = new PtxParser(text);
        parser.ReadModule();
        return parser._module;
    }

    private void ReadModule()
    {
        if (!At(".version")) throw Unexpected("'.version', which begins every PTX text");
        while (_token.Kind != TokenKind.End) ReadDirective();
        if (_module.Target == 0) throw new PtxException(0, "there is no '.target sm_NN'");
    }

    private void ReadDirective()
    {
        if (Accept(";")) return;
        ReadOnlySpan<char> word = _token.Kind == TokenKind.Word ? _lexer.Characters(_token) : default;
        switch (word)
        {
            case ".version": Skip(); Skip(TokenKind.Number); break;
            case ".target": Skip(); ReadTarget(); break;
            case ".address_size": ReadAddressSize(); break;
            case ".file": Skip(); ReadFile(); break;
            case ".loc" or ".pragma": SkipLine(); break;
            case ".section": SkipSection(); break;
            case ".alias" or ".attribute": SkipLine(); break;
            default: ReadDeclaration(); break;
        }
    }

    private void ReadTarget()
    {
        do
        {
            ReadOnlySpan<char> name = _lexer.Characters(Take(TokenKind.Word, "a target such as sm_80"));
            if (name.StartsWith("sm_") && int.TryParse(name[3..].TrimEnd("abcdefghijklmnopqrstuvwxyz"), out int number)) _module.Target = number;
        }
        while (Accept(","));
    }

    private void ReadAddressSize()
    {
        Skip();
        int line = _token.Line;
        if (TakeInteger() != 64) throw new PtxException(line, "addresses of 32 bits are not supported: '.address_size 64' is expected");
    }

    /// <summary>.file 1 "name.cu", and perhaps a time and a size.</summary>
    private void ReadFile()
    {
        int number = (int)TakeInteger();
        ReadOnlySpan<char> name = _lexer.Characters(Take(TokenKind.Text, "the file's name"));
        _module.Files[number] = name[1..^1].ToString();
        while (Accept(",")) TakeInteger();
    }

    /// <summary>Debug sections say nothing about what a kernel does.</summary>
    private void SkipSection()
    {
        Skip();
        while (!At("{")) { if (_token.Kind == TokenKind.End) throw Unexpected("'{'"); Skip(); }
        int depth = 0;
        do
        {
            if (At("{")) depth++;
            if (At("}")) depth--;
            if (_token.Kind == TokenKind.End) throw Unexpected("'}'");
            Skip();
        }
        while (depth > 0);
    }

    /// <summary>Linkage, then a variable, a kernel or a function.</summary>
    private void ReadDeclaration()
    {
        bool external = false;
        while (true)
        {
            if (At(".extern")) external = true;
            else if (!At(".visible") && !At(".weak") && !At(".common")) break;
            Skip();
        }
        if (At(".entry")) ReadFunction(isKernel: true);
        else if (At(".func")) ReadFunction(isKernel: false);
        else if (At(".global") || At(".const") || At(".shared") || At(".local")) ReadVariables(_module.Variables, external);
        else throw Unexpected("a directive such as .entry, .func or .global");
    }

    // Tokens.

    private bool At(string expected) => _token.Kind is TokenKind.Word or TokenKind.Mark && _lexer.Characters(_token).SequenceEqual(expected);

    private void Skip() => _token = _lexer.Next();

    private void Skip(TokenKind kind)
    {
        if (_token.Kind != kind) throw Unexpected(kind == TokenKind.Number ? "a number" : "a word");
        Skip();
    }

    /// <summary>Skips what is left of the line: .loc and its like have no semicolon.</summary>
    private void SkipLine()
    {
        int line = _token.Line;
        while (_token.Kind != TokenKind.End && _token.Line == line) Skip();
    }

    private bool Accept(string expected)
    {
        if (!At(expected)) return false;
        Skip();
        return true;
    }

    private void Expect(string expected)
    {
        if (!Accept(expected)) throw Unexpected($"'{expected}'");
    }

    private Token Take(TokenKind kind, string expected)
    {
        if (_token.Kind != kind) throw Unexpected(expected);
        Token taken = _token;
        Skip();
        return taken;
    }

    private string TakeName(string what) => _lexer.Characters(Take(TokenKind.Word, what)).ToString();

    private PtxException Unexpected(string expected)
    {
        string found = _token.Kind == TokenKind.End ? "the end of the text" : $"'{_lexer.Characters(_token)}'";
        return new PtxException(_token.Line, $"found {found}, expected {expected}");
    }
}
