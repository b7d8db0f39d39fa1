// A hand-written kernel's stage with an elementwise stage fused onto its load end, its store end, or both.
//
// EndFusion makes it, EndsWriter writes its text, and the planner of its core plans it. The one thing to understand: it reads and writes what core and maps read and write
// together, less what now passes from one to the other in a register; so memory plan, listings and the careful modes treat it like any stage.
namespace MiniDL.Cuda;

/// <summary>A map computed where a kernel loads an operand.</summary>
/// <param name="Stage">The stage that was: one body, one store.</param>
/// <param name="Operand">What the kernel's pointer points at instead: a buffer that the map reads position by position.</param>
/// <param name="Site">Which macro and pointer.</param>
internal sealed record LoadEnd(FusedStage Stage, View Operand, EndSite Site)
{
    /// <summary>The expression.</summary>
    public FusedBody Body => Stage.Bodies[0];
}

/// <summary>A map computed where a kernel stores its result.</summary>
/// <param name="Stage">The stage that was: one body.</param>
/// <param name="Value">The buffer of the kernel's own result, as the map's body loads it.</param>
/// <param name="IsValueStored">True when others read the kernel's own result too; otherwise its pointer points at the map's result.</param>
/// <param name="Site">Which macro and pointer.</param>
internal sealed record StoreEnd(FusedStage Stage, Buffer Value, bool IsValueStored, EndSite Site)
{
    /// <summary>The expression.</summary>
    public FusedBody Body => Stage.Bodies[0];

    /// <summary>The store that the kernel's own pointer serves for, if it need not keep the kernel's own result.</summary>
    public Store? Replacing => IsValueStored ? null : Body.Stores[0];
}

/// <summary>A stage of a hand-written kernel with fused ends.</summary>
/// <param name="Name">The name of all of it.</param>
/// <param name="Core">The kernel's stage, reading and writing what its pointers point at now.</param>
/// <param name="Load">What is fused onto an operand, or null.</param>
/// <param name="Store">What is fused onto the result, or null.</param>
internal sealed record StageWithEnds(string Name, Stage Core, LoadEnd? Load, StoreEnd? Store) : Stage(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<View> Reads => Core.Reads.Concat(MapReads).DistinctBy(view => (view.Buffer, view.Map));

    /// <inheritdoc/>
    public override IEnumerable<View> Writes => Core.Writes.Concat(FurtherStores.Select(store => store.View));

    /// <inheritdoc/>
    public override double Flops => Core.Flops + (Load?.Stage.Flops ?? 0) + (Store?.Stage.Flops ?? 0);

    /// <inheritdoc/>
    public override IEnumerable<string> Details =>
    [
        .. Load is null ? [] : Load.Body.Lines().Prepend($"{Load.Site.Macro}, for each element:"),
        .. Core.Details,
        .. Store is null ? [] : Store.Body.Lines().Prepend($"{Store.Site.Macro}, for each element:"),
    ];

    /// <summary>What the store end writes beside what the kernel's own pointer is for.</summary>
    public IEnumerable<Store> FurtherStores => Store is null ? [] : Store.Body.Stores.Skip(Store.IsValueStored ? 0 : 1);

    private IEnumerable<View> MapReads =>
        LoadsOf(Load?.Body).Concat(LoadsOf(Store?.Body).Where(view => view.Buffer != Store!.Value));

    private static IEnumerable<View> LoadsOf(FusedBody? body) => body is null ? [] : body.Instructions.OfType<Load>().Select(load => load.View);
}
