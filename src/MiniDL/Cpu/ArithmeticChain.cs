// Up to three sums, differences, products or quotients in one pass over a tile: y = ((x op p) op q) op r.
//
// (x - mean) * scale + shift is three instructions of a fused body. One by one, each would write a tile and the next read it again: from the first-level cache, but that is as much
// work as the arithmetic. In a chain what lies between stays in a register. The one thing to understand: each op rounds as it does by itself, so a chain gives the same bits; and an
// operand may be a single element that stands for the whole tile.
//
// There are 6 ops and so 258 chains, but one loop: the ops are type arguments, and .NET compiles the few loops that a program needs.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MiniDL.Ops;
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
}

/// <summary>The loops of chains.</summary>
internal static unsafe class ArithmeticChain
{
    /// <summary>The longest chain.</summary>
    public const int MaxLinks = 3;

    private const int Lanes = Tile.Lanes;

    /// <summary>The loop for a chain of one to three links, with arguments x, p, q, r (null beyond the chain's length), a bit for each of them that is a single element (1 for x, 2
    /// for p, ...), y, which may be the same memory as an operand, and the number of elements.</summary>
    public static delegate*<float*, float*, float*, float*, int, float*, int, void> Loop(ReadOnlySpan<ChainOp> links) => links[0] switch
    {
        ChainOp.Add => Loop<AddLink>(links[1..]),
        ChainOp.Sub => Loop<SubLink>(links[1..]),
        ChainOp.SubFrom => Loop<SubFromLink>(links[1..]),
        ChainOp.Mul => Loop<MulLink>(links[1..]),
        ChainOp.Div => Loop<DivLink>(links[1..]),
        _ => Loop<DivIntoLink>(links[1..]),
    };

    private static delegate*<float*, float*, float*, float*, int, float*, int, void> Loop<TFirst>(ReadOnlySpan<ChainOp> links) where TFirst : struct, ILink =>
        links.Length == 0 ? &Run<TFirst, NoLink, NoLink> : links[0] switch
        {
            ChainOp.Add => Loop<TFirst, AddLink>(links[1..]),
            ChainOp.Sub => Loop<TFirst, SubLink>(links[1..]),
            ChainOp.SubFrom => Loop<TFirst, SubFromLink>(links[1..]),
            ChainOp.Mul => Loop<TFirst, MulLink>(links[1..]),
            ChainOp.Div => Loop<TFirst, DivLink>(links[1..]),
            _ => Loop<TFirst, DivIntoLink>(links[1..]),
        };

    private static delegate*<float*, float*, float*, float*, int, float*, int, void> Loop<TFirst, TSecond>(ReadOnlySpan<ChainOp> links)
        where TFirst : struct, ILink where TSecond : struct, ILink =>
        links.Length == 0 ? &Run<TFirst, TSecond, NoLink> : links[0] switch
        {
            ChainOp.Add => &Run<TFirst, TSecond, AddLink>,
            ChainOp.Sub => &Run<TFirst, TSecond, SubLink>,
            ChainOp.SubFrom => &Run<TFirst, TSecond, SubFromLink>,
            ChainOp.Mul => &Run<TFirst, TSecond, MulLink>,
            ChainOp.Div => &Run<TFirst, TSecond, DivLink>,
            _ => &Run<TFirst, TSecond, DivIntoLink>,
        };

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TFirst, TSecond, TThird>(float* x, float* p, float* q, float* r, int singles, float* y, int count)
        where TFirst : struct, ILink where TSecond : struct, ILink where TThird : struct, ILink
    {
        // One number: what has one element for each row mostly has one for a tile.
        if (count == 1)
        {
            Floats v = TFirst.Apply(Vector512.Create(*x), Vector512.Create(*p));
            if (TSecond.Exists) v = TSecond.Apply(v, Vector512.Create(*q));
            if (TThird.Exists) v = TThird.Apply(v, Vector512.Create(*r));
            *y = v.ToScalar();
            return;
        }

        // A single element becomes a vector of it, on a cache line of its own, which is read again and again. (Now: y may be about to overwrite it.)
        byte* space = stackalloc byte[5 * sizeof(Floats)];
        Floats* repeated = (Floats*)(((nuint)space + (nuint)sizeof(Floats) - 1) / (nuint)sizeof(Floats) * (nuint)sizeof(Floats));
        if ((singles & 1) != 0) x = Repeat(x, repeated);
        if ((singles & 2) != 0) p = Repeat(p, repeated + 1);
        if ((singles & 4) != 0) q = Repeat(q, repeated + 2);
        if ((singles & 8) != 0) r = Repeat(r, repeated + 3);
        nint stepX = Step(singles & 1), stepP = Step(singles & 2), stepQ = Step(singles & 4), stepR = Step(singles & 8);

        int vectors = count / Lanes, rest = count % Lanes;
        Vectors<TFirst, TSecond, TThird>(x, stepX, p, stepP, q, stepQ, r, stepR, y, vectors);
        if (rest == 0) return;

        // What does not fill a vector takes the same way, padded.
        Floats last = TFirst.Apply(Part(x, stepX, vectors, rest), Part(p, stepP, vectors, rest));
        if (TSecond.Exists) last = TSecond.Apply(last, Part(q, stepQ, vectors, rest));
        if (TThird.Exists) last = TThird.Apply(last, Part(r, stepR, vectors, rest));
        Tile.StoreRest(last, new Span<float>(y + vectors * Lanes, rest));
    }

    /// <summary>The loop itself, in a method that calls no other, so that all it needs stays in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Vectors<TFirst, TSecond, TThird>(float* x, nint stepX, float* p, nint stepP, float* q, nint stepQ, float* r, nint stepR, float* y, int vectors)
        where TFirst : struct, ILink where TSecond : struct, ILink where TThird : struct, ILink
    {
        for (; vectors > 0; vectors--)
        {
            Floats v = TFirst.Apply(Vector512.Load(x), Vector512.Load(p));
            if (TSecond.Exists) v = TSecond.Apply(v, Vector512.Load(q));
            if (TThird.Exists) v = TThird.Apply(v, Vector512.Load(r));
            v.Store(y);
            x += stepX;
            p += stepP;
            if (TSecond.Exists) q += stepQ;
            if (TThird.Exists) r += stepR;
            y += Lanes;
        }
    }

    private static float* Repeat(float* operand, Floats* repeated)
    {
        *repeated = Vector512.Create(*operand);
        return (float*)repeated;
    }

    private static nint Step(int single) => single != 0 ? 0 : Lanes;

    private static Floats Part(float* operand, nint step, int vectors, int count) =>
        step == 0 ? Vector512.Load(operand) : Tile.LoadRest(new ReadOnlySpan<float>(operand + vectors * step, count));

    /// <summary>One op of a chain.</summary>
    private interface ILink
    {
        static abstract bool Exists { get; }

        static abstract Floats Apply(Floats v, Floats p);
    }

    private readonly struct NoLink : ILink
    {
        public static bool Exists => false;

        public static Floats Apply(Floats v, Floats p) => v;
    }

    private readonly struct AddLink : ILink
    {
        public static bool Exists => true;

        public static Floats Apply(Floats v, Floats p) => v + p;
    }

    private readonly struct SubLink : ILink
    {
        public static bool Exists => true;

        public static Floats Apply(Floats v, Floats p) => v - p;
    }

    private readonly struct SubFromLink : ILink
    {
        public static bool Exists => true;

        public static Floats Apply(Floats v, Floats p) => p - v;
    }

    private readonly struct MulLink : ILink
    {
        public static bool Exists => true;

        public static Floats Apply(Floats v, Floats p) => v * p;
    }

    private readonly struct DivLink : ILink
    {
        public static bool Exists => true;

        public static Floats Apply(Floats v, Floats p) => v / p;
    }

    private readonly struct DivIntoLink : ILink
    {
        public static bool Exists => true;

        public static Floats Apply(Floats v, Floats p) => p / v;
    }
}
