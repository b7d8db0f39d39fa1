// What the pooling kernels share: which windows stand where, which results a block makes, and how it reads its operands.
//
//     planes (P = B * C of them) of H x W pixels;  results of OH x OW windows per plane
//     window (oy, ox) covers rows oy * STRIDE_Y - PAD_Y ... + WINDOW_Y - 1, columns alike; what lies outside the plane is never looked at
//
// The one thing to understand: rows of 30, 13 or 5 pixels are no friends of a warp, which wants 32 neighbours at an address that divides by
// 32 bytes. But rows follow rows and planes follow planes without a gap, so whole planes, or a band of rows of one plane, are one run of
// addresses whatever the length of a row. A block copies its run into shared memory with no thought of rows (copy_run), and only there
// looks at it in two dimensions. Its results are one run as well. So every byte is moved once, in full sectors but for the run's two ends.
//
// Macros from the host: P H W OH OW; WINDOW_Y WINDOW_X STRIDE_Y STRIDE_X PAD_Y PAD_X; BLOCK (threads of a block); PLANES and BAND: a block makes BAND
// rows of results of each of PLANES planes, either all rows of them or some rows of one plane; TILE: elements of each operand in shared memory,
// 0 if not even one row of windows fits: then operands are read where they are (each more than once; nothing that a net does).

// A run of elements, first ... last - 1 of an array.
struct Run
{
    uint first, last;
};

// The band of this block: rows row ... row + rows - 1 of planes plane ... plane + planes - 1, of planes that have `height` rows of results.
struct Band
{
    int plane, planes, row, rows;
};

__device__ __forceinline__ Band band_of_block(int height)
{
    const int bands = (height + BAND - 1) / BAND;
    Band band;
    band.plane = blockIdx.x / bands * PLANES;
    band.planes = min(PLANES, P - band.plane);
    band.row = blockIdx.x % bands * BAND;
    band.rows = min(BAND, height - band.row);
    return band;
}

// Rows first ... last - 1 of each plane of a band, as elements. With several planes a band has all rows; their elements are one run.
__device__ __forceinline__ Run run_of(Band band, int first, int last, int height, int width)
{
    Run run;
    run.first = (band.plane * height + first) * width;
    run.last = run.first + (band.planes > 1 ? band.planes * height : max(0, last - first)) * width;
    return run;
}

// for (FOR_RUN(i, run)): this thread's elements of a run. The first thread's first element is a multiple of 32, before the run if need be, so that
// a warp always asks for 128 aligned bytes: rows that start anywhere cost a fifth sector for every four.
#define FOR_RUN(i, run) uint i = ((run).first & ~31) + threadIdx.x; i < (run).last; i += BLOCK
#define IN_RUN(i, run) ((i) >= (run).first)

// Windows this small are looked at without loops.
#define UNROLL_WINDOW (WINDOW_Y * WINDOW_X <= 16 ? 16 : 1)

// Whether some window hangs over an edge: if none does, the compiler drops the checks.
#define CLIPPED_Y (PAD_Y > 0 || (OH - 1) * STRIDE_Y + WINDOW_Y > H)
#define CLIPPED_X (PAD_X > 0 || (OW - 1) * STRIDE_X + WINDOW_X > W)
#define ON_PLANE(row, column) ((!CLIPPED_Y || (uint)(row) < H) && (!CLIPPED_X || (uint)(column) < W))

// Forward: the pixels that the windows of a band of window rows cover. Backward: the windows that cover the pixels of a band of pixel rows.
__device__ __forceinline__ Run pixels_under(Band band)
{
    int first = band.row * STRIDE_Y - PAD_Y, last = (band.row + band.rows - 1) * STRIDE_Y - PAD_Y + WINDOW_Y;
    return run_of(band, max(0, first), min(H, last), H, W);
}

// At most COVER_Y windows in a column cover a pixel: those from FIRST_OVER_Y(its row) on. Both are as good as said for ANY_WINDOW, when it is not known how
// the windows lie: then each may cover any pixel.
#if ANY_WINDOW
#define COVER_Y OH
#define COVER_X OW
#define FIRST_OVER_Y(row) 0
#define FIRST_OVER_X(column) 0
#else
#define COVER_Y ((WINDOW_Y + STRIDE_Y - 1) / STRIDE_Y)
#define COVER_X ((WINDOW_X + STRIDE_X - 1) / STRIDE_X)
#define FIRST_OVER_Y(row) (((row) + PAD_Y) / STRIDE_Y - COVER_Y + 1)
#define FIRST_OVER_X(column) (((column) + PAD_X) / STRIDE_X - COVER_X + 1)
#endif
#define UNROLL_COVER (COVER_Y * COVER_X <= 16 ? 16 : 1)

__device__ __forceinline__ Run windows_over(Band band)
{
    int first = FIRST_OVER_Y(band.row), last = FIRST_OVER_Y(band.row + band.rows - 1) + COVER_Y;
    return run_of(band, max(0, first), min(OH, last), OH, OW);
}

// What a mean divides by: the window's pixels on the plane, or all of them.
__device__ __forceinline__ float count_of(int top, int left)
{
    if (COUNT_PADDING) return WINDOW_Y * WINDOW_X;
    return (min(top + WINDOW_Y, H) - max(top, 0)) * (min(left + WINDOW_X, W) - max(left, 0));
}
