// An opcode taken apart: ld.volatile.global.v4.f32 is ld, and words that each say one thing.
//
// The one thing to understand: every word must be understood. One that is left over makes the instruction unsupported, since what it asks for might matter.
using MiniDL.Simulator.Ptx;

namespace MiniDL.Simulator.Code;

/// <summary>The words of an opcode; each is ticked off when it is asked for.</summary>
internal sealed class Opcode
{
    private readonly List<string> _words;

    /// <summary>Splits at dots.</summary>
    public Opcode(string spelling)
    {
        string[] parts = spelling.Split('.');
        Base = parts[0];
        _words = [.. parts[1..]];
    }

    /// <summary>The first word.</summary>
    public string Base { get; }

    /// <summary>What is left, in order.</summary>
    public IReadOnlyList<string> Left => _words;

    /// <summary>True if the word is there.</summary>
    public bool Take(string word) => _words.Remove(word);

    /// <summary>The first of these words that is there, or an empty text.</summary>
    public string TakeOne(params ReadOnlySpan<string> words)
    {
        foreach (string word in words) if (_words.Remove(word)) return word;
        return "";
    }

    /// <summary>Drops every word that starts so.</summary>
    public void Drop(string prefix) => _words.RemoveAll(word => word.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The last word as a type.</summary>
    public PtxType TakeType()
    {
        if (_words.Count == 0) return PtxType.None;
        PtxType type = PtxTypes.Parse(_words[^1]);
        if (type != PtxType.None) _words.RemoveAt(_words.Count - 1);
        return type;
    }

    /// <summary>The state space; Generic if none is named.</summary>
    public StateSpace TakeSpace()
    {
        for (int i = 0; i < _words.Count; i++)
        {
            StateSpace space = PtxTypes.ParseSpace(_words[i]);
            if (space == StateSpace.Generic) continue;
            _words.RemoveAt(i);
            return space;
        }
        return StateSpace.Generic;
    }

    /// <summary>Fails if a word was not understood.</summary>
    public void Done()
    {
        if (_words.Count > 0) throw new PtxException(0, $"the modifier '.{string.Join(".", _words)}' of '{Base}' is not supported");
    }
}
