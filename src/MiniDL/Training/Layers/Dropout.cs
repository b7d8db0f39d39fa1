// Dropout: in training a unit is silent with probability p, and the others speak up by 1 / (1 - p) so that the sum stays what it was; in use nothing happens.
//
// Neighbouring pixels of a feature map tell nearly the same, so silencing single ones hides little: Dropout2D silences whole maps, with a mask of (B, C, 1, 1).
// The one thing to understand: "nothing happens" is literal. The expression for use has no random node at all, so there is no switch to forget.
// (Srivastava et al., "Dropout", JMLR 2014; Tompson et al., "Efficient object localization using convolutional networks", CVPR 2015, section 3.2.)
namespace MiniDL;

public abstract partial class Layer
{
    /// <summary>Silences elements with probability p, in training.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not in [0, 1).</exception>
    public static Layer Dropout(float p) => new DropoutLayer(Checked(p), wholeMaps: false);

    /// <summary>Silences whole feature maps (B, C, ...) with probability p, in training.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not in [0, 1).</exception>
    public static Layer Dropout2D(float p) => new DropoutLayer(Checked(p), wholeMaps: true);

    private static float Checked(float p) => p is >= 0 and < 1 ? p : throw new ArgumentOutOfRangeException(nameof(p), p, "a probability of dropping is in [0, 1)");
}

/// <summary>Dropout of elements or of maps.</summary>
internal sealed class DropoutLayer(float p, bool wholeMaps) : Layer
{
    public override string Kind => wholeMaps ? "dropout2d" : "dropout";

    protected internal override Tensor Apply(Tensor x, Scope scope)
    {
        if (!scope.IsTraining || p == 0) return x;
        if (!wholeMaps) return T.Dropout(x, p);
        if (x.Rank is not (3 or 4)) throw GraphException.About(Kind, $"needs maps (B, C, W) or (B, C, H, W), not {x.Shape}", [x]);

        // One element of each map stands for its place in the mask: (B, C, 1, 1).
        Tensor corner = x.Rank == 3 ? T.Slice(x, T.All, T.All, (0, 1)) : T.Slice(x, T.All, T.All, (0, 1), (0, 1));
        return x * (T.Bernoulli(corner, 1 - p) * (1 / (1 - p)));
    }
}
