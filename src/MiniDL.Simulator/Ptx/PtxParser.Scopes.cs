// Names inside of a function: braces may declare a name again, and inline assembly does so for registers and labels alike (PTX ISA 8.4, section 4.4).
namespace MiniDL.Simulator.Ptx;

internal sealed partial class PtxParser
{
    private readonly List<Scope> _scopes = [];

    /// <summary>What one pair of braces declares.</summary>
    private sealed class Scope
    {
        public Dictionary<string, int> Registers { get; } = new(StringComparer.Ordinal);
        public Dictionary<string, (PtxType Type, int Count)> Ranges { get; } = new(StringComparer.Ordinal);
        public Dictionary<string, PtxVariable> Variables { get; } = new(StringComparer.Ordinal);
        public Dictionary<string, int> Labels { get; } = new(StringComparer.Ordinal);

        /// <summary>Labels asked for and not seen yet: the name, the label's number, the line.</summary>
        public List<(string Name, int Label, int Line)> Awaited { get; } = [];
    }

    private void OpenScope()
    {
        if (_scopes.Count > 200) throw Unexpected("fewer nested braces");
        _scopes.Add(new Scope());
    }

    /// <summary>Labels that this scope does not have may be in the one around it.</summary>
    private void CloseScope()
    {
        Scope closed = _scopes[^1];
        _scopes.RemoveAt(_scopes.Count - 1);
        foreach ((string name, int label, int line) in closed.Awaited)
        {
            if (closed.Labels.TryGetValue(name, out int place)) _function.Labels[label] = place;
            else if (_scopes.Count > 0) _scopes[^1].Awaited.Add((name, label, line));
            else throw new PtxException(line, $"there is no label '{name}' in function '{_function.Name}'");
        }
    }

    private int ReferToLabel(string name)
    {
        _function.Labels.Add(-1);
        _scopes[^1].Awaited.Add((name, _function.Labels.Count - 1, _token.Line));
        return _function.Labels.Count - 1;
    }

    private void DefineLabel(string name, int line)
    {
        if (!_scopes[^1].Labels.TryAdd(name, _function.Body.Count)) throw new PtxException(line, $"the label '{name}' is there twice");
    }

    private void Define(PtxVariable variable) => _scopes[^1].Variables[variable.Name] = variable;

    private void DefineRange(string prefix, PtxType type, int count) => _scopes[^1].Ranges[prefix] = (type, count);

    private int DefineRegister(string name, PtxType type)
    {
        _function.Registers.Add(type);
        return _scopes[^1].Registers[name] = _function.Registers.Count - 1;
    }

    /// <summary>The register's number, or -1. One of a range such as <c>%r&lt;9&gt;</c> comes into being when first named.</summary>
    private int FindRegister(string name)
    {
        int digits = name.Length;
        while (digits > 0 && char.IsAsciiDigit(name[digits - 1])) digits--;
        for (int i = _scopes.Count - 1; i >= 0; i--)
        {
            Scope scope = _scopes[i];
            if (scope.Registers.TryGetValue(name, out int register)) return register;
            if (digits == name.Length || !scope.Ranges.TryGetValue(name[..digits], out var range)) continue;
            if (!int.TryParse(name.AsSpan(digits), out int number) || number >= range.Count) continue;
            _function.Registers.Add(range.Type);
            return scope.Registers[name] = _function.Registers.Count - 1;
        }
        return -1;
    }

    private PtxVariable? FindVariable(string name)
    {
        for (int i = _scopes.Count - 1; i >= 0; i--)
            if (_scopes[i].Variables.TryGetValue(name, out PtxVariable? variable)) return variable;
        return null;
    }
}
