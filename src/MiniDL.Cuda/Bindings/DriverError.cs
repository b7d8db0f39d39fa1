// What the driver answers, turned into an error that a reader can do something about.
//
// The one thing to understand: the GPU runs behind the program's back, so a kernel's mistake shows at some later call, usually where the program waits. From then on every
// call answers the same: such an error is sticky, and only a new process gets rid of it.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MiniDL.Gpu;

namespace MiniDL.Cuda;

/// <summary>Checks results of <see cref="Driver"/>.</summary>
/// <example><code>DriverError.Check(Driver.StreamSynchronize(stream), "cuStreamSynchronize");</code></example>
internal static unsafe class DriverError
{
    private const string AKernel = "A kernel that was asked for before this call did it; the device can't be used any more until the program starts anew. ";

    private const string FindIt = "To find it: --device sim checks every access of every kernel; on this GPU, compute-sanitizer in front of the command does";

    /// <summary>Throws unless the call succeeded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(int result, string call)
    {
        if (result != (int)DriverResult.Success) Throw(call, result);
    }

    /// <summary>The error of a call.</summary>
    /// <param name="call">The function's name, with the arguments that matter.</param>
    /// <param name="result">What it answered.</param>
    /// <param name="more">What else is known, in front of the advice.</param>
    public static GpuException Of(string call, int result, string more = "") => new(call, Name(result), $"{more}{Description(result)}. {Advice((DriverResult)result)}");

    /// <summary>The error of cuModuleGetFunction.</summary>
    public static GpuException NoKernel(string name, int result) =>
        Of($"cuModuleGetFunction({name})", result, result == (int)DriverResult.NotFound ? $"The module has no kernel {name}; is it declared extern \"C\" __global__? " : "");

    [DoesNotReturn]
    private static void Throw(string call, int result) => throw Of(call, result);

    /// <summary>The name of a result, as cuda.h has it.</summary>
    public static string Name(int result)
    {
        byte* name = null;
        return Driver.GetErrorName(result, &name) == 0 && name is not null ? Marshal.PtrToStringUTF8((nint)name)! : $"CUresult {result}";
    }

    private static string Description(int result)
    {
        byte* text = null;
        return Driver.GetErrorString(result, &text) == 0 && text is not null ? Marshal.PtrToStringUTF8((nint)text)! : "the driver has no words for it";
    }

    /// <summary>What the user can do.</summary>
    public static string Advice(DriverResult result) => result switch
    {
        DriverResult.OutOfMemory => "Choose a smaller batch, dispose of functions and devices that are not needed, or see with nvidia-smi who else uses the device's memory",
        DriverResult.NoDevice => "The driver is installed but sees no NVIDIA GPU. Does nvidia-smi list one? A container needs --gpus all; CUDA_VISIBLE_DEVICES may hide it. Without a GPU use --device cpu or --device sim",
        DriverResult.InvalidDevice => "There is no GPU of this number",
        DriverResult.DeviceUnavailable => "Another process has the device for itself (nvidia-smi shows its compute mode)",
        DriverResult.StubLibrary => "What was loaded is the CUDA toolkit's stub and not the driver; take its folder 'stubs' out of the loader's path (LD_LIBRARY_PATH)",
        DriverResult.SystemDriverMismatch or DriverResult.CompatNotSupportedOnDevice => "The driver's library and the system's driver are of different versions: restart the machine after an update, and take compatibility libraries out of the loader's path",
        DriverResult.SystemNotReady => "The system's GPU services are not running yet (on servers with NVSwitch: nvidia-fabricmanager)",
        DriverResult.EccUncorrectable => "The device's memory is faulty; see nvidia-smi -q",
        DriverResult.NoBinaryForGpu or DriverResult.InvalidImage => "The code was compiled for another architecture or is damaged; delete the cache of compiled kernels (MINIDL_CACHE=off goes without it)",
        DriverResult.InvalidPtx => "The driver's compiler refused the PTX",
        DriverResult.UnsupportedPtxVersion => "NVRTC is newer than the driver; install a newer driver, or name an older NVRTC with MINIDL_NVRTC",
        DriverResult.JitCompilerNotFound => "The driver's compiler, libnvidia-ptxjitcompiler, is not installed; it belongs to the driver",
        DriverResult.NotFound => "The name is not there",
        DriverResult.LaunchOutOfResources => "A block of this launch wants more registers or shared memory than the device has; fewer threads in a block need less",
        DriverResult.LaunchTimeout => AKernel + "It ran longer than the system allows on a GPU that drives a display",
        DriverResult.IllegalAddress => AKernel + "It read or wrote outside its memory. " + FindIt,
        DriverResult.MisalignedAddress => AKernel + "It accessed an address that is no multiple of the access's size. " + FindIt,
        DriverResult.IllegalInstruction or DriverResult.LaunchFailed or DriverResult.Assert => AKernel + FindIt,
        DriverResult.StreamCaptureUnsupported or DriverResult.StreamCaptureImplicit => "While a stream captures, nothing may be allocated, freed, loaded or waited for",
        DriverResult.StreamCaptureInvalidated => "An earlier call that is not allowed while a stream captures ended the capture",
        DriverResult.CapturedEvent => "An event that was recorded in a capture can't be waited for or timed",
        DriverResult.StreamCaptureWrongThread => "A capture must end on the thread that began it",
        DriverResult.Unknown => "If it is the first call of all: restart the machine, or load the kernel module with nvidia-modprobe -u",
        _ => "CUDA's Driver API reference describes the call",
    };
}
