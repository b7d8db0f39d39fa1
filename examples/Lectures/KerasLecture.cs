// keras: the convolutional net of Keras' examples, as its authors train it.
//
//     32 filters 3x3, relu, 64 filters 3x3, relu, max-pool 2, dropout 0.25, dense 128, relu, dropout 0.5, dense 10
//     cross-entropy; Adadelta with rate 1; batches of 128, shuffled; 12 epochs
//
// What to look at: the parameters (1,199,882, of which 1,179,776 are in one dense layer), and that the test accuracy is above the training accuracy. Nothing is wrong there: in training a quarter and a half of the units are
// dropped, in testing none, and an epoch's training accuracy counts answers given all through the epoch, the first by a net that knew less.
//
// Its authors write of 99.25 % after 12 epochs.
namespace MiniDL.Examples;

/// <summary>The Keras CNN on MNIST.</summary>
public static class KerasLecture
{
    private const int Epochs = 12;

    /// <summary>Trains it.</summary>
    public static string Run(Session session, string? _)
    {
        ulong seed = session.Options.Seed;
        var model = new Model(Networks.KerasCnn(), input: [1, Mnist.Side, Mnist.Side], new Init(seed));
        using var learner = new Learner(model, T.Vector("labels", DType.Int32),
            loss: (z, labels) => T.SparseCrossEntropy(z, labels),
            optimiser: (cost, parameters, rate) => T.Adadelta(cost, parameters, rate), session.Device, seed);

        RunResult result = LearnerRun.Run(session, "keras", claim: "99.25 %", learner, session.TrainingImages, new FitOptions
        {
            Epochs = Epochs,
            Schedule = Schedules.Constant(1),
            Validation = session.TestImages,
        });
        Summary.Show(session.Terminal, [result]);
        return RunResult.Json("keras", [result]);
    }
}
