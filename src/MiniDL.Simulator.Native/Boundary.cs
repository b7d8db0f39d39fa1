// Where C calls into C#: every exported function goes through here.
//
// The one thing to understand: three things must never cross this border. Two threads at once, because the simulator takes one at a time: a lock. An exception, because C has none: it becomes a
// number. And silence, because a number does not say which thread of which kernel read where: the words go to the standard error stream.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Native;

/// <summary>A call is refused: the answer, and why, if there is more to say than the answer itself.</summary>
internal sealed class CallFailed(DriverResult result, string? why = null) : Exception(why ?? "")
{
    /// <summary>The answer.</summary>
    public DriverResult Result { get; } = result;
}

/// <summary>Runs the bodies of exported functions.</summary>
internal static class Boundary
{
    // Of cublas_api.h, CUBLAS_STATUS_...
    private const int BlasNotInitialized = 1, BlasAllocFailed = 3, BlasInvalidValue = 7, BlasExecutionFailed = 13, BlasInternalError = 14, BlasNotSupported = 15;

    private static readonly Lock s_lock = new();

    /// <summary>The body of a function of libcuda; its answer is a CUresult.</summary>
    public static int Driver(Action body) => (int)Run(body);

    /// <summary>The body of a function of libcublas; its answer is a cublasStatus_t.</summary>
    public static int Blas(Action body) => Run(body) switch
    {
        DriverResult.Success => 0,
        DriverResult.NotInitialized or DriverResult.InvalidContext or DriverResult.InvalidHandle or DriverResult.ContextIsDestroyed => BlasNotInitialized,
        DriverResult.OutOfMemory or DriverResult.StreamCaptureUnsupported => BlasAllocFailed,
        DriverResult.InvalidValue => BlasInvalidValue,
        DriverResult.NotSupported => BlasNotSupported,
        DriverResult.Unknown => BlasInternalError,
        _ => BlasExecutionFailed,
    };

    private static DriverResult Run(Action body)
    {
        lock (s_lock)
        {
            try
            {
                body();
                return DriverResult.Success;
            }
            catch (CallFailed refused)
            {
                if (refused.Message.Length > 0) Say(refused.Message);
                return refused.Result;
            }
            catch (GpuException failure)
            {
                Say(failure.Message);
                return failure.Code == "CUBLAS_STATUS_INVALID_VALUE" ? DriverResult.InvalidValue : DriverResults.Numbered(failure.Code);
            }
            catch (OutOfMemoryException)
            {
                Say("this machine has no memory left to hold the simulated device's");
                return DriverResult.OutOfMemory;
            }
            catch (Exception mistake)
            {
                // A mistake of the simulator's own. It may not unwind into C, whatever it is.
                Say(mistake.ToString());
                return DriverResult.Unknown;
            }
        }
    }

    /// <summary>One line, or more, for the person at the terminal.</summary>
    public static void Say(string words) => Console.Error.WriteLine($"simulated GPU: {words}");
}
