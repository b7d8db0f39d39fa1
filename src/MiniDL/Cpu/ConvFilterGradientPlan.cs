// The convolution's gradient for its filters as one stage.
//
//     dF[o, c, ky, kx] = sum over b, oy, ox of X[b, c, oy * StrideY + ky - PadTop, ox * StrideX + kx - PadLeft] * dY[b, o, oy, ox]
//
// For each tap this is a product [C, positions] x [positions, O] whose summed dim, all positions of all images, is huge and
// whose result is small. So the images are cut into chunks; a worker takes a chunk and
//
//     1. transposes its X and dY to channels last:   [image][position][channel]
//     2. for each tap, tile of channels, panel of output channels: the micro-kernel sums over the chunk, one segment per row
//        of outputs, into the chunk's own partial dF
//
// and then all partial results are added, chunk by chunk, in order. The one thing to understand: how many chunks there are
// depends on the shape alone, never on the number of threads, so the sums round the same way on every machine.
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace MiniDL.Cpu;

/// <summary>dF[O,C,KH,KW] from X[B,C,H,W] and dY[B,O,OH,OW]; see <see cref="ConvShape"/>.</summary>
internal sealed unsafe class ConvFilterGradientPlan : ITeamWork, IDisposable
{
    /// <summary>Floats of X and dY per chunk that still live well in a 1 MB second-level cache.</summary>
    private const long MaxChunkFloats = 140_000;

    private readonly ConvShape _shape;
    private readonly ThreadTeam _team;
    private readonly MicroKernelSet _kernels;
    private readonly int _vectors, _panels, _chunks, _pitch;
    private readonly long _inputPitch, _outputPitch, _partialPitch;
    private readonly Scratch _chunkScratch;   // per worker: X, then dY, channels last
    private readonly Scratch _partials;       // per chunk: [tap][c][o]
    private readonly Scratch _offsets;        // per filter row ky: a pair for each (image, oy) that it meets
    private readonly int[] _validRows;        // per ky: how many oy it meets
    private readonly int _maxImages;
    private float* _x, _dY, _dF;
    private bool _adding;

    /// <summary>Plans the gradient and allocates its scratch memory.</summary>
    public ConvFilterGradientPlan(ConvShape shape, ThreadTeam team, MicroKernelSet? kernels = null)
    {
        (_shape, _team, _kernels) = (shape, team, kernels ?? MicroKernelSet.Best());
        _vectors = (shape.O + _kernels.Lanes - 1) / _kernels.Lanes;
        _panels = (_vectors + _kernels.Vectors - 1) / _kernels.Vectors;
        _pitch = (shape.O + 15) / 16 * 16;    // the same for every vector width, and so is the number of chunks

        // A multiple of four chunks shares out evenly among the usual numbers of cores.
        long imageFloats = (long)shape.InputPlane * shape.C + (long)shape.OutputPlane * _pitch;
        long chunks = (shape.B * imageFloats + MaxChunkFloats - 1) / MaxChunkFloats;
        _chunks = (int)Math.Clamp((chunks + 3) / 4 * 4, 1, Math.Max(1, shape.B));
        _maxImages = (shape.B + _chunks - 1) / _chunks;

        _inputPitch = Scratch.Padded((long)shape.InputPlane * shape.C * _maxImages);
        _outputPitch = Scratch.Padded((long)shape.OutputPlane * _pitch * _maxImages);
        _chunkScratch = new Scratch(team.Threads * (_inputPitch + _outputPitch));
        _partialPitch = (long)shape.Taps * shape.C * _pitch;
        _partials = new Scratch(_chunks * _partialPitch);
        _validRows = new int[shape.KH];
        _offsets = new Scratch(2L * shape.KH * _maxImages * shape.OH);
        FillOffsets();
    }

    /// <summary>Computes dF.</summary>
    public void Run(float* x, float* dY, float* dF)
    {
        _x = x;
        _dY = dY;
        _dF = dF;
        _adding = false;
        _team.Run(this, _chunks);
        _adding = true;
        _team.Run(this, _shape.C);
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose()
    {
        _chunkScratch.Dispose();
        _partials.Dispose();
        _offsets.Dispose();
    }

    /// <inheritdoc/>
    void ITeamWork.Do(int item, int worker)
    {
        if (_adding) AddPartials(item);
        else ComputeChunk(item, worker);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ComputeChunk(int chunk, int worker)
    {
        int first = ImageStart(chunk), images = ImageStart(chunk + 1) - first;
        float* x = _chunkScratch.Floats + worker * (_inputPitch + _outputPitch), dY = x + _inputPitch;
        ChannelsLast(_x, first, images, _shape.C, _shape.InputPlane, x, _shape.C);
        ChannelsLast(_dY, first, images, _shape.O, _shape.OutputPlane, dY, _pitch);
        float* partial = _partials.Floats + chunk * _partialPitch;
        for (int ky = 0; ky < _shape.KH; ky++)
            for (int kx = 0; kx < _shape.KW; kx++)
                ComputeTap(ky, kx, images, x, dY, partial + (nint)(ky * _shape.KW + kx) * _shape.C * _pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ChannelsLast(float* source, int first, int images, int channels, int plane, float* target, int pitch)
    {
        for (int image = 0; image < images; image++)
            Packing.Transpose(source + (long)(first + image) * channels * plane, plane, channels, plane,
                target + (long)image * plane * pitch, pitch);
    }

    /// <summary>One tap's [C, O] part of a partial result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ComputeTap(int ky, int kx, int images, float* x, float* dY, float* target)
    {
        // Outputs ox from `left` to `end` - 1 meet an input column through kx.
        int left = Math.Min(_shape.OW, Math.Max(0, (_shape.PadLeft - kx + _shape.StrideX - 1) / _shape.StrideX));
        int end = 0;
        while (end < _shape.OW && end * _shape.StrideX + kx - _shape.PadLeft < _shape.W) end++;
        int column = left * _shape.StrideX + kx - _shape.PadLeft;

        TileCall call = new()
        {
            ARow = 1,
            AStep = (nint)_shape.StrideX * _shape.C,
            BStep = _pitch,
            CRow = _pitch,
            Alpha = 1,
            K = Math.Max(0, end - left),
            Segments = images * _validRows[ky],
            Offsets = _offsets.Ints + 2L * ky * _maxImages * _shape.OH,
        };
        int tiles = (_shape.C + _kernels.Rows - 1) / _kernels.Rows;
        for (int tile = 0; tile < tiles; tile++)
        {
            int c = _shape.C * tile / tiles, rows = _shape.C * (tile + 1) / tiles - c;
            for (int panel = 0; panel < _panels; panel++)
            {
                int vector = VectorStart(panel), o = vector * _kernels.Lanes;
                call.A = x + (nint)column * _shape.C + c;
                call.B = dY + (nint)left * _pitch + o;
                call.C = target + (nint)c * _pitch + o;
                _kernels[rows, VectorStart(panel + 1) - vector](&call);
            }
        }
    }

    /// <summary>Adds the chunks' results for input channel c, in order, and writes them as [o][c][tap].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddPartials(int c)
    {
        float* sum = _partials.Floats + (nint)c * _pitch;
        nint tapPitch = (nint)_shape.C * _pitch;
        for (int tap = 0; tap < _shape.Taps; tap++)
        {
            var total = new Span<float>(sum + tap * tapPitch, _pitch);
            for (int chunk = 1; chunk < _chunks; chunk++)
                TensorPrimitives.Add(total, new ReadOnlySpan<float>(sum + chunk * _partialPitch + tap * tapPitch, _pitch), total);
        }
        Packing.Transpose(sum, tapPitch, _shape.Taps, _shape.O, _dF + c * _shape.Taps, (nint)_shape.C * _shape.Taps);
    }

    /// <summary>Per ky, the pairs (row of X, row of dY) of every image of a chunk, image by image.</summary>
    private void FillOffsets()
    {
        for (int ky = 0; ky < _shape.KH; ky++)
        {
            int* next = _offsets.Ints + 2L * ky * _maxImages * _shape.OH;
            for (int image = 0; image < _maxImages; image++)
                for (int oy = 0; oy < _shape.OH; oy++)
                {
                    int y = oy * _shape.StrideY + ky - _shape.PadTop;
                    if ((uint)y >= (uint)_shape.H) continue;
                    *next++ = checked((image * _shape.InputPlane + y * _shape.W) * _shape.C);
                    *next++ = checked((image * _shape.OutputPlane + oy * _shape.OW) * _pitch);
                    if (image == 0) _validRows[ky]++;
                }
        }
    }

    private int ImageStart(int chunk) => (int)((long)_shape.B * chunk / _chunks);

    private int VectorStart(int panel) => (int)((long)_vectors * panel / _panels);
}
