// What grouping, fusion and scheduling pass around: the set of nodes that one stage will compute.
//
// The one thing to understand: a group has positions, R rows of C columns, and only its roots are stored; its other members live for the length of a tile.
namespace MiniDL;

/// <summary>A stage in the making: the nodes it computes.</summary>
internal sealed class Group
{
    /// <summary>The nodes whose values are stored, in topological order.</summary>
    public List<Tensor> Roots { get; } = [];

    /// <summary>All nodes computed here, roots included.</summary>
    public HashSet<Tensor> Members { get; } = [];

    /// <summary>True for fused elementwise expressions and row reductions; false for a stage of one big op.</summary>
    public bool IsFused { get; set; }

    /// <summary>Rows of a fused group; with one column, simply the number of positions.</summary>
    public int Rows { get; set; }

    /// <summary>Columns of a fused group whose rows matter; 1 otherwise.</summary>
    public int Columns { get; set; } = 1;

    /// <summary>The number of positions.</summary>
    public long Positions => (long)Rows * Columns;

    /// <summary>Groups whose results this one reads.</summary>
    public HashSet<Group> Producers { get; } = [];

    /// <summary>Groups that read this one's results, and in-place writers that must wait for this one's reads.</summary>
    public HashSet<Group> Consumers { get; } = [];

    /// <summary>The level of a member's value: by its number of elements.</summary>
    public Level LevelOf(Tensor node) => Columns > 1 && node.Shape.Count == Rows ? Level.Row : Level.Full;
}
