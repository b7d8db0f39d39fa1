// The command line: dotnet run -c Release --project examples -- NAME [options].
//
// The one thing to understand: exit code 0 is success, 1 that something failed (a data file, a graph, a cost that is no number), 2 that the
// command line was wrong. Either way the user reads one message, not a stack trace; a stack trace would mean a bug in MiniDL.
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Examples;

/// <summary>Parses the command line and does what it says.</summary>
public static class CommandLine
{
    private static readonly Argument<string> s_name = new("NAME")
    {
        Description = string.Join(", ", Names),
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => "all",
    };

    private static readonly Argument<string?> s_of = new("OF") { Description = "what a lecture is to look at: summary vgg16", Arity = ArgumentArity.ZeroOrOne };

    private static readonly Option<string> s_device = new("--device")
    {
        Description = "cpu, reference, cuda, sim or sim:GPU (a simulated A100, or another GPU by name)",
        DefaultValueFactory = _ => "cpu",
        CustomParser = result => CheckedDevice(result),
    };

    private static readonly Option<string> s_gemm = OneOf("--gemm", "who multiplies matrices on a GPU", "cublas", "handwritten");
    private static readonly Option<string> s_bindings = OneOf("--bindings", "who calls the driver; managedcuda needs a build with -p:ManagedCuda=true", "driver", "managedcuda");
    private static readonly Option<bool> s_tf32 = new("--tf32") { Description = "let cuBLAS round to TF32 for tensor cores, sm_80 and up" };
    private static readonly Option<string?> s_dump = new("--dump-kernels") { Description = "folder that every kernel's source and PTX, and all launches, are written to", HelpName = "DIR" };

    private static readonly Option<int?> s_epochs = Number("--epochs", "passes over the training set; each program has a default", 1, 10_000);
    private static readonly Option<int?> s_steps = Number("--steps", "stop after so many training steps", 1, 1_000_000_000);
    private static readonly Option<int?> s_batch = Number("--batch", "examples in a training step (128)", 1, 60_000);
    private static readonly Option<int?> s_seed = Number("--seed", "of weights, dropout and made data (1)", 0, int.MaxValue);
    private static readonly Option<int?> s_threads = Number("--threads", "threads of the cpu device (one per core); results do not depend on it", 1, 256);
    private static readonly Option<string?> s_data = new("--data") { Description = "folder with the four IDX files of MNIST or Fashion-MNIST", HelpName = "DIR" };
    private static readonly Option<string?> s_out = new("--out") { Description = "folder that a page with plots, and pictures, are written to", HelpName = "DIR" };
    private static readonly Option<string?> s_save = new("--save") { Description = "save a checkpoint after each epoch and at the end", HelpName = "FILE" };
    private static readonly Option<string?> s_resume = new("--resume") { Description = "go on from a checkpoint", HelpName = "FILE" };
    private static readonly Option<string?> s_log = new("--log") { Description = "add a line of JSON for each epoch", HelpName = "FILE" };
    private static readonly Option<bool> s_json = new("--json") { Description = "print one JSON object as the last line" };

    private static string[] Names => [.. Progression.Names, .. LectureList.All.Select(lecture => lecture.Name)];

    /// <summary>Runs a command line.</summary>
    /// <param name="args">What stands behind the program's name.</param>
    /// <param name="output">For everything but errors.</param>
    /// <param name="errors">For the one message of a command that failed.</param>
    /// <param name="cancellation">Ends a training run after the step that is under way; what was trained is evaluated and saved.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter errors, CancellationToken cancellation = default)
    {
        var root = new RootCommand("MiniDL's examples: the progression from a product of two numbers to a convolutional net on MNIST.")
        {
            s_name, s_of, s_device, s_epochs, s_steps, s_batch, s_seed, s_threads, s_data, s_out, s_save, s_resume, s_log, s_json,
            s_gemm, s_bindings, s_tf32, s_dump,
        };
        root.SetAction(parsed => Execute(parsed, output, cancellation));

        ParseResult parsed = root.Parse(args);
        string? problem = parsed.Errors.Count > 0 ? parsed.Errors[0].Message : NameProblem(parsed.GetValue(s_name)!, parsed.GetValue(s_of));
        if (problem is not null && !args.Contains("--help"))
        {
            errors.WriteLine($"error: {problem}\n--help lists what can be given.");
            return 2;
        }
        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = errors, EnableDefaultExceptionHandler = false });
        }
        catch (UsageException wrong)
        {
            errors.WriteLine($"error: {wrong.Message}");
            return 2;
        }
        catch (Exception failure) when (failure is GraphException or DivergedException or IOException or UnauthorizedAccessException
            or MissingLibraryException or GpuException or KernelCompileException)
        {
            errors.WriteLine($"error: {failure.Message}");   // a DataFileException is an IOException
            return 1;
        }
    }

    private static int Execute(ParseResult parsed, TextWriter output, CancellationToken cancellation)
    {
        var terminal = new Terminal(output);
        string name = parsed.GetValue(s_name)!;
        var options = new Options(parsed.GetValue(s_device)!, parsed.GetValue(s_epochs), parsed.GetValue(s_steps), parsed.GetValue(s_batch) ?? 128,
            (ulong)(parsed.GetValue(s_seed) ?? 1), parsed.GetValue(s_threads) ?? 0, parsed.GetValue(s_data), parsed.GetValue(s_out), parsed.GetValue(s_json))
        {
            Name = name,
            Save = parsed.GetValue(s_save),
            Resume = parsed.GetValue(s_resume),
            Log = parsed.GetValue(s_log),
            Cuda = new CudaOptions
            {
                Gemm = parsed.GetValue(s_gemm) == "handwritten" ? GemmChoice.Handwritten : GemmChoice.CuBlas,
                TensorFloat32 = parsed.GetValue(s_tf32),
                DumpFolder = parsed.GetValue(s_dump),
            },
            Bindings = parsed.GetValue(s_bindings)!,
        };
        switch (name)
        {
            case "list":
                foreach (string entry in Names) output.WriteLine(entry);
                return 0;
            case "doctor":
                Doctor.Report(terminal, options);
                return 0;
        }
        if (options.Out is not null) Directory.CreateDirectory(options.Out);   // fails now rather than after the training
        using var session = new Session(options, terminal, cancellation: cancellation);
        if (LectureList.Find(name) is { } lecture)
        {
            if (!lecture.IsTrainingRun && (options.Save ?? options.Resume ?? options.Log) is not null)
                throw new UsageException($"{name} is not one training run; --save, --resume and --log are for the progression's programs, {string.Join(", ", LectureList.All.Where(one => one.IsTrainingRun).Select(one => one.Name))}");
            string line = lecture.Run(session, parsed.GetValue(s_of));
            if (options.Json) output.WriteLine(line);
            return 0;
        }
        List<RunResult> results = Progression.Run(name, session);
        Summary.Show(terminal, results);
        if (options.Json) output.WriteLine(RunResult.Json(name, results));
        return 0;
    }

    private static string? NameProblem(string name, string? of) =>
        !Names.Contains(name) ? name.StartsWith('-') ? $"there is no option {name}" : $"there is no program '{name}'; there are {string.Join(", ", Names)}"
        : of is not null && name != "summary" ? $"'{of}' stands behind {name}, which takes nothing there"
        : null;

    private static string? CheckedDevice(ArgumentResult result)
    {
        string device = result.Tokens[0].Value;
        if (Devices.Problem(device) is { } problem) result.AddError(problem);
        return device;
    }

    private static Option<string> OneOf(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = $"{description}: {string.Join(" or ", values)}", DefaultValueFactory = _ => values[0], HelpName = string.Join('|', values) };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } value && !values.Contains(value)) result.AddError($"{name} takes {string.Join(" or ", values)}, not '{value}'");
        });
        return option;
    }

    private static Option<int?> Number(string name, string description, int low, int high) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= low && value <= high) return value;
            result.AddError($"{name} takes a whole number from {low} to {high}, not '{text}'");
            return null;
        },
    };
}
