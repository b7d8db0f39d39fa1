// The later rungs of the ladder of products, from the warp's tile on.
namespace MiniDL.Ladders;

/// <summary>Rungs 8 and on of <see cref="SgemmLadder"/>.</summary>
internal static class TiledRungs
{
    /// <summary>In order.</summary>
    public static IReadOnlyList<Rung> All { get; } = [];
}
