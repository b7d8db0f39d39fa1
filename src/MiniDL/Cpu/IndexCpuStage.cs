// Moving rows by index, and argmax, on the CPU (run).
//
// The one thing to understand: rows that are added to the same row of a table must be added in the order of the indices, or the result would depend
// on threads. So a scatter shares out columns: each worker walks over all indices, in order, for its own columns.
namespace MiniDL.Cpu;

/// <summary>An <see cref="IndexStage"/> on the CPU: rows gathered in parallel, rows scattered in the order of their indices with the columns shared
/// out, the largest found row by row.</summary>
internal sealed unsafe class IndexCpuStage : CpuStage, ITeamWork
{
    private const int ElementsPerItem = 8192;

    private readonly IndexStage _stage;
    private readonly Memory _memory;
    private readonly ThreadTeam _team;
    private readonly int _rows, _rowLength, _tableRows, _perItem, _items;

    public IndexCpuStage(IndexStage stage, Memory memory, ThreadTeam team) : base(stage)
    {
        (_stage, _memory, _team) = (stage, memory, team);
        Shape output = stage.Output.Map.Shape;
        if (stage.Kind == IndexKind.ArgMax)
        {
            _rows = (int)output.Count;
            _rowLength = stage.Inputs[0].Map.Shape[1];
        }
        else
        {
            Shape table = stage.Kind == IndexKind.Gather ? stage.Inputs[0].Map.Shape : output;
            _rows = (int)stage.Inputs[stage.Kind == IndexKind.Gather ? 1 : 0].Map.Shape.Count;
            (_tableRows, _rowLength) = (table[0], (int)table.Product(1, table.Rank));
        }
        // A scatter shares out columns, so that the rows' order stays; the others share out rows.
        int units = stage.Kind == IndexKind.ScatterAdd ? _rowLength : _rows;
        _perItem = (int)Math.Max(1, ElementsPerItem / Math.Max(1L, stage.Kind == IndexKind.ScatterAdd ? _rows : _rowLength));
        _items = (units + _perItem - 1) / _perItem;
    }

    /// <inheritdoc/>
    public override void Run(in RunState run)
    {
        if (_stage.Kind == IndexKind.ScatterAdd) new Span<float>(_memory.Floats(_stage.Output), _stage.Output.Buffer.Count).Clear();
        _team.Run(this, _items);
    }

    /// <inheritdoc/>
    public void Do(int item, int worker)
    {
        int first = item * _perItem;
        if (_stage.Kind == IndexKind.Gather) GatherRows(first, Math.Min(_rows, first + _perItem));
        else if (_stage.Kind == IndexKind.ScatterAdd) ScatterColumns(first, Math.Min(_rowLength, first + _perItem));
        else FindLargest(first, Math.Min(_rows, first + _perItem));
    }

    /// <inheritdoc/>
    public override void Dispose() { }

    private void GatherRows(int first, int end)
    {
        int size = _stage.Output.Buffer.DType.Size();
        byte* table = _memory.At(_stage.Inputs[0]), output = _memory.At(_stage.Output);
        int* index = (int*)_memory.At(_stage.Inputs[1]);
        long bytes = (long)_rowLength * size;
        for (int row = first; row < end; row++)
            System.Buffer.MemoryCopy(table + Gather.CheckIndex(index[row], _tableRows) * bytes, output + row * bytes, bytes, bytes);
    }

    private void ScatterColumns(int first, int end)
    {
        int* index = (int*)_memory.At(_stage.Inputs[0]);
        float* rows = _memory.Floats(_stage.Inputs[1]), table = _memory.Floats(_stage.Output);
        for (int row = 0; row < _rows; row++)
        {
            long target = (long)Gather.CheckIndex(index[row], _tableRows) * _rowLength, source = (long)row * _rowLength;
            for (int column = first; column < end; column++) table[target + column] += rows[source + column];
        }
    }

    private void FindLargest(int first, int end)
    {
        int inner = _stage.Inputs[0].Map.Shape[2];
        int* output = (int*)_memory.At(_stage.Output);
        byte* input = _memory.At(_stage.Inputs[0]);
        for (int result = first; result < end; result++)
        {
            long start = (long)(result / inner) * _rowLength * inner + result % inner;
            if (_stage.Inputs[0].Buffer.DType == DType.Int32) output[result] = LargestInt((int*)input + start, inner);
            else if (inner == 1) output[result] = Ops.Tile.ArgMax(new ReadOnlySpan<float>((float*)input + start, _rowLength));
            else output[result] = LargestFloat((float*)input + start, inner);
        }
    }

    private int LargestInt(int* x, int step)
    {
        int best = 0;
        for (int i = 1; i < _rowLength; i++)
            if (x[(long)i * step] > x[(long)best * step]) best = i;
        return best;
    }

    private int LargestFloat(float* x, int step)
    {
        int best = 0;
        for (int i = 1; i < _rowLength; i++)
        {
            float largest = x[(long)best * step], candidate = x[(long)i * step];
            if (candidate > largest || (float.IsNaN(candidate) && !float.IsNaN(largest))) best = i;
        }
        return best;
    }
}
