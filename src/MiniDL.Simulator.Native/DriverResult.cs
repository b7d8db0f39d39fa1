// What the driver answers: the numbers of cuda.h, their names, and a few words for each.
//
// Lowest layer of the library. The one thing to understand: the simulator says what went wrong by the name of the error and in words; a C function can only return the number. So this table is
// read both ways, and the words go to the standard error stream (Boundary.cs).
// Source of numbers and names: NVIDIA, CUDA Driver API reference, "Data types used by CUDA driver".
using System.Runtime.InteropServices;

namespace MiniDL.Simulator.Native;

/// <summary>CUresult, as far as the simulated driver or a caller of cuGetErrorName may want it.</summary>
internal enum DriverResult
{
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NotInitialized = 3,
    NoDevice = 100,
    InvalidDevice = 101,
    InvalidContext = 201,
    NoBinaryForGpu = 209,
    InvalidHandle = 400,
    NotFound = 500,
    ContextIsDestroyed = 709,
    NotSupported = 801,
    StreamCaptureUnsupported = 900,
    StreamCaptureInvalidated = 901,
    StreamCaptureImplicit = 906,
    CapturedEvent = 907,
    StreamCaptureWrongThread = 908,
    IllegalState = 401,
    Unknown = 999,
}

/// <summary>Names and words of results.</summary>
internal static unsafe class DriverResults
{
    private static readonly (int Number, string Name, string Words)[] s_table =
    [
        (0, "CUDA_SUCCESS", "no error"),
        (1, "CUDA_ERROR_INVALID_VALUE", "an argument is not valid"),
        (2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"),
        (3, "CUDA_ERROR_NOT_INITIALIZED", "cuInit was not called"),
        (4, "CUDA_ERROR_DEINITIALIZED", "the driver is shutting down"),
        (34, "CUDA_ERROR_STUB_LIBRARY", "the library is a stub and no driver"),
        (46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "the device is busy or not available"),
        (100, "CUDA_ERROR_NO_DEVICE", "there is no device"),
        (101, "CUDA_ERROR_INVALID_DEVICE", "there is no device of this number"),
        (200, "CUDA_ERROR_INVALID_IMAGE", "the image of a module is not valid"),
        (201, "CUDA_ERROR_INVALID_CONTEXT", "no context is current, or the context is not valid"),
        (209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "the module has no code that this device can run"),
        (214, "CUDA_ERROR_ECC_UNCORRECTABLE", "memory of the device is faulty"),
        (218, "CUDA_ERROR_INVALID_PTX", "the PTX does not compile"),
        (221, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND", "the driver's compiler was not found"),
        (222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the PTX is newer than the driver"),
        (400, "CUDA_ERROR_INVALID_HANDLE", "a handle is not valid"),
        (401, "CUDA_ERROR_ILLEGAL_STATE", "the object is not in a state for this"),
        (500, "CUDA_ERROR_NOT_FOUND", "the name was not found"),
        (600, "CUDA_ERROR_NOT_READY", "not done yet"),
        (700, "CUDA_ERROR_ILLEGAL_ADDRESS", "a kernel accessed memory that is not there"),
        (701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "a launch asks for too many resources"),
        (702, "CUDA_ERROR_LAUNCH_TIMEOUT", "a kernel ran for too long"),
        (709, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "the context was destroyed"),
        (710, "CUDA_ERROR_ASSERT", "an assertion of a kernel failed"),
        (715, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "a kernel met an illegal instruction"),
        (716, "CUDA_ERROR_MISALIGNED_ADDRESS", "a kernel accessed an address that is no multiple of the access's size"),
        (719, "CUDA_ERROR_LAUNCH_FAILED", "a kernel failed"),
        (801, "CUDA_ERROR_NOT_SUPPORTED", "the simulated driver does not do this"),
        (802, "CUDA_ERROR_SYSTEM_NOT_READY", "the system is not ready"),
        (803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "the driver and its library are of different versions"),
        (804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE", "the device does not support compatibility mode"),
        (900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "not allowed while a stream captures"),
        (901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "an earlier error ended the capture"),
        (906, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "the default stream would have to wait for a stream that captures"),
        (907, "CUDA_ERROR_CAPTURED_EVENT", "the event was recorded in a capture"),
        (908, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD", "the capture was begun by another thread"),
        (999, "CUDA_ERROR_UNKNOWN", "unknown error"),
    ];

    // A caller keeps the pointers for as long as it likes, so the bytes are never freed.
    private static readonly Dictionary<int, (nint Name, nint Words)> s_strings = s_table.ToDictionary(row => row.Number, row => (Marshal.StringToCoTaskMemUTF8(row.Name), Marshal.StringToCoTaskMemUTF8(row.Words)));

    private static readonly Dictionary<string, int> s_numbers = s_table.ToDictionary(row => row.Name, row => row.Number, StringComparer.Ordinal);

    /// <summary>The name as a C string; null for a number that has none.</summary>
    public static byte* NameOf(int number) => s_strings.TryGetValue(number, out (nint Name, nint Words) found) ? (byte*)found.Name : null;

    /// <summary>The words as a C string; null for a number that has none.</summary>
    public static byte* WordsOf(int number) => s_strings.TryGetValue(number, out (nint Name, nint Words) found) ? (byte*)found.Words : null;

    /// <summary>The number of a name that the simulator gave.</summary>
    public static DriverResult Numbered(string name) => (DriverResult)s_numbers.GetValueOrDefault(name, (int)DriverResult.Unknown);
}
