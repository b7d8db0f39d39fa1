// Fragments, products and loads of the tensor cores.
using MiniDL.Simulator.Arithmetic;
using MiniDL.Simulator.Tensor;

namespace MiniDL.Simulator.Tests.Tensor;

[TestFixture]
public sealed unsafe class TensorTests
{
    [Test]
    public void Places_by_hand()
    {
        // Lane 13: g = 3, t = 1.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Enumerable.Range(0, 4).Select(e => Fragment.OfA(13, e, 1)), Is.EqualTo(new[] { (3, 1), (11, 1), (3, 5), (11, 5) }), "tf32: rows 3 and 11, then 4 columns on");
            Assert.That(Enumerable.Range(0, 2).Select(e => Fragment.OfB(13, e, 1)), Is.EqualTo(new[] { (1, 3), (5, 3) }));
            Assert.That(Enumerable.Range(0, 8).Select(e => Fragment.OfA(13, e, 2)), Is.EqualTo(new[] { (3, 2), (3, 3), (11, 2), (11, 3), (3, 10), (3, 11), (11, 10), (11, 11) }));
            Assert.That(Enumerable.Range(0, 4).Select(e => Fragment.OfB(13, e, 2)), Is.EqualTo(new[] { (2, 3), (3, 3), (10, 3), (11, 3) }));
            Assert.That(Enumerable.Range(0, 4).Select(e => Fragment.OfC(13, e)), Is.EqualTo(new[] { (3, 2), (3, 3), (11, 2), (11, 3) }));
        }
    }

    [TestCase(1, 8)]
    [TestCase(2, 16)]
    public void Every_element_is_held_once(int perRegister, int k)
    {
        var a = from lane in Enumerable.Range(0, 32) from e in Enumerable.Range(0, 16 * k / 32) select Fragment.OfA(lane, e, perRegister);
        var b = from lane in Enumerable.Range(0, 32) from e in Enumerable.Range(0, 8 * k / 32) select Fragment.OfB(lane, e, perRegister);
        var c = from lane in Enumerable.Range(0, 32) from e in Enumerable.Range(0, 4) select Fragment.OfC(lane, e);
        Assert.That(a, Is.EquivalentTo(from i in Enumerable.Range(0, 16) from j in Enumerable.Range(0, k) select (i, j)));
        Assert.That(b, Is.EquivalentTo(from i in Enumerable.Range(0, k) from j in Enumerable.Range(0, 8) select (i, j)));
        Assert.That(c, Is.EquivalentTo(from i in Enumerable.Range(0, 16) from j in Enumerable.Range(0, 8) select (i, j)));
    }

    [TestCase("mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32", 2, 1, 4)]
    [TestCase("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", 4, 2, 4)]
    [TestCase("mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16", 2, 1, 2)]
    [TestCase("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 4, 2, 4)]
    [TestCase("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16", 4, 2, 2)]
    [TestCase("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 4, 2, 4)]
    public void Products_agree_with_plain_matrices(string spelling, int registersOfA, int registersOfB, int registersOfC)
    {
        MatrixMultiply mma = MatrixMultiply.Find(spelling)!;
        Assert.That((mma.RegistersOfA, mma.RegistersOfB, mma.RegistersOfC), Is.EqualTo((registersOfA, registersOfB, registersOfC)));

        // Small whole numbers: every type holds them, and every sum is exact.
        int per = mma.Type == TensorType.Tf32 ? 1 : 2;
        var random = new Random(mma.K);
        int[,] a = Whole(16, mma.K), b = Whole(mma.K, 8), c = Whole(16, 8);
        uint* memory = stackalloc uint[32 * 12];
        uint** rows = stackalloc uint*[12];
        for (int i = 0; i < 12; i++) rows[i] = memory + 32 * i;
        uint** ra = rows, rb = rows + 4, rc = rows + 6;
        for (int lane = 0; lane < 32; lane++)
        {
            for (int e = 0; e < registersOfA * per; e++) Put(ra, lane, e, a[Fragment.OfA(lane, e, per).Row, Fragment.OfA(lane, e, per).K]);
            for (int e = 0; e < registersOfB * per; e++) Put(rb, lane, e, b[Fragment.OfB(lane, e, per).K, Fragment.OfB(lane, e, per).Column]);
            for (int e = 0; e < 4; e++)
            {
                float value = c[Fragment.OfC(lane, e).Row, Fragment.OfC(lane, e).Column];
                if (mma.SumsInF16) ((Half*)(rc[e / 2] + lane))[e % 2] = (Half)value;
                else ((float*)rc[e])[lane] = value;
            }
        }
        mma.Run(rc, ra, rb, rc);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int e = 0; e < 4; e++)
            {
                (int row, int column) = Fragment.OfC(lane, e);
                int expected = c[row, column] + Enumerable.Range(0, mma.K).Sum(k => a[row, k] * b[k, column]);
                float actual = mma.SumsInF16 ? (float)((Half*)(rc[e / 2] + lane))[e % 2] : ((float*)rc[e])[lane];
                Assert.That(actual, Is.EqualTo(expected), $"({row}, {column})");
            }
        }

        int[,] Whole(int m, int n)
        {
            var matrix = new int[m, n];
            for (int i = 0; i < m; i++) for (int j = 0; j < n; j++) matrix[i, j] = random.Next(-4, 5);
            return matrix;
        }

        void Put(uint** registers, int lane, int element, float value)
        {
            uint bits = BitConverter.SingleToUInt32Bits(value);
            if (mma.Type == TensorType.Tf32) registers[element][lane] = bits;
            else ((ushort*)(registers[element / 2] + lane))[element % 2] = mma.Type == TensorType.F16 ? BitConverter.HalfToUInt16Bits((Half)value) : (ushort)(bits >> 16);
        }
    }

    [Test]
    public void Tf32_does_not_look_at_the_last_13_bits()
    {
        MatrixMultiply mma = MatrixMultiply.Find("mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32")!;
        uint* memory = stackalloc uint[32 * 7];
        uint** rows = stackalloc uint*[7];
        for (int i = 0; i < 7; i++) rows[i] = memory + 32 * i;
        new Span<uint>(memory, 32 * 7).Clear();
        // A(0, 0) = 1 + 2^-23 in lane 0, B(0, 0) = 1: the product is 1.
        rows[0][0] = 0x3F800001;
        rows[2][0] = 0x3F800000;
        mma.Run(rows + 3, rows, rows + 2, rows + 3);
        Assert.That(((float*)rows[3])[0], Is.EqualTo(1f));
    }

    [Test]
    public void Other_shapes_and_types_are_not_known()
    {
        Assert.That(MatrixMultiply.Find("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64"), Is.Null);
        Assert.That(MatrixMultiply.Find("mma.sync.aligned.m16n8k16.col.row.f32.f16.f16.f32"), Is.Null);
    }

    [Test]
    public void Matrices_are_loaded_as_fragments()
    {
        // Element (r, c) of matrix m is 100 m + 10 r + c.
        ushort* elements = stackalloc ushort[4 * 64];
        ushort** addresses = stackalloc ushort*[32];
        for (int i = 0; i < 256; i++) elements[i] = (ushort)(100 * (i / 64) + 10 * (i / 8 % 8) + i % 8);
        for (int i = 0; i < 32; i++) addresses[i] = elements + 8 * i;
        uint* memory = stackalloc uint[32 * 4];
        uint** d = stackalloc uint*[4];
        for (int i = 0; i < 4; i++) d[i] = memory + 32 * i;

        LoadMatrix.Run(d, addresses, 4, transposed: false);
        using (Assert.EnterMultipleScope())
        {
            // Lane 13 has row 3, columns 2 and 3.
            Assert.That((d[0][13] & 0xFFFF, d[0][13] >> 16), Is.EqualTo((32u, 33u)));
            Assert.That((d[3][13] & 0xFFFF, d[3][13] >> 16), Is.EqualTo((332u, 333u)));
            Assert.That((d[1][0] & 0xFFFF, d[1][0] >> 16), Is.EqualTo((100u, 101u)));
        }
        LoadMatrix.Run(d, addresses, 2, transposed: true);
        // Transposed lane 13 has column 3, rows 2 and 3.
        Assert.That((d[1][13] & 0xFFFF, d[1][13] >> 16), Is.EqualTo((123u, 133u)));
        Assert.That((LoadMatrix.AddressLanes(1), LoadMatrix.AddressLanes(2), LoadMatrix.AddressLanes(4)), Is.EqualTo((0xFFu, 0xFFFFu, uint.MaxValue)));
    }

    [Test]
    public void Four_loaded_matrices_are_the_A_of_m16n8k16()
    {
        // The top left, bottom left, top right and bottom right quarter of a 16 x 16 matrix, in this order, become the four registers of A.
        ushort* elements = stackalloc ushort[256];
        ushort** addresses = stackalloc ushort*[32];
        for (int i = 0; i < 256; i++) elements[i] = (ushort)i;
        for (int lane = 0; lane < 32; lane++) addresses[lane] = elements + 16 * (lane % 16) + 8 * (lane / 16);
        uint* memory = stackalloc uint[32 * 4];
        uint** d = stackalloc uint*[4];
        for (int i = 0; i < 4; i++) d[i] = memory + 32 * i;
        LoadMatrix.Run(d, addresses, 4, transposed: false);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int e = 0; e < 8; e++)
            {
                (int row, int k) = Fragment.OfA(lane, e, 2);
                Assert.That((d[e / 2][lane] >> (16 * (e % 2))) & 0xFFFF, Is.EqualTo((uint)(16 * row + k)));
            }
        }
    }
}
