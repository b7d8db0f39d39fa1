using System.Buffers.Binary;

namespace MiniDL.Examples.Tests;

/// <summary>A folder with the four files of MNIST, but 24 training and 10 test images of noise; deleted when disposed.</summary>
internal sealed class TinyData : IDisposable
{
    public const int TrainCount = 24, TestCount = 10;

    public TinyData()
    {
        Folder = Directory.CreateTempSubdirectory("minidl-tiny-").FullName;
        var random = new SplitMix64(seed: 5);
        WriteImages("train-images-idx3-ubyte", TrainCount, ref random);
        WriteLabels("train-labels-idx1-ubyte", TrainCount);
        WriteImages("t10k-images-idx3-ubyte", TestCount, ref random);
        WriteLabels("t10k-labels-idx1-ubyte", TestCount);
    }

    public string Folder { get; }

    public string TrainImages => Path.Combine(Folder, "train-images-idx3-ubyte");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private void WriteImages(string name, int count, ref SplitMix64 random)
    {
        var bytes = new byte[16 + count * 784];
        Header(bytes, count, 28, 28);
        for (int i = 16; i < bytes.Length; i++) bytes[i] = (byte)(random.NextBits() >> 56);
        File.WriteAllBytes(Path.Combine(Folder, name), bytes);
    }

    private void WriteLabels(string name, int count)
    {
        var bytes = new byte[8 + count];
        Header(bytes, count);
        for (int i = 0; i < count; i++) bytes[8 + i] = (byte)(i % 10);
        File.WriteAllBytes(Path.Combine(Folder, name), bytes);
    }

    private static void Header(byte[] bytes, params int[] dims)
    {
        (bytes[2], bytes[3]) = (8, (byte)dims.Length);
        for (int i = 0; i < dims.Length; i++) BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 + 4 * i), dims[i]);
    }
}
