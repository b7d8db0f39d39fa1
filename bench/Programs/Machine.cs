using System.Globalization;

namespace MiniDL.Bench.Programs;

/// <summary>What a reader of figures should know about the machine.</summary>
internal static class Machine
{
    /// <summary>Says so if other work takes more than half a core: the load average of the last minute, which Linux keeps.</summary>
    public static void NoteIfBusy()
    {
        const string LoadFile = "/proc/loadavg";
        if (!File.Exists(LoadFile)) return;
        double load = double.Parse(File.ReadAllText(LoadFile).Split(' ')[0], CultureInfo.InvariantCulture);
        if (load > 0.5)
            Console.WriteLine($"note: the machine is busy (load {load:F1} on {Environment.ProcessorCount} cores); times are not what they could be, ratios less so");
    }
}
