// Short rows of a tile: the same bits as a reduction of the row alone, wherever the row stands.
using MiniDL.Ops;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed class TileRowsTests
{
    private static readonly ReduceKind[] s_kinds = [ReduceKind.Sum, ReduceKind.Prod, ReduceKind.Max, ReduceKind.Min];

    private static double ReduceAlone(ReduceKind kind, ReadOnlySpan<float> row) => kind switch
    {
        ReduceKind.Sum => Tile.Sum(row),
        ReduceKind.Prod => Tile.Product(row),
        ReduceKind.Max => Tile.Max(row),
        _ => Tile.Min(row),
    };

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        var numbers = new float[count];
        foreach (ref float x in numbers.AsSpan()) x = random.Next(12) == 0 ? -0f : random.NextSingle() * 4 - 2;
        return numbers;
    }

    [Test]
    public void RowsHaveTheBitsOfTheirReductionAlone([ValueSource(nameof(s_kinds))] ReduceKind kind, [Values(1, 2, 7, 33)] int rows)
    {
        for (int columns = 1; columns <= 80; columns++)
        {
            float[] x = Numbers(rows * columns, seed: columns);
            var y = new float[rows];
            Tile.ReduceRows(kind, x, y);
            for (int row = 0; row < rows; row++)
            {
                float alone = (float)ReduceAlone(kind, x.AsSpan(row * columns, columns));
                Assert.That(BitConverter.SingleToInt32Bits(y[row]), Is.EqualTo(BitConverter.SingleToInt32Bits(alone)), $"row {row} of {rows} by {columns}: {y[row]:G9}, alone {alone:G9}");
            }
        }
    }

    [Test]
    public void ARowThatMovesKeepsItsBits([ValueSource(nameof(s_kinds))] ReduceKind kind, [Values(3, 10, 16, 17, 47, 64)] int columns)
    {
        float[] row = Numbers(columns, seed: 1);
        float[] x = Numbers(20 * columns, seed: 2);
        var y = new float[20];
        var bits = new HashSet<int>();
        for (int at = 0; at < 20; at++)
        {
            float[] moved = [.. x];
            row.CopyTo(moved, at * columns);
            Tile.ReduceRows(kind, moved, y);
            bits.Add(BitConverter.SingleToInt32Bits(y[at]));
        }
        Assert.That(bits, Has.Count.EqualTo(1));
    }

    [Test]
    public void NaNStaysInItsRow([ValueSource(nameof(s_kinds))] ReduceKind kind, [Values(1, 10, 16, 40, 64, 70)] int columns, [Values(0, 3, 5)] int bad)
    {
        for (int column = 0; column < columns; column++)
        {
            float[] x = Numbers(6 * columns, seed: 3);
            x[bad * columns + column] = float.NaN;
            var y = new float[6];
            Tile.ReduceRows(kind, x, y);
            for (int row = 0; row < 6; row++) Assert.That(float.IsNaN(y[row]), Is.EqualTo(row == bad), $"row {row}, NaN at ({bad}, {column})");
        }
    }

    [Test]
    public void StretchRepeatsEachNumberAndWritesNothingBeyond([Values(1, 2, 5, 40)] int rows)
    {
        for (int columns = 1; columns <= 40; columns++)
        {
            float[] x = Numbers(rows, seed: columns), memory = [.. Enumerable.Repeat(99f, rows * columns + 32)];
            Tile.StretchRows(x, memory.AsSpan(0, rows * columns));
            for (int i = 0; i < memory.Length; i++) Assert.That(memory[i], Is.EqualTo(i < rows * columns ? x[i / columns] : 99f), $"element {i} of {rows} by {columns}");
        }
    }
}
