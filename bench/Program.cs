// The benchmarks' command line: dotnet run -c Release --project bench -- SUITE [options].
//
// The one thing to understand: these suites are quick measurements that end with a table or, with --json, an object on the last line. They
// are for asking a question ten times a day; `bdn` hands the rest of the line to BenchmarkDotNet, for answers with error bars.
using System.CommandLine;
using System.CommandLine.Parsing;
using MiniDL;
using MiniDL.Bench.Cuda;
using MiniDL.Bench.Gemm;
using MiniDL.Bench.Host;
using MiniDL.Bench.Kernels;
using MiniDL.Bench.Programs;
using MiniDL.Bench.Simulator;

// BenchmarkDotNet has a command line of its own.
if (args.FirstOrDefault() == "bdn") return BdnSuite.Run(args[1..]);

var json = new Option<bool>("--json") { Description = "print one JSON object as the last line", Recursive = true };
var threads = new Option<int?>("--threads") { Description = "threads of the CPU device (step, peers, compile: 2; gemm, conv: 1 and then 2)", Recursive = true };
threads.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int?>() is < 1 or > 256) result.AddError("--threads takes a whole number from 1 to 256");
});
var steps = new Option<int>("--steps") { Description = "training steps that are timed", DefaultValueFactory = _ => 100 };
var rounds = new Option<int>("--rounds") { Description = "turns that each side takes", DefaultValueFactory = _ => 3 };
var epochs = new Option<int>("--epochs") { Description = "passes over the training set", DefaultValueFactory = _ => 30 };
foreach (Option<int> option in new[] { steps, rounds, epochs })
{
    option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() < 1) result.AddError($"{option.Name} takes a whole number above 0");
    });
}
var models = new Option<string[]>("--models") { Description = "some of the programs", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => StepSuite.Models };
models.AcceptOnlyFromAmong(StepSuite.Models);
string[] timed = [.. StepSuite.Models, StepSuite.Norms];
var modelsAndNorms = new Option<string[]>("--models") { Description = "some of the programs; norms: batch and layer normalisation", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => timed };
modelsAndNorms.AcceptOnlyFromAmong(timed);
var profile = new Option<bool>("--profile") { Description = "time each stage of a step" };
var first = new Option<bool>("--first") { Description = "print the time of the first compile of this process and nothing else", Hidden = true };
var device = new Option<string>("--device") { Description = "for which device: cpu or cuda", DefaultValueFactory = _ => "cpu" };
device.AcceptOnlyFromAmong("cpu", "cuda");
var peer = new Option<string>("--peer") { Description = "the peer's script", DefaultValueFactory = _ => PeerSuite.DefaultScript };
var data = new Option<string?>("--data") { Description = "folder with the four files of MNIST", Recursive = true };
var ladder = new Option<string?>("--ladder") { Description = "one ladder, or the ladders of a folder of kernels/" };
var rung = new Option<int?>("--rung") { Description = "one rung, by its number" };
var size = new Option<int?>("--n") { Description = "the size: a side of a square matrix, a number of elements, as the ladder has it" };
var where = new Option<string?>("--device") { Description = "cuda, sim or sim:GPU; a real GPU if there is one" };
var write = new Option<bool>("--write") { Description = "rewrite the tables of kernels/README.md, between their markers" };
KernelChoice Kernels(CommandResult line) => KernelChoice.Of(line.GetValue(ladder), line.GetValue(rung), line.GetValue(size), line.GetValue(where), line.GetValue(write));

int ThreadCount(ParseResult line) => line.GetValue(threads) ?? 2;
int[] ThreadCounts(ParseResult line) => line.GetValue(threads) is { } count ? [count] : [1, 2];

var root = new RootCommand("MiniDL's benchmarks") { json, threads, data };
Add("gemm", "the matrix product beside OpenBLAS", line => GemmSuite.Run(line.GetValue(json), ThreadCounts(line)));
Add("conv", "the convnet's convolutions in their three directions", line => ConvSuite.Run(ThreadCounts(line)));
Add("step", "a training step of each program; normalisation beside what memory allows", line => new StepSuite(line.GetValue(data), ThreadCount(line), line.GetValue(steps)).Run(line.GetValue(modelsAndNorms)!, line.GetValue(profile), line.GetValue(json)), steps, modelsAndNorms, profile);
Add("peers", "a training step of each program, in turns with PyTorch", line => new PeerSuite(line.GetValue(data), line.GetValue(peer)!, ThreadCount(line), line.GetValue(steps), line.GetValue(rounds)).Run(line.GetValue(models)!, line.GetValue(json)), steps, rounds, models, peer);
Add("compile", "from graph to program", line => (line.GetValue(first), line.GetValue(device)) switch
{
    (true, "cuda") => CudaCompileSuite.PrintFirst(),
    (true, _) => CompileSuite.PrintFirst(ThreadCount(line)),
    (_, "cuda") => CudaCompileSuite.Run(ThreadCount(line), line.GetValue(json)),
    _ => CompileSuite.Run(ThreadCount(line), line.GetValue(json)),
}, first, device);
Add("resources", "registers, shared memory, spills and occupancy of the programs' kernels", line => new ResourcesSuite().Run(line.GetValue(json)));
Add("simulator", "warp instructions a second on the simulated GPU", line => SimulatorSuite.Run(line.GetValue(json)));
Command kernels = Add("kernels", "the rungs of the kernel ladders: time, % of the physical limit, counters", line => KernelSuite.Run(Kernels(line.CommandResult), line.GetValue(json)), ladder, rung, size, where, write);
kernels.Validators.Add(line =>
{
    try
    {
        Kernels(line);
    }
    catch (ArgumentException wrong)
    {
        line.AddError(wrong.Message);
    }
});
Add("host", "what the host spends on a step when the GPU spends nothing", line => HostSuite.Run(line.GetValue(models)!, line.GetValue(json)), models);
Add("stability", "the modern net past the point where its literal cost breaks", line => StabilitySuite.Run(line.GetValue(data), ThreadCount(line), line.GetValue(epochs), line.GetValue(json)), epochs);
root.Add(new Command("bdn", "BenchmarkDotNet: `bdn --filter '*'`, `bdn --list flat`"));

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine($"error: {string.Join("\n       ", parsed.Errors.Select(error => error.Message))}\n--help lists what can be given.");
    return 2;
}
try
{
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception failure) when (failure is GraphException or IOException or BenchmarkException or MiniDL.Cuda.MissingLibraryException or MiniDL.Cuda.KernelCompileException or MiniDL.Gpu.GpuException)
{
    Console.Error.WriteLine($"error: {failure.Message}");
    return 1;
}

Command Add(string name, string description, Func<ParseResult, int> run, params Option[] options)
{
    var command = new Command(name, description);
    foreach (Option option in options) command.Add(option);
    command.SetAction(run);
    root.Add(command);
    return command;
}
