// Which elements a block has, and where they lie: what every rung of the transposes needs to work for every shape.
//
//     y[batch, row, column] = x[batch, column, row]           y is (BATCH, ROWS, COLUMNS), all of it in one piece
//
// x is (BATCH, COLUMNS, ROWS), and may be part of something larger: its matrices begin BATCH_STEP elements apart, its rows STEP.
// All names in the rungs are those of y: `row` and `column` are where an element goes, so elements with neighbouring `row` are neighbours in x.
//
//        x             row ->                 y           column ->
//           +-------+-------+--               +-------+-------+-------+--
//    column |       |  A    |             row |       |       |       |         A tile A of x, its rows neighbours along `row`,
//       |   +-------+-------+--            |  +-------+-------+-------+--       is a tile A' of y, its rows neighbours along `column`.
//       v   |       |       |              v  |  A'   |       |       |
//
// The grid is one row of blocks, one for each tile, with the batch outermost: a grid's x may count to 2^31 - 1, its y and z to 65,535 only, and a batch of small images is
// longer than that. Elements are 4 bytes of anything (`uint`): a transpose does not look at them, and NaNs keep all their bits.
//
// Macros: BATCH ROWS COLUMNS BATCH_STEP STEP; TILE_ROWS TILE_COLUMNS, of y, which the rungs define.
#include "prelude.cuh"

#define TILES_ACROSS ((COLUMNS + TILE_COLUMNS - 1) / TILE_COLUMNS)
#define TILES_DOWN ((ROWS + TILE_ROWS - 1) / TILE_ROWS)

struct Tile
{
    int batch, row, column;   // of y; its first row and column

    static __device__ __forceinline__ Tile ofBlock()
    {
        uint tile = blockIdx.x, across = tile % TILES_ACROSS, down = tile / TILES_ACROSS;
        uint batch = BATCH == 1 ? 0 : down / TILES_DOWN;
        return {(int)batch, (int)(down - batch * TILES_DOWN) * TILE_ROWS, (int)across * TILE_COLUMNS};
    }

    // The position in x and in y of the element at (r, c) of the tile.
    __device__ __forceinline__ int inX(int r, int c) const { return batch * BATCH_STEP + (column + c) * STEP + row + r; }
    __device__ __forceinline__ int inY(int r, int c) const { return (batch * ROWS + row + r) * COLUMNS + column + c; }

    // Whether there is such an element. Sizes being constants, nothing is asked where tiles divide the matrix.
    __device__ __forceinline__ bool has(int r, int c) const { return (ROWS % TILE_ROWS == 0 || row + r < ROWS) && (COLUMNS % TILE_COLUMNS == 0 || column + c < COLUMNS); }
};
