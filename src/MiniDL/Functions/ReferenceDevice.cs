// The oracle as a device, so that any program can be run on it with --device reference and compared.
//
// The one thing to understand: there is no pipeline here but the one pass that makes shapes known; what is interpreted is the graph as it was written.
namespace MiniDL;

/// <summary>The reference as a device: functions on it are interpreted in float64, unoptimised. Results are rounded when they are read;
/// shared variables are rounded to float32 between runs.</summary>
internal sealed class ReferenceDevice : Device
{
    /// <inheritdoc/>
    public override string Name => "reference";

    /// <inheritdoc/>
    internal override Executable Compile(FunctionGraph graph, Shape[] inputShapes, Mode mode)
    {
        Dictionary<Tensor, Tensor> known = graph.Known(inputShapes);
        Tensor[] roots = new Pipeline().Run(new Specialise(known), graph.Roots);
        return new Interpreted(graph, [.. graph.Inputs.Select(input => known[input])], roots);
    }

    private sealed class Interpreted(FunctionGraph graph, Tensor[] inputs, Tensor[] roots) : Executable
    {
        private readonly NDArray[] _outputs = new NDArray[graph.Outputs.Length];

        public override void Run(ReadOnlySpan<NDArray> arrays, RunState run)
        {
            var fed = new Dictionary<Tensor, ReferenceArray>();
            for (int i = 0; i < inputs.Length; i++) fed[inputs[i]] = ReferenceArray.From(arrays[i]);
            ReferenceArray[] values = Interpreter.Evaluate(roots, leaf => leaf is Shared shared ? Home(shared) : fed[leaf], run);
            for (int i = 0; i < _outputs.Length; i++) _outputs[i] = values[i].ToNDArray(roots[i].DType);
            for (int i = 0; i < graph.Updates.Length; i++)
                graph.Updates[i].Variable.Value = values[_outputs.Length + i].ToNDArray(graph.Updates[i].Variable.DType);
        }

        private static ReferenceArray Home(Shared shared)
        {
            shared.MoveTo(null);
            return ReferenceArray.From(shared.Host);
        }

        public override TensorType OutputType(int index) => roots[index].Type;

        public override void CopyOutput(int index, Span<byte> destination) => _outputs[index].Bytes().CopyTo(destination);

        public override string Explain() => Listing.Print(roots);

        public override void Dispose() { }
    }
}
