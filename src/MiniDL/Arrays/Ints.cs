// A list of small numbers that compares by value: axes, permutations, windows, strides.
//
// It stands under the ops, as the type of their parameters. The one thing to understand: an int[] in a record is compared by reference, so two
// equal ops would be different; with this list, records compare by value all the way down, and equal nodes can be merged.
using System.Runtime.CompilerServices;

namespace MiniDL;

/// <summary>A short immutable list of whole numbers compared by value: axes, permutations, window sizes, strides, paddings.
/// The parameters of ops are such lists, so that ops compare by value.</summary>
/// <example><code>Ints axes = [0, 2];</code></example>
[CollectionBuilder(typeof(Ints), nameof(Create))]
public readonly struct Ints : IEquatable<Ints>
{
    private readonly int[]? _values;

    private Ints(int[] values) => _values = values;

    /// <summary>A list of the given numbers.</summary>
    public static Ints Create(ReadOnlySpan<int> values) => new(values.ToArray());

    /// <summary>How many numbers there are.</summary>
    public int Length => _values?.Length ?? 0;

    /// <summary>The number at a position.</summary>
    public int this[int index] => _values![index];

    /// <summary>The numbers.</summary>
    public ReadOnlySpan<int> Values => _values;

    /// <summary>True when <paramref name="value"/> is in the list.</summary>
    public bool Contains(int value) => Values.Contains(value);

    /// <summary>Enumerates the numbers.</summary>
    public ReadOnlySpan<int>.Enumerator GetEnumerator() => Values.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Ints other) => Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Ints other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int value in Values) hash.Add(value);
        return hash.ToHashCode();
    }

    /// <summary>Equal by value.</summary>
    public static bool operator ==(Ints left, Ints right) => left.Equals(right);

    /// <summary>Different by value.</summary>
    public static bool operator !=(Ints left, Ints right) => !left.Equals(right);

    /// <summary>The numbers with spaces between.</summary>
    public override string ToString() => string.Join(' ', _values ?? []);
}
