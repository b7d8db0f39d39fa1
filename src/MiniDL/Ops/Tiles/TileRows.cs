// Short rows of a tile: one number for each row, and one number repeated along each row.
//
// The scores of a classifier are rows of ten numbers, too short for a call per row. A row of up to 64 columns is one to four vectors, with the lanes beyond
// the row replaced by the reduction's identity. The one thing to understand: reading a whole vector at the start of a row reads into the next row, which is
// harmless as long as there is one; only the tile's last few rows take the careful way, which gives the same bits.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Floats = System.Runtime.Intrinsics.Vector512<float>;

namespace MiniDL.Ops;

internal static partial class Tile
{
    private const int ShortRow = 4 * Lanes;   // columns up to which a row is read without a loop

    /// <summary>y[r] = the combination of row r of x, which has y.Length rows; the same bits as Sum, Product, Max and Min of that row.</summary>
    public static void ReduceRows(ReduceKind kind, ReadOnlySpan<float> x, Span<float> y)
    {
        switch (kind)
        {
            case ReduceKind.Sum:
                ReduceRows<SumOp>(x, y);
                break;
            case ReduceKind.Prod:
                ReduceRows<ProductOp>(x, y);
                break;
            case ReduceKind.Max:
                ReduceRows<MaxOp>(x, y);
                break;
            default:
                ReduceRows<MinOp>(x, y);
                break;
        }
    }

    /// <summary>Row r of y becomes x[r], x.Length rows.</summary>
    public static void StretchRows(ReadOnlySpan<float> x, Span<float> y)
    {
        if (x.Length == 0) return;
        int columns = y.Length / x.Length, row = 0;
        ref float ys = ref MemoryMarshal.GetReference(y);
        // A whole vector writes into the next row, which is written after it.
        if (columns <= Lanes)
            for (; row * columns + Lanes <= y.Length; row++) Vector512.Create(x[row]).StoreUnsafe(ref ys, (nuint)(row * columns));
        for (; row < x.Length; row++) y.Slice(row * columns, columns).Fill(x[row]);
    }

    private static void ReduceRows<TOp>(ReadOnlySpan<float> x, Span<float> y) where TOp : struct, ITileReduction
    {
        if (y.Length == 0) return;
        int columns = x.Length / y.Length, row = 0;
        if (columns is > 0 and <= ShortRow) row = ReduceShortRows<TOp>(x, y, columns);
        for (; row < y.Length; row++) y[row] = (float)Reduce<TOp>(x.Slice(row * columns, columns));
    }

    /// <summary>Reduces the rows whose vectors lie within x, in the order of Reduce; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ReduceShortRows<TOp>(ReadOnlySpan<float> x, Span<float> y, int columns) where TOp : struct, ITileReduction
    {
        Floats identity = Vector512.Create(TOp.Identity);
        Vector512<double> none = Doubles<TOp>(identity);
        int vectors = (columns + Lanes - 1) / Lanes, last = (vectors - 1) * Lanes;
        Floats inRow = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(columns - last)).AsSingle();

        ref float xs = ref MemoryMarshal.GetReference(x);
        int row = 0;
        for (; row < y.Length && row * columns + vectors * Lanes <= x.Length; row++)
        {
            nuint at = (nuint)(row * columns);
            Vector512<double> end = Doubles<TOp>(Vector512.ConditionalSelect(inRow, Vector512.LoadUnsafe(ref xs, at + (nuint)last), identity));
            Vector512<double> a = vectors > 1 ? Doubles<TOp>(Vector512.LoadUnsafe(ref xs, at)) : end;
            Vector512<double> b = vectors > 2 ? Doubles<TOp>(Vector512.LoadUnsafe(ref xs, at + Lanes)) : vectors == 2 ? end : none;
            Vector512<double> c = vectors > 3 ? Doubles<TOp>(Vector512.LoadUnsafe(ref xs, at + 2 * Lanes)) : vectors == 3 ? end : none;
            Vector512<double> d = vectors > 3 ? end : none;
            y[row] = (float)Last<TOp>(TOp.Combine(TOp.Combine(a, b), TOp.Combine(c, d)));
        }
        return row;
    }
}
