// Matrices: what a warp's lanes do together on the tensor cores. The arithmetic stands in Tensor/.
using MiniDL.Simulator.Code;
using MiniDL.Simulator.Counters;
using MiniDL.Simulator.Tensor;

namespace MiniDL.Simulator.Execute;

internal sealed unsafe partial class Warp
{
    /// <summary>mma.sync: D = A B + C.</summary>
    private void MultiplyMatrices(Instruction* i, byte* frame)
    {
        TensorSite site = _kernel.Tensors[i->Target];
        uint** rows = stackalloc uint*[16];
        uint** d = rows, a = rows + 4, b = rows + 8, c = rows + 12;
        Rows(frame, site.D, d);
        Rows(frame, site.A, a);
        Rows(frame, site.B, b);
        Rows(frame, site.C, c);
        site.Product!.Run(d, a, b, c);
    }

    private static void Rows(byte* frame, ushort[] units, uint** rows)
    {
        for (int r = 0; r < units.Length; r++) rows[r] = (uint*)Row(frame, units[r]);
    }

    /// <summary>ldmatrix: of each matrix eight lanes give the addresses of rows, and all lanes get a register.</summary>
    private void LoadMatrices(Instruction* i, byte* frame, uint active)
    {
        TensorSite site = _kernel.Tensors[i->Target];
        uint giving = LoadMatrix.AddressLanes(site.D.Length) & active;
        FillAddresses(i, frame, giving);
        long bias = LocateShared(i, giving, AccessKind.SharedLoad);
        ushort** matrices = stackalloc ushort*[32];
        for (int lane = 0; lane < 32; lane++) matrices[lane] = (ushort*)((long)_addresses[lane] + bias);
        uint** d = stackalloc uint*[4];
        Rows(frame, site.D, d);
        LoadMatrix.Run(d, matrices, site.D.Length, i->Detail2 != 0);
    }
}
