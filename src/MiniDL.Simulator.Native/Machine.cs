// The machine that the library pretends to be in: one GPU, and for each thread the context that its calls mean.
//
// The one thing to understand: C's interface has no object that calls belong to, the process itself is the object. So here, and nowhere else in MiniDL, there is state that everybody shares.
//
// It is read from the environment by cuInit:
//
//     MINIDL_SIM_GPU      which GPU, by part of its name: A100 (if not set), H100, 3090, ...
//     MINIDL_SIM_THREADS  how many threads run blocks; all cores if not set. Results do not depend on it.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Native;

/// <summary>The device and the current contexts.</summary>
internal static class Machine
{
    [ThreadStatic]
    private static Stack<Context>? s_stack;

    private static SimulatorOptions? s_options;
    private static Context? s_primary;

    /// <summary>The device's number.</summary>
    public const int Device = 0;

    /// <summary>Whether cuInit was called.</summary>
    public static bool IsStarted => s_options is not null;

    /// <summary>What the device is; refuses until cuInit was called.</summary>
    public static GpuProperties Properties => Options.Properties;

    private static SimulatorOptions Options => s_options ?? throw new CallFailed(DriverResult.NotInitialized);

    /// <summary>cuInit: may be called any number of times.</summary>
    public static void Start()
    {
        if (s_options is not null) return;
        string name = Environment.GetEnvironmentVariable("MINIDL_SIM_GPU") is { Length: > 0 } set ? set : "A100";
        int threads = int.TryParse(Environment.GetEnvironmentVariable("MINIDL_SIM_THREADS"), out int wanted) && wanted > 0 ? wanted : Environment.ProcessorCount;
        try
        {
            s_options = new SimulatorOptions { Properties = KnownGpus.Find(name), Threads = threads };
        }
        catch (ArgumentException unknown)
        {
            throw new CallFailed(DriverResult.NoDevice, $"MINIDL_SIM_GPU: {unknown.Message}");
        }
    }

    /// <summary>Refuses any other device than the one there is.</summary>
    public static void CheckDevice(int device)
    {
        _ = Options;
        if (device != Device) throw new CallFailed(DriverResult.InvalidDevice);
    }

    /// <summary>The primary context, made when it is first retained.</summary>
    public static Context RetainPrimary()
    {
        s_primary ??= new Context(Options, isPrimary: true);
        s_primary.Retained++;
        return s_primary;
    }

    /// <summary>Lets go of the primary context; with the last holder everything in it is gone.</summary>
    public static void ReleasePrimary()
    {
        if (s_primary is not { } primary) throw new CallFailed(DriverResult.InvalidContext);
        if (--primary.Retained == 0) ResetPrimary();
    }

    /// <summary>Destroys the primary context, whoever still holds it.</summary>
    public static void ResetPrimary()
    {
        s_primary?.Dispose();
        s_primary = null;
    }

    /// <summary>Whether the primary context is there.</summary>
    public static bool IsPrimaryActive => s_primary is not null;

    /// <summary>A context of the caller's own, which becomes current.</summary>
    public static Context CreateContext()
    {
        var context = new Context(Options, isPrimary: false);
        Contexts.Push(context);
        return context;
    }

    /// <summary>The calling thread's contexts, the current one on top.</summary>
    public static Stack<Context> Contexts => s_stack ??= [];

    /// <summary>The current context or null.</summary>
    public static Context? CurrentOrNone => Contexts.TryPeek(out Context? context) ? context : null;

    /// <summary>Puts a context, or none, in the place of the current one.</summary>
    public static void SetCurrent(Context? context)
    {
        _ = Options;
        Contexts.TryPop(out _);
        if (context is not null) Contexts.Push(context);
    }

    /// <summary>The current context for work in it. Refuses if there is none, if it is gone, or if a kernel's error has ended it.</summary>
    public static Context Current()
    {
        _ = Options;
        Context context = CurrentOrNone ?? throw new CallFailed(DriverResult.InvalidContext);
        context.ThrowIfUnusable();
        return context;
    }
}
