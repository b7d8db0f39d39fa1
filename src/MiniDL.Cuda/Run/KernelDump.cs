// --dump-kernels: everything that goes to a GPU, as files to read, to compile by hand, or to run under a profiler.
//
// The one thing to understand: NN_name.cu is complete (it compiles with nvcc or NVRTC as it is), NN_name.ptx is what became of it, and launches.txt says with
// which grid, block, shared memory and arguments each is launched, in order, function by function.
namespace MiniDL.Cuda;

/// <summary>Writes kernels to a folder.</summary>
internal sealed class KernelDump
{
    private readonly string _folder;
    private readonly Dictionary<string, string> _files = [];   // kernel text -> file name without extension

    /// <summary>Makes the folder, and an empty list of launches.</summary>
    /// <exception cref="IOException">The folder cannot be made or written to.</exception>
    public KernelDump(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        File.WriteAllText(LaunchesFile, "");
    }

    private string LaunchesFile => Path.Combine(_folder, "launches.txt");

    /// <summary>Writes the kernels that have not been written yet, and all launches of a function.</summary>
    public void Write(string function, ProgramPlan plan, LoadedKernels kernels)
    {
        foreach (KernelSource source in plan.Sources)
        {
            if (_files.ContainsKey(source.Text)) continue;
            string name = _files[source.Text] = $"{_files.Count:D2}_{source.Name}";
            File.WriteAllText(Path.Combine(_folder, name + ".cu"), source.Text);
            File.WriteAllBytes(Path.Combine(_folder, name + ".ptx"), kernels.Compiled(source).Ptx);
        }
        using var launches = new StreamWriter(LaunchesFile, append: true);
        launches.WriteLine($"# {function}: {plan.Launches} launches");
        for (int i = 0; i < plan.Program.Stages.Count; i++)
        {
            (int first, int end) = plan.StepsOf(i);
            for (int step = first; step < end; step++)
                launches.WriteLine($"{step,4}  stage {i,3}  {(plan.Steps[step] is KernelStep kernel ? _files[kernel.Source.Text] + ": " : "")}{PlanListing.Line(plan.Steps[step])}");
        }
        launches.WriteLine();
    }
}
