// What one block of a pooling kernel computes, so that what it reads fits in shared memory.
//
// Small planes: as many whole ones as keep the threads busy. Large planes: a band of rows of one. The one thing to understand: overlapping windows make
// neighbouring bands read the rows between them twice, so bands of those are made as high as shared memory allows.
namespace MiniDL.Cuda;

/// <summary>A block's share of a pooling: <paramref name="Band"/> rows of results of each of <paramref name="Planes"/> planes.</summary>
/// <param name="Planes">Planes of a block; 1 if a band is not all of a plane.</param>
/// <param name="Band">Rows of results of a block, in each of its planes.</param>
/// <param name="Tile">Elements of each operand that a block keeps in shared memory; 0 if too many for it.</param>
/// <param name="Blocks">How many blocks it takes.</param>
internal readonly record struct PoolShare(int Planes, int Band, int Tile, int Blocks)
{
    private const int BusyElements = 2048;                // 8 for each of 256 threads
    private const int FewWords = 4096, MostWords = 12000; // of shared memory: 16 KB, of which an SM holds several; just under 48 KB, the most of a kernel
    private const double SmallOverlap = 1.15;             // of what is read, compared with what would be without bands

    /// <summary>The share for a stage between planes of (B, C, H, W) and of (B, C, OH, OW).</summary>
    public static PoolShare Of(PoolStage stage, Shape image, Shape pooled)
    {
        bool forward = stage.Kind is PoolKind.Max or PoolKind.Average;
        (Shape results, Shape operand) = forward ? (pooled, image) : (image, pooled);
        int planes = image[0] * image[1], words = stage.Kind == PoolKind.MaxUnpool ? 2 : 1;   // an index and a gradient
        long plane = (long)operand[2] * operand[3];
        if (plane * words <= FewWords)
        {
            int together = Math.Clamp(BusyElements / Math.Max(1, Math.Max(image[2] * image[3], pooled[2] * pooled[3])), 1, planes);
            return new PoolShare(together, results[2], (int)Math.Max(1, plane * together), (planes + together - 1) / together);
        }

        Func<int, int, (int First, int Last)> rowsFor = RowsFor(stage.Geometry, forward, image[2], pooled[2]);
        (int band, long read) = Highest(FewWords / words / operand[3], results[2], rowsFor);
        if (band == 0 || read > SmallOverlap * operand[2]) (band, _) = Highest(MostWords / words / operand[3], results[2], rowsFor);
        int blocks = planes * ((results[2] + Math.Max(1, band) - 1) / Math.Max(1, band));
        return band == 0 ? new PoolShare(1, 1, 0, blocks) : new PoolShare(1, band, MostRows(band, results[2], rowsFor) * operand[3], blocks);
    }

    /// <summary>The rows of the operand that results' rows row ... row + rows - 1 need: what pool.cuh computes for a band.</summary>
    private static Func<int, int, (int First, int Last)> RowsFor(PoolGeometry? windows, bool forward, int h, int oh)
    {
        if (windows is null) return (_, _) => (0, oh);   // any window may have chosen any pixel
        (int window, int stride, int pad) = (windows.WindowY, windows.StrideY, windows.PadY);
        int cover = (window + stride - 1) / stride;
        return forward
            ? (row, rows) => (Math.Max(0, row * stride - pad), Math.Min(h, (row + rows - 1) * stride - pad + window))
            : (row, rows) => (Math.Max(0, (row + pad) / stride - cover + 1), Math.Min(oh, (row + rows - 1 + pad) / stride + 1));
    }

    /// <summary>The highest band whose operands have at most so many rows (0 if there is none), and the rows that all bands read together.</summary>
    private static (int Band, long Read) Highest(int mostRows, int results, Func<int, int, (int First, int Last)> rowsFor)
    {
        for (int band = results; band > 0; band--)
            if (MostRows(band, results, rowsFor) <= mostRows) return (band, Bands(band, results, rowsFor).Sum(count => (long)count));
        return (0, 0);
    }

    private static int MostRows(int band, int results, Func<int, int, (int First, int Last)> rowsFor) => Math.Max(1, Bands(band, results, rowsFor).Max());

    private static IEnumerable<int> Bands(int band, int results, Func<int, int, (int First, int Last)> rowsFor)
    {
        for (int row = 0; row < results; row += band)
        {
            (int first, int last) = rowsFor(row, Math.Min(band, results - row));
            yield return Math.Max(0, last - first);
        }
    }
}
