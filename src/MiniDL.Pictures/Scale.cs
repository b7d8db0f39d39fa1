// From a number to its place along an axis, and the round numbers that the axis is labelled with.
//
// The one thing to understand: a linear axis gives equal differences equal lengths, a logarithmic one equal ratios:
//
//     linear   place = (v - least) / (most - least)          log   place = (log v - log least) / (log most - log least)
//
// Ticks lie at 1, 2 or 5 times a power of ten; on a log axis that spans decades, at the powers themselves.
using System.Globalization;

namespace MiniDL.Pictures;

/// <summary>An axis.</summary>
/// <example><code>
/// Scale scale = Scale.Linear(0, 97);      // ends at 100, a round number
/// double middle = scale.Place(50);        // 0.5
/// </code></example>
public sealed class Scale
{
    private const int FewTicks = 5;

    private Scale(double least, double most, bool isLog, IReadOnlyList<double> ticks) => (Least, Most, IsLog, Ticks) = (least, most, isLog, ticks);

    /// <summary>The number at place 0.</summary>
    public double Least { get; }

    /// <summary>The number at place 1.</summary>
    public double Most { get; }

    /// <summary>True if equal ratios have equal lengths.</summary>
    public bool IsLog { get; }

    /// <summary>Numbers to label the axis with, rising.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>A linear axis whose ends are round numbers around the two given.</summary>
    /// <exception cref="ArgumentException">An end is not finite, or they are the wrong way round.</exception>
    public static Scale Linear(double least, double most)
    {
        if (!(double.IsFinite(most - least) && least <= most)) throw new ArgumentException($"there is no axis from {least} to {most}");
        if (least == most) (least, most) = (least - Math.Max(1, Math.Abs(least)) / 2, most + Math.Max(1, Math.Abs(most)) / 2);
        double step = RoundStep((most - least) / FewTicks);
        long first = (long)Math.Floor(least / step + 1e-9), last = (long)Math.Ceiling(most / step - 1e-9);
        double[] ticks = new double[last - first + 1];
        for (int i = 0; i < ticks.Length; i++) ticks[i] = (first + i) * step;
        return new Scale(ticks[0], ticks[^1], isLog: false, ticks);
    }

    /// <summary>A linear axis that ends exactly where it is told to; its ticks are the round numbers between.</summary>
    /// <exception cref="ArgumentException">An end is not finite, or the first is not below the second.</exception>
    public static Scale Exact(double least, double most)
    {
        if (!(double.IsFinite(most - least) && least < most)) throw new ArgumentException($"there is no axis from {least} to {most}");
        double step = RoundStep((most - least) / FewTicks);
        long first = (long)Math.Ceiling(least / step - 1e-9), last = (long)Math.Floor(most / step + 1e-9);
        return new Scale(least, most, isLog: false, [.. Enumerable.Range(0, (int)(last - first + 1)).Select(i => (first + i) * step)]);
    }

    /// <summary>A logarithmic axis from the power of ten at or below the first number to the one at or above the second.</summary>
    /// <exception cref="ArgumentException">An end is not above 0 and finite, or they are the wrong way round.</exception>
    public static Scale Log(double least, double most)
    {
        if (!(least > 0 && least <= most && double.IsFinite(most))) throw new ArgumentException($"there is no logarithmic axis from {least} to {most}: both must be above 0");
        int first = (int)Math.Floor(Math.Log10(least) + 1e-9), last = (int)Math.Ceiling(Math.Log10(most) - 1e-9);
        if (first == last) last++;
        int stride = (last - first + 7) / 8;   // at most nine labels
        double[] ticks = [.. Enumerable.Range(0, (last - first) / stride + 1).Select(i => Math.Pow(10, first + i * stride))];
        return new Scale(Math.Pow(10, first), Math.Pow(10, last), isLog: true, ticks);
    }

    /// <summary>Where a number lies: 0 at the least, 1 at the most, beyond these outside of the axis. NaN for what has no place.</summary>
    public double Place(double value) => IsLog ? (value > 0 ? Math.Log(value / Least) / Math.Log(Most / Least) : double.NaN) : (value - Least) / (Most - Least);

    /// <summary>A tick's label, with as many digits as tell it from the next: 0.5, 20, 5k, 1e-4.</summary>
    public string Label(double tick)
    {
        double size = Math.Abs(tick);
        if (IsLog && size is < 0.01 or >= 1e6) return tick.ToString("0e+0", CultureInfo.InvariantCulture).Replace("e+", "e", StringComparison.Ordinal);
        if (size >= 1e15 || (size > 0 && size < 1e-6)) return tick.ToString("g3", CultureInfo.InvariantCulture);
        double step = Ticks.Count > 1 ? Ticks[1] - Ticks[0] : 1;
        (double unit, string letter) = (IsLog ? tick : step) switch { >= 1e9 => (1e9, "G"), >= 1e6 => (1e6, "M"), >= 1e3 => (1e3, "k"), _ => (1.0, "") };
        return tick == 0 ? "0" : (tick / unit).ToString("0.########", CultureInfo.InvariantCulture) + letter;
    }

    /// <summary>The least of 1, 2, 5, 10 times a power of ten that is no smaller.</summary>
    private static double RoundStep(double step)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        foreach (int factor in (ReadOnlySpan<int>)[1, 2, 5])
            if (factor * power >= step * (1 - 1e-9)) return factor * power;
        return 10 * power;
    }
}
