// A chain of a fused body, made ready to run on its tiles: between the plan, which speaks of values, and the loops, which take addresses.
//
// The one thing to understand: an operand that is less than a whole tile is told apart here. One element for all of the tile is left to the loop, which repeats it; one for each row, or
// one row for all rows, makes the chain run row by row.
using System.Runtime.CompilerServices;

namespace MiniDL.Cpu;

/// <summary>A chain made ready: its loops, which operands are single elements (a bit for each), and how far each moves from one row to the next.</summary>
internal readonly unsafe struct TileChain
{
    private readonly TileStep _step;
    private readonly ChainLoops _loops, _adding;
    private readonly int _singles, _a, _b, _c, _d;
    private readonly bool _rowByRow;

    /// <summary>Makes the chain of <paramref name="step"/>, one of <paramref name="steps"/>, ready for tiles of rows of <paramref name="columns"/>.</summary>
    public TileChain(TileStep step, TileStep[] steps, int columns)
    {
        _step = step;
        _loops = ChainLoops.Of(step.Links);
        if (step.Links.Length < ArithmeticChain.MaxLinks) _adding = ChainLoops.Of([.. step.Links, ChainOp.Add]);
        TileForm Form(int operand) => operand < 0 ? TileForm.Whole : steps[operand].Form;
        int Advance(int operand) => Form(operand) switch { TileForm.Whole => columns, TileForm.SinglePerRow => 1, _ => 0 };
        int[] operands = [step.A, step.B, step.C, step.D];
        for (int i = 0; i < operands.Length; i++)
        {
            if (Form(operands[i]) is TileForm.Single or TileForm.SinglePerRow) _singles |= 1 << i;
            _rowByRow |= Form(operands[i]) is TileForm.SinglePerRow or TileForm.OneRow;
        }
        (_a, _b, _c, _d) = (Advance(step.A), Advance(step.B), Advance(step.C), Advance(step.D));
    }

    /// <summary>Computes a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(float** values, float* y, int count, int rows)
    {
        float* a = values[_step.A], b = At(values, _step.B), c = At(values, _step.C), d = At(values, _step.D);
        if (!_rowByRow)
        {
            _loops.Run(a, b, c, d, _singles, y, count);
            return;
        }
        for (int columns = count / rows; rows > 0; rows--, a += _a, b += _b, c += _c, d += _d, y += columns) _loops.Run(a, b, c, d, _singles, y, columns);
    }

    /// <summary>Sums each row of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SumRows(float** values, float* y, int columns, int rows)
    {
        float* a = values[_step.A], b = At(values, _step.B), c = At(values, _step.C), d = At(values, _step.D);
        for (int row = 0; row < rows; row++, a += _a, b += _b, c += _c, d += _d) y[row] = (float)_loops.Sum(a, b, c, d, _singles, columns);
    }

    /// <summary>The sum of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Sum(float** values, int count) => _loops.Sum(values[_step.A], At(values, _step.B), At(values, _step.C), At(values, _step.D), _singles, count);

    /// <summary>Adds elements <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> - 1 of a tile to <paramref name="sums"/>, as one link more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddTo(float** values, int first, float* sums, int count)
    {
        float* a = Element(values, _step.A, 0, first), b = Element(values, _step.B, 1, first), c = Element(values, _step.C, 2, first);
        if (_step.Links.Length == 1) _adding.Run(a, b, sums, null, _singles, sums, count);
        else _adding.Run(a, b, c, sums, _singles, sums, count);
    }

    private static float* At(float** values, int operand) => operand < 0 ? null : values[operand];

    private float* Element(float** values, int operand, int bit, int first) => operand < 0 ? null : values[operand] + ((_singles >> bit & 1) != 0 ? 0 : first);
}
