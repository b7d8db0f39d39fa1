// Scalar float64 functions that System.Math lacks: the meanings of log1p, expm1 and erf in the reference.
//
// The one thing to understand: these are definitions to check others against, so they are written for accuracy over the whole range and not for speed.
namespace MiniDL;

/// <summary>Scalar functions in float64.</summary>
internal static class ScalarMath
{
    /// <summary>log(1 + x) without losing x's digits when it is small.</summary>
    /// <remarks>With u = 1 + x rounded, log(u) * x / (u - 1): the error of u cancels (Kahan, as told by Goldberg,
    /// "What every computer scientist should know about floating-point arithmetic", theorem 4).</remarks>
    public static double Log1p(double x)
    {
        double u = 1 + x;
        if (u == 1) return x;
        return double.IsPositiveInfinity(u) ? u : Math.Log(u) * (x / (u - 1));
    }

    /// <summary>exp(x) - 1 without losing x's digits when it is small.</summary>
    /// <remarks>With u = exp(x), (u - 1) * x / log(u) (Kahan; Higham, "Accuracy and Stability of Numerical Algorithms", 1.14.1).</remarks>
    public static double Expm1(double x)
    {
        double u = Math.Exp(x);
        if (u == 1) return x;
        double difference = u - 1;
        return difference == -1 || double.IsInfinity(u) ? difference : difference * (x / Math.Log(u));
    }

    /// <summary>The error function to about 1e-15.</summary>
    /// <remarks>|x| up to 3: the series erf(x) = 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!, all of whose terms have one
    /// sign (Abramowitz and Stegun 7.1.6). Beyond: 1 - erfc(x), by the continued fraction of erfc (7.1.14), from the inside out.</remarks>
    public static double Erf(double x)
    {
        if (double.IsNaN(x)) return x;
        double size = Math.Abs(x);
        if (size > 6) return Math.Sign(x);
        double gaussian = Math.Exp(-x * x) / Math.Sqrt(Math.PI);
        if (size <= 3)
        {
            double term = x, sum = x;
            for (int n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
            {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }
            return 2 * gaussian * sum;
        }
        double fraction = size;
        for (int n = 60; n >= 1; n--) fraction = size + n / 2.0 / fraction;
        return Math.Sign(x) * (1 - gaussian / fraction);
    }
}
