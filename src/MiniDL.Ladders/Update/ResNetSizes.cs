// The parameters of a ResNet-18, as a list of sizes.
//
// The one thing to understand: a real network has few large tensors and many tiny ones. 20 convolutions and a matrix have nearly all of the 11.7 million numbers; the other 41 tensors,
// scales and shifts of batch normalisation and a bias, have 10,600 together.
namespace MiniDL.Ladders;

/// <summary>Sizes of a network's parameters.</summary>
internal static class ResNetSizes
{
    private const int Stages = 4;
    private const int BlocksPerStage = 2;
    private const int Classes = 1000;

    /// <summary>Elements of each parameter of ResNet-18, in the order of the network.</summary>
    /// <remarks>K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", CVPR 2016, table 1: a 7 x 7 convolution of 3 channels; four stages of two blocks
    /// of two 3 x 3 convolutions, of width, 2, 4 and 8 times width channels, with a 1 x 1 convolution beside the first block of a stage that widens; a matrix and a bias for 1,000
    /// classes. A scale and a shift for each channel behind each convolution.</remarks>
    /// <param name="width">Channels of the first stage; 64 in the paper.</param>
    /// <example><code>int[] sizes = ResNetSizes.Of(64);   // 62 tensors, 11,689,512 elements</code></example>
    public static int[] Of(int width)
    {
        var sizes = new List<int>();
        Convolution(3, width, side: 7);
        int from = width;
        for (int stage = 0; stage < Stages; stage++)
        {
            int to = width << stage;
            for (int block = 0; block < BlocksPerStage; block++)
            {
                Convolution(from, to, side: 3);
                Convolution(to, to, side: 3);
                if (from != to) Convolution(from, to, side: 1);
                from = to;
            }
        }
        sizes.AddRange([Classes * from, Classes]);
        return [.. sizes];

        void Convolution(int inChannels, int outChannels, int side) => sizes.AddRange([outChannels * inChannels * side * side, outChannels, outChannels]);
    }
}
