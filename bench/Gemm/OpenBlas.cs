// The peer of the GEMM benchmark: OpenBLAS, if it is installed, through its C interface.
//
// The one thing to understand: it is optional. The library is looked for at run time under its usual names; without it the
// benchmark measures MiniDL alone.
using System.Runtime.InteropServices;

namespace MiniDL.Bench.Gemm;

/// <summary>cblas_sgemm of an installed OpenBLAS.</summary>
internal static unsafe partial class OpenBlas
{
    private const string Library = "openblas";
    private const int RowMajor = 101, NoTranspose = 111, Transpose = 112;

    private static readonly nint s_handle = Find();

    /// <summary>True if the library was found.</summary>
    public static bool IsAvailable => s_handle != 0;

    /// <summary>How a reader gets it.</summary>
    public const string HowToInstall =
        "OpenBLAS was not found (tried libopenblas.so.0, libopenblas.so, libopenblas.dylib, libopenblas.dll). "
        + "On Debian or Ubuntu: apt install libopenblas0-pthread";

    /// <summary>Lets the resolver answer for this assembly; call it before anything else here.</summary>
    public static void Initialise() =>
        NativeLibrary.SetDllImportResolver(typeof(OpenBlas).Assembly, (name, _, _) => name == Library ? s_handle : 0);

    /// <summary>The kernel that OpenBLAS chose for this processor, such as SkylakeX or Haswell.</summary>
    public static string Core => Marshal.PtrToStringAnsi((nint)openblas_get_corename()) ?? "";

    /// <summary>The number of threads that the next product uses.</summary>
    public static void SetThreads(int threads) => openblas_set_num_threads(threads);

    /// <summary>C[m,n] = A B, row-major; a transposed matrix is stored the other way round.</summary>
    public static void Gemm(bool transposeA, bool transposeB, int m, int n, int k, float* a, float* b, float* c) =>
        cblas_sgemm(RowMajor, transposeA ? Transpose : NoTranspose, transposeB ? Transpose : NoTranspose,
            m, n, k, 1, a, transposeA ? m : k, b, transposeB ? k : n, 0, c, n);

    private static nint Find()
    {
        foreach (string name in (string[])["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll"])
            if (NativeLibrary.TryLoad(name, out nint handle)) return handle;
        return 0;
    }

    [LibraryImport(Library)]
    private static partial void cblas_sgemm(int order, int transA, int transB, int m, int n, int k,
        float alpha, float* a, int lda, float* b, int ldb, float beta, float* c, int ldc);

    [LibraryImport(Library)]
    private static partial void openblas_set_num_threads(int threads);

    [LibraryImport(Library)]
    private static partial byte* openblas_get_corename();
}
