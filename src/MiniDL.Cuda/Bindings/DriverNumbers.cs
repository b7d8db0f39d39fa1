// Numbers that the driver's functions take: attributes, options, flags, and the errors that get advice of their own.
//
// The one thing to understand: these are part of the binary interface, so they never change from one CUDA version to the next; new ones are added at the end.
// Source: NVIDIA, CUDA Driver API reference, "Data types used by CUDA driver". Names are the reference's, less the prefix.
namespace MiniDL.Cuda;

/// <summary>CU_DEVICE_ATTRIBUTE_...: what cuDeviceGetAttribute is asked for.</summary>
internal enum DeviceAttribute
{
    /// <summary>kHz.</summary>
    ClockRate = 13,
    MultiprocessorCount = 16,
    /// <summary>kHz.</summary>
    MemoryClockRate = 36,
    /// <summary>Bits.</summary>
    GlobalMemoryBusWidth = 37,
    L2CacheSize = 38,
    MaxThreadsPerMultiprocessor = 39,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
    MaxSharedMemoryPerMultiprocessor = 81,
    MaxRegistersPerMultiprocessor = 82,
    /// <summary>What a block can have at most if its kernel opts in; without, it is 48 KB.</summary>
    MaxSharedMemoryPerBlockOptin = 97,
    MaxBlocksPerMultiprocessor = 106,
}

/// <summary>CU_FUNC_ATTRIBUTE_...</summary>
internal enum FunctionAttribute
{
    MaxDynamicSharedSizeBytes = 8,
}

/// <summary>CU_JIT_...: options of the module loader.</summary>
internal enum JitOption : uint
{
    /// <summary>Value: where it writes what is wrong.</summary>
    ErrorLogBuffer = 5,
    /// <summary>Value: the size of that, itself, not a pointer to it.</summary>
    ErrorLogBufferSizeBytes = 6,
}

/// <summary>Flags and markers that are plain numbers.</summary>
internal static class DriverFlags
{
    /// <summary>CU_STREAM_NON_BLOCKING: not ordered with the stream 0 that everybody shares.</summary>
    public const uint StreamNonBlocking = 1;

    /// <summary>CU_EVENT_DEFAULT: it can be timed.</summary>
    public const uint EventDefault = 0;

    /// <summary>CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: while this thread captures, it may not call what would not be captured; other threads may.</summary>
    public const int CaptureThreadLocal = 1;

    /// <summary>CU_LAUNCH_PARAM_...: what follows in the list `extra` of a launch.</summary>
    public const nint LaunchParamEnd = 0, LaunchParamBufferPointer = 1, LaunchParamBufferSize = 2;
}

/// <summary>CUDA_ERROR_... that <see cref="DriverError"/> has advice for.</summary>
internal enum DriverResult
{
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    StubLibrary = 34,
    DeviceUnavailable = 46,
    NoDevice = 100,
    InvalidDevice = 101,
    InvalidImage = 200,
    NoBinaryForGpu = 209,
    EccUncorrectable = 214,
    InvalidPtx = 218,
    JitCompilerNotFound = 221,
    UnsupportedPtxVersion = 222,
    NotFound = 500,
    IllegalAddress = 700,
    LaunchOutOfResources = 701,
    LaunchTimeout = 702,
    Assert = 710,
    IllegalInstruction = 715,
    MisalignedAddress = 716,
    LaunchFailed = 719,
    SystemNotReady = 802,
    SystemDriverMismatch = 803,
    CompatNotSupportedOnDevice = 804,
    StreamCaptureUnsupported = 900,
    StreamCaptureInvalidated = 901,
    StreamCaptureImplicit = 906,
    CapturedEvent = 907,
    StreamCaptureWrongThread = 908,
    Unknown = 999,
}
