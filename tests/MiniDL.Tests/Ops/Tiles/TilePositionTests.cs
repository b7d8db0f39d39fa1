// An element's bits do not depend on where it stands: not on the length of the tile, not on its neighbours, not on whether
// the result overwrites an input. Results that are computed again, or split over threads another way, rely on it.
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using MiniDL.Ops;

namespace MiniDL.Tests.Ops.Tiles;

[TestFixture]
public sealed class TilePositionTests
{
    /// <summary>Any routine, on the raw bits of its elements.</summary>
    public delegate void Routine(ReadOnlySpan<uint> x, ReadOnlySpan<uint> y, Span<uint> dst);

    private delegate void Map<TX, TDst>(ReadOnlySpan<TX> x, Span<TDst> dst);

    private delegate void Map2<TX, TDst>(ReadOnlySpan<TX> x, ReadOnlySpan<TX> y, Span<TDst> dst);

    private static IEnumerable<TestCaseData> Routines()
    {
        (string, Map<float, float>)[] floats =
        [
            ("Exp", Tile.Exp), ("Expm1", Tile.Expm1), ("Sigmoid", Tile.Sigmoid), ("Tanh", Tile.Tanh), ("Log", Tile.Log),
            ("Log1p", Tile.Log1p), ("Softplus", Tile.Softplus), ("Sin", Tile.Sin), ("Cos", Tile.Cos), ("Erf", Tile.Erf),
            ("Relu", Tile.Relu), ("Sign", Tile.Sign),
            ("Sqrt", Tile.Sqrt), ("ReciprocalSqrt", Tile.ReciprocalSqrt),
            ("TensorPrimitives.Reciprocal", TensorPrimitives.Reciprocal), ("TensorPrimitives.Floor", TensorPrimitives.Floor),
            ("TensorPrimitives.Abs", TensorPrimitives.Abs), ("TensorPrimitives.Negate", TensorPrimitives.Negate),
        ];
        (string, Map2<float, float>)[] floats2 =
        [
            ("Maximum", Tile.Maximum), ("Minimum", Tile.Minimum), ("Pow", Tile.Pow),
            ("TensorPrimitives.Add", TensorPrimitives.Add), ("TensorPrimitives.Subtract", TensorPrimitives.Subtract),
            ("TensorPrimitives.Multiply", TensorPrimitives.Multiply), ("TensorPrimitives.Divide", TensorPrimitives.Divide),
        ];
        (string, Map2<float, uint>)[] comparisons =
        [
            ("Less", Tile.Less), ("LessOrEqual", Tile.LessOrEqual), ("Greater", Tile.Greater),
            ("GreaterOrEqual", Tile.GreaterOrEqual), ("Equal", Tile.Equal), ("NotEqual", Tile.NotEqual),
        ];
        (string, Map2<int, uint>)[] intComparisons =
        [
            ("Less, int", Tile.Less), ("LessOrEqual, int", Tile.LessOrEqual), ("Greater, int", Tile.Greater),
            ("GreaterOrEqual, int", Tile.GreaterOrEqual), ("Equal, int", Tile.Equal), ("NotEqual, int", Tile.NotEqual),
        ];
        (string, Map2<int, int>)[] ints =
        [
            ("Maximum, int", Tile.Maximum), ("Minimum, int", Tile.Minimum), ("TensorPrimitives.Add, int", TensorPrimitives.Add),
            ("TensorPrimitives.Subtract, int", TensorPrimitives.Subtract), ("TensorPrimitives.Multiply, int", TensorPrimitives.Multiply),
        ];
        (string, Map2<uint, uint>)[] logic = [("And", Tile.And), ("Or", Tile.Or), ("Xor", Tile.Xor)];
        return
        [
            .. floats.Select(f => Of(f.Item1, f.Item2)), .. floats2.Select(f => Of(f.Item1, f.Item2)),
            .. comparisons.Select(f => Of(f.Item1, f.Item2)), .. intComparisons.Select(f => Of(f.Item1, f.Item2)),
            .. ints.Select(f => Of(f.Item1, f.Item2)), .. logic.Select(f => Of(f.Item1, f.Item2)),
            Of<uint, uint>("Not", Tile.Not), Of<int, int>("Abs, int", Tile.Abs), Of<int, int>("TensorPrimitives.Negate, int", TensorPrimitives.Negate),
            Of<float, int>("FloatToInt", Tile.FloatToInt), Of<int, float>("IntToFloat", Tile.IntToFloat),
            Of<uint, float>("MaskToFloat", Tile.MaskToFloat), Of<uint, int>("MaskToInt", Tile.MaskToInt),
            Of<float, uint>("ToMask", Tile.ToMask), Of<int, uint>("ToMask, int", Tile.ToMask),
            new TestCaseData((Routine)((x, y, dst) => Tile.Where(x, x, y, dst))).SetArgDisplayNames("Where"),
        ];
    }

    [TestCaseSource(nameof(Routines))]
    public void AnElementHasTheSameBitsInTilesOfEveryLength(Routine routine)
    {
        (uint[] x, uint[] y) = (Bits(seed: 1), Bits(seed: 2));
        var whole = new uint[x.Length];
        routine(x, y, whole);

        var wrong = new List<string>();
        for (int length = 0; length <= 70; length++)
            for (int start = 0; start < 200; start += 13)
            {
                var part = new uint[length];
                routine(x.AsSpan(start, length), y.AsSpan(start, length), part);
                if (!part.AsSpan().SequenceEqual(whole.AsSpan(start, length))) wrong.Add($"{length} from {start}");
            }
        Assert.That(wrong, Is.Empty);
    }

    [TestCaseSource(nameof(Routines))]
    public void TheResultMayOverwriteEitherInput(Routine routine)
    {
        foreach (int length in (int[])[1, 15, 16, 33, 256])
        {
            (uint[] x, uint[] y) = (Bits(seed: 3)[..length], Bits(seed: 4)[..length]);
            (uint[] overX, uint[] overY, uint[] apart) = ([.. x], [.. y], new uint[length]);
            routine(x, y, apart);
            routine(overX, y, overX);
            routine(x, overY, overY);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(overX, Is.EqualTo(apart));
                Assert.That(overY, Is.EqualTo(apart));
            }
        }
    }

    [Test]
    public void UnequalLengthsAreRefusedBeforeAnythingIsWritten()
    {
        var dst = new float[20];
        var error = Assert.Throws<ArgumentException>(() => Tile.Relu(new float[19], dst));
        Assert.That(error!.Message, Does.Contain("19").And.Contain("20"));
    }

    private static TestCaseData Of<TX, TDst>(string name, Map<TX, TDst> tile) where TX : struct where TDst : struct =>
        new TestCaseData((Routine)((x, _, dst) => tile(MemoryMarshal.Cast<uint, TX>(x), MemoryMarshal.Cast<uint, TDst>(dst)))).SetArgDisplayNames(name);

    private static TestCaseData Of<TX, TDst>(string name, Map2<TX, TDst> tile) where TX : struct where TDst : struct =>
        new TestCaseData((Routine)((x, y, dst) =>
            tile(MemoryMarshal.Cast<uint, TX>(x), MemoryMarshal.Cast<uint, TX>(y), MemoryMarshal.Cast<uint, TDst>(dst)))).SetArgDisplayNames(name);

    /// <summary>300 elements in random order: half of them any bits at all, half floats between -4 and 4.</summary>
    private static uint[] Bits(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 300).Select(_ =>
            random.Next(2) == 0 ? (uint)random.NextInt64(1L << 32) : BitConverter.SingleToUInt32Bits(random.NextSingle() * 8 - 4))];
    }
}
