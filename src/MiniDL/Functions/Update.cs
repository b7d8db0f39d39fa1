// A pair (shared variable, new value): what optimisers make and functions carry out.
//
// The one thing to understand: the value is an expression over old values; the order of updates in a list means nothing.
namespace MiniDL;

/// <summary>A shared variable and the expression that replaces its value at the end of each run. Optimisers make lists of these.</summary>
/// <example><code>T.Function([X, Y], cost, updates: [(w, w - 0.05f * T.Grad(cost, w))])</code></example>
public readonly record struct Update(Shared Variable, Tensor Value)
{
    /// <summary>(variable, new value) is an update.</summary>
    public static implicit operator Update((Shared Variable, Tensor Value) update) => new(update.Variable, update.Value);
}
