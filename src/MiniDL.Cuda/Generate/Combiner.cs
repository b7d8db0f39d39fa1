// How two partial results of a reduction become one: by kind and dtype.
//
// The one thing to understand: the type of a partial result is not always that of the elements. Sums and products of int32 wrap, which C++ promises for unsigned
// ints; a product of floats may leave float's range and come back, so it is formed in double.
namespace MiniDL.Cuda;

/// <summary>The pieces of text that a reduction needs.</summary>
internal sealed class Combiner(ReduceKind kind, DType dtype)
{
    private readonly bool _isInt = dtype == DType.Int32;

    /// <summary>The type of a partial result.</summary>
    public string Type => kind switch
    {
        ReduceKind.Sum => _isInt ? "uint" : "float",
        ReduceKind.Prod => _isInt ? "uint" : "double",
        _ => _isInt ? "int" : "float",
    };

    /// <summary>Bytes of a partial result.</summary>
    public int Bytes => Type == "double" ? 8 : 4;

    /// <summary>The result of no terms.</summary>
    public string Identity => kind switch
    {
        ReduceKind.Sum => _isInt ? "0u" : "0.0f",
        ReduceKind.Prod => _isInt ? "1u" : "1.0",
        ReduceKind.Max => _isInt ? "INT_MIN" : "-INFINITY",
        _ => _isInt ? "INT_MAX" : "INFINITY",
    };

    /// <summary>True when a partial result has another type than the result.</summary>
    public bool Converts => Type != CudaText.TypeOf(dtype);

    /// <summary>A partial result and another, or a term, combined.</summary>
    public string Of(string a, string b) => kind switch
    {
        ReduceKind.Sum => $"{a} + {b}",
        ReduceKind.Prod => $"{a} * {b}",
        ReduceKind.Max => _isInt ? $"max({a}, {b})" : $"max_nan({a}, {b})",
        _ => _isInt ? $"min({a}, {b})" : $"min_nan({a}, {b})",
    };

    /// <summary>The same as macros of the best rung of <c>kernels/reduce</c>.</summary>
    /// <param name="isLast">True if it leaves the result, false if it leaves partial ones.</param>
    public IReadOnlyList<(string Name, object Value)> Macros(bool isLast) =>
        [("PARTIAL", Type), ("IDENTITY", Identity), ("COMBINE(a, b)", Of("a", "b")), ("RESULT", isLast ? CudaText.TypeOf(dtype) : Type)];

    /// <summary>A partial result as a result.</summary>
    public string Result(string partial) => Converts ? $"({CudaText.TypeOf(dtype)}){partial}" : partial;

    /// <summary>Combines a variable over groups of lanes, a power of two up to 32, so that each lane has the group's result: at each step, with the lane
    /// whose number differs in one bit.</summary>
    public void WriteTree(CudaWriter writer, string variable, int lanes)
    {
        if (lanes == 1) return;
        writer.Line("#pragma unroll");
        writer.Line($"for (int m = {lanes / 2}; m > 0; m /= 2) {variable} = {Of(variable, $"__shfl_xor_sync(0xffffffffu, {variable}, m)")};");
    }

    /// <summary>Combines a variable over all threads of a block of so many whole warps; every thread has the result, combined in the warps' order.</summary>
    public void WriteBlock(CudaWriter writer, string variable, int warps)
    {
        WriteTree(writer, variable, 32);
        if (warps == 1) return;
        writer.Line($"__shared__ {Type} {variable}_of[{warps}];   // each warp's");
        writer.Line($"if (threadIdx.x % 32 == 0) {variable}_of[threadIdx.x / 32] = {variable};");
        writer.Line("__syncthreads();");
        writer.Line($"{variable} = {variable}_of[0];");
        writer.Line("#pragma unroll");
        writer.Line($"for (int w = 1; w < {warps}; w++) {variable} = {Of(variable, $"{variable}_of[w]")};");
    }
}
