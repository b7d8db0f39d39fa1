// How talkative MiniDL is on standard error: the environment variable MINIDL_DEBUG.
//
// The one thing to understand: it changes what is told and never what is computed. It is read once per process.
namespace MiniDL;

/// <summary>How much is told on standard error while compiling and running, from the environment variable <c>MINIDL_DEBUG</c>:
/// 0 nothing, 1 device and compile phases, 2 time and bandwidth of each stage, 3 rewrites, 4 kernel source, 5 PTX.</summary>
public static class Diagnostics
{
    /// <summary>The level, 0 to 5; read once.</summary>
    public static int Level { get; } = int.TryParse(Environment.GetEnvironmentVariable("MINIDL_DEBUG"), out int level) ? Math.Clamp(level, 0, 5) : 0;
}
