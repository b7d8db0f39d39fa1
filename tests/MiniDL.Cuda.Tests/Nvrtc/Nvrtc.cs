// NVRTC for the tests that need it. Without it they are skipped by name; where the environment says CI=true they fail instead.
namespace MiniDL.Cuda.Tests;

internal static class Nvrtc
{
    /// <summary>A compiler with the machine's cache.</summary>
    public static NvrtcCompiler Required() => new(RequiredLibrary(), KernelCache.OfThisSystem());

    /// <summary>A compiler that compiles everything anew, or uses the cache it is given.</summary>
    public static NvrtcCompiler RequiredWith(KernelCache? cache) => new(RequiredLibrary(), cache);

    /// <summary>The library.</summary>
    public static NvrtcLibrary RequiredLibrary()
    {
        try
        {
            return NvrtcLibrary.Load();
        }
        catch (MissingLibraryException missing)
        {
            string message = $"needs NVRTC: {missing.Message}";
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(message);
            Assert.Ignore(message);
            throw;
        }
    }
}
