// The links that chains are made of, as types; and from the ops of a chain to its loops.
//
// The one thing to understand: a struct type argument costs nothing. Naming a chain's ops in the type of its loop makes .NET compile that loop with the ops in place, when
// it is first wanted; of the 399 chains a program needs a dozen.
using System.Runtime.Intrinsics;
using Floats = System.Runtime.Intrinsics.Vector512<float>;

namespace MiniDL.Cpu;

/// <summary>What a link does with the value v that comes down the chain and its own operand p.</summary>
internal enum ChainOp
{
    /// <summary>v + p.</summary>
    Add,

    /// <summary>v - p.</summary>
    Sub,

    /// <summary>p - v.</summary>
    SubFrom,

    /// <summary>v * p.</summary>
    Mul,

    /// <summary>v / p.</summary>
    Div,

    /// <summary>p / v.</summary>
    DivInto,

    /// <summary>v * v; there is no p.</summary>
    Square,
}

/// <summary>The two loops of a chain. Arguments: x and the operands p, q, r of the links (null where there is none); a bit for each of these four that is a single element (1 for x, 2 for
/// p, ...); y, which may be the same memory as an operand; the number of elements.</summary>
internal readonly unsafe struct ChainLoops
{
    private ChainLoops(delegate*<float*, float*, float*, float*, int, float*, int, void> run, delegate*<float*, float*, float*, float*, int, int, double> sum)
    {
        Run = run;
        Sum = sum;
    }

    /// <summary>y = ((x op p) op q) op r.</summary>
    public readonly delegate*<float*, float*, float*, float*, int, float*, int, void> Run;

    /// <summary>The sum of all elements of that, with the bits of <see cref="Ops.Tile.Sum(ReadOnlySpan{float})"/>; nothing is stored.</summary>
    public readonly delegate*<float*, float*, float*, float*, int, int, double> Sum;

    /// <summary>The loops of a chain of one to <see cref="ArithmeticChain.MaxLinks"/> links.</summary>
    public static ChainLoops Of(ReadOnlySpan<ChainOp> links) => links[0] switch
    {
        ChainOp.Add => Of<AddLink>(links[1..]),
        ChainOp.Sub => Of<SubLink>(links[1..]),
        ChainOp.SubFrom => Of<SubFromLink>(links[1..]),
        ChainOp.Mul => Of<MulLink>(links[1..]),
        ChainOp.Div => Of<DivLink>(links[1..]),
        ChainOp.DivInto => Of<DivIntoLink>(links[1..]),
        _ => Of<SquareLink>(links[1..]),
    };

    private static ChainLoops Of<TFirst>(ReadOnlySpan<ChainOp> links) where TFirst : struct, ILink => links.Length == 0 ? Of<TFirst, NoLink, NoLink>() : links[0] switch
    {
        ChainOp.Add => Of<TFirst, AddLink>(links[1..]),
        ChainOp.Sub => Of<TFirst, SubLink>(links[1..]),
        ChainOp.SubFrom => Of<TFirst, SubFromLink>(links[1..]),
        ChainOp.Mul => Of<TFirst, MulLink>(links[1..]),
        ChainOp.Div => Of<TFirst, DivLink>(links[1..]),
        ChainOp.DivInto => Of<TFirst, DivIntoLink>(links[1..]),
        _ => Of<TFirst, SquareLink>(links[1..]),
    };

    private static ChainLoops Of<TFirst, TSecond>(ReadOnlySpan<ChainOp> links) where TFirst : struct, ILink where TSecond : struct, ILink => links.Length == 0 ? Of<TFirst, TSecond, NoLink>() : links[0] switch
    {
        ChainOp.Add => Of<TFirst, TSecond, AddLink>(),
        ChainOp.Sub => Of<TFirst, TSecond, SubLink>(),
        ChainOp.SubFrom => Of<TFirst, TSecond, SubFromLink>(),
        ChainOp.Mul => Of<TFirst, TSecond, MulLink>(),
        ChainOp.Div => Of<TFirst, TSecond, DivLink>(),
        ChainOp.DivInto => Of<TFirst, TSecond, DivIntoLink>(),
        _ => Of<TFirst, TSecond, SquareLink>(),
    };

    private static ChainLoops Of<TFirst, TSecond, TThird>() where TFirst : struct, ILink where TSecond : struct, ILink where TThird : struct, ILink =>
        new(&ArithmeticChain.Run<TFirst, TSecond, TThird>, &ArithmeticChain.Sum<TFirst, TSecond, TThird>);
}

/// <summary>One op of a chain.</summary>
internal interface ILink
{
    /// <summary>False for a link that is not there.</summary>
    static virtual bool Exists => true;

    /// <summary>Whether it reads an operand.</summary>
    static virtual bool HasOperand => true;

    /// <summary>The op on 16 lanes.</summary>
    static abstract Floats Apply(Floats v, Floats p);
}

internal readonly struct NoLink : ILink
{
    public static bool Exists => false;

    public static bool HasOperand => false;

    public static Floats Apply(Floats v, Floats p) => v;
}

internal readonly struct AddLink : ILink
{
    public static Floats Apply(Floats v, Floats p) => v + p;
}

internal readonly struct SubLink : ILink
{
    public static Floats Apply(Floats v, Floats p) => v - p;
}

internal readonly struct SubFromLink : ILink
{
    public static Floats Apply(Floats v, Floats p) => p - v;
}

internal readonly struct MulLink : ILink
{
    public static Floats Apply(Floats v, Floats p) => v * p;
}

internal readonly struct DivLink : ILink
{
    public static Floats Apply(Floats v, Floats p) => v / p;
}

internal readonly struct DivIntoLink : ILink
{
    public static Floats Apply(Floats v, Floats p) => p / v;
}

internal readonly struct SquareLink : ILink
{
    public static bool HasOperand => false;

    public static Floats Apply(Floats v, Floats p) => v * v;
}
