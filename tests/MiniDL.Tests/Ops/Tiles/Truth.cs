// Functions that System.Math lacks, in double, by textbook formulas that share nothing with the tile routines.
namespace MiniDL.Tests.Ops.Tiles;

internal static class Truth
{
    /// <summary>ln(1 + x): Kahan's correction of a rounded sum (Goldberg, "What every computer scientist should know", theorem 4).</summary>
    public static double Log1p(double x)
    {
        double u = 1 + x;
        if (u == 1) return x;
        return u <= 0 || double.IsInfinity(u) ? Math.Log(u) : Math.Log(u) * x / (u - 1);
    }

    /// <summary>e^x - 1: its series near 0, the plain difference elsewhere.</summary>
    public static double Expm1(double x)
    {
        if (!(Math.Abs(x) < 0.5)) return Math.Exp(x) - 1;
        double term = x, sum = x;
        for (int n = 2; n < 20; n++) sum += term *= x / n;
        return sum;
    }

    /// <summary>erf(x) = 2/sqrt(pi) e^(-x^2) (x + 2x^3/3 + 4x^5/15 + ...): all terms of one sign (Abramowitz and Stegun, 7.1.6).</summary>
    public static double Erf(double x)
    {
        if (!(Math.Abs(x) < 6)) return double.IsNaN(x) ? x : Math.Sign(x);
        double term = x, sum = x;
        for (int n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++) sum += term *= 2 * x * x / (2 * n + 1);
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
