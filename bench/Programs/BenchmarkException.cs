namespace MiniDL.Bench.Programs;

/// <summary>A suite cannot be run here; the message says what is missing and how to get it.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
