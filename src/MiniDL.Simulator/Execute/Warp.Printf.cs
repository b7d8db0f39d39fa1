// printf and assert: what the device's run-time library does for a kernel.
//
// vprintf takes a format and the address of a buffer in local memory in which the arguments lie one after the other, each aligned to its size; float arrives as double.
// The one thing to understand: text is collected per block and written in the order of the blocks, so that it does not depend on which ran first.
using System.Globalization;
using System.Numerics;
using System.Text;
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Execute;

internal sealed unsafe partial class Warp
{
    private const int LongestText = 4096;

    private void Printf(Instruction* i, uint active)
    {
        CallSite site = _kernel.Calls[i->Target];
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            string format = ReadText(i, lane, ReadLocal64(lane, site.Arguments[0]));
            int items = Format(i, lane, format, ReadLocal64(lane, site.Arguments[1]), _block.Output);
            foreach (int result in site.Results) *(uint*)LocalWord(lane, _localBase + result) = (uint)items;
        }
    }

    /// <summary>Writes a format with its arguments; returns how many there were.</summary>
    private int Format(Instruction* i, int lane, string format, ulong arguments, StringBuilder output)
    {
        int items = 0;
        ulong at = arguments;
        for (int k = 0; k < format.Length; k++)
        {
            if (format[k] != '%') { output.Append(format[k]); continue; }
            int start = k++;
            while (k < format.Length && "-+ #0123456789.*hlzjtL".Contains(format[k], StringComparison.Ordinal)) k++;
            if (k >= format.Length) { output.Append(format.AsSpan(start)); break; }
            string directive = format[start..(k + 1)];
            if (directive[^1] == '%') { output.Append('%'); continue; }
            bool wide = directive[^1] is 's' or 'p' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or 'a' or 'A' || directive.AsSpan().ContainsAny("lzjt");
            at = (at + (wide ? 7ul : 3ul)) & ~(wide ? 7ul : 3ul);
            ulong bits = wide ? ReadGeneric(i, lane, at, 4) | ReadGeneric(i, lane, at + 4, 4) << 32 : ReadGeneric(i, lane, at, 4);
            at += wide ? 8ul : 4ul;
            items++;
            output.Append(directive[^1] == 's' ? Pad(ReadText(i, lane, bits), directive) : Directive(directive, bits, wide));
        }
        return items;
    }

    /// <summary>One number in C's way: flags, width, precision, conversion.</summary>
    private static string Directive(string directive, ulong bits, bool wide)
    {
        char conversion = directive[^1];
        double real = BitConverter.UInt64BitsToDouble(bits);
        int dot = directive.IndexOf('.', StringComparison.Ordinal);
        string digits = dot < 0 ? "" : new string([.. directive[(dot + 1)..].TakeWhile(char.IsAsciiDigit)]);
        int precision = int.TryParse(digits, out int p) ? Math.Min(p, 100) : 6;
        string text = conversion switch
        {
            'd' or 'i' => (wide ? (long)bits : (int)bits).ToString(CultureInfo.InvariantCulture),
            'u' => bits.ToString(CultureInfo.InvariantCulture),
            'x' => bits.ToString("x", CultureInfo.InvariantCulture),
            'X' => bits.ToString("X", CultureInfo.InvariantCulture),
            'o' => Convert.ToString((long)bits, 8),
            'c' => ((char)(byte)bits).ToString(),
            'p' => "0x" + bits.ToString("x", CultureInfo.InvariantCulture),
            _ when !double.IsFinite(real) => double.IsNaN(real) ? "nan" : real > 0 ? "inf" : "-inf",
            'f' or 'F' => real.ToString("F" + precision, CultureInfo.InvariantCulture),
            'e' or 'E' => Exponent(real, precision, conversion),
            'g' or 'G' => General(real, Math.Max(precision, 1)),
            _ => real.ToString("R", CultureInfo.InvariantCulture),
        };
        if (directive.Contains('+', StringComparison.Ordinal) && text[0] != '-' && conversion is not ('u' or 'x' or 'X' or 'o' or 'c' or 'p')) text = "+" + text;
        return Pad(text, directive);
    }

    private static string Exponent(double real, int precision, char e) => real.ToString((precision == 0 ? "0" : "0." + new string('0', precision)) + e + "+00", CultureInfo.InvariantCulture);

    /// <summary>%g: the shorter of %e and %f with that many significant digits, without zeros at the end.</summary>
    private static string General(double real, int precision)
    {
        if (real == 0) return "0";
        int exponent = int.Parse(Exponent(real, precision - 1, 'e').Split('e')[1], CultureInfo.InvariantCulture);
        bool scientific = exponent < -4 || exponent >= precision;
        string text = scientific ? Exponent(real, precision - 1, 'e') : real.ToString("F" + Math.Min(Math.Max(precision - 1 - exponent, 0), 100), CultureInfo.InvariantCulture);
        string[] parts = text.Split('e');
        if (parts[0].Contains('.', StringComparison.Ordinal)) parts[0] = parts[0].TrimEnd('0').TrimEnd('.');
        return string.Join('e', parts);
    }

    private static string Pad(string text, string directive)
    {
        string flags = new([.. directive[1..].TakeWhile(c => "-+ #0".Contains(c, StringComparison.Ordinal))]);
        string digits = new([.. directive[(1 + flags.Length)..].TakeWhile(char.IsAsciiDigit)]);
        int width = int.TryParse(digits, out int w) ? Math.Min(w, 1000) : 0;
        if (flags.Contains('-', StringComparison.Ordinal)) return text.PadRight(width);
        if (!flags.Contains('0', StringComparison.Ordinal) || text.Length >= width) return text.PadLeft(width);
        int sign = text[0] is '-' or '+' ? 1 : 0;
        return text[..sign] + text[sign..].PadLeft(width - sign, '0');
    }

    private KernelFault AssertionFault(Instruction* i, uint active)
    {
        CallSite site = _kernel.Calls[i->Target];
        int lane = BitOperations.TrailingZeroCount(active);
        string message = ReadText(i, lane, ReadLocal64(lane, site.Arguments[0])), file = ReadText(i, lane, ReadLocal64(lane, site.Arguments[1]));
        uint line = *(uint*)LocalWord(lane, _localBase + site.Arguments[2]);
        string function = ReadText(i, lane, ReadLocal64(lane, site.Arguments[3]));
        return Fault(i, KernelFault.Assertion, $"{file}:{line}: {function}: assertion '{message}' failed", active);
    }

    private byte* LocalWord(int lane, long offset) => _local + offset / 4 * 128 + lane * 4 + offset % 4;

    private ulong ReadLocal64(int lane, int place) => *(uint*)LocalWord(lane, _localBase + place) | (ulong)*(uint*)LocalWord(lane, _localBase + place + 4) << 32;

    private string ReadText(Instruction* i, int lane, ulong address)
    {
        var text = new List<byte>();
        for (; text.Count < LongestText; address++)
        {
            byte c = (byte)ReadGeneric(i, lane, address, 1);
            if (c == 0) break;
            text.Add(c);
        }
        return Encoding.UTF8.GetString([.. text]);
    }

    /// <summary>Reads 1 or 4 bytes wherever a generic address points.</summary>
    private ulong ReadGeneric(Instruction* i, int lane, ulong address, int bytes)
    {
        ulong offset = address & (Windows.Size - 1);
        byte* at = SpaceOf(address) switch
        {
            StateSpace.Local => (long)offset + bytes <= _localBytes ? LocalWord(lane, (long)offset) : null,
            StateSpace.Shared => (long)offset + bytes <= _block.SharedBytes ? _block.Shared + offset : null,
            StateSpace.Parameter => (long)offset + bytes <= _kernel.ParameterBytes ? _block.Parameters + offset : null,
            _ => _block.Launch.Memory.Host(address, bytes),
        };
        if (at == null) throw OutOfBounds(i, address, lane, _block.Launch.Memory.Describe(address));
        return bytes == 1 ? *at : *(uint*)at;
    }
}
