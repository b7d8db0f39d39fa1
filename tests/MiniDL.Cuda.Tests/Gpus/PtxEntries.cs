// The parameter lists of the kernels in a PTX text: what a launch must pass, and which of it are addresses.
//
// A recording GPU cannot run a kernel, but it can hold a launch against the kernel's own declaration. The one thing to understand: PTX lists parameters
// as `.param .u64 name_param_0`, one per argument, each aligned to its size; a pointer is a .u64.
using System.Text.RegularExpressions;

namespace MiniDL.Cuda.Tests;

/// <summary>A parameter: its PTX type (<c>u64</c>, <c>f32</c>, ...), and where it lies in the parameter block.</summary>
internal sealed record PtxParameter(string Type, int Offset, int Bytes)
{
    public bool IsAddress => Type is "u64" or "s64" or "b64";
}

/// <summary>Finds the kernels of a PTX text.</summary>
internal static partial class PtxEntries
{
    /// <summary>The parameters of each kernel by its name.</summary>
    public static Dictionary<string, PtxParameter[]> Parse(string ptx) =>
        Entry().Matches(ptx).ToDictionary(match => match.Groups["name"].Value, match => Parameters(match.Groups["list"].Value));

    /// <summary>A PTX text with one kernel that does nothing, for tests that need no compiler: <c>Empty("fill", "u64", "f32")</c>.</summary>
    public static string Empty(string name, params string[] types)
    {
        string list = string.Join(",\n", types.Select((type, i) => $"\t.param .{type} {name}_param_{i}"));
        return $".version 7.0\n.target sm_70\n.address_size 64\n\n.visible .entry {name}(\n{list}\n)\n{{\n\tret;\n}}\n";
    }

    private static PtxParameter[] Parameters(string list)
    {
        int offset = 0;
        var parameters = new List<PtxParameter>();
        foreach (var match in (IEnumerable<System.Text.RegularExpressions.Match>)Parameter().Matches(list))
        {
            string type = match.Groups["type"].Value;
            int size = int.Parse(type[1..]) / 8;
            int bytes = match.Groups["count"].Success ? size * int.Parse(match.Groups["count"].Value) : size;

            // A struct states its alignment before its type; a pointer may state that of what it points to, behind its type.
            int align = match.Groups["align"].Success ? int.Parse(match.Groups["align"].Value) : size;
            offset = (offset + align - 1) / align * align;
            parameters.Add(new PtxParameter(type, offset, bytes));
            offset += bytes;
        }
        return [.. parameters];
    }

    [GeneratedRegex(@"\.entry\s+(?<name>[\w$]+)\s*(\((?<list>[^)]*)\))?")]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.param\s+(\.align\s+(?<align>\d+)\s+)?\.(?<type>[usfb]\d+)\s[^,\[]*(\[(?<count>\d+)\])?")]
    private static partial Regex Parameter();
}
