// Variables: .global, .const, .shared, .local and .param, with their initial contents (PTX ISA 8.4, section 5.4).
namespace MiniDL.Simulator.Ptx;

internal sealed partial class PtxParser
{
    private const long MostBytes = int.MaxValue;

    /// <summary>.global .align 4 .b8 name[16] = {0, 1, 2}, other;</summary>
    private void ReadVariables(List<PtxVariable> into, bool external)
    {
        do into.Add(ReadVariable(external)); while (Accept(","));
        Expect(";");
    }

    /// <summary>One variable or parameter, from its space to its contents.</summary>
    private PtxVariable ReadVariable(bool external)
    {
        int line = _token.Line;
        StateSpace space = PtxTypes.ParseSpace(_lexer.Characters(Take(TokenKind.Word, "a state space such as .global"))[1..]);
        if (space == StateSpace.Generic) throw new PtxException(line, "expected a state space such as .global");
        int alignment = 0, lanes = 1;
        PtxType type = PtxType.None;

        // Attributes in any order; the type is the last of them that matters.
        while (_token.Kind == TokenKind.Word && _lexer.Characters(_token)[0] == '.')
        {
            ReadOnlySpan<char> word = _lexer.Characters(_token)[1..];
            PtxType named = PtxTypes.Parse(word);
            if (named != PtxType.None) type = named;
            if (word is "v2" or "v4") lanes = word[1] - '0';
            bool isAlign = word is "align", isAttribute = word is "attribute";
            Skip();
            if (isAlign) alignment = TakeCount("the alignment");
            if (isAttribute) SkipParentheses();
        }
        if (type is PtxType.None or PtxType.Predicate) throw Unexpected("a type such as .b8 or .f32 before the variable's name");
        if (alignment == 0) alignment = type.Bytes() * lanes;
        if ((alignment & (alignment - 1)) != 0 || alignment > 4096) throw new PtxException(line, $"the alignment is {alignment}, expected a power of two up to 4096");

        string name = TakeName("the variable's name");
        long count = ReadExtents(out bool open);
        var variable = new PtxVariable(name, space, checked(count * type.Bytes() * lanes), alignment, line) { IsExternal = external };
        if (variable.Bytes > MostBytes) throw new PtxException(line, $"'{name}' has {variable.Bytes} bytes, more than any device has");
        return Accept("=") ? ReadContents(variable, type, open) : variable;
    }

    /// <summary>[16], [4][4], [] or nothing: the product, 0 if the first is left open.</summary>
    private long ReadExtents(out bool open)
    {
        long count = 1;
        open = false;
        while (Accept("["))
        {
            int line = _token.Line;
            if (At("]")) { open = true; count = 0; }
            else if (checked(count * TakeCount("the extent")) is var product && product <= MostBytes) count = product;
            else throw new PtxException(line, "this array is larger than any device");
            Expect("]");
        }
        return count;
    }

    /// <summary>A number, a symbol, or any of them in braces, which may be nested and are read flat.</summary>
    private PtxVariable ReadContents(PtxVariable variable, PtxType type, bool open)
    {
        int size = type.Bytes(), depth = 0;
        List<byte> bytes = [];
        List<(int, int, string, long)> addresses = [];
        do
        {
            while (Accept("{")) depth++;
            if (!At("}")) ReadElement(type, size, bytes, addresses);
            while (depth > 0 && Accept("}")) depth--;
        }
        while (Accept(",") || (depth > 0 && !At(";") && _token.Kind != TokenKind.End));
        if (depth > 0) throw Unexpected("'}'");
        if (!open && bytes.Count > variable.Bytes) throw new PtxException(variable.Line, $"'{variable.Name}' has {variable.Bytes} bytes, and is given {bytes.Count}");
        return variable with { Contents = [.. bytes], Addresses = addresses, Bytes = open ? bytes.Count : variable.Bytes };
    }

    private void ReadElement(PtxType type, int size, List<byte> bytes, List<(int, int, string, long)> addresses)
    {
        ulong bits = 0;
        if (_token.Kind == TokenKind.Word)
        {
            string symbol = TakeName("a symbol");
            if (symbol == "generic") { Expect("("); symbol = TakeName("a symbol"); Expect(")"); }
            long offset = Accept("+") ? TakeInteger() : 0;
            addresses.Add((bytes.Count, size, symbol, offset));
        }
        else
        {
            bool negative = Accept("-");
            NumberOperand number = TakeNumber();
            if (At("(")) throw Unexpected("no mask: parts of addresses as contents are not supported");
            bits = InType(negative ? Negated(number) : number, type);
        }
        for (int i = 0; i < size; i++) bytes.Add(i < 8 ? (byte)(bits >> (8 * i)) : (byte)0);
    }

    private static NumberOperand Negated(NumberOperand number) => number.Kind switch
    {
        NumberKind.Integer => number with { Bits = 0 - number.Bits },
        NumberKind.Single => number with { Bits = number.Bits ^ 0x80000000 },
        _ => number with { Bits = number.Bits ^ 0x8000000000000000 },
    };

    /// <summary>The bits of a number as a type holds it.</summary>
    internal static ulong InType(NumberOperand number, PtxType type) => (number.Kind, type) switch
    {
        (NumberKind.Double, PtxType.F32) => BitConverter.SingleToUInt32Bits((float)BitConverter.UInt64BitsToDouble(number.Bits)),
        (NumberKind.Single, PtxType.F64) => BitConverter.DoubleToUInt64Bits(BitConverter.UInt32BitsToSingle((uint)number.Bits)),
        _ => number.Bits,
    };

    private void SkipParentheses()
    {
        Expect("(");
        while (!Accept(")")) { if (_token.Kind == TokenKind.End) throw Unexpected("')'"); Skip(); }
    }
}
