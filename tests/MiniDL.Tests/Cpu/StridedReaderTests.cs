// Reading and writing through index maps, against the definition: element = offset + sum of index times stride.
using MiniDL.Cpu;

namespace MiniDL.Tests.Cpu;

[TestFixture]
internal sealed unsafe class StridedReaderTests
{
    /// <summary>A random chain of a transpose, reversals, slices and stretches over a contiguous array, and how many elements that has.</summary>
    private static (IndexMap Map, int Count) RandomMap(Random random)
    {
        int rank = random.Next(1, 5);
        int[] full = [.. Enumerable.Range(0, rank).Select(_ => random.Next(1, 7))];
        int[] strides = Shape.Create(full).Strides(), dims = [.. full], order = [.. Enumerable.Range(0, rank)];
        int offset = 0;
        for (int axis = 0; axis < rank; axis++)
        {
            int step = random.Next(1, 3), start = random.Next(dims[axis]);
            if (random.Next(3) == 0) (offset, dims[axis], strides[axis]) = (offset + start * strides[axis], (dims[axis] - start + step - 1) / step, strides[axis] * step);
            if (random.Next(3) == 0) (offset, strides[axis]) = (offset + (dims[axis] - 1) * strides[axis], -strides[axis]);
            if (random.Next(4) == 0) (dims[axis], strides[axis]) = (random.Next(1, 6), 0);
        }
        if (random.Next(2) == 0) random.Shuffle(order);
        return (new IndexMap([.. order.Select(axis => dims[axis])], [.. order.Select(axis => strides[axis])], offset), (int)Shape.Create(full).Count);
    }

    private static int[] Elements(IndexMap map)
    {
        var elements = new int[map.Shape.Count];
        Span<int> index = stackalloc int[map.Shape.Rank];
        for (int p = 0; p < elements.Length; p++)
        {
            elements[p] = map.Offset;
            for (int axis = 0; axis < index.Length; axis++) elements[p] += index[axis] * map.Strides[axis];
            ReferenceArray.Advance(index, map.Shape);
        }
        return elements;
    }

    [Test]
    public void AnyRangeOfPositionsIsReadAsTheMapSays()
    {
        var random = new Random(1);
        for (int round = 0; round < 3000; round++)
        {
            (IndexMap map, int count) = RandomMap(random);
            int[] elements = Elements(map), source = [.. Enumerable.Range(100, count)];
            byte[] bytes = [.. Enumerable.Range(0, count).Select(i => (byte)i)];
            int start = random.Next(elements.Length), length = random.Next(1, elements.Length - start + 1);
            var read = new int[length + 1];
            var readBytes = new byte[length + 1];
            var reader = new StridedReader(map);
            fixed (int* from = source, to = read) reader.Read(from + map.Offset, to, start, length);
            fixed (byte* from = bytes, to = readBytes) reader.Read(from + map.Offset, to, start, length);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(read, Is.EqualTo(elements[start..(start + length)].Select(element => element + 100).Append(0)), $"{map} from {start}");
                Assert.That(readBytes, Is.EqualTo(elements[start..(start + length)].Select(element => (byte)element).Append((byte)0)), $"{map} from {start}");
                Assert.That(reader.IsContiguous, Is.EqualTo(map.IsContiguous), $"{map}");
                Assert.That(reader.ElementAt(start) + map.Offset, Is.EqualTo(elements[start]), $"{map} at {start}");
            }
        }
    }

    [Test]
    public void WritingIsReadingTheOtherWay()
    {
        var random = new Random(2);
        for (int round = 0; round < 2000; round++)
        {
            (IndexMap map, int count) = RandomMap(random);
            int[] elements = Elements(map);
            if (elements.Distinct().Count() != elements.Length) continue;   // a stretched target has no one value
            int start = random.Next(elements.Length), length = random.Next(1, elements.Length - start + 1);
            int[] values = [.. Enumerable.Range(1, length)], target = new int[count], expected = new int[count];
            for (int i = 0; i < length; i++) expected[elements[start + i]] = values[i];
            fixed (int* from = values, to = target) new StridedReader(map).Write(to + map.Offset, from, start, length);
            Assert.That(target, Is.EqualTo(expected), $"{map} from {start}");
        }
    }
}
