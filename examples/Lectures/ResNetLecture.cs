// resnet: a residual net small enough for MNIST on two cores.
//
//     conv 3x3, then three residual blocks of two convolutions 3x3; each later one halves the image and doubles the channels; the mean of each channel, dense 10
//     batch normalisation after every convolution; SGD with Nesterov's momentum, one cycle of the learning rate; images shifted by up to 2 pixels
//
// What to look at: how few parameters it takes, and how little it needs to be told. With batch normalisation the rate may be large, and one cycle, up and down once over the whole run, makes
// a few epochs enough; most of the gain comes at the end, when the rate falls. The shifts are new in every epoch, so that the net hardly ever sees an image twice.
namespace MiniDL.Examples;

/// <summary>A small ResNet on MNIST.</summary>
public static class ResNetLecture
{
    private const int Epochs = 12, Shift = 2;
    private const float Peak = 0.1f, Momentum = 0.9f, Decay = 5e-4f;

    /// <summary>The net: 8, 16 and 32 channels.</summary>
    public static Layer Net => Networks.SmallResNet(width: 8);

    /// <summary>Trains it.</summary>
    public static string Run(Session session, string? _)
    {
        Options options = session.Options;
        var model = new Model(Net, input: [1, Mnist.Side, Mnist.Side], new Init(options.Seed));
        using var learner = new Learner(model, T.Vector("labels", DType.Int32),
            loss: (z, labels) => T.SparseCrossEntropy(z, labels),
            optimiser: (cost, parameters, rate) => T.WeightDecay(T.Nesterov(cost, parameters, rate, Momentum), parameters, rate * Decay), session.Device, options.Seed);

        DataSet training = session.TrainingImages;
        int steps = Math.Max(2, options.ScheduleOf(Epochs, training.Count / options.Batch));
        RunResult result = LearnerRun.Run(session, "resnet", claim: "", learner, training, new FitOptions
        {
            Epochs = Epochs,
            Schedule = Schedules.OneCycle(Peak, steps),
            Augment = ShiftImages,
            Validation = session.TestImages,
        });
        Summary.Show(session.Terminal, [result]);
        return RunResult.Json("resnet", [result]);
    }

    /// <summary>Moves each image of a batch (B, 1, H, W) by up to 2 pixels along both axes, in place; what comes in at the edge is black.</summary>
    public static void ShiftImages(NDArray images, ref SplitMix64 random)
    {
        Span<float> pixels = images.Span<float>(), copy = stackalloc float[Mnist.Pixels];
        for (int image = 0; image < images.Shape[0]; image++)
        {
            (int down, int right) = (Draw(ref random), Draw(ref random));
            Span<float> target = pixels.Slice(image * Mnist.Pixels, Mnist.Pixels);
            target.CopyTo(copy);
            target.Clear();
            int from = Math.Max(0, -right), width = Mnist.Side - Math.Abs(right);   // of each row that stays
            for (int y = Math.Max(0, -down); y < Mnist.Side - Math.Max(0, down); y++)
                copy.Slice(y * Mnist.Side + from, width).CopyTo(target[((y + down) * Mnist.Side + from + right)..]);
        }
    }

    private static int Draw(ref SplitMix64 random) => (int)(random.NextDouble() * (2 * Shift + 1)) - Shift;
}
