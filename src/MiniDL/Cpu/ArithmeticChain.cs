// Up to three sums, differences, products, quotients or squares in one pass over a tile: y = ((x op p) op q) op r, stored or summed.
//
// (x - mean) * scale + shift is three instructions of a fused body. One by one, each would write a tile and the next read it again: from the first-level cache, but that is as much
// work as the arithmetic. In a chain what lies between stays in a register. The one thing to understand: each op rounds as it does by itself, so a chain gives the same bits; and an
// operand may be a single element that stands for the whole tile.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MiniDL.Ops;
using Floats = System.Runtime.Intrinsics.Vector512<float>;

namespace MiniDL.Cpu;

/// <summary>The loops of chains; <see cref="ChainLoops"/> says what their arguments are.</summary>
internal static unsafe class ArithmeticChain
{
    /// <summary>The longest chain.</summary>
    public const int MaxLinks = 3;

    private const int Lanes = Tile.Lanes;
    private const int Few = 8;

    /// <summary>Where the operands of a chain are, and how far each is from one vector to the next: 16 elements, or 0 for a single one.</summary>
    private struct Operands
    {
        public float* X, P, Q, R;
        public nint StepX, StepP, StepQ, StepR;

        /// <summary>A single element becomes a vector of it, on a cache line of its own, which is read again and again.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Operands(float* x, float* p, float* q, float* r, int singles, byte* space)
        {
            Floats* repeated = (Floats*)(((nuint)space + (nuint)sizeof(Floats) - 1) / (nuint)sizeof(Floats) * (nuint)sizeof(Floats));
            bool oneX = (singles & 1) != 0, oneP = (singles & 2) != 0, oneQ = (singles & 4) != 0, oneR = (singles & 8) != 0;
            X = oneX ? Repeat(x, repeated) : x;
            P = oneP ? Repeat(p, repeated + 1) : p;
            Q = oneQ ? Repeat(q, repeated + 2) : q;
            R = oneR ? Repeat(r, repeated + 3) : r;
            (StepX, StepP, StepQ, StepR) = (Step(oneX), Step(oneP), Step(oneQ), Step(oneR));
        }

        /// <summary>The bytes that the constructor wants: four vectors, and room to find a cache line.</summary>
        public static int Space => 5 * sizeof(Floats);

        private static nint Step(bool one) => one ? 0 : Lanes;

        private static float* Repeat(float* operand, Floats* repeated)
        {
            *repeated = Vector512.Create(*operand);
            return (float*)repeated;
        }

        /// <summary>The chain on what does not fill a vector: it takes the same way, padded.</summary>
        public readonly Floats Rest<TFirst, TSecond, TThird>(int vectors, int count) where TFirst : struct, ILink where TSecond : struct, ILink where TThird : struct, ILink
        {
            Floats v = TFirst.Apply(Part(X, StepX, vectors, count), TFirst.HasOperand ? Part(P, StepP, vectors, count) : default);
            if (TSecond.Exists) v = TSecond.Apply(v, TSecond.HasOperand ? Part(Q, StepQ, vectors, count) : default);
            if (TThird.Exists) v = TThird.Apply(v, TThird.HasOperand ? Part(R, StepR, vectors, count) : default);
            return v;
        }

        private static Floats Part(float* operand, nint step, int vectors, int count) =>
            step == 0 ? Vector512.Load(operand) : Tile.LoadRest(new ReadOnlySpan<float>(operand + vectors * step, count));
    }

    /// <summary>y = ((x op p) op q) op r.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TFirst, TSecond, TThird>(float* x, float* p, float* q, float* r, int singles, float* y, int count)
        where TFirst : struct, ILink where TSecond : struct, ILink where TThird : struct, ILink
    {
        if (count <= Few)
        {
            RunFew<TFirst, TSecond, TThird>(x, p, q, r, singles, y, count);
            return;
        }
        byte* space = stackalloc byte[Operands.Space];
        var at = new Operands(x, p, q, r, singles, space);
        int vectors = count / Lanes, rest = count % Lanes;
        RunVectors<TFirst, TSecond, TThird>(at.X, at.StepX, at.P, at.StepP, at.Q, at.StepQ, at.R, at.StepR, y, vectors);
        if (rest > 0) Tile.StoreRest(at.Rest<TFirst, TSecond, TThird>(vectors, rest), new Span<float>(y + vectors * Lanes, rest));
    }

    /// <summary>A few numbers, such as one for each row of a tile, one by one. A single element is read first: y may be about to overwrite it.</summary>
    private static void RunFew<TFirst, TSecond, TThird>(float* x, float* p, float* q, float* r, int singles, float* y, int count)
        where TFirst : struct, ILink where TSecond : struct, ILink where TThird : struct, ILink
    {
        float x0 = *x, p0 = TFirst.HasOperand ? *p : 0, q0 = TSecond.HasOperand ? *q : 0, r0 = TThird.HasOperand ? *r : 0;
        for (int i = 0; i < count; i++)
        {
            Floats v = Vector512.Create((singles & 1) != 0 ? x0 : x[i]);
            v = TFirst.Apply(v, TFirst.HasOperand ? Vector512.Create((singles & 2) != 0 ? p0 : p[i]) : v);
            if (TSecond.Exists) v = TSecond.Apply(v, TSecond.HasOperand ? Vector512.Create((singles & 4) != 0 ? q0 : q[i]) : v);
            if (TThird.Exists) v = TThird.Apply(v, TThird.HasOperand ? Vector512.Create((singles & 8) != 0 ? r0 : r[i]) : v);
            y[i] = v.ToScalar();
        }
    }

    /// <summary>The loop itself, in a method that calls no other, so that all it needs stays in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void RunVectors<TFirst, TSecond, TThird>(float* x, nint stepX, float* p, nint stepP, float* q, nint stepQ, float* r, nint stepR, float* y, int vectors)
        where TFirst : struct, ILink where TSecond : struct, ILink where TThird : struct, ILink
    {
        for (; vectors > 0; vectors--)
        {
            Next<TFirst, TSecond, TThird>(ref x, stepX, ref p, stepP, ref q, stepQ, ref r, stepR).Store(y);
            y += Lanes;
        }
    }

    /// <summary>The sum of ((x op p) op q) op r over all elements.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum<TFirst, TSecond, TThird>(float* x, float* p, float* q, float* r, int singles, int count)
        where TFirst : struct, ILink where TSecond : struct, ILink where TThird : struct, ILink
    {
        byte* space = stackalloc byte[Operands.Space];
        var at = new Operands(x, p, q, r, singles, space);
        int vectors = count / Lanes, rest = count % Lanes;
        Floats last = Floats.Zero;
        if (rest > 0)
        {
            // Beyond the end a chain of zeros need not be zero.
            Floats inside = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(rest)).AsSingle();
            last = Vector512.ConditionalSelect(inside, at.Rest<TFirst, TSecond, TThird>(vectors, rest), Floats.Zero);
        }
        return SumVectors<TFirst, TSecond, TThird>(at.X, at.StepX, at.P, at.StepP, at.Q, at.StepQ, at.R, at.StepR, vectors, &last);
    }

    /// <summary>Partial sum l, of 64, takes elements l, l + 64, ...: the order of <see cref="Tile.Sum(ReadOnlySpan{float})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double SumVectors<TFirst, TSecond, TThird>(float* x, nint stepX, float* p, nint stepP, float* q, nint stepQ, float* r, nint stepR, int vectors, Floats* last)
        where TFirst : struct, ILink where TSecond : struct, ILink where TThird : struct, ILink
    {
        (Floats a, Floats b, Floats c, Floats d) = (Floats.Zero, Floats.Zero, Floats.Zero, Floats.Zero);
        for (; vectors >= 4; vectors -= 4)
        {
            a += Next<TFirst, TSecond, TThird>(ref x, stepX, ref p, stepP, ref q, stepQ, ref r, stepR);
            b += Next<TFirst, TSecond, TThird>(ref x, stepX, ref p, stepP, ref q, stepQ, ref r, stepR);
            c += Next<TFirst, TSecond, TThird>(ref x, stepX, ref p, stepP, ref q, stepQ, ref r, stepR);
            d += Next<TFirst, TSecond, TThird>(ref x, stepX, ref p, stepP, ref q, stepQ, ref r, stepR);
        }

        // The rest: up to three vectors, and the part of one.
        a += vectors > 0 ? Next<TFirst, TSecond, TThird>(ref x, stepX, ref p, stepP, ref q, stepQ, ref r, stepR) : *last;
        if (vectors > 0) b += vectors > 1 ? Next<TFirst, TSecond, TThird>(ref x, stepX, ref p, stepP, ref q, stepQ, ref r, stepR) : *last;
        if (vectors > 1) c += vectors > 2 ? Next<TFirst, TSecond, TThird>(ref x, stepX, ref p, stepP, ref q, stepQ, ref r, stepR) : *last;
        if (vectors > 2) d += *last;
        return Tile.Sum(a, b, c, d);
    }

    /// <summary>The chain on the next 16 elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats Next<TFirst, TSecond, TThird>(ref float* x, nint stepX, ref float* p, nint stepP, ref float* q, nint stepQ, ref float* r, nint stepR)
        where TFirst : struct, ILink where TSecond : struct, ILink where TThird : struct, ILink
    {
        Floats v = Vector512.Load(x);
        v = TFirst.Apply(v, TFirst.HasOperand ? Vector512.Load(p) : v);
        if (TSecond.Exists) v = TSecond.Apply(v, TSecond.HasOperand ? Vector512.Load(q) : v);
        if (TThird.Exists) v = TThird.Apply(v, TThird.HasOperand ? Vector512.Load(r) : v);
        x += stepX;
        if (TFirst.HasOperand) p += stepP;
        if (TSecond.HasOperand) q += stepQ;
        if (TThird.HasOperand) r += stepR;
        return v;
    }
}
