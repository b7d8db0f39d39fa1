using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using MiniDL.Cuda;

namespace MiniDL.Examples.Tests;

/// <summary>The command line's contract: exit codes, messages without stack traces, and the JSON of the last line.</summary>
[TestFixture]
public sealed class CommandLineTests
{
    private static readonly string[] s_keys =
    [
        "model", "device", "epochs", "steps", "batch", "parameters", "ms_per_step", "compile_ms", "accuracy", "final_cost",
        "update_norm", "launches_per_step", "peak_rss_mb", "seconds",
    ];

    private TinyData _data = null!;

    [OneTimeSetUp]
    public void MakeData() => _data = new TinyData();

    [OneTimeTearDown]
    public void DeleteData() => _data.Dispose();

    [TestCase("--foo", "--foo")]
    [TestCase("logistic --foo", "--foo")]
    [TestCase("perceptron", "perceptron")]
    [TestCase("logistic modern", "modern")]
    [TestCase("logistic --epochs 0", "--epochs takes a whole number from 1 to 10000, not '0'")]
    [TestCase("logistic --epochs=-3", "-3")]
    [TestCase("logistic --steps many", "many")]
    [TestCase("logistic --batch 1.5", "1.5")]
    [TestCase("logistic --batch", "--batch")]
    [TestCase("logistic --seed 99999999999", "99999999999")]
    [TestCase("logistic --threads 0", "--threads")]
    [TestCase("logistic --gemm mkl", "--gemm takes cublas or handwritten, not 'mkl'")]
    [TestCase("logistic --bindings pinvoke", "--bindings takes driver or managedcuda, not 'pinvoke'")]
    [TestCase("logistic --device sim:gtx", "sim:GPU takes one of V100, A100, RTX 3090")]
    [TestCase("logistic --device sim:", "sim:GPU takes one of")]
    [TestCase("logistic --device sim:rtx", "sim:GPU takes one of", Description = "more than one is called so")]
    [TestCase("logistic --device tpu", "tpu")]
    public void Wrong_usage_ends_with_exit_code_2_and_a_message_that_names_it(string line, string named)
    {
        (int code, string output, string errors) = Run(line.Split(' '));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(2));
            Assert.That(errors, Does.StartWith("error: ").And.Contain(named).And.Not.Contain("   at "));
            Assert.That(output, Is.Empty);
        }
    }

    [Test]
    public void Without_an_NVIDIA_driver_the_cuda_device_says_what_is_missing_and_exits_with_1()
    {
        if (NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out _)) Assert.Ignore("this machine has a driver");
        (int code, string output, string errors) = Run("logistic", "--device", "cuda", "--data", _data.Folder);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors, Does.StartWith("error: NVIDIA's driver was not found.\nTried:\n").And.Contain("libcuda.so.1").Or.Contain("nvcuda.dll"));
            Assert.That(errors, Does.Contain("--device sim").And.Not.Contain("   at "));
            Assert.That(output, Is.Empty);
        }
    }

    [TestCase("cublas")]
    [TestCase("handwritten")]
    public void On_the_simulated_GPU_a_program_takes_the_CPUs_steps(string gemm)
    {
        NvrtcRequired();
        (int code, string output, string errors) = Run("old", "--device", "sim:h100", "--gemm", gemm, "--steps", "2", "--batch", "4", "--data", _data.Folder, "--json");
        (_, string onCpu, _) = Run("old", "--steps", "2", "--batch", "4", "--data", _data.Folder, "--json");
        Assert.That((code, errors), Is.EqualTo((0, "")));
        using JsonDocument json = JsonDocument.Parse(LastLine(output)), expected = JsonDocument.Parse(LastLine(onCpu));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(json.RootElement.GetProperty("device").GetString(), Is.EqualTo("sim:h100"));
            Assert.That(json.RootElement.GetProperty("launches_per_step").GetInt32(), Is.InRange(1, 10));
            Assert.That(json.RootElement.GetProperty("final_cost").GetDouble(), Is.EqualTo(expected.RootElement.GetProperty("final_cost").GetDouble()).Within(2e-6));
            Assert.That(json.RootElement.GetProperty("accuracy").GetDouble(), Is.EqualTo(expected.RootElement.GetProperty("accuracy").GetDouble()));
        }
    }

    [Test]
    public void Kernels_are_dumped_with_source_PTX_and_launches()
    {
        NvrtcRequired();
        string folder = Path.Combine(_data.Folder, "kernels");
        (int code, _, string errors) = Run("logistic", "--device", "sim", "--steps", "1", "--batch", "4", "--data", _data.Folder, "--dump-kernels", folder);
        Assert.That((code, errors), Is.EqualTo((0, "")));
        string[] sources = Directory.GetFiles(folder, "*.cu"), ptx = Directory.GetFiles(folder, "*.ptx");
        string launches = File.ReadAllText(Path.Combine(folder, "launches.txt"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sources, Is.Not.Empty);
            Assert.That(ptx.Select(Path.GetFileNameWithoutExtension), Is.EquivalentTo(sources.Select(Path.GetFileNameWithoutExtension)));
            Assert.That(sources.Select(File.ReadAllText), Has.All.Contains("__global__"));
            Assert.That(launches, Does.Contain("cublas NN 10x4x784: ").And.Contain("<<<").And.Match("# the function \\(X, Y\\) -> .*, 1 updates: [1-6] launches"));
        }
    }

    [TestCase("1", "minidl: sim, A100, sm_80: rewrites ", " launches; ", " bytes on the device, 31,360 of shared variables", " captured as a graph")]
    [TestCase("2", " ms ", " GB/s  gemm  # ")]
    [TestCase("4", "minidl: kernel ", "extern \"C\" __global__")]
    [TestCase("5", "minidl: PTX of ", ".visible .entry")]
    public void Debug_levels_tell_of_the_device_its_stages_and_its_kernels(string level, params string[] told)
    {
        NvrtcRequired();
        (int code, string errors) = RunProcess(("MINIDL_DEBUG", level), "logistic", "--device", "sim", "--steps", "3", "--batch", "4", "--data", _data.Folder);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.Zero);
            foreach (string text in told) Assert.That(errors, Does.Contain(text));
        }
    }

    [Test]
    public void Without_NVRTC_the_simulated_GPU_says_where_it_was_looked_for_and_exits_with_1()
    {
        (int code, string errors) = RunProcess(("MINIDL_NVRTC", "/no/such/libnvrtc.so"), "logistic", "--device", "sim", "--data", _data.Folder);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors, Does.StartWith("error: NVRTC").And.Contain("/no/such/libnvrtc.so: MINIDL_NVRTC names it").And.Contain(".ci/get-nvrtc").And.Not.Contain("   at "));
        }
    }

    [Test]
    public void Bindings_that_this_build_lacks_are_told_how_to_be_built()
    {
        (int code, _, string errors) = Run("logistic", "--device", "cuda", "--bindings", "managedcuda");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors, Does.StartWith("error: ManagedCuda was not found.").And.Contain("-p:ManagedCuda=true"));
        }
    }

    [Test]
    public void A_batch_larger_than_the_training_set_is_wrong_usage()
    {
        (int code, _, string errors) = RunTiny("logistic", "--batch", "25");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(2));
            Assert.That(errors, Does.Contain("25").And.Contain("24 training examples"));
        }
    }

    [Test]
    public void A_missing_data_folder_fails_with_exit_code_1_and_its_name()
    {
        (int code, _, string errors) = Run("logistic", "--device", "reference", "--data", "/no/such/folder");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors, Does.StartWith("error: ").And.Contain("/no/such/folder").And.Contain("--data").And.Not.Contain("   at "));
        }
    }

    [Test]
    public void A_truncated_data_file_fails_with_exit_code_1_and_its_name()
    {
        using var data = new TinyData();
        using (FileStream file = File.OpenWrite(data.TrainImages)) file.SetLength(file.Length - 1);
        (int code, _, string errors) = Run("logistic", "--device", "reference", "--data", data.Folder);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors, Does.StartWith("error: ").And.Contain(data.TrainImages).And.Contain("cut short").And.Not.Contain("   at "));
        }
    }

    [Test]
    public void A_picture_that_cannot_be_written_fails_with_exit_code_1_before_training()
    {
        (int code, string output, string errors) = RunTiny("logistic", "--steps", "1", "--batch", "8", "--out", _data.TrainImages);   // a file, not a folder
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors, Does.StartWith("error: ").And.Not.Contain("   at "));
            Assert.That(output, Does.Not.Contain("epoch"));
        }
    }

    [TestCase("multiply", 0)]
    [TestCase("linear", 1)]
    [TestCase("logistic", 7_840)]
    [TestCase("old", 496_250)]
    [TestCase("modern", 886_875)]
    [TestCase("conv", 818_698)]
    public void Each_program_runs_and_its_last_line_is_one_object_with_the_agreed_keys(string name, int parameters)
    {
        (int code, string output, string errors) = RunTiny(name, "--steps", "2", "--batch", "4", "--json");
        Assert.That((code, errors), Is.EqualTo((0, "")));
        using JsonDocument json = JsonDocument.Parse(LastLine(output));
        JsonElement result = json.RootElement;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.EnumerateObject().Select(property => property.Name), Is.EqualTo(s_keys));
            Assert.That(result.GetProperty("model").GetString(), Is.EqualTo(name));
            Assert.That(result.GetProperty("device").GetString(), Is.EqualTo("reference"));
            Assert.That(result.GetProperty("parameters").GetInt64(), Is.EqualTo(parameters));
            Assert.That(result.GetProperty("steps").GetInt32(), Is.EqualTo(name == "multiply" ? 0 : 2));
            Assert.That(result.GetProperty("update_norm").GetDouble(), name == "multiply" ? Is.Zero : Is.GreaterThan(0));
            Assert.That(result.GetProperty("seconds").GetDouble(), Is.GreaterThan(0));
            Assert.That(result.GetProperty("peak_rss_mb").GetDouble(), Is.GreaterThan(1));
        }
    }

    /// <summary>As Fashion-MNIST is: four files of the same names and shapes, and no digits in them.</summary>
    [Test]
    public void Pictures_that_are_no_digits_are_read_by_the_same_loader()
    {
        (int code, string output, string errors) = RunTiny("logistic", "--epochs", "200", "--batch", "24", "--json");
        Assert.That((code, errors), Is.EqualTo((0, "")));
        using JsonDocument json = JsonDocument.Parse(LastLine(output));
        Assert.That(json.RootElement.GetProperty("final_cost").GetDouble(), Is.LessThan(0.5), "24 pictures of noise can be learned by heart; guessing costs 2.3");
    }

    [Test]
    public void All_gives_an_array_of_models_in_the_order_of_the_story()
    {
        (int code, string output, _) = RunTiny("all", "--steps", "1", "--batch", "2", "--json");
        Assert.That(code, Is.Zero);
        using JsonDocument json = JsonDocument.Parse(LastLine(output));
        string[] models = [.. json.RootElement.GetProperty("models").EnumerateArray().Select(model => model.GetProperty("model").GetString()!)];
        Assert.That(models, Is.EqualTo(new[] { "multiply", "linear", "logistic", "old", "old-0.5", "modern", "conv" }));
    }

    [Test]
    public void Multiply_prints_what_the_talk_prints()
    {
        (_, string output, _) = Run("multiply", "--device", "reference");
        Assert.That(output, Does.Contain("1 * 2 = 2").And.Contain("3 * 3 = 9"));
    }

    [Test]
    public void The_old_net_is_run_at_both_rates_and_the_difference_is_explained()
    {
        (_, string output, _) = RunTiny("old", "--steps", "1", "--batch", "2");
        Assert.That(output, Does.Contain("0.05 as printed").And.Contain("old-0.5").And.Contain("does not follow"));
    }

    [Test]
    public void List_names_one_program_a_line()
    {
        (int code, string output, _) = Run("list");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.Zero);
            Assert.That(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim()), Is.EqualTo(Progression.Names.Concat(LectureList.All.Select(lecture => lecture.Name))));
        }
    }

    [Test]
    public void Doctor_tells_of_runtime_vectors_data_libraries_and_devices()
    {
        (int code, string output, _) = Run("doctor", "--data", _data.Folder);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.Zero);
            Assert.That(output, Does.Contain(".NET").And.Contain("512 bits").And.Contain(_data.Folder).And.Contain("reference"));
            Assert.That(output, Does.Contain("driver ").And.Contain("NVRTC ").And.Contain("cuBLAS ").And.Contain("kernels "));
        }
    }

    [Test]
    public void The_weights_of_the_logistic_regression_are_shown_and_written_as_a_picture()
    {
        string folder = Path.Combine(_data.Folder, "pictures", "new");
        (int code, string output, _) = RunTiny("logistic", "--steps", "1", "--batch", "8", "--out", folder);
        byte[] png = File.ReadAllBytes(Path.Combine(folder, "logistic-weights.png"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.Zero);
            Assert.That(png[1..4], Is.EqualTo("PNG"u8.ToArray()));
            Assert.That(output.Split('\n').Count(line => line.Length is > 60 and < 81), Is.GreaterThan(20), "lines of the picture in characters");
        }
    }

    [Test]
    public void As_a_process_of_its_own_it_ends_with_the_same_exit_codes()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(RunProcess("list"), Is.Zero);
            Assert.That(RunProcess("--no-such-option"), Is.EqualTo(2));
            Assert.That(RunProcess("logistic", "--data", "/no/such/folder"), Is.EqualTo(1));
        }
    }

    private (int Code, string Output, string Errors) RunTiny(params string[] args) =>
        Run([.. args, "--device", "reference", "--data", _data.Folder]);

    private static (int Code, string Output, string Errors) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        int code = CommandLine.Run(args, output, errors);
        return (code, output.ToString(), errors.ToString());
    }

    private static int RunProcess(params string[] args) => RunProcess(("MINIDL_DEBUG", "0"), args).Code;

    private static (int Code, string Errors) RunProcess((string Name, string Value) variable, params string[] args)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "MiniDL.Examples.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[variable.Name] = variable.Value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors.Result);
    }

    // Without NVRTC a test is skipped by name; where the environment says CI=true it fails.
    private static void NvrtcRequired()
    {
        try
        {
            NvrtcCompiler.Create();
        }
        catch (MissingLibraryException missing)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(missing.Message);
            Assert.Ignore(missing.Message);
        }
    }

    private static string LastLine(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
}
