// What Run returns: a view of the outputs, which stay where they were computed until somebody asks.
//
// The last step of run. The one thing to understand: it holds no numbers, so a step that reads only its cost copies four bytes; the price is that it is good
// only until the function's next run, which it checks.
namespace MiniDL;

/// <summary>What a run computed: a small view of buffers that the function owns, valid until its next run.</summary>
/// <example><code>float cost = train.Run(x, y).Scalar();</code></example>
public readonly struct Results
{
    private readonly Function _function;
    private readonly Executable _executable;
    private readonly long _run;

    internal Results(Function function, Executable executable, long run) => (_function, _executable, _run) = (function, executable, run);

    /// <summary>The dtype and shape of output <paramref name="index"/>.</summary>
    public TensorType Type(int index = 0) => Current().OutputType(Check(index));

    /// <summary>The one element of output <paramref name="index"/>, as float. Copies, and waits for a GPU only here.</summary>
    /// <exception cref="InvalidOperationException">The output has more than one element, or the function has run again since.</exception>
    public float Scalar(int index = 0)
    {
        TensorType type = Type(index);
        if (type.Shape.Count != 1) throw new InvalidOperationException($"output {index} is {type}, not one number; use CopyTo or ToArray");
        Span<byte> bytes = stackalloc byte[type.DType.Size()];
        _executable.CopyOutput(index, bytes);
        return type.DType switch
        {
            DType.Float32 => BitConverter.ToSingle(bytes),
            DType.Int32 => BitConverter.ToInt32(bytes),
            _ => bytes[0],
        };
    }

    /// <summary>Copies output <paramref name="index"/> in row-major order.</summary>
    /// <exception cref="InvalidOperationException">The span's length or type is not the output's, or the function has run again since.</exception>
    public void CopyTo<TElement>(Span<TElement> destination, int index = 0) where TElement : unmanaged
    {
        TensorType type = Type(index);
        if (DTypes.Of<TElement>() != type.DType || destination.Length != type.Shape.Count)
            throw new InvalidOperationException($"output {index} is {type}; it cannot be copied to {destination.Length} of {DTypes.Of<TElement>().Label()}");
        _executable.CopyOutput(index, System.Runtime.InteropServices.MemoryMarshal.AsBytes(destination));
    }

    /// <summary>A copy of output <paramref name="index"/>.</summary>
    public NDArray ToArray(int index = 0)
    {
        TensorType type = Type(index);
        NDArray array = NDArray.Zeros(type.Shape, type.DType);
        _executable.CopyOutput(index, array.Bytes());
        return array;
    }

    private int Check(int index) => (uint)index < (uint)_function.OutputCount ? index
        : throw new ArgumentOutOfRangeException(nameof(index), $"the function has {_function.OutputCount} outputs; there is no output {index}");

    private Executable Current() => _function is not null && _function.Runs == _run && !_function.IsDisposed ? _executable
        : throw new InvalidOperationException("these results are gone: the function has run again since, or was disposed. Copy what is needed before that");
}
