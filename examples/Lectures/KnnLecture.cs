// knn: K nearest neighbours. Nothing is learned: an image gets the label that most of the k training images most like it have.
//
//     D_ij = |a_i - b_j|^2 = |a_i|^2 - 2 a_i . b_j + |b_j|^2        a (B, 784) test images, b (N, 784) training images, D (B, N)
//
// (The rule: T. Cover and P. Hart, "Nearest neighbor pattern classification", IEEE Transactions on Information Theory 13, 1967. The formula is the law of cosines.)
//
// What to look at: the three lines of Distances. Written as a_i - b_j it would take an array of B N 784 differences, 4 GB for a batch of 128. Written out it is one product of matrices, the operation that
// computers do best, two vectors of squares, and a pass that adds them. Then the table: the number of training images matters more than k. "accuracy" is that of k = 1, the rule as Cover and Hart
// have it, in which no vote is tied; scikit-learn's default is 5. And the pictures of what goes wrong: pixel is compared with pixel, so that a stroke that is bent or moved is far from its like.
//
// --batch is how many test images are looked at together, --steps at how many batches; the seed and --epochs mean nothing here.
using System.Diagnostics;
using MiniDL.Pictures;
using static MiniDL.T;

namespace MiniDL.Examples;

/// <summary>K nearest neighbours on MNIST.</summary>
public static class KnnLecture
{
    private const int TrainingImages = 10_000, Shown = 10, NeighboursShown = 5;
    private static readonly int[] s_ks = [1, 3, 5, 10], s_sizes = [100, 1_000, TrainingImages];

    /// <summary>Classifies the test images by the first 100, 1,000 and 10,000 training images, with several k.</summary>
    public static string Run(Session session, string? _)
    {
        Mnist data = session.Mnist;
        var page = new LecturePage(session, "knn", "K nearest neighbours");
        long start = Stopwatch.GetTimestamp();
        int n = Math.Min(TrainingImages, data.TrainImages.Shape[0]), batch = Math.Min(session.Options.Batch, data.TestImages.Shape[0]);
        int[] sizes = [.. s_sizes.Select(size => Math.Min(size, n)).Distinct()];
        int tests = (int)Math.Min(data.TestImages.Shape[0], (long)(session.Options.Steps ?? int.MaxValue) * batch);

        // The training images stay on the device; a batch of test images goes in, their distances to all of them come out.
        Tensor a = Matrix("a"), b = Shared(data.TrainImages.Rows(0, n), "b");
        using Function distances = Function([a], Distances(a, b), device: session.Device);

        // Find the nearest ones of each test image, among all training images and among the first of them only.
        var matrix = new float[batch * n];
        var nearest = new int[sizes.Length, tests][];   // nearest first
        int done = 0;
        while (done < tests && !session.Cancellation.IsCancellationRequested)
        {
            int count = Math.Min(batch, tests - done);
            distances.Run(data.TestImages.Rows(done, count)).CopyTo<float>(matrix.AsSpan(0, count * n));
            for (int i = 0; i < count; i++, done++)
                for (int s = 0; s < sizes.Length; s++) nearest[s, done] = Nearest(matrix.AsSpan(i * n, sizes[s]), s_ks[^1]);
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        // Let them vote, and count who is right.
        double Percent(int size, int k) => 100.0 * Enumerable.Range(0, done).Count(i => Vote(nearest[size, i], k, data.TrainLabels) == data.TestLabels.Span<int>()[i]) / done;
        page.Text($"Test accuracy in percent on {done:N0} images, by k and by the number of training images ({seconds:F1} s for all distances).");
        page.Table(["k", .. sizes.Select(size => $"{size:N0}")], [.. s_ks.Select(k => (string[])[$"{k}", .. sizes.Select((_, s) => $"{Percent(s, k):F2}")])]);
        ShowErrors(page, data, [.. Enumerable.Range(0, done).Select(i => nearest[sizes.Length - 1, i])]);
        page.Save();
        return LecturePage.Json("knn",
            [("test_images", done), ("training_images", n), ("accuracy", Percent(sizes.Length - 1, 1)), .. s_ks.Select(k => ($"accuracy_k{k}", Percent(sizes.Length - 1, k))), ("seconds", seconds)]);
    }

    /// <summary>Squared distances between the rows of two matrices.</summary>
    /// <param name="a">(B, D).</param>
    /// <param name="b">(N, D).</param>
    /// <returns>(B, N); where two rows are alike, rounding may leave a little less than 0.</returns>
    public static Tensor Distances(Tensor a, Tensor b)
    {
        Tensor aa = Sum(Square(a), axis: 1, keepDims: true);    // (B, 1)
        Tensor bb = Sum(Square(b), axis: 1);                    // (N)
        return aa - 2 * Dot(a, Transpose(b)) + bb;
    }

    /// <summary>The places of the k smallest distances, the smallest first; of equal ones the earlier place first. All places if there are fewer.</summary>
    public static int[] Nearest(ReadOnlySpan<float> distances, int k)
    {
        var nearest = new int[Math.Min(k, distances.Length)];
        int found = 0;
        for (int j = 0; j < distances.Length; j++)
        {
            if (found == nearest.Length && !(distances[j] < distances[nearest[^1]])) continue;   // by far the most end here
            int place = found < nearest.Length ? found++ : found - 1;
            for (; place > 0 && distances[j] < distances[nearest[place - 1]]; place--) nearest[place] = nearest[place - 1];
            nearest[place] = j;
        }
        return nearest;
    }

    /// <summary>The label that most of the k nearest have. A tie goes to that of the tied labels which is met first, going from the nearest outwards.</summary>
    /// <param name="nearest">The neighbours, nearest first; at least one.</param>
    /// <param name="k">How many of them vote; all, if there are fewer.</param>
    /// <param name="labels">Of all training images, each 0..9.</param>
    public static int Vote(ReadOnlySpan<int> nearest, int k, NDArray labels)
    {
        ReadOnlySpan<int> digits = labels.Span<int>();
        Span<int> votes = stackalloc int[Mnist.Classes];
        nearest = nearest[..Math.Min(k, nearest.Length)];
        foreach (int neighbour in nearest) votes[digits[neighbour]]++;
        int best = digits[nearest[0]];
        foreach (int neighbour in nearest)
            if (votes[digits[neighbour]] > votes[best]) best = digits[neighbour];
        return best;
    }

    // The first test images that their nearest neighbour calls wrong, each followed by its five nearest; two such rows side by side.
    private static void ShowErrors(LecturePage page, Mnist data, int[][] nearest)
    {
        var pixels = new List<float>();
        var rows = new List<string[]>();
        for (int i = 0; i < nearest.Length && rows.Count < Shown; i++)
        {
            int truth = data.TestLabels.Span<int>()[i], answer = Vote(nearest[i], 1, data.TrainLabels);
            if (answer == truth || nearest[i].Length < NeighboursShown) continue;
            foreach (float ink in data.TestImages.Rows(i, 1).Span<float>()) pixels.Add(1 - ink);   // black on white, to tell it from its neighbours
            foreach (int neighbour in nearest[i][..NeighboursShown]) pixels.AddRange(data.TrainImages.Rows(neighbour, 1).Span<float>());
            string labels = string.Join(' ', nearest[i].Take(NeighboursShown).Select(neighbour => data.TrainLabels.Span<int>()[neighbour]));
            rows.Add([$"{i}", $"{truth}", $"{answer}", $"{Vote(nearest[i], NeighboursShown, data.TrainLabels)}", labels]);
        }
        if (rows.Count == 0) return;
        page.Heading($"The first {rows.Count} that are called wrong");
        page.Table(["test image", "is", "by the nearest", $"by {NeighboursShown}", $"the {NeighboursShown} nearest are"], rows);
        page.Picture("errors", ImageGrid.Make(pixels.ToArray(), Mnist.Side, Mnist.Side, columns: 2 * (1 + NeighboursShown), scale: 2),
            $"Each test image, black on white, and behind it its {NeighboursShown} nearest training images, the nearest first; in the order of the table, two in a row.", hasPreview: false);
    }
}
