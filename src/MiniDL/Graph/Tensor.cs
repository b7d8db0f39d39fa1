// A node of an expression graph: an op applied to inputs. This is what users compute with; nothing here holds a number.
//
// First station of the pipeline (build): operators and the functions of the class T make tensors, Grad makes more of them,
// rewrites replace them, lowering turns them into stages. The one thing to understand: a tensor is immutable and is only ever
// equal to itself, so a graph is a plain DAG of references that any pass may share, keep or rebuild.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>A symbolic expression with a type: an <see cref="MiniDL.Op"/> applied to inputs. Immutable; equal only to itself.</summary>
/// <example><code>
/// Tensor x = T.Matrix("x");
/// Tensor y = T.Exp(x) * 2 + 1;     // nothing is computed yet
/// </code></example>
public class Tensor
{
    private readonly Tensor[] _inputs;

    internal Tensor(Op op, Tensor[] inputs, TensorType type, string? name, SourceLocation source)
    {
        Op = op;
        _inputs = inputs;
        Type = type;
        Name = name;
        Source = source;
    }

    /// <summary>What is computed.</summary>
    public Op Op { get; }

    /// <summary>What it is computed from.</summary>
    public ReadOnlySpan<Tensor> Inputs => _inputs;

    /// <summary>The dtype and the shape.</summary>
    public TensorType Type { get; }

    /// <summary>The type of each element.</summary>
    public DType DType => Type.DType;

    /// <summary>The dims, <see cref="Shape.Unknown"/> where not known before run time.</summary>
    public Shape Shape => Type.Shape;

    /// <summary>The number of dims; always known.</summary>
    public int Rank => Type.Shape.Rank;

    /// <summary>The name the user gave, if any.</summary>
    public string? Name { get; }

    /// <summary>The line of the user's program that asked for this node.</summary>
    public SourceLocation Source { get; }

    /// <summary>The name, or else the op's.</summary>
    internal string Label => Name ?? Op.Name;

    /// <summary>Applies <paramref name="op"/>: infers the type (which checks dtypes and shapes) and makes the node.</summary>
    /// <exception cref="GraphException">The inputs do not fit the op.</exception>
    /// <exception cref="ArgumentNullException">An input is null.</exception>
    internal static Tensor Apply(Op op, params Tensor[] inputs)
    {
        ThrowIfAnyNull(op.Name, inputs);
        return new(op, inputs, op.Infer(inputs), null, MiniDL.Source.Current);
    }

    /// <summary>Checks the operands of an op, or the tensors given to a function.</summary>
    /// <exception cref="ArgumentNullException">One of them is null: the message says which.</exception>
    internal static void ThrowIfAnyNull(string of, ReadOnlySpan<Tensor> tensors)
    {
        for (int i = 0; i < tensors.Length; i++)
            if (tensors[i] is null) throw new ArgumentNullException(nameof(tensors), $"{of}: operand {i} (of {tensors.Length}, from 0) is null");
    }

    /// <summary>The same expression under a name, for listings and messages.</summary>
    /// <example><code>var h = T.Relu(T.Dot(x, w)).Named("h");</code></example>
    /// <exception cref="GraphException">It is an input or a shared variable: these are named when they are made.</exception>
    public Tensor Named(string name) => Op is InputOp or SharedOp
        ? throw new GraphException($"{Label} is a variable: give it its name where it is made, at {Source}")
        : new(Op, _inputs, Type, name, Source);

    /// <summary>The op, its inputs and the type, on one line.</summary>
    public override string ToString() =>
        _inputs.Length == 0 ? $"{Label}: {Type}" : $"{Label} = {Op}({string.Join(", ", _inputs.Select(input => input.Label))}): {Type}";

    /// <summary>A number becomes a constant of rank 0. It takes the dtype of what it meets: float32, or int32 if it is whole.</summary>
    public static implicit operator Tensor(float value) => Constant.Literal(value);

    /// <summary>a + b, elementwise with broadcasting.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator +(Tensor a, Tensor b) { using var at = MiniDL.Source.OfOperator(); return T.Add(a, b); }

    /// <summary>a - b, elementwise with broadcasting.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator -(Tensor a, Tensor b) { using var at = MiniDL.Source.OfOperator(); return T.Sub(a, b); }

    /// <summary>a * b, elementwise with broadcasting; the matrix product is <c>T.Dot</c>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator *(Tensor a, Tensor b) { using var at = MiniDL.Source.OfOperator(); return T.Mul(a, b); }

    /// <summary>a / b, elementwise with broadcasting, float32 only.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator /(Tensor a, Tensor b) { using var at = MiniDL.Source.OfOperator(); return T.Div(a, b); }

    /// <summary>-a, elementwise.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator -(Tensor a) { using var at = MiniDL.Source.OfOperator(); return T.Neg(a); }

    /// <summary>a &lt; b, elementwise, bool; false where either is NaN.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator <(Tensor a, Tensor b) { using var at = MiniDL.Source.OfOperator(); return T.Less(a, b); }

    /// <summary>a &gt; b, elementwise, bool; false where either is NaN.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator >(Tensor a, Tensor b) { using var at = MiniDL.Source.OfOperator(); return T.Greater(a, b); }

    /// <summary>a &lt;= b, elementwise, bool; false where either is NaN.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator <=(Tensor a, Tensor b) { using var at = MiniDL.Source.OfOperator(); return T.LessEqual(a, b); }

    /// <summary>a &gt;= b, elementwise, bool; false where either is NaN.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator >=(Tensor a, Tensor b) { using var at = MiniDL.Source.OfOperator(); return T.GreaterEqual(a, b); }

    /// <summary>a and b, elementwise, bool.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator &(Tensor a, Tensor b) { using var at = MiniDL.Source.OfOperator(); return T.And(a, b); }

    /// <summary>a or b, elementwise, bool.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator |(Tensor a, Tensor b) { using var at = MiniDL.Source.OfOperator(); return T.Or(a, b); }

    /// <summary>not a, elementwise, bool.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Tensor operator !(Tensor a) { using var at = MiniDL.Source.OfOperator(); return T.Not(a); }
}
