// An estimate of how long a launch would take on a GPU, with everything it was made from.
//
// The one thing to understand: the number is for comparing kernels on the same GPU. Models of this kind are 10 to 30% off at best (Hong and Kim, ISCA 2009; Konstantinidis and
// Cotronis, 2017), so what counts is the limiter: it says what to change.
using System.Globalization;
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Timing;

/// <summary>One of the things a launch may be limited by.</summary>
/// <param name="Name">Such as <c>DRAM bytes</c>.</param>
/// <param name="Microseconds">The time the launch would take if nothing else took any, launch excluded.</param>
/// <param name="Amount">How much of it the launch does, in words.</param>
public readonly record struct TimeTerm(string Name, double Microseconds, string Amount);

/// <summary>An estimated time.</summary>
/// <param name="Gpu">The device.</param>
/// <param name="Microseconds">The estimate, launch included.</param>
/// <param name="Terms">What it was made from, the largest first.</param>
/// <param name="Occupancy">Resident blocks and warps.</param>
/// <param name="Waves">Blocks divided by the blocks the whole device holds at once.</param>
/// <param name="IsSampled">Only a part of the launch ran; counts were scaled up.</param>
public sealed record TimeEstimate(GpuProperties Gpu, double Microseconds, IReadOnlyList<TimeTerm> Terms, Occupancy Occupancy, double Waves, bool IsSampled)
{
    /// <summary>The term that takes longest.</summary>
    public string Limiter => Terms[0].Name;

    /// <summary>A few lines for people.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"estimated on {Gpu.Name}: {Microseconds:0.0} us, limited by {Limiter}{(IsSampled ? " (sampled)" : "")}\n");
        text.Append(CultureInfo.InvariantCulture, $"  {Waves:0.##} waves, occupancy {100 * Occupancy.Fraction:0}% ({Occupancy.Warps} of {Occupancy.MostWarps} warps, limited by {Occupancy.Limiter})\n");
        foreach (TimeTerm term in Terms) text.Append(CultureInfo.InvariantCulture, $"  {term.Microseconds,9:0.00} us  {term.Name,-20} {term.Amount}\n");
        text.Append(CultureInfo.InvariantCulture, $"  {HardwareRates.LaunchMicroseconds,9:0.00} us  launch\n");
        return text.ToString();
    }
}
