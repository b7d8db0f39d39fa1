// Lets ManagedCuda find NVIDIA's libraries under the names they have on Linux.
//
// ManagedCuda asks for libcuda, libnvrtc and libcublas without a number. Those names come with the development packages; what a plain driver or a Python wheel installs is libcuda.so.1 or
// libcublas.so.12. The one thing to understand: an assembly can have one resolver for its native libraries, and ManagedCuda's assemblies have set their own. What is left is the
// event that the runtime raises when nothing was found, and there MiniDL's own search answers.
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using ManagedCuda;

namespace MiniDL.Cuda.ManagedCuda;

/// <summary>Answers the runtime when it has not found a library of ManagedCuda's.</summary>
internal static class VersionedLibraries
{
    private static readonly Lock s_lock = new();
    private static bool s_answers;

    /// <summary>Answers from now on.</summary>
    public static void Answer()
    {
        lock (s_lock)
        {
            if (s_answers) return;
            AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(typeof(PrimaryContext).Assembly) ?? AssemblyLoadContext.Default;
            context.ResolvingUnmanagedDll += Find;
            s_answers = true;
        }
    }

    // Names that ManagedCuda 12.8 asks for: Linux', then Windows'.
    private static nint Find(Assembly assembly, string name) => name switch
    {
        "libcuda" or "nvcuda" => NativeLibraries.Driver().Handle,
        "cublas" or "cublas64_12" => NativeLibraries.CuBlas().Handle,

        // Loading it MiniDL's way loads what NVRTC itself needs, too.
        "nvrtc" or "nvrtc64_120_0" => NativeLibrary.Load(NvrtcLibrary.Load().Name),
        _ => 0,
    };
}
