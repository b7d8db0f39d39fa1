// Where a kernel's shared variables lie.
//
// The one thing to understand: only what the kernel and its functions mention takes room. Arrays without a size all begin where the others end: the room that the
// launch asks for.
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

/// <summary>Places shared variables as they are mentioned.</summary>
internal sealed class SharedLayout
{
    private readonly Dictionary<PtxVariable, int> _places = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, PtxVariable> _ofModule = new(StringComparer.Ordinal);
    private int _end;

    /// <summary>Knows the module's shared variables.</summary>
    public SharedLayout(PtxModule module)
    {
        foreach (PtxVariable variable in module.Variables)
            if (variable.Space == StateSpace.Shared) _ofModule[variable.Name] = variable;
    }

    /// <summary>Bytes so far. Dynamic shared memory begins there, once everything is placed.</summary>
    public int StaticBytes => (_end + 15) & ~15;

    /// <summary>The module's shared variable of that name.</summary>
    public PtxVariable? Find(string name) => _ofModule.GetValueOrDefault(name);

    /// <summary>True if its size is only known at launch.</summary>
    public static bool IsDynamic(PtxVariable variable) => variable.Bytes == 0;

    /// <summary>The offset of a variable that has a size.</summary>
    public int Place(PtxVariable variable)
    {
        if (_places.TryGetValue(variable, out int place)) return place;
        long start = (_end + variable.Alignment - 1) & -variable.Alignment;
        if (start + variable.Bytes > 1 << 24) throw new PtxException(variable.Line, $"'{variable.Name}' takes shared memory beyond what any device has");
        _end = (int)(start + variable.Bytes);
        return _places[variable] = (int)start;
    }
}
