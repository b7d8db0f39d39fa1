// The bindings as far as they can be checked without a driver: names, numbers, and what is said when something is missing.
using System.Reflection;
using System.Runtime.InteropServices;

namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class DriverTests
{
    // Functions whose signature changed when addresses grew to 64 bits, or since: the plain name is still exported and still means the old one.
    private static readonly string[] s_renamed =
    [
        "cuDeviceTotalMem", "cuDevicePrimaryCtxRelease", "cuMemGetInfo", "cuMemAlloc", "cuMemFree", "cuMemAllocHost", "cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync", "cuMemcpyDtoDAsync",
        "cuStreamDestroy", "cuEventDestroy", "cuStreamBeginCapture", "cublasCreate", "cublasDestroy", "cublasSetStream", "cublasSetWorkspace", "cublasSgemm",
    ];

    [TestCase(typeof(Driver))]
    [TestCase(typeof(CuBlas))]
    public void What_is_looked_for_when_the_library_is_loaded_is_what_is_called(Type functions)
    {
        string[] declared = [.. functions.GetMethods(BindingFlags.Static | BindingFlags.Public).Select(method => method.GetCustomAttribute<DllImportAttribute>()?.EntryPoint).OfType<string>()];
        string[] listed = functions == typeof(Driver) ? Driver.EntryPoints : CuBlas.EntryPoints;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(declared, Is.Unique.And.Not.Empty);
            Assert.That(listed, Is.EquivalentTo(declared));
        }
    }

    [Test]
    public void Functions_that_were_renamed_are_called_by_their_new_name()
    {
        string[] names = [.. Driver.EntryPoints, .. CuBlas.EntryPoints];
        using (Assert.EnterMultipleScope())
        {
            foreach (string plain in s_renamed)
            {
                Assert.That(names, Does.Not.Contain(plain));
                Assert.That(names, Does.Contain(plain + "_v2"));
            }
        }
    }

    // As cuda.h, cublas_api.h and library_types.h have them.
    [TestCase(DeviceAttribute.ClockRate, 13)]
    [TestCase(DeviceAttribute.MultiprocessorCount, 16)]
    [TestCase(DeviceAttribute.MemoryClockRate, 36)]
    [TestCase(DeviceAttribute.GlobalMemoryBusWidth, 37)]
    [TestCase(DeviceAttribute.L2CacheSize, 38)]
    [TestCase(DeviceAttribute.MaxThreadsPerMultiprocessor, 39)]
    [TestCase(DeviceAttribute.ComputeCapabilityMajor, 75)]
    [TestCase(DeviceAttribute.ComputeCapabilityMinor, 76)]
    [TestCase(DeviceAttribute.MaxSharedMemoryPerMultiprocessor, 81)]
    [TestCase(DeviceAttribute.MaxRegistersPerMultiprocessor, 82)]
    [TestCase(DeviceAttribute.MaxSharedMemoryPerBlockOptin, 97)]
    [TestCase(DeviceAttribute.MaxBlocksPerMultiprocessor, 106)]
    [TestCase(FunctionAttribute.MaxDynamicSharedSizeBytes, 8)]
    [TestCase(DriverResult.OutOfMemory, 2)]
    [TestCase(DriverResult.NoDevice, 100)]
    [TestCase(DriverResult.InvalidPtx, 218)]
    [TestCase(DriverResult.UnsupportedPtxVersion, 222)]
    [TestCase(DriverResult.NotFound, 500)]
    [TestCase(DriverResult.IllegalAddress, 700)]
    [TestCase(DriverResult.LaunchFailed, 719)]
    [TestCase(DriverResult.StreamCaptureUnsupported, 900)]
    [TestCase(DriverResult.StreamCaptureInvalidated, 901)]
    [TestCase(DriverResult.CapturedEvent, 907)]
    [TestCase(DriverResult.Unknown, 999)]
    [TestCase(CuBlasStatus.ArchMismatch, 8)]
    [TestCase(CuBlasStatus.ExecutionFailed, 13)]
    [TestCase(CuBlasStatus.NotSupported, 15)]
    [TestCase(CuBlasCompute.Float32, 68)]
    [TestCase(CuBlasCompute.Float32FastTensorFloat32, 77)]
    [TestCase(CudaDataType.Float32, 0)]
    [TestCase(CuBlasAlgorithm.Default, -1)]
    [TestCase(CuBlasMath.Default, 0)]
    public void Numbers_are_those_of_the_headers(object number, int value) => Assert.That(Convert.ToInt32(number), Is.EqualTo(value));

    [Test]
    public void Every_result_that_has_a_name_here_has_advice_of_its_own()
    {
        string general = DriverError.Advice((DriverResult)12345);
        Assert.That(Enum.GetValues<DriverResult>().Where(result => result is not (DriverResult.Success or DriverResult.InvalidValue)).Select(DriverError.Advice), Has.None.EqualTo(general).And.None.Empty);
    }

    [Test]
    [Category("Driver")]
    public void The_drivers_own_names_of_results_are_these()
    {
        try
        {
            NativeLibraries.Driver();
        }
        catch (MissingLibraryException missing)
        {
            Assert.Ignore($"no driver: {missing.Message}");
        }
        static string HeaderName(DriverResult result) =>
            result == DriverResult.Success ? "CUDA_SUCCESS" : "CUDA_ERROR" + string.Concat(result.ToString().Select(letter => char.IsUpper(letter) ? "_" + letter : char.ToUpperInvariant(letter).ToString()));
        DriverResult[] results = Enum.GetValues<DriverResult>();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.Select(result => DriverError.Name((int)result)), Is.EqualTo(results.Select(HeaderName)));
            Assert.That(DriverError.Of("cuInit", (int)DriverResult.NoDevice).Message, Does.StartWith("cuInit: CUDA_ERROR_NO_DEVICE: ").And.Contain("The driver is installed but sees no NVIDIA GPU."));
            Assert.That(DriverError.Name(12345), Is.EqualTo("CUresult 12345"));
        }
    }

    [Test]
    public void CuBlas_names_its_results_and_says_how_to_do_without_it()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(CuBlasHandle.Error(CuBlasStatus.NotInitialized, "cublasCreate_v2").Message, Does.StartWith("cublasCreate_v2: CUBLAS_STATUS_NOT_INITIALIZED: ").And.Contain("--gemm handwritten"));
            Assert.That(CuBlasHandle.Error((CuBlasStatus)99, "f").Code, Is.EqualTo("cublasStatus_t 99"));
            Assert.That(CuBlasHandle.WorkspaceBytes(8), Is.EqualTo(4 << 20));
            Assert.That(CuBlasHandle.WorkspaceBytes(9), Is.EqualTo(32 << 20));
        }
    }

    [Test]
    public void Libraries_have_their_names_on_each_system()
    {
        var nowhere = new LibraryFolders(_ => null, windows: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(NativeLibraries.DriverSearch(windows: false).Names, Is.EqualTo(new[] { "libcuda.so.1" }));
            Assert.That(NativeLibraries.DriverSearch(windows: true).Names, Is.EqualTo(new[] { "nvcuda.dll" }));
            Assert.That(NativeLibraries.CuBlasSearch(nowhere, windows: false).Names, Is.EqualTo(new[] { "libcublas.so.13", "libcublas.so.12", "libcublas.so.11" }));
            Assert.That(NativeLibraries.CuBlasSearch(nowhere, windows: true).Names, Is.EqualTo(new[] { "cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll" }));
        }
    }

    [Test]
    public void Without_a_driver_it_is_said_what_was_tried_and_what_to_do()
    {
        LibrarySearch search = NativeLibraries.DriverSearch(windows: false) with { Load = name => throw new DllNotFoundException($"{name}: cannot open shared object file"), Folders = ["/nowhere"] };
        Assert.That(search.Find, Throws.TypeOf<MissingLibraryException>().With.Message.EqualTo("""
            NVIDIA's driver was not found.
            Tried:
              libcuda.so.1: not on the loader's path
              /nowhere: no such folder
            It comes with NVIDIA's display driver and needs an NVIDIA GPU. Install the package nvidia-driver of your distribution, or the driver from nvidia.com/drivers; in a container, start it with --gpus all. Without such a GPU use --device cpu, or --device sim, which runs the same kernels on the processor.
            """.ReplaceLineEndings("\n")));
    }

    [Test]
    public void Opening_a_GPU_where_there_is_no_driver_says_so()
    {
        if (NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out nint driver))
        {
            NativeLibrary.Free(driver);
            Assert.Ignore("this machine has a driver");
        }
        MissingLibraryException error = Assert.Throws<MissingLibraryException>(() => DriverGpu.Open())!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Does.StartWith($"NVIDIA's driver was not found.\nTried:\n  {error.Tried[0]}\n").And.Contain("--device cpu").And.Contain("--device sim"));
            Assert.That(error.Tried[0], Does.EndWith(": not on the loader's path"));
        }
    }

    [Test]
    public void Without_cuBLAS_it_is_said_what_was_tried_and_how_to_do_without_it()
    {
        LibrarySearch search = NativeLibraries.CuBlasSearch(new LibraryFolders(_ => null, windows: true), windows: true) with { Load = _ => throw new DllNotFoundException("0x8007007E") };
        Assert.That(search.Find, Throws.TypeOf<MissingLibraryException>().With.Message.EqualTo("""
            cuBLAS, NVIDIA's library of matrix products, was not found.
            Tried:
              cublas64_13.dll: not on the loader's path
              cublas64_12.dll: not on the loader's path
              cublas64_11.dll: not on the loader's path
            To do without it: --gemm handwritten. To install it: the CUDA toolkit; or NVIDIA's Python wheel (pip install nvidia-cublas-cu12).
            """.ReplaceLineEndings("\n")));
    }

    [Test]
    public void A_library_that_lacks_functions_is_named_with_all_of_them()
    {
        var program = new FoundLibrary("this program", NativeLibrary.GetMainProgramHandle());
        Assert.That(() => NativeLibraries.Complete(program, ["cuNothing", "cuNought"], "Do something."), Throws.TypeOf<MissingLibraryException>()
            .With.Message.EqualTo("cuNothing, cuNought was not found.\nTried:\n  this program: loaded, but does not have them\nDo something."));
    }

    [Test]
    public void Bandwidth_is_two_transfers_a_cycle_over_the_whole_bus() => Assert.That(DeviceQuery.Bandwidth(1_215_000, 5_120), Is.EqualTo(1555.2).Within(1e-9), "an A100 of 40 GB");
}
