// A matrix product as cuBLAS takes it: column-major, with leading dims and batch strides in elements.
//
// The one thing to understand: a row-major matrix is its own transpose in column-major eyes. Row-major C = A B is asked for as C' = B' A': operands swapped,
// M and N swapped, nothing moved.
namespace MiniDL.Gpu;

/// <summary>Whether an operand is taken as it lies or transposed.</summary>
public enum GemmOperand
{
    /// <summary>CUBLAS_OP_N.</summary>
    AsIs = 0,

    /// <summary>CUBLAS_OP_T.</summary>
    Transposed = 1,
}

/// <summary>The arithmetic of a product of float32 matrices.</summary>
public enum GemmCompute
{
    /// <summary>float32 throughout.</summary>
    Float32,

    /// <summary>Operands rounded to 10 bits of fraction, summed in float32: tensor cores, sm_80 and up.</summary>
    TensorFloat32,
}

/// <summary>C (M x N) = alpha * op(A) (M x K) op(B) (K x N) + beta * C, column-major, for each of a batch. With beta = 0, C is not read.</summary>
/// <param name="OperandA">How A is taken.</param>
/// <param name="OperandB">How B is taken.</param>
/// <param name="M">Rows of C.</param>
/// <param name="N">Columns of C.</param>
/// <param name="K">The summed dim.</param>
/// <param name="Alpha">Scales the product.</param>
/// <param name="A">Device address of A: M x K with leading dim LdA, or K x M if transposed.</param>
/// <param name="LdA">Elements from one column of A to the next.</param>
/// <param name="StrideA">Elements from one A of the batch to the next; 0 repeats it.</param>
/// <param name="B">Device address of B: K x N with leading dim LdB, or N x K if transposed.</param>
/// <param name="LdB">Elements from one column of B to the next.</param>
/// <param name="StrideB">Elements from one B of the batch to the next; 0 repeats it.</param>
/// <param name="Beta">Scales what C held.</param>
/// <param name="C">Device address of C: M x N with leading dim LdC.</param>
/// <param name="LdC">Elements from one column of C to the next.</param>
/// <param name="StrideC">Elements from one C of the batch to the next.</param>
/// <param name="Batch">The number of products.</param>
/// <param name="Compute">The arithmetic.</param>
public readonly record struct GemmCall(
    GemmOperand OperandA, GemmOperand OperandB, int M, int N, int K,
    float Alpha, ulong A, int LdA, long StrideA, ulong B, int LdB, long StrideB,
    float Beta, ulong C, int LdC, long StrideC, int Batch = 1, GemmCompute Compute = GemmCompute.Float32);
