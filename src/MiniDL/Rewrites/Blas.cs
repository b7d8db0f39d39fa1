// Scale and accumulation move into the product of matrices, where they are free: alpha A B + beta C.
//
// So a gradient-descent update w - rate * X^T g becomes one product that accumulates into w in place, and the gradient is never stored.
// Transposes need no rule: a product reads its operands through strides (Lowering).
namespace MiniDL;

/// <summary>Folds scaling and accumulation into products.</summary>
public sealed class Blas : Pass
{
    /// <inheritdoc/>
    public override string Name => "blas";

    /// <inheritdoc/>
    public override string Purpose => "scales and accumulations fold into the products of matrices";

    /// <inheritdoc/>
    public override Tensor[] Run(Tensor[] roots, PassReport report)
    {
        List<Tensor> order = Traversal.Topological(roots);
        Dictionary<Tensor, int> uses = Traversal.UseCounts(order, roots);
        var replacements = new Dictionary<Tensor, Tensor>();
        var usesOfNew = new Dictionary<Tensor, int>();
        foreach (Tensor node in order)
        {
            Tensor current = Traversal.WithInputs(node, replacements);
            using (Source.At(node.Source))
                current = TryFold(current, input => usesOfNew.GetValueOrDefault(input), report) ?? current;
            replacements[node] = current;
            usesOfNew[current] = uses[node];
        }
        return [.. roots.Select(root => replacements[root])];
    }

    /// <summary>The product that absorbs this node's scaling or accumulation; only a product that nobody else reads.</summary>
    private static Tensor? TryFold(Tensor node, Func<Tensor, int> uses, PassReport report)
    {
        if (AsProduct(node, uses) is not null) return null;
        if (Match.WithNumber(node, Arithmetic.Mul, out Tensor scaled, out double scale) && scaled.Type == node.Type && AsProduct(scaled, uses) is (var a, var b, var alpha, null, 0))
            return Fire("c * (A B) -> gemm[alpha c]", new Gemm((float)(alpha * scale), 0), a, b);
        if (Match.Is(node, Arithmetic.Neg, out Tensor negated) && AsProduct(negated, uses) is (var a2, var b2, var alpha2, null, 0))
            return Fire("-(A B) -> gemm[alpha -1]", new Gemm((float)-alpha2, 0), a2, b2);
        if (Match.Is(node, Arithmetic.Sub, out Tensor c, out Tensor p) && Accumulates(c, node) && AsProduct(p, uses) is (var a3, var b3, var alpha3, null, 0))
            return Fire("C - A B -> gemm[beta 1]", new Gemm((float)-alpha3, 1), a3, b3, c);
        if (Match.Is(node, Arithmetic.Add, out Tensor left, out Tensor right))
        {
            if (Accumulates(left, node) && AsProduct(right, uses) is (var a4, var b4, var alpha4, null, 0))
                return Fire("C + A B -> gemm[beta 1]", new Gemm((float)alpha4, 1), a4, b4, left);
            if (Accumulates(right, node) && AsProduct(left, uses) is (var a5, var b5, var alpha5, null, 0))
                return Fire("C + A B -> gemm[beta 1]", new Gemm((float)alpha5, 1), a5, b5, right);
        }
        return null;

        Tensor Fire(string rule, Gemm gemm, params Tensor[] inputs)
        {
            report.Fire(rule, node);
            return Tensor.Apply(gemm, inputs);
        }
    }

    /// <summary>Only a shared variable is accumulated into: the result then takes its place, and nothing is copied.</summary>
    private static bool Accumulates(Tensor c, Tensor node) => c is Shared && c.Type == node.Type;

    private static (Tensor A, Tensor B, double Alpha, Tensor? C, double Beta)? AsProduct(Tensor node, Func<Tensor, int> uses) => node.Op switch
    {
        MatMul when uses(node) == 1 => (node.Inputs[0], node.Inputs[1], 1, null, 0),
        Gemm { Beta: 0 } gemm when uses(node) == 1 => (node.Inputs[0], node.Inputs[1], gemm.Alpha, null, 0),
        _ => null,
    };
}
