// Numbers as PTX writes them (PTX ISA 8.4, section 4.5).
using System.Globalization;

namespace MiniDL.Simulator.Ptx;

internal sealed partial class PtxParser
{
    /// <summary>An integer, perhaps with a sign.</summary>
    private long TakeInteger()
    {
        bool negative = Accept("-");
        NumberOperand number = TakeNumber();
        if (number.Kind != NumberKind.Integer) throw Unexpected("an integer before this");
        return negative ? -(long)number.Bits : (long)number.Bits;
    }

    /// <summary>A size or a count: positive, and small enough to be an int.</summary>
    private int TakeCount(string what)
    {
        int line = _token.Line;
        long count = TakeInteger();
        return count is >= 0 and <= int.MaxValue ? (int)count : throw new PtxException(line, $"{what} is {count}, expected 0 to {int.MaxValue}");
    }

    /// <summary>A number without its sign.</summary>
    private NumberOperand TakeNumber()
    {
        int line = _token.Line;
        ReadOnlySpan<char> text = _lexer.Characters(Take(TokenKind.Number, "a number"));
        NumberOperand? number = ParseNumber(text);
        return number ?? throw new PtxException(line, $"'{text}' is no number; expected such as 12, 0x1F, 0f3F800000 or 0d3FF0000000000000");
    }

    private static NumberOperand? ParseNumber(ReadOnlySpan<char> text)
    {
        if (text.Length > 2 && text[0] == '0')
        {
            switch (text[1])
            {
                case 'f' or 'F': return text.Length == 10 && Hex(text[2..], out ulong single) ? new(single, NumberKind.Single) : null;
                case 'd' or 'D': return text.Length == 18 && Hex(text[2..], out ulong bits) ? new(bits, NumberKind.Double) : null;
                case 'x' or 'X': return Hex(text[2..].TrimEnd('U'), out ulong hex) ? new(hex, NumberKind.Integer) : null;
                case 'b' or 'B': return Digits(text[2..].TrimEnd('U'), 2, out ulong binary) ? new(binary, NumberKind.Integer) : null;
            }
        }
        if (text.ContainsAny('.', 'e', 'E'))
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? new(BitConverter.DoubleToUInt64Bits(value), NumberKind.Double) : null;
        text = text.TrimEnd('U');
        return Digits(text, text.Length > 1 && text[0] == '0' ? 8u : 10u, out ulong integer) ? new(integer, NumberKind.Integer) : null;
    }

    private static bool Hex(ReadOnlySpan<char> digits, out ulong value) => ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    private static bool Digits(ReadOnlySpan<char> digits, uint radix, out ulong value)
    {
        value = 0;
        foreach (char c in digits)
        {
            uint digit = (uint)(c - '0');
            if (digit >= radix || value > (ulong.MaxValue - digit) / radix) return false;
            value = value * radix + digit;
        }
        return digits.Length > 0;
    }
}
