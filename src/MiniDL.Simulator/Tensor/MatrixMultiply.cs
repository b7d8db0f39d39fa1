// mma.sync: D = A B + C on the tensor cores, for a whole warp in one instruction.
//
// PTX, section 9.7.14. Supported: m16n8k8 and m16n8k4 of tf32, m16n8k16 and m16n8k8 of f16 and bf16; sums in f32, of f16 also in f16. Elements are gathered from the
// lanes' registers (Fragment), multiplied as plain matrices, and scattered again.
//
// The one thing to understand: products are exact, and how real tensor cores round their sums is not documented. Here a sum is kept in double and rounded once; results of a
// GPU differ in the last bits. Of tf32 the lower 13 bits are not looked at.
using System.Runtime.Intrinsics;
using MiniDL.Simulator.Arithmetic;

namespace MiniDL.Simulator.Tensor;

/// <summary>The type of the elements that are multiplied.</summary>
internal enum TensorType
{
    /// <summary>float32 without its last 13 bits.</summary>
    Tf32,

    /// <summary>float16.</summary>
    F16,

    /// <summary>bfloat16.</summary>
    BF16,
}

/// <summary>A matrix product of the tensor cores.</summary>
/// <param name="K">The summed dim.</param>
/// <param name="Type">The type of A and B.</param>
/// <param name="SumsInF16">C and D are f16 rather than f32.</param>
internal sealed unsafe record MatrixMultiply(int K, TensorType Type, bool SumsInF16)
{
    /// <summary>Rows of A and C.</summary>
    public const int M = 16;

    /// <summary>Columns of B and C.</summary>
    public const int N = 8;

    private int PerRegister => Type == TensorType.Tf32 ? 1 : 2;

    /// <summary>Registers of A.</summary>
    public int RegistersOfA => M * K / 32 / PerRegister;

    /// <summary>Registers of B.</summary>
    public int RegistersOfB => N * K / 32 / PerRegister;

    /// <summary>Registers of C and of D.</summary>
    public int RegistersOfC => SumsInF16 ? 2 : 4;

    /// <summary>Floating-point operations of the whole warp.</summary>
    public int Flops => 2 * M * N * K;

    /// <summary>The instruction of a spelling such as <c>mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32</c>, or null.</summary>
    public static MatrixMultiply? Find(string spelling)
    {
        const string start = "mma.sync.aligned.m16n8k";
        if (!spelling.StartsWith(start, StringComparison.Ordinal)) return null;
        return spelling[start.Length..] switch
        {
            "4.row.col.f32.tf32.tf32.f32" => new(4, TensorType.Tf32, false),
            "8.row.col.f32.tf32.tf32.f32" => new(8, TensorType.Tf32, false),
            "8.row.col.f32.f16.f16.f32" => new(8, TensorType.F16, false),
            "8.row.col.f16.f16.f16.f16" => new(8, TensorType.F16, true),
            "8.row.col.f32.bf16.bf16.f32" => new(8, TensorType.BF16, false),
            "16.row.col.f32.f16.f16.f32" => new(16, TensorType.F16, false),
            "16.row.col.f16.f16.f16.f16" => new(16, TensorType.F16, true),
            "16.row.col.f32.bf16.bf16.f32" => new(16, TensorType.BF16, false),
            _ => null,
        };
    }

    // Where the lanes' elements lie in A (row by row), B and C: by element of a lane, then by lane.
    private readonly int[] _placesOfA = Places(M * K / Lanes.Count, (lane, element) => Fragment.OfA(lane, element, Type == TensorType.Tf32 ? 1 : 2) is var (row, k) ? row * K + k : 0);
    private readonly int[] _placesOfB = Places(N * K / Lanes.Count, (lane, element) => Fragment.OfB(lane, element, Type == TensorType.Tf32 ? 1 : 2) is var (k, column) ? k * N + column : 0);
    private static readonly int[] s_placesOfC = Places(M * N / Lanes.Count, (lane, element) => Fragment.OfC(lane, element) is var (row, column) ? row * N + column : 0);

    /// <summary>Runs it. Each argument is a list of rows of 32 lanes; D may be C.</summary>
    public void Run(uint** d, uint** a, uint** b, uint** c)
    {
        double* left = stackalloc double[M * K], right = stackalloc double[K * N], sums = stackalloc double[M * N];
        for (int i = 0; i < _placesOfA.Length; i++) left[_placesOfA[i]] = Element(a, i % Lanes.Count, i / Lanes.Count);
        for (int i = 0; i < _placesOfB.Length; i++) right[_placesOfB[i]] = Element(b, i % Lanes.Count, i / Lanes.Count);
        for (int i = 0; i < s_placesOfC.Length; i++)
        {
            (int lane, int element) = (i % Lanes.Count, i / Lanes.Count);
            sums[s_placesOfC[i]] = SumsInF16 ? (float)((Half*)(c[element / 2] + lane))[element % 2] : ((float*)c[element])[lane];
        }

        // A row of the result is one vector: the terms of each sum are added in the order of k.
        for (int row = 0; row < M; row++)
        {
            Vector512<double> sum = Vector512.Load(sums + row * N);
            for (int k = 0; k < K; k++) sum += Vector512.Create(left[row * K + k]) * Vector512.Load(right + k * N);
            sum.Store(sums + row * N);
        }
        for (int i = 0; i < s_placesOfC.Length; i++)
        {
            (int lane, int element) = (i % Lanes.Count, i / Lanes.Count);
            if (SumsInF16) ((Half*)(d[element / 2] + lane))[element % 2] = Float16.Narrow<Nearest>(sums[s_placesOfC[i]]);
            else ((float*)d[element])[lane] = Float32.Canonical((float)sums[s_placesOfC[i]]);
        }
    }

    private static int[] Places(int elements, Func<int, int, int> place) => [.. Enumerable.Range(0, elements * Lanes.Count).Select(i => place(i % Lanes.Count, i / Lanes.Count))];

    /// <summary>An element of A or B as a float32, which holds all three types exactly.</summary>
    private float Element(uint** registers, int lane, int element)
    {
        uint bits = registers[element / PerRegister][lane];
        if (Type == TensorType.Tf32) return BitConverter.UInt32BitsToSingle(bits & ~0x1FFFu);
        ushort half = (ushort)(element % 2 == 0 ? bits : bits >> 16);
        return Type == TensorType.F16 ? (float)BitConverter.UInt16BitsToHalf(half) : BitConverter.UInt32BitsToSingle((uint)half << 16);
    }
}
