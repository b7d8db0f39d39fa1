// A simulated GPU with one module, and arrays that are easy to fill and to read: what the tests of kernels are written in.
using System.Runtime.InteropServices;
using System.Text;
using MiniDL.Gpu;

namespace MiniDL.Simulator.Tests;

/// <summary>Runs kernels of one PTX text.</summary>
internal sealed class Simulation : IDisposable
{
    private readonly SimulatedGpu _gpu;
    private readonly IGpuStream _stream;
    private readonly IGpuModule _module;

    public Simulation(string ptx, SimulatorOptions? options = null)
    {
        _gpu = new SimulatedGpu((options ?? new SimulatorOptions { Threads = 2, InstructionLimit = 50_000_000 }) with { Output = Printed });
        _stream = _gpu.CreateStream();
        _module = _gpu.LoadModule(Encoding.UTF8.GetBytes(ptx), []);
    }

    public SimulatedGpu Gpu => _gpu;

    public IGpuStream Stream => _stream;

    public StringWriter Printed { get; } = new();

    /// <summary>A fixture that NVRTC made, by name.</summary>
    public static Simulation OfFixture(string name, SimulatorOptions? options = null) => new(Fixture(name), options);

    public static string Fixture(string name)
    {
        using Stream stream = typeof(Simulation).Assembly.GetManifestResourceStream(name + ".ptx") ?? throw new ArgumentException($"there is no fixture {name}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The source that a fixture was compiled from.</summary>
    public static string Source(string name)
    {
        using Stream stream = typeof(Simulation).Assembly.GetManifestResourceStream(name + ".cu") ?? throw new ArgumentException($"there is no source {name}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The body of a kernel by hand: registers %r, %rd, %f, %fd, %rs, %p and one parameter, the address of the output, already in %rd0; %r0 is the thread.</summary>
    public static Simulation OfBody(string body, SimulatorOptions? options = null) => new(
        $$"""
        .version 8.4
        .target sm_80
        .address_size 64
        .visible .entry k(.param .u64 out)
        {
            .reg .pred %p<20>; .reg .b16 %rs<20>; .reg .b32 %r<40>; .reg .b64 %rd<20>; .reg .f32 %f<20>; .reg .f64 %fd<20>;
            ld.param.u64 %rd0, [out];
            mov.u32 %r0, %tid.x;
            {{body}}
        }
        """, options);

    /// <summary>Runs a kernel made by <see cref="OfBody"/> with one block; its output is 32-bit words.</summary>
    public static uint[] WordsOf(string body, int threads = 32, int words = 32)
    {
        using Simulation simulation = OfBody(body);
        Numbers<uint> output = simulation.Zeros<uint>(words);
        simulation.Run("k", 1, threads, output);
        return output.Read();
    }

    public Numbers<T> Upload<T>(params T[] values) where T : unmanaged
    {
        Numbers<T> numbers = Zeros<T>(values.Length);
        numbers.Write(values);
        return numbers;
    }

    public Numbers<T> Zeros<T>(int count) where T : unmanaged
    {
        var numbers = new Numbers<T>(this, count);
        numbers.Write(new T[count]);
        return numbers;
    }

    /// <summary>Memory that nobody has written.</summary>
    public Numbers<T> Fresh<T>(int count) where T : unmanaged => new(this, count);

    /// <summary>Launches and waits.</summary>
    public void Run(string kernel, Dim3 grid, Dim3 block, params ReadOnlySpan<Argument> arguments) => Run(kernel, new LaunchShape(grid, block), arguments);

    public void Run(string kernel, int grid, int block, params ReadOnlySpan<Argument> arguments) => Run(kernel, new LaunchShape(new Dim3(grid), new Dim3(block)), arguments);

    public void Run(string kernel, LaunchShape shape, params ReadOnlySpan<Argument> arguments)
    {
        var packed = new KernelArguments(new byte[256]);
        foreach (Argument argument in arguments)
        {
            if (argument.Bytes == 4) packed.Add((uint)argument.Bits);
            else packed.Add(argument.Bits);
        }
        _gpu.Launch(_gpu.GetKernel(_module, kernel, shape.DynamicSharedBytes), shape, packed.Packed, _stream);
        _gpu.Synchronize(_stream);
    }

    public void Dispose()
    {
        _module.Dispose();
        _stream.Dispose();
        _gpu.Dispose();
    }
}

/// <summary>An argument of a kernel.</summary>
internal readonly record struct Argument(ulong Bits, int Bytes)
{
    public static implicit operator Argument(int value) => new((uint)value, 4);

    public static implicit operator Argument(float value) => new(BitConverter.SingleToUInt32Bits(value), 4);

    public static implicit operator Argument(ulong value) => new(value, 8);
}

/// <summary>An array on the device.</summary>
internal sealed class Numbers<T>(Simulation simulation, int count) where T : unmanaged
{
    private readonly IGpuMemory _memory = simulation.Gpu.Allocate((long)count * Marshal.SizeOf<T>());

    public IGpuMemory Memory => _memory;

    public unsafe void Write(T[] values)
    {
        fixed (T* from = values) simulation.Gpu.Upload(_memory.Address, (nint)from, (long)values.Length * sizeof(T), simulation.Stream);
    }

    public unsafe T[] Read()
    {
        var values = new T[count];
        fixed (T* to = values) simulation.Gpu.Download((nint)to, _memory.Address, (long)count * sizeof(T), simulation.Stream);
        simulation.Gpu.Synchronize(simulation.Stream);
        return values;
    }

    public static implicit operator Argument(Numbers<T> numbers) => new(numbers._memory.Address, 8);
}
