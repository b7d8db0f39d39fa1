// Cuts PTX text into tokens: the first step from text to something that runs.
//
// PTX ISA 8.4, section 4.3 to 4.5. Words are generous here: directives (.reg), opcodes with all their modifiers (ld.global.nc.v4.f32), names ($L__BB0_2, %r7,
// _Z6helperfPf) and special registers (%tid.x) are each one word. The one thing to understand: nothing is looked up yet, so that a text which is wrong is
// found wrong by the parser, with a line number, and never by the lexer.
namespace MiniDL.Simulator.Ptx;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    /// <summary>A name, an opcode or a directive.</summary>
    Word,

    /// <summary>A number; a minus sign in front is a token of its own.</summary>
    Number,

    /// <summary>Text in quotation marks.</summary>
    Text,

    /// <summary>One character of punctuation.</summary>
    Mark,

    /// <summary>Behind the last token.</summary>
    End,
}

/// <summary>A token and its place.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int Length, int Line);

/// <summary>Reads tokens one after the other.</summary>
internal sealed class PtxLexer(string text)
{
    private int _at;
    private int _line = 1;

    /// <summary>The characters of a token.</summary>
    public ReadOnlySpan<char> Characters(Token token) => text.AsSpan(token.Start, token.Length);

    /// <summary>The next token.</summary>
    public Token Next()
    {
        SkipBlanks();
        if (_at >= text.Length) return new Token(TokenKind.End, text.Length, 0, _line);
        int start = _at;
        char c = text[_at];
        if (IsWord(c) && !char.IsAsciiDigit(c)) return Word(start);
        if (char.IsAsciiDigit(c)) return Number(start);
        if (c == '"') return Quoted(start);
        _at++;
        return new Token(TokenKind.Mark, start, 1, _line);
    }

    private void SkipBlanks()
    {
        while (_at < text.Length)
        {
            char c = text[_at];
            if (c == '\n') { _line++; _at++; }
            else if (c <= ' ') _at++;
            else if (c == '/' && Peek(1) == '/') while (_at < text.Length && text[_at] != '\n') _at++;
            else if (c == '/' && Peek(1) == '*') SkipComment();
            else return;
        }
    }

    private void SkipComment()
    {
        int line = _line;
        for (_at += 2; !(Peek(0) == '*' && Peek(1) == '/'); _at++)
        {
            if (_at >= text.Length) throw new PtxException(line, "this comment never ends: expected '*/'");
            if (text[_at] == '\n') _line++;
        }
        _at += 2;
    }

    /// <summary>Letters, digits, _ $ % and dots; also the double colon of <c>shared::cta</c>, but not the single one behind a label.</summary>
    private Token Word(int start)
    {
        for (_at++; _at < text.Length; _at++)
        {
            if (IsWord(text[_at])) continue;
            if (text[_at] == ':' && Peek(1) == ':' && IsWord(Peek(2))) _at++;
            else break;
        }
        return new Token(TokenKind.Word, start, _at - start, _line);
    }

    /// <summary>0x1F, 0f3F800000, 12U, 1.5e-3: digits, letters and dots; a sign belongs to it only behind a decimal exponent.</summary>
    private Token Number(int start)
    {
        bool prefixed = text[start] == '0' && char.IsAsciiLetter(Peek(1));
        for (_at++; _at < text.Length; _at++)
        {
            char c = text[_at];
            bool exponentSign = !prefixed && (c is '+' or '-') && (text[_at - 1] is 'e' or 'E');
            if (!char.IsAsciiLetterOrDigit(c) && c != '.' && !exponentSign) break;
        }
        return new Token(TokenKind.Number, start, _at - start, _line);
    }

    private Token Quoted(int start)
    {
        for (_at++; _at < text.Length && text[_at] != '"'; _at++)
        {
            if (text[_at] == '\n') break;
        }
        if (_at >= text.Length || text[_at] != '"') throw new PtxException(_line, "this text never ends: expected '\"'");
        _at++;
        return new Token(TokenKind.Text, start, _at - start, _line);
    }

    private char Peek(int distance) => _at + distance < text.Length ? text[_at + distance] : '\0';

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$' or '%' or '.';
}
