// The benchmarks' command line: dotnet run -c Release --project bench -- SUITE [options].
using MiniDL.Bench.Gemm;

bool json = args.Contains("--json");
int at = Array.IndexOf(args, "--threads");
int[] threads = at >= 0 && at + 1 < args.Length && int.TryParse(args[at + 1], out int count) && count > 0 ? [count] : [1, 2];

switch (args.FirstOrDefault())
{
    case "gemm": return GemmSuite.Run(json, threads);
    case "conv": return ConvSuite.Run(threads);
    default:
        Console.Error.WriteLine("usage: bench -- gemm|conv [--json] [--threads N]");
        return 2;
}
