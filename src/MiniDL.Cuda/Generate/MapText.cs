// A body without rows as device code: one function for one position, and what a thread does to call it for its positions.
//
//   __device__ float relu_at(float v0_dot5) { ... }                     the expression
//   if (i < 80000) relu6[i] = relu_at(dot5[i]);                         a thread's share: one position ...
//   load4(dot5 + i, v0_dot5); ... store4(relu6 + i, new_relu6);         ... or four neighbours, where all that is read and written is straight (kernels/fused/four.cuh)
//
// What is stretched along the outermost axis (a bias along a batch) would be asked for again at every position. There a thread does up to four positions that
// lie whole periods apart, and loads the stretched element once. The one thing to understand: all loads of a position come before its stores, whatever the
// arrangement, so a result may take the place of an operand.
namespace MiniDL.Cuda;

/// <summary>Writes one body.</summary>
internal sealed class MapText
{
    /// <summary>Beyond so many loads at a time, four elements of each are too many registers.</summary>
    public const int MostLoadsByFour = 16;

    private const int Repeats = 4;

    private readonly BodyText _text;
    private readonly string _name;
    private readonly Func<Buffer, string> _pointer;
    private readonly Buffer? _given;
    private readonly int[] _inputs;      // loads and random numbers: the parameters of the function
    private readonly Dictionary<int, IndexText> _indices = [];
    private readonly int _period;        // of what is loaded once for several positions; 0 for none
    private readonly int _step;          // positions between those of one thread; 0 for none

    /// <param name="body">The body, of at least one position.</param>
    /// <param name="name">What names its functions.</param>
    /// <param name="pointer">The name of a buffer's pointer.</param>
    /// <param name="given">A buffer whose element is at hand as the variable that <paramref name="pointer"/> names.</param>
    /// <param name="isShared">True if its positions are shared out to threads; else the function is called from elsewhere, for positions that others choose.</param>
    public MapText(FusedBody body, string name, Func<Buffer, string> pointer, Buffer? given = null, bool isShared = false)
    {
        (Body, _text, _name, _pointer, _given) = (body, new BodyText(body, pointer), name, pointer, given);
        _inputs = [.. Enumerable.Range(0, body.Instructions.Count).Where(i => body.Instructions[i] is Load or RandomNumbers)];
        foreach (int input in _inputs)
            if (body.Instructions[input] is Load load) _indices[input] = new IndexText(load.View.Map);
        ByFour = Count >= 4 && _indices.Count <= MostLoadsByFour && _indices.Values.All(index => index.Four != FourKind.Scattered)
            && body.Stores.All(store => new IndexText(store.View.Map).Four == FourKind.Straight);
        _period = _indices.Values.Select(index => index.Period).DefaultIfEmpty(0).Max();
        _step = isShared ? StepOf(_period) : 0;
    }

    /// <summary>The body.</summary>
    public FusedBody Body { get; }

    /// <summary>The number of positions.</summary>
    public int Count => Body.Rows;

    /// <summary>True when a thread does four neighbours at a time.</summary>
    public bool ByFour { get; }

    /// <summary>The number of threads that have something to do.</summary>
    public int Threads => ((_step > 0 ? _step : Count) + Width - 1) / Width;

    /// <summary>For the header comment: a thread's share.</summary>
    public string Share => (ByFour ? "four neighbouring positions a thread" : "one position a thread") + (_step > 0 ? $", then those {_step} further on, up to {Repeats} times" : "");

    private int Width => ByFour ? 4 : 1;

    private string Function => $"{_name}_at";

    private bool Returns => Body.Stores.Count == 1;

    /// <summary>A number of whole periods, about a quarter of all and a multiple of 8 (so that lanes stay on sector boundaries); 0 if that is not worth it.</summary>
    private int StepOf(int period)
    {
        if (period == 0) return 0;
        int periods = Count / period, together = (periods + Repeats - 1) / Repeats;
        if (period % 8 != 0) together = (together + 7) / 8 * 8;
        return together < periods ? together * period : 0;
    }

    private bool IsHoisted(int input) => _step > 0 && _indices.TryGetValue(input, out IndexText? index) && index.Period > 0 && _period % index.Period == 0;

    /// <summary>The function that computes one position from what is loaded there.</summary>
    public void WriteFunction(CudaWriter writer)
    {
        IEnumerable<string> inputs = _inputs.Select(i => $"{CudaText.TypeOf(Body.Instructions[i].DType)} {_text.Variable(i)}");
        IEnumerable<string> outputs = Returns ? [] : Body.Stores.Select(store => $"{CudaText.TypeOf(store.View.Buffer.DType)}& {Result(store)}");
        string type = Returns ? CudaText.TypeOf(Body.Instructions[Body.Stores[0].Value].DType) : "void";
        using (writer.Block($"__device__ __forceinline__ {type} {Function}({string.Join(", ", inputs.Concat(outputs))})"))
        {
            WriteStatements(writer, _text);
            foreach (Store store in Body.Stores) writer.Line($"{(Returns ? "return" : $"{Result(store)} =")} {_text.Operand(store.Value)};");
        }
    }

    /// <summary>The elementwise instructions of a body without rows, one statement each.</summary>
    public static void WriteStatements(CudaWriter writer, BodyText text)
    {
        for (int i = 0; i < text.Body.Instructions.Count; i++)
            if (text.Body.Instructions[i] is Compute compute) writer.Line($"const {CudaText.TypeOf(compute.DType)} {text.Variable(i)} = {text.Expression(compute)};");
    }

    /// <summary>What thread <c>thread</c> of this body does.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="count">The number of positions, a constant or a variable.</param>
    /// <param name="mayHaveRest">True if the number of positions may be no multiple of four.</param>
    public void WriteShare(CudaWriter writer, string count, bool mayHaveRest)
    {
        string first = ByFour ? "4 * thread" : "thread";
        if (_step > 0)
        {
            writer.Line($"if ({first} >= {_step}) return;");
            foreach (int input in _inputs.Where(IsHoisted)) WriteLoad(writer, input, first == "thread" ? first : "(4 * thread)");
            using (writer.Block($"for (uint i = {first}; i < {count}; i += {_step})"))
                if (ByFour) WriteFour(writer);
                else WriteOne(writer, "i");
            return;
        }
        if (ByFour)
        {
            // The frame that rung 4 of the ladder elementwise/ has too.
            using (writer.Block($"BY_FOUR(i, thread, {count})")) WriteFour(writer);
            if (!mayHaveRest) return;
            using (writer.Block($"REST(j, i, {count})")) WriteOne(writer, "j");
            return;
        }
        writer.Line("const uint i = thread;");
        using (writer.Block($"if (i < {count})")) WriteOne(writer, "i");
    }

    private string Result(Store store) => $"new_{_pointer(store.View.Buffer)}";

    /// <summary>Loads an input into its variable: four elements, if it has four different ones.</summary>
    private void WriteLoad(CudaWriter writer, int input, string position)
    {
        string type = CudaText.TypeOf(Body.Instructions[input].DType), variable = _text.Variable(input);
        if (Body.Instructions[input] is RandomNumbers random)
        {
            writer.Line($"float {variable}[4];");
            writer.Line($"{BodyText.RandomCallOfFour(random, position, variable)};");
        }
        else if (IsArray(input))
        {
            writer.Line($"{type} {variable}[4];");
            writer.Line($"load4({Pointer(input)} + {_indices[input].At(position)}, {variable});");
        }
        else writer.Line($"const {type} {variable} = {Pointer(input)}[{_indices[input].At(position)}];");
    }

    private bool IsArray(int input) => ByFour && (Body.Instructions[input] is RandomNumbers || _indices[input].Four == FourKind.Straight);

    private string Pointer(int input) => _pointer(((Load)Body.Instructions[input]).View.Buffer);

    /// <summary>Loads what the function takes for the four positions from <c>i</c> on.</summary>
    public void WriteLoadsOfFour(CudaWriter writer)
    {
        foreach (int input in _inputs.Where(input => !IsHoisted(input))) WriteLoad(writer, input, "i");
    }

    /// <summary>The call of the function for the k-th of four positions.</summary>
    public string CallOfFour(params IEnumerable<string> results) =>
        $"{Function}({string.Join(", ", _inputs.Select(input => IsArray(input) ? $"{_text.Variable(input)}[k]" : _text.Variable(input)).Concat(results))})";

    /// <summary>The call of the function for one position.</summary>
    public string Call(string position, params IEnumerable<string> results)
    {
        IEnumerable<string> arguments = _inputs.Select(input => Body.Instructions[input] switch
        {
            RandomNumbers random => BodyText.RandomCall(random, position),
            Load load when load.View.Buffer == _given => _pointer(_given),
            _ => IsHoisted(input) ? _text.Variable(input) : $"{Pointer(input)}[{_indices[input].At(position)}]",
        });
        return $"{Function}({string.Join(", ", arguments.Concat(results))})";
    }

    private void WriteFour(CudaWriter writer)
    {
        WriteLoadsOfFour(writer);
        foreach (Store store in Body.Stores) writer.Line($"{CudaText.TypeOf(store.View.Buffer.DType)} {Result(store)}[4];");
        writer.Line("#pragma unroll");
        string call = Returns ? $"{Result(Body.Stores[0])}[k] = {CallOfFour()}" : CallOfFour(Body.Stores.Select(store => $"{Result(store)}[k]"));
        writer.Line($"for (int k = 0; k < 4; k++) {call};");
        foreach (Store store in Body.Stores) writer.Line($"store4({_pointer(store.View.Buffer)} + {new IndexText(store.View.Map).At("i")}, {Result(store)});");
    }

    /// <summary>Computes and stores one position.</summary>
    public void WriteOne(CudaWriter writer, string position)
    {
        if (Returns)
        {
            writer.Line($"{Target(Body.Stores[0], position)} = {Call(position)};");
            return;
        }
        foreach (Store store in Body.Stores) writer.Line($"{CudaText.TypeOf(store.View.Buffer.DType)} {Result(store)};");
        writer.Line($"{Call(position, Body.Stores.Select(Result))};");
        foreach (Store store in Body.Stores) writer.Line($"{Target(store, position)} = {Result(store)};");
    }

    private string Target(Store store, string position) => $"{_pointer(store.View.Buffer)}[{new IndexText(store.View.Map).At(position)}]";
}
