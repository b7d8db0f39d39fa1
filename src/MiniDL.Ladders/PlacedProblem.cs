// A problem on a device: its arrays in memory, launches of a rung over them, and the comparison of what came out.
//
// It serves real and simulated GPUs alike. The one thing to understand: an array lies in an allocation of its own, so that the simulator catches an access beside it. With
// an offset it lies inside a larger one, poisoned with NaN on both sides: a kernel that reads the poison spoils its result, one that writes over it is told so.
using System.Runtime.InteropServices;
using MiniDL.Cuda;
using MiniDL.Gpu;

namespace MiniDL.Ladders;

/// <summary>Arrays of a problem on a device.</summary>
/// <example><code>
/// using var placed = new PlacedProblem(gpu, kernels, problem);
/// placed.Run(rung.Plan(problem));
/// string? wrong = placed.WrongResult();   // null if all is right
/// </code></example>
internal sealed class PlacedProblem : IDisposable
{
    private const int MostPoison = 16;   // elements before and after an array with an offset
    private readonly IGpu _gpu;
    private readonly LoadedKernels _kernels;
    private readonly IGpuStream _stream;
    private readonly Dictionary<string, IGpuMemory> _memory = [];
    private IGpuMemory? _scratch;

    /// <summary>Allocates the arrays and fills them with their first contents.</summary>
    /// <param name="gpu">The device.</param>
    /// <param name="kernels">Compiles and loads kernels, for the same device.</param>
    /// <param name="problem">The problem.</param>
    public PlacedProblem(IGpu gpu, LoadedKernels kernels, Problem problem)
    {
        (_gpu, _kernels, Problem) = (gpu, kernels, problem);
        _stream = gpu.CreateStream();
        foreach (ProblemArray array in problem.Arrays) _memory[array.Name] = gpu.Allocate(sizeof(float) * (long)(array.Count + Before + After));
        Reset();
    }

    /// <summary>The problem.</summary>
    public Problem Problem { get; }

    /// <summary>The stream that everything happens on.</summary>
    public IGpuStream Stream => _stream;

    private int Before => Problem.Offset == 0 ? 0 : MostPoison + Problem.Offset;

    private int After => Problem.Offset == 0 ? 0 : MostPoison;

    /// <summary>Gives every array its first content again.</summary>
    public void Reset()
    {
        foreach (ProblemArray array in Problem.Arrays)
        {
            int[] bits = new int[Before + array.Count + After];
            Array.Fill(bits, -1);   // NaN as float, -1 as int
            if (array.Role != ArrayRole.Output)
                for (int i = 0; i < array.Count; i++) bits[Before + i] = array.IsInteger ? (int)array.First(i) : BitConverter.SingleToInt32Bits((float)array.First(i));
            Upload(array, bits);
        }
    }

    /// <summary>Compiles what is not compiled, and launches everything in order. Returns at once on a real GPU.</summary>
    public void Launch(RungPlan plan)
    {
        _kernels.Load([.. plan.Launches.Select(launch => launch.Source)]);
        if (plan.ScratchBytes > (_scratch?.Bytes ?? 0))
        {
            _scratch?.Dispose();
            _scratch = _gpu.Allocate(plan.ScratchBytes);
        }
        foreach (RungLaunch launch in plan.Launches)
        {
            var packed = new KernelArguments(new byte[sizeof(ulong) * launch.Arguments.Count]);
            foreach (RungArgument argument in launch.Arguments) packed.Add(AddressOf(argument, plan));
            _gpu.Launch(_kernels.Get(launch.Source, launch.Shape.DynamicSharedBytes), launch.Shape, packed.Packed, _stream);
        }
    }

    /// <summary>Launches and waits.</summary>
    /// <exception cref="GpuException">A kernel failed.</exception>
    public void Run(RungPlan plan)
    {
        Launch(plan);
        _gpu.Synchronize(_stream);
    }

    /// <summary>The first element that is not what the reference says, or the first word of poison that was written over; null if there is none.</summary>
    public string? WrongResult()
    {
        var first = Problem.Arrays.ToDictionary(array => array.Name, array => array.Role == ArrayRole.Output ? [] : Enumerable.Range(0, array.Count).Select(array.First).ToArray());
        IReadOnlyDictionary<string, double[]> expected = Problem.Reference(first);
        foreach (ProblemArray array in Problem.Arrays)
        {
            int[] bits = Download(array);
            for (int i = 0; i < bits.Length; i++)
                if ((i < Before || i >= Before + array.Count) && bits[i] != -1) return $"{array.Name}: wrote beside the array, at element {i - Before} of {array.Count}";
            double[] right = array.Role == ArrayRole.Input ? first[array.Name] : expected[array.Name];
            for (int i = 0; i < array.Count; i++)
            {
                double actual = array.IsInteger ? bits[Before + i] : BitConverter.Int32BitsToSingle(bits[Before + i]), wanted = array.Role == ArrayRole.Input ? (float)right[i] : right[i];
                double allowed = array.Role == ArrayRole.Input ? 0 : Problem.Tolerance * Math.Max(1, Math.Abs(wanted));
                if (!(Math.Abs(actual - wanted) <= allowed || actual.Equals(wanted))) return $"{array.Name}[{i}] of {array.Count} is {actual}, should be {wanted}{(allowed > 0 ? $" within {allowed:g3}" : "")}";
            }
        }
        return null;
    }

    /// <summary>What an array holds.</summary>
    public double[] Read(string name)
    {
        ProblemArray array = Problem.Arrays.First(array => array.Name == name);
        int[] bits = Download(array);
        return [.. bits.Skip(Before).Take(array.Count).Select(word => array.IsInteger ? word : (double)BitConverter.Int32BitsToSingle(word))];
    }

    /// <summary>The device address of an array's first element.</summary>
    public ulong AddressOf(string name) => _memory[name].Address + (ulong)(sizeof(float) * Before);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IGpuMemory memory in _memory.Values) memory.Dispose();
        _scratch?.Dispose();
        _stream.Dispose();
    }

    private ulong AddressOf(RungArgument argument, RungPlan plan)
    {
        if (argument.Array is { } name) return AddressOf(name) + (ulong)argument.ByteOffset;
        if (plan.ScratchBytes == 0) throw new ArgumentException("a launch asks for scratch memory, of which its plan has none");
        return _scratch!.Address + (ulong)argument.ByteOffset;
    }

    private void Upload(ProblemArray array, int[] bits)
    {
        using IPinnedMemory pinned = _gpu.AllocatePinned(sizeof(int) * (long)bits.Length);
        Marshal.Copy(bits, 0, pinned.Address, bits.Length);
        _gpu.Upload(_memory[array.Name].Address, pinned.Address, pinned.Bytes, _stream);
        _gpu.Synchronize(_stream);
    }

    private int[] Download(ProblemArray array)
    {
        int[] bits = new int[Before + array.Count + After];
        using IPinnedMemory pinned = _gpu.AllocatePinned(sizeof(int) * (long)bits.Length);
        _gpu.Download(pinned.Address, _memory[array.Name].Address, pinned.Bytes, _stream);
        _gpu.Synchronize(_stream);
        Marshal.Copy(pinned.Address, bits, 0, bits.Length);
        return bits;
    }
}
