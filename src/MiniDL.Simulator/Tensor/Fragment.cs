// Which lane holds which element of a small matrix: the fragments of the tensor cores.
//
// mma multiplies A (16 x K) by B (K x 8) and adds C (16 x 8), all spread over the registers of a warp. With g = lane / 4 and t = lane % 4 (PTX, section 9.7.14.5):
//
//     32-bit elements, K = 8 (or 4)     A: register 0 (g, t), 1 (g+8, t), 2 (g, t+4), 3 (g+8, t+4)         B: register 0 (t, g), 1 (t+4, g)
//     16-bit elements, K = 16 (or 8)    A: register 0 (g, 2t..2t+1), 1 (g+8, ..), 2 (g, 2t+8..), 3 (g+8, 2t+8..)   B: register 0 (2t..2t+1, g), 1 (2t+8.., g)
//     C and D of 32 bits                register 0 (g, 2t), 1 (g, 2t+1), 2 (g+8, 2t), 3 (g+8, 2t+1)
//     C and D of 16 bits                register 0 (g, 2t..2t+1), 1 (g+8, 2t..2t+1)
//
// The one thing to understand: four lanes share a row of A, eight a column of B; so each lane needs few registers, and no element is held twice.
namespace MiniDL.Simulator.Tensor;

/// <summary>Places of elements in fragments.</summary>
internal static class Fragment
{
    /// <summary>The row and the column of A that a lane holds in an element of its registers; with 16 bits a register has two elements, the lower first.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="element">Counts through the registers.</param>
    /// <param name="perRegister">Elements in a register: 1 of 32 bits or 2 of 16.</param>
    public static (int Row, int K) OfA(int lane, int element, int perRegister)
    {
        (int group, int thread) = (lane / 4, lane % 4);
        (int register, int part) = (element / perRegister, element % perRegister);
        return (group + 8 * (register % 2), perRegister * thread + part + 4 * perRegister * (register / 2));
    }

    /// <summary>The row and the column of B that a lane holds.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="element">Counts through the registers.</param>
    /// <param name="perRegister">Elements in a register.</param>
    public static (int K, int Column) OfB(int lane, int element, int perRegister)
    {
        (int group, int thread) = (lane / 4, lane % 4);
        (int register, int part) = (element / perRegister, element % perRegister);
        return (perRegister * thread + part + 4 * perRegister * register, group);
    }

    /// <summary>The row and the column of C and D that a lane holds; element 0 to 3, whether two share a register or not.</summary>
    public static (int Row, int Column) OfC(int lane, int element) => (lane / 4 + 8 * (element / 2), 2 * (lane % 4) + element % 2);
}
