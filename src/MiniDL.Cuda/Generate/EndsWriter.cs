// The text and the arguments of fused ends.
//
//   __device__ __forceinline__ void ends_store_y(uint i, float v, float* y, float* e0_mul16, const uint64* run)
//   {
//       y[i] = v;                                                        the kernel's own result, if others read it
//       e0_mul16[i] = mul_relu_at(v, bernoulli(run, 0, i, 0.8f));        the map's
//   }
//   #define STORE_Y(i, v) ends_store_y(i, v, y, e0_mul16, run)
//
// The one thing to understand: sizes are macros in front of a hand-written file, single capital letters among them, so nothing here may have such a name.
namespace MiniDL.Cuda;

/// <summary>Writes what goes in front of a hand-written kernel.</summary>
internal sealed class EndsWriter
{
    private readonly StageWithEnds _stage;
    private readonly List<Buffer> _further = [];   // buffers that the kernel has no pointer for
    private readonly bool _needsRun;
    private readonly CudaWriter _writer = new();

    private EndsWriter(StageWithEnds stage)
    {
        _stage = stage;
        _further.AddRange(LoadsOf(stage.Load?.Body).Where(buffer => buffer != stage.Load!.Operand.Buffer)
            .Concat(LoadsOf(stage.Store?.Body).Where(buffer => buffer != stage.Store!.Value && buffer != stage.Store.Replacing?.View.Buffer))
            .Concat(stage.FurtherStores.Select(store => store.View.Buffer)).Distinct());
        _needsRun = Bodies.Any(body => body.Instructions.Any(instruction => instruction is RandomNumbers));
    }

    private IEnumerable<FusedBody> Bodies => new[] { _stage.Load?.Body, _stage.Store?.Body }.OfType<FusedBody>();

    /// <summary>The ends of a stage.</summary>
    /// <example><code>IReadOnlyList&lt;Step&gt; steps = PoolSteps.Plan((PoolStage)stage.Core, EndsWriter.Write(stage), options);</code></example>
    public static Ends Write(StageWithEnds stage)
    {
        var writer = new EndsWriter(stage);
        return new Ends(KernelLibrary.Resolve(writer.Text()), writer.Arguments);
    }

    private IReadOnlyList<KernelArgument> Arguments =>
        [.. _further.Select(buffer => new BufferArgument(buffer, 0)), .. _needsRun ? [new RunStateArgument()] : Array.Empty<KernelArgument>()];

    private string Text()
    {
        _writer.Comment($"{_stage.Name}: what is fused onto the ends of the kernel below.");
        foreach (string include in KernelText.Includes(Bodies, byFour: false).Prepend("prelude.cuh")) _writer.Line($"#include \"{include}\"");
        if (_stage.Load is { } load) WriteLoad(load);
        if (_stage.Store is { } store) WriteStore(store);
        _writer.Line();
        _writer.Line($"#define ENDS_PARAMETERS {string.Concat(Declarations.Select(declaration => $", {declaration}"))}");
        _writer.Line();
        return _writer.ToString();
    }

    private void WriteLoad(LoadEnd end)
    {
        MapText map = Function(end.Body, end.Stage.Name, end.Site.Macro, buffer => buffer == end.Operand.Buffer ? end.Site.Pointer : NameOf(buffer));
        string name = $"ends_{end.Site.Macro.ToLowerInvariant()}";
        using (_writer.Block($"__device__ __forceinline__ float {name}({Parameters($"uint i, const float* {end.Site.Pointer}")})")) _writer.Line($"return {map.Call("i")};");
        _writer.Line($"#define {end.Site.Macro}(i) {name}({Names($"i, {end.Site.Pointer}")})");
    }

    private void WriteStore(StoreEnd end)
    {
        MapText map = Function(end.Body, end.Stage.Name, end.Site.Macro, buffer => buffer == end.Replacing?.View.Buffer ? end.Site.Pointer : NameOf(buffer), end.Value);
        string name = $"ends_{end.Site.Macro.ToLowerInvariant()}";
        using (_writer.Block($"__device__ __forceinline__ void {name}({Parameters($"uint i, float value, float* {end.Site.Pointer}")})"))
        {
            if (end.IsValueStored) _writer.Line($"{end.Site.Pointer}[i] = value;");
            map.WriteOne(_writer, "i");
        }
        _writer.Line($"#define {end.Site.Macro}(i, v) {name}({Names($"i, v, {end.Site.Pointer}")})");
    }

    private MapText Function(FusedBody body, string name, string macro, Func<Buffer, string> pointer, Buffer? value = null)
    {
        _writer.Line();
        _writer.Comment($"{macro}:");
        foreach (string line in body.Lines()) _writer.Comment("    " + line);
        var map = new MapText(body, CudaText.Identifier(name), buffer => buffer == value ? "value" : pointer(buffer), value);
        map.WriteFunction(_writer);
        _writer.Line();
        return map;
    }

    private string NameOf(Buffer buffer) => $"e{_further.IndexOf(buffer)}_{CudaText.Identifier(buffer.Name)}";

    private IEnumerable<string> Declarations => _further.Select(buffer => $"{TypeOf(buffer)} {NameOf(buffer)}").Concat(_needsRun ? ["const uint64* run"] : []);

    private string Parameters(string own) => string.Join(", ", Declarations.Prepend(own));

    private string Names(string own) => string.Join(", ", _further.Select(NameOf).Prepend(own).Concat(_needsRun ? ["run"] : []));

    private string TypeOf(Buffer buffer) => $"{(_stage.FurtherStores.Any(store => store.View.Buffer == buffer) ? "" : "const ")}{CudaText.TypeOf(buffer.DType)}*";

    private static IEnumerable<Buffer> LoadsOf(FusedBody? body) => body is null ? [] : body.Instructions.OfType<Load>().Select(load => load.View.Buffer);
}
