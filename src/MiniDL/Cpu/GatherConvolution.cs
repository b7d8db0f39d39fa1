// A convolution that gathers: every output position sums over the taps that reach it. Forward and input gradient are both this.
//
// It stands in the run phase under ConvForwardPlan and ConvInputGradientPlan, which differ in their TapTable and in how the
// filters lie in memory. First the filters are packed: [panel of output channels][tap][input channel][output channel]. Then,
// for a block of up to 8 images, a worker
//
//     1. interleaves the input:        [image][channel][position] -> [position][channel][image]
//     2. for each output position:     the micro-kernel's rows are the images, its columns the output channels, and its
//                                      segments the position's taps, K = taps in a row x channels, contiguous in both operands
//     3. transposes each image back:   [position][channel] -> [channel][position], and calls the epilogue
//
// The one thing to understand: because a tile's rows are images, not neighbouring pixels, all of its rows have the same taps.
// So there is no im2col buffer, no padding, not one multiplication by zero, and no plane too small to fill a tile; and each
// input is moved once, not once per tap. With few images (or large ones) the rows are neighbouring pixels of one image instead.
using System.Runtime.CompilerServices;

namespace MiniDL.Cpu;

/// <summary>Called when an image's output (channels x positions, contiguous) is finished and still in the cache.</summary>
internal interface IConvEpilogue
{
    /// <summary>Called exactly once per image, on the worker that computed it.</summary>
    void Apply(int image, int worker);
}

/// <summary>Where a filter element stands: channel * InputStride + output channel * OutputStride + tap, the taps counted from
/// the last one if Reversed.</summary>
internal readonly record struct FilterLayout(int InputStride, int OutputStride, bool Reversed);

/// <summary>out[b, n, p] = sum over p's taps t and channels c of in[b, c, position(p, t)] * filters[t, c, n].</summary>
internal sealed unsafe class GatherConvolution : ITeamWork, IDisposable
{
    /// <summary>Floats of input and output per block of images that still live well in a 1 MB second-level cache.</summary>
    private const long MaxBlockFloats = 400_000;

    private readonly ThreadTeam _team;
    private readonly MicroKernelSet _kernels;
    private readonly IConvEpilogue? _epilogue;
    private readonly TapTable _table;
    private readonly int _images, _inChannels, _inPlane, _outChannels, _outPlane;
    private readonly int _taps, _rows, _blocks, _vectors, _panels, _panelWidth, _outPitch;
    private readonly FilterLayout _layout;
    private readonly Scratch _packed;         // the filters, panel by panel
    private readonly Scratch _offsets;        // all lists' segments, as the kernel's offset pairs
    private readonly int[] _listStart;        // first pair of each list
    private readonly Scratch _blockScratch;   // per worker: interleaved input, then output
    private readonly long _inputPitch, _outputPitch;
    private float* _input, _filters, _output;
    private bool _packing;

    /// <summary>Plans for <paramref name="images"/> images and allocates the scratch memory.</summary>
    public GatherConvolution(TapTable table, int images, int inChannels, int inPlane, int outChannels, int taps, FilterLayout layout,
        ThreadTeam team, IConvEpilogue? epilogue, MicroKernelSet kernels)
    {
        (_taps, _layout) = (taps, layout);
        (_team, _kernels, _epilogue, _table) = (team, kernels, epilogue, table);
        (_images, _inChannels, _inPlane, _outChannels, _outPlane) = (images, inChannels, inPlane, outChannels, table.Bases.Length);
        _vectors = (outChannels + kernels.Lanes - 1) / kernels.Lanes;
        _panels = (_vectors + kernels.Vectors - 1) / kernels.Vectors;
        _panelWidth = _panels == 0 ? 0 : (_vectors + _panels - 1) / _panels * kernels.Lanes;
        _outPitch = _vectors * kernels.Lanes;
        _packed = new Scratch(_panels * PanelFloats);

        // Rows are images, if there are enough of them and they are small; otherwise one image, and rows are pixels.
        long imageFloats = (long)inPlane * inChannels + (long)_outPlane * _outPitch;
        int fit = (int)Math.Min(kernels.Rows, MaxBlockFloats / Math.Max(1, imageFloats));
        _rows = images >= 4 && fit >= 4 ? fit : 1;
        _blocks = (images + _rows - 1) / _rows;
        if (_rows > 1) _rows = (images + _blocks - 1) / _blocks;
        _inputPitch = Scratch.Padded((long)inPlane * inChannels * _rows);
        _outputPitch = Scratch.Padded((long)_outPlane * _outPitch * _rows);
        _blockScratch = new Scratch(team.Threads * (_inputPitch + _outputPitch));
        (_offsets, _listStart) = Offsets();
    }

    private long PanelFloats => (long)_taps * _inChannels * _panelWidth;

    /// <summary>Packs the filters and computes all images.</summary>
    public void Run(float* input, float* filters, float* output)
    {
        _input = input;
        _filters = filters;
        _output = output;
        _packing = true;
        _team.Run(this, _inChannels);
        _packing = false;
        _team.Run(this, _blocks);
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose()
    {
        _packed.Dispose();
        _offsets.Dispose();
        _blockScratch.Dispose();
    }

    /// <inheritdoc/>
    void ITeamWork.Do(int item, int worker)
    {
        if (_packing) PackChannel(item);
        else ComputeBlock(ImageStart(item), ImageStart(item + 1) - ImageStart(item), worker);
    }

    /// <summary>One input channel's filters: [output channel][tap] becomes, per panel, [tap][output channel].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackChannel(int channel)
    {
        float* source = _filters + (nint)channel * _layout.InputStride;
        nint step = (nint)_inChannels * _panelWidth;
        for (int panel = 0; panel < _panels; panel++)
        {
            int first = VectorStart(panel) * _kernels.Lanes, end = Math.Min(_outChannels, VectorStart(panel + 1) * _kernels.Lanes);
            float* target = _packed.Floats + panel * PanelFloats + channel * _panelWidth;
            Packing.Transpose(source + (nint)first * _layout.OutputStride, _layout.OutputStride, end - first, _taps,
                _layout.Reversed ? target + (_taps - 1) * step : target, _layout.Reversed ? -step : step);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ComputeBlock(int first, int images, int worker)
    {
        float* input = _blockScratch.Floats + worker * (_inputPitch + _outputPitch), output = input + _inputPitch;
        Interleave(first, images, input);
        if (_rows > 1) ComputeImages(input, images, output);
        else ComputePixels(input, output);
        for (int image = 0; image < images; image++)
        {
            Packing.Transpose(output + (long)image * _outPlane * _outPitch, _outPitch, _outPlane, _outChannels,
                _output + (long)(first + image) * _outChannels * _outPlane, _outPlane);
            _epilogue?.Apply(first + image, worker);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Interleave(int first, int images, float* target)
    {
        float* source = _input + (long)first * _inChannels * _inPlane;
        if (_rows == 1)
        {
            Packing.Transpose(source, _inPlane, _inChannels, _inPlane, target, _inChannels);
            return;
        }

        // A few positions of all channels at a time: the lines that are being written stay in the nearest caches.
        const int Positions = 16;
        for (int p = 0; p < _inPlane; p += Positions)
            for (int c = 0; c < _inChannels; c++)
                Packing.Transpose(source + c * _inPlane + p, (nint)_inChannels * _inPlane, images, Math.Min(Positions, _inPlane - p),
                    target + ((nint)p * _inChannels + c) * images, (nint)_inChannels * images);
    }

    /// <summary>Tiles whose rows are the block's images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ComputeImages(float* input, int images, float* output)
    {
        TileCall call = new()
        {
            ARow = 1,
            AStep = images,
            BStep = _panelWidth,
            CRow = (nint)_outPlane * _outPitch,
            Alpha = 1,
        };
        for (int panel = 0; panel < _panels; panel++)
        {
            int vector = VectorStart(panel);
            var kernel = _kernels[images, VectorStart(panel + 1) - vector];
            for (int p = 0; p < _outPlane; p++)
            {
                SetTaps(&call, _table.Kinds[p], images);
                call.A = input + (nint)_table.Bases[p] * _inChannels * images;
                call.B = _packed.Floats + panel * PanelFloats;
                call.C = output + (nint)p * _outPitch + vector * _kernels.Lanes;
                kernel(&call);
            }
        }
    }

    /// <summary>Tiles whose rows are neighbouring positions of one image that have the same taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ComputePixels(float* input, float* output)
    {
        TileCall call = new() { AStep = 1, BStep = _panelWidth, CRow = _outPitch, Alpha = 1 };
        int[] bases = _table.Bases, kinds = _table.Kinds;
        for (int p = 0, rows; p < _outPlane; p += rows)
        {
            // Take as many positions as have the same list and stand equally far apart.
            int step = p + 1 < _outPlane ? bases[p + 1] - bases[p] : 0;
            for (rows = 1; rows < _kernels.Rows && p + rows < _outPlane; rows++)
                if (kinds[p + rows] != kinds[p] || bases[p + rows] - bases[p + rows - 1] != step) break;
            SetTaps(&call, kinds[p], 1);
            call.A = input + (nint)bases[p] * _inChannels;
            call.ARow = (nint)step * _inChannels;
            for (int panel = 0; panel < _panels; panel++)
            {
                int vector = VectorStart(panel);
                call.B = _packed.Floats + panel * PanelFloats;
                call.C = output + (nint)p * _outPitch + vector * _kernels.Lanes;
                _kernels[rows, VectorStart(panel + 1) - vector](&call);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SetTaps(TileCall* call, int kind, int images)
    {
        TapList list = _table.Lists[kind];
        call->K = list.Run * _inChannels;
        call->Segments = list.Segments.Length;
        call->Offsets = _offsets.Ints + 2 * (_listStart[kind] + (images == _rows ? 0 : _listStart[^1]));
    }

    /// <summary>The kernel's pairs for each list: for blocks of _rows images, then for those of one image less.</summary>
    private (Scratch Pairs, int[] Starts) Offsets()
    {
        int[] starts = new int[_table.Lists.Count + 1];
        for (int list = 0; list < _table.Lists.Count; list++) starts[list + 1] = starts[list] + _table.Lists[list].Segments.Length;
        var pairs = new Scratch(4L * starts[^1]);
        int* next = pairs.Ints;
        for (int less = 0; less < 2; less++)
            foreach (TapList list in _table.Lists)
                foreach ((int position, int tap) in list.Segments)
                {
                    *next++ = checked(position * _inChannels * (_rows - less));
                    *next++ = checked(tap * _inChannels * _panelWidth);
                }
        return (pairs, starts);
    }

    // Blocks are as equal as can be: each has _rows images or one less.
    private int ImageStart(int block) => (int)((long)_images * block / _blocks);

    private int VectorStart(int panel) => (int)((long)_vectors * panel / _panels);
}
