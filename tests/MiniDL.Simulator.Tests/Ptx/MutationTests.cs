// Broken PTX: cut short, or with bytes changed, it gives an error or a result, within bounds of time and memory; never a crash or a hang.
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Tests.Ptx;

[TestFixture]
public sealed class MutationTests
{
    private const int Bytes = 8 << 20;

    private static readonly string[] Names = ["vector_add", "reduce", "diverge", "calls", "local_arrays", "atomics", "printing", "functions", "shared_transpose", "integers", "counters", "faults", "tensor"];

    [Test]
    public void Some_mutations_of_the_fixtures_are_survived() => Mutate(400, seed: 1);

    [Test, Category("Long"), CancelAfter(600_000)]
    public void Ten_thousand_mutations_of_the_fixtures_are_survived() => Mutate(10_000, seed: 2);

    private static void Mutate(int count, int seed)
    {
        var random = new Random(seed);
        int errors = 0, results = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] text = Encoding.UTF8.GetBytes(Simulation.Fixture(Names[i % Names.Length]));
            text = random.Next(4) == 0 ? text[..random.Next(text.Length)] : Changed(text, random);
            if (RunAll(text, i)) results++;
            else errors++;
        }
        TestContext.Out.WriteLine($"{errors} errors, {results} results");
        using (Assert.EnterMultipleScope())
        {
            // If nearly all were of one kind, the test would test nothing.
            Assert.That(errors, Is.GreaterThan(count / 10));
            Assert.That(results, Is.GreaterThan(count / 10));
        }
    }

    /// <summary>One byte becomes any byte, or a digit another digit, which often leaves valid PTX that does something else.</summary>
    private static byte[] Changed(byte[] text, Random random)
    {
        int at = random.Next(text.Length);
        if (random.Next(3) == 0)
        {
            text[at] = (byte)random.Next(256);
            return text;
        }
        while (!char.IsAsciiDigit((char)text[at])) at = random.Next(text.Length);
        text[at] = (byte)('0' + random.Next(10));
        return text;
    }

    /// <summary>Loads the text and runs every kernel; true if all ran.</summary>
    private static bool RunAll(byte[] text, int i)
    {
        var options = new SimulatorOptions { Threads = 1, InstructionLimit = 100_000, Output = TextWriter.Null };
        bool all = true;
        List<string> kernels;
        try
        {
            kernels = [.. MiniDL.Simulator.Ptx.PtxParser.Parse(text).Functions.Values.Where(f => f.IsKernel).Select(f => f.Name)];
        }
        catch (MiniDL.Simulator.Ptx.PtxException)
        {
            return false;
        }
        foreach (string kernel in kernels)
        {
            try
            {
                RunOne(text, kernel, options);
            }
            catch (GpuException)
            {
                all = false;
            }
            catch (Exception crash)
            {
                Assert.Fail($"mutation {i}, kernel {kernel}: {crash}");
            }
        }
        return all;
    }

    /// <summary>Every parameter gets the address of memory that is large enough for a fixture that takes the low half of it, about 100,000, as its size.</summary>
    private static void RunOne(byte[] text, string kernel, SimulatorOptions options)
    {
        using var gpu = new SimulatedGpu(options);
        using IGpuStream stream = gpu.CreateStream();
        using IGpuModule module = gpu.LoadModule(text, []);
        using IGpuMemory memory = gpu.Allocate(Bytes);
        gpu.Fill(memory.Address, 0, Bytes, stream);
        var arguments = new KernelArguments(new byte[256]);
        for (int a = 0; a < 8; a++) arguments.Add(memory.Address);
        gpu.Launch(gpu.GetKernel(module, kernel), new LaunchShape(new Dim3(2), new Dim3(64), 1024), arguments.Packed, stream);
        gpu.Synchronize(stream);
    }
}
