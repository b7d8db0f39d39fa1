// Types, numbers and names as CUDA C++ writes them.
//
// The one thing to understand: a float literal must be read back as exactly the float it stands for. The shortest decimal is, almost always, and is what
// a reader knows; where a compiler that reads it as a double first would round twice, the bits are written instead.
using System.Globalization;

namespace MiniDL.Cuda;

/// <summary>Small pieces of generated text.</summary>
internal static class CudaText
{
    private static readonly HashSet<string> s_reserved =
    [
        // Keywords and types that somebody may give a tensor as its name.
        "alignas", "auto", "bool", "break", "case", "catch", "char", "class", "const", "continue", "default", "delete", "do", "double", "else", "enum", "explicit", "export",
        "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "namespace", "new", "operator", "private", "protected", "public", "register",
        "return", "short", "signed", "sizeof", "static", "struct", "switch", "template", "this", "throw", "true", "try", "typedef", "typename", "union", "unsigned", "using",
        "virtual", "void", "volatile", "while", "and", "or", "not", "xor", "linux", "unix", "uint", "uint64", "float4", "uchar4", "int4",
        // What generated kernels call things themselves.
        "i", "j", "k", "t", "v", "run", "row", "column", "lane", "block", "thread", "count", "first", "result", "part", "partials", "r", "m", "w", "start", "end", "outer", "folded", "rows", "inside", "min", "max", "load4", "store4", "uniform", "uniform4",
        "bernoulli", "bernoulli4", "normal", "normal4", "philox", "random_words", "max_nan", "min_nan", "expf", "logf", "log1pf", "expm1f", "sinf", "cosf", "tanhf", "erff",
        "sqrtf", "rsqrtf", "fabsf", "fmaxf", "floorf", "powf", "NAN", "INFINITY", "INT_MIN", "INT_MAX", "blockIdx", "threadIdx",
    ];

    /// <summary>The C++ type of a value in a register, and of its place in memory.</summary>
    public static string TypeOf(DType dtype) => dtype switch { DType.Float32 => "float", DType.Int32 => "int", _ => "bool" };

    /// <summary>A number of a dtype as a literal that may stand anywhere in an expression.</summary>
    public static string Literal(double value, DType dtype) => dtype switch
    {
        DType.Float32 => FloatLiteral((float)value),
        DType.Int32 => (int)value switch { int.MinValue => "INT_MIN", < 0 and int negative => $"({negative})", int positive => $"{positive}" },
        _ => value != 0 ? "true" : "false",
    };

    private static string FloatLiteral(float value)
    {
        if (float.IsNaN(value)) return "NAN";
        if (float.IsInfinity(value)) return value > 0 ? "INFINITY" : "(-INFINITY)";
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        if ((float)double.Parse(text, CultureInfo.InvariantCulture) != value) return $"__uint_as_float(0x{BitConverter.SingleToUInt32Bits(value):x8}u)";
        if (!text.AsSpan().ContainsAny('.', 'E')) text += ".0";
        return float.IsNegative(value) ? $"({text}f)" : $"{text}f";
    }

    /// <summary>A name with everything that C++ does not take replaced.</summary>
    public static string Identifier(string name)
    {
        string text = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return text.Length == 0 || char.IsAsciiDigit(text[0]) ? "_" + text : text;
    }

    /// <summary>A buffer's name as an identifier that hides nothing generated kernels use.</summary>
    public static string Identifier(Buffer buffer)
    {
        string name = Identifier(buffer.Name);
        bool looksGenerated = (name[0] is 'v' or 'p' or 'e' && name.Length > 1 && char.IsAsciiDigit(name[1])) || name.StartsWith("__", StringComparison.Ordinal)
            || name.StartsWith("new_", StringComparison.Ordinal) || name.EndsWith("_at", StringComparison.Ordinal) || name.EndsWith("_so_far", StringComparison.Ordinal);
        return looksGenerated || s_reserved.Contains(name) ? $"b{buffer.Id}_{name.TrimStart('_')}" : name;
    }
}
