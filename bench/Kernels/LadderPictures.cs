// The pictures of kernels/README.md: for each ladder bars over its rungs, and the rungs under the roofline.
//
// The one thing to understand: pictures are made from the same records as the tables, by the same command, so that neither can tell what the other does not.
using MiniDL.Gpu;
using MiniDL.Ladders;
using MiniDL.Pictures;
using MiniDL.Simulator.Counters;

namespace MiniDL.Bench.Kernels;

/// <summary>Writes SVG files.</summary>
internal static class LadderPictures
{
    /// <summary>Writes <c>LADDER.svg</c> and <c>LADDER-roofline.svg</c> for each ladder that has measurements.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="all">Measurements of any ladders, rungs and GPUs.</param>
    public static void Write(string folder, IReadOnlyList<RungMeasurement> all)
    {
        foreach (IGrouping<Ladder, RungMeasurement> ladder in all.GroupBy(one => one.Ladder))
        {
            Bars([.. ladder]).Save(Path.Combine(folder, $"{ladder.Key.Name}.svg"));
            Roofline([.. ladder]).Save(Path.Combine(folder, $"{ladder.Key.Name}-roofline.svg"));
        }
    }

    /// <summary>Speed on each GPU, then what explains it: bytes moved, sectors, bank conflicts, the share of arithmetic among all instructions.</summary>
    public static SvgCanvas Bars(IReadOnlyList<RungMeasurement> ladder)
    {
        RungMeasurement first = ladder[0];
        string unit = first.Ladder.Measure == Measure.GigaFlops ? "GFLOP/s" : "GB/s";
        IGrouping<GpuProperties, RungMeasurement>[] gpus = [.. ladder.GroupBy(one => one.Gpu)];
        var panels = new List<BarPanel>();
        foreach (IGrouping<GpuProperties, RungMeasurement> gpu in gpus)
            panels.Add(new BarPanel($"{unit} on {gpu.Key.Name}{(gpu.First().IsEstimate ? ", estimated" : "")}", [.. gpu.Select(one => one.Speed)], "#,0"));
        KernelCounters?[] counters = [.. gpus[0].Select(one => one.Counters)];
        if (counters.All(one => one is not null))
        {
            Color color = Plot.Palette[1];
            panels.Add(new BarPanel("bytes moved / minimum", [.. gpus[0].Select(one => one.Counters!.GlobalBytes / one.Problem.MinimumBytes)]) { Color = color });
            panels.Add(new BarPanel("warp instructions / 1,000", [.. counters.Select(one => one!.WarpInstructions / 1e3)], "#,0") { Color = color });
            panels.Add(new BarPanel("shared-memory wavefronts / 1,000", [.. counters.Select(one => one!.SharedWavefronts / 1e3)], "#,0") { Color = color });
        }
        return BarPanels.Draw($"{first.Ladder.Name}: {first.Ladder.Formula}, {first.Problem.Size}", [.. gpus[0].Select(one => $"{one.Rung.Number} {one.Rung.Name}")], panels, panelWidth: 200);
    }

    /// <summary>
    /// Under the roof min(peak arithmetic, intensity * bandwidth): a rung's height is the arithmetic it does in a second, its place along x how many FLOPs it does for each
    /// byte that it asks of the memory system. Source: S. Williams et al., "Roofline", CACM 2009; by requests, so that a rung moves to the right as it learns to ask for less.
    /// </summary>
    public static SvgCanvas Roofline(IReadOnlyList<RungMeasurement> ladder)
    {
        RungMeasurement first = ladder[0];
        RungMeasurement[] ours = [.. ladder.Where(one => one.Gpu == first.Gpu)];
        // What does no arithmetic (a transpose) is told in bytes: one operation for each element moved keeps its points on the paper.
        double operations = first.Problem.Flops > 0 ? first.Problem.Flops : first.Problem.MinimumBytes / 8;
        double[] intensity = [.. ours.Select(one => operations / Math.Max(1, one.Counters?.GlobalBytes ?? one.Problem.MinimumBytes))];
        double[] speed = [.. ours.Select(one => operations / one.Microseconds / 1e3)];
        double peak = 1e3 * Multiprocessor.PeakTeraFlops(first.Gpu), bandwidth = first.Gpu.MemoryGBPerSecond, ridge = peak / bandwidth;
        double least = Math.Min(intensity.Min(), ridge) / 3, most = Math.Max(intensity.Max(), ridge) * 10;

        var plot = new Plot($"{first.Ladder.Name} under the roof of {first.Gpu.Name}, {first.Problem.Size}")
        {
            XLabel = first.Problem.Flops > 0 ? "FLOPs for each byte asked of memory" : "elements moved for each byte asked of memory",
            YLabel = first.Problem.Flops > 0 ? "GFLOP/s" : "10^9 elements a second",
            XIsLog = true,
            YIsLog = true,
            Size = (860, 460),
        };
        plot.Add(new Series($"{bandwidth:#,0} GB/s, {peak:#,0} GFLOP/s", [least, ridge, most], [least * bandwidth, peak, peak]) { Color = Color.Gray(90) });
        for (int i = 0; i < ours.Length; i++)
            plot.Add(new Series($"{ours[i].Rung.Number} {ours[i].Rung.Name}", [intensity[i]], [speed[i]]) { HasLine = false, HasPoints = true, Labels = [$"{ours[i].Rung.Number}"], Color = Plot.Palette[i % Plot.Palette.Count] });
        return plot.Draw();
    }
}
