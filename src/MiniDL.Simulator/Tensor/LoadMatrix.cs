// ldmatrix: 8 x 8 matrices of 16-bit elements from shared memory straight into fragments.
//
// PTX, section 9.7.14.5.15. Lanes 0 to 7 give the addresses of the rows of the first matrix (16 bytes each), 8 to 15 of the second, and so on. Of each matrix every lane gets one
// register, two neighbouring elements of a row; with .trans two of a column, which transposes on the way.
//
//     matrix, row-major        lane:   0   1   2   3        register of lane 5:            elements (1, 2) and (1, 3)
//                              row 0  01  23  45  67        with .trans, of lane 5:        elements (2, 1) and (3, 1)
//                              row 1   4   5   6   7  ...
//
// The one thing to understand: a lane's address and a lane's data have nothing to do with each other. That is why one instruction does what else would take a shuffle.
using MiniDL.Simulator.Arithmetic;

namespace MiniDL.Simulator.Tensor;

/// <summary>Distributes matrices over lanes.</summary>
internal static unsafe class LoadMatrix
{
    /// <summary>Rows of a matrix, and elements of a row.</summary>
    public const int Rows = 8;

    /// <summary>The lanes whose addresses are used, for 1, 2 or 4 matrices.</summary>
    public static uint AddressLanes(int matrices) => matrices >= 4 ? uint.MaxValue : (1u << (Rows * matrices)) - 1;

    /// <summary>Fills one register of every lane for each matrix.</summary>
    /// <param name="d">The registers: for each matrix a row of 32 lanes.</param>
    /// <param name="rows">Host addresses of rows of 16 bytes, 8 for each matrix.</param>
    /// <param name="matrices">1, 2 or 4.</param>
    /// <param name="transposed">.trans</param>
    public static void Run(uint** d, ushort** rows, int matrices, bool transposed)
    {
        for (int matrix = 0; matrix < matrices; matrix++)
        {
            ushort** its = rows + Rows * matrix;
            for (int lane = 0; lane < Lanes.Count; lane++)
            {
                (int group, int pair) = (lane / 4, 2 * (lane % 4));
                uint low = transposed ? its[pair][group] : its[group][pair], high = transposed ? its[pair + 1][group] : its[group][pair + 1];
                d[matrix][lane] = low | high << 16;
            }
        }
    }
}
