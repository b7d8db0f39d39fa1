// A leaf with a value that lives across calls: parameters, optimiser state, data sets (Theano's shared variable).
//
// The one thing to understand: the value stays where the last function that used it runs. On the CPU that is this host array;
// a device of its own keeps it in its memory and is asked for it only when Value is read.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>A tensor with a value that functions read and, through updates, replace.</summary>
/// <example><code>
/// Shared w = T.Shared(init.Normal([784, 10], 0.01f), "w");
/// NDArray now = w.Value;                     // a copy
/// w.Value = NDArray.Zeros([784, 10]);        // copied in
/// </code></example>
public sealed class Shared : Tensor
{
    private IResidence? _residence;

    internal Shared(NDArray value, string? name, SourceLocation source)
        : base(new SharedOp(new TensorType(value.DType, value.Shape), new object()), [], new TensorType(value.DType, value.Shape), name, source) =>
        Host = value;

    /// <summary>The value. Reading copies it from its device, writing copies it there; the shape and dtype never change.</summary>
    /// <exception cref="GraphException">The new value has another shape or dtype.</exception>
    public NDArray Value
    {
        get
        {
            _residence?.Download(Host);
            return Host.Copy();
        }
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.DType != DType || !value.Shape.Equals(Shape))
                throw new GraphException($"{Label} is {Type}; a value of {value.DType.Label()}{value.Shape} cannot replace it");
            value.Bytes().CopyTo(Host.Bytes());
            _residence?.Upload(Host);
        }
    }

    /// <summary>The host's copy: the value itself while no other device holds it.</summary>
    internal NDArray Host { get; }

    /// <summary>Called by a device before it uses the variable: brings the value home from where it was, and notes where it
    /// is from now on (null: in host memory).</summary>
    internal void MoveTo(IResidence? residence)
    {
        if (ReferenceEquals(residence, _residence)) return;
        _residence?.Download(Host);
        _residence = residence;
        _residence?.Upload(Host);
    }

    /// <summary>Called by a device that is being disposed of: brings the value home if this is where it is.</summary>
    internal void Leave(IResidence residence)
    {
        if (ReferenceEquals(residence, _residence)) MoveTo(null);
    }

    /// <summary>Where a device keeps the value of one shared variable.</summary>
    internal interface IResidence
    {
        /// <summary>Copies the device's value into <paramref name="host"/>.</summary>
        void Download(NDArray host);

        /// <summary>Copies <paramref name="host"/> to the device.</summary>
        void Upload(NDArray host);
    }
}

/// <summary>The op of a <see cref="Shared"/> leaf.</summary>
/// <param name="Type">The dtype and shape of the value.</param>
/// <param name="Identity">Makes each shared variable equal only to itself.</param>
public sealed record SharedOp(TensorType Type, object Identity) : NotDifferentiable
{
    /// <inheritdoc/>
    public override string Name => "shared";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<Tensor> inputs) => Type;

    internal override ReferenceArray Evaluate(ReadOnlySpan<ReferenceArray> inputs, TensorType type, in RunState run) =>
        throw new InvalidOperationException("a shared variable's value is fed by the function");
}

public static partial class T
{
    /// <summary>A shared variable that starts with a copy of <paramref name="value"/>.</summary>
    /// <example><code>Shared w = T.Shared(NDArray.Zeros([784, 10]), "w");</code></example>
    public static Shared Shared(NDArray value, string? name = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new Shared(value.Copy(), name, new SourceLocation(file, line));
    }
}
