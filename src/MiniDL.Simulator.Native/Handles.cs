// Handles: what C holds in place of objects.
//
// The one thing to understand: a handle is a number that is looked up each time it is used and never given out twice. So a handle that was destroyed, one of another kind, or a number out of
// nowhere gets CUDA_ERROR_INVALID_HANDLE; a real driver, whose handles are pointers, may well crash.
namespace MiniDL.Simulator.Native;

/// <summary>The table of everything that was handed out and not yet taken back.</summary>
internal static class Handles
{
    // Small numbers mean special streams (1: legacy, 2: per thread), so these begin above; steps of 16 look like pointers to those who check alignment.
    private const nint First = 0x1000, StepBytes = 16;

    private static readonly Dictionary<nint, object> s_objects = [];
    private static nint s_next = First;

    /// <summary>A new handle for an object.</summary>
    public static nint Add(object thing)
    {
        nint handle = s_next;
        s_next += StepBytes;
        s_objects.Add(handle, thing);
        return handle;
    }

    /// <summary>The object of a handle.</summary>
    /// <exception cref="CallFailed">There is none, or it is not of this kind.</exception>
    public static TThing Get<TThing>(nint handle) where TThing : class => Find<TThing>(handle) ?? throw new CallFailed(DriverResult.InvalidHandle);

    /// <summary>The object of a handle, or null.</summary>
    public static TThing? Find<TThing>(nint handle) where TThing : class => s_objects.TryGetValue(handle, out object? thing) ? thing as TThing : null;

    /// <summary>Takes a handle back.</summary>
    public static TThing Remove<TThing>(nint handle) where TThing : class
    {
        TThing thing = Get<TThing>(handle);
        s_objects.Remove(handle);
        return thing;
    }

    /// <summary>Takes back everything that belongs to a context which is no more.</summary>
    public static void RemoveAll(Context context)
    {
        foreach ((nint handle, object thing) in s_objects) if (thing is IInContext inside && inside.Context == context) s_objects.Remove(handle);
    }
}

/// <summary>Something that lives and dies with a context.</summary>
internal interface IInContext
{
    /// <summary>The context.</summary>
    Context Context { get; }
}
