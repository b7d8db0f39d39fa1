// Where in the user's program an expression was written. Every node carries one from birth through every rewrite, so that
// an error about an optimised node still points at the line that asked for it.
//
// The one thing to understand: methods learn their caller's line from the compiler (caller-info attributes), operators
// cannot, so they look at the stack; and a composed function (dropout, a loss) opens a scope, so that all the nodes it makes
// are dated to the user's line and not to MiniDL's own.
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>A file and line of the user's program; <see cref="None"/> when it is not known.</summary>
public readonly record struct SourceLocation(string File, int Line)
{
    /// <summary>The location of a node that nobody wrote.</summary>
    public static readonly SourceLocation None;

    /// <summary>True when there is a file to point at.</summary>
    public bool IsKnown => !string.IsNullOrEmpty(File);

    /// <summary>The file's name without its folder, and the line: Program.cs:12.</summary>
    public override string ToString() => IsKnown ? $"{Path.GetFileName(File)}:{Line}" : "unknown source";
}

/// <summary>The location that new nodes get. It serves messages and listings alone and never changes a result.</summary>
internal static class Source
{
    [ThreadStatic] private static SourceLocation s_current;

    /// <summary>The location of the innermost open scope.</summary>
    public static SourceLocation Current => s_current;

    /// <summary>Opens a scope at a caller's line. Inside another scope the outer one stays: the user's line wins.</summary>
    public static Scope Here(string file, int line) => new(s_current.IsKnown ? s_current : new SourceLocation(file, line));

    /// <summary>Opens a scope at <paramref name="location"/> whatever scope is open: rewrites and gradients keep the
    /// line of the node they work on.</summary>
    public static Scope At(SourceLocation location) => new(location);

    /// <summary>Opens a scope at the line that called the operator that calls this; costs about 8 microseconds.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Scope OfOperator()
    {
        if (s_current.IsKnown) return new Scope(s_current);
        var frame = new StackFrame(2, needFileInfo: true);   // 0 is this method, 1 the operator, 2 its caller
        return new Scope(new SourceLocation(frame.GetFileName() ?? "", frame.GetFileLineNumber()));
    }

    /// <summary>An open scope; disposing it restores the one before.</summary>
    internal readonly ref struct Scope
    {
        private readonly SourceLocation _previous;

        public Scope(SourceLocation location)
        {
            _previous = s_current;
            s_current = location;
        }

        public void Dispose() => s_current = _previous;
    }
}
