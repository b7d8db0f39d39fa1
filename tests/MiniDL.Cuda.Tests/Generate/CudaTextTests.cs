// Numbers and names as C++ text.
namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class CudaTextTests
{
    [TestCase(1, "1.0f")]
    [TestCase(-0.0078125, "(-0.0078125f)")]
    [TestCase(0.1, "0.1f")]
    [TestCase(1e-6, "1E-06f")]
    [TestCase(-0.0, "(-0.0f)")]
    [TestCase(1.401298464e-45, "1E-45f")]
    [TestCase(double.NaN, "NAN")]
    [TestCase(double.NegativeInfinity, "(-INFINITY)")]
    public void Floats_are_written_so_that_they_can_stand_anywhere(double value, string text) => Assert.That(CudaText.Literal(value, DType.Float32), Is.EqualTo(text));

    [Test]
    public void A_float_is_read_back_as_the_same_bits_also_when_read_as_a_double_first()
    {
        var random = new Random(1);
        for (int i = 0; i < 100_000; i++)
        {
            float value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            if (!float.IsFinite(value)) continue;
            string text = CudaText.Literal(value, DType.Float32).Trim('(', ')');
            if (text.StartsWith("__uint_as_float", StringComparison.Ordinal)) continue;
            float once = float.Parse(text.TrimEnd('f')), twice = (float)double.Parse(text.TrimEnd('f'));
            Assert.That((BitConverter.SingleToInt32Bits(once), BitConverter.SingleToInt32Bits(twice)), Is.EqualTo((BitConverter.SingleToInt32Bits(value), BitConverter.SingleToInt32Bits(value))), text);
        }
    }

    [TestCase(-5, "(-5)")]
    [TestCase(int.MinValue, "INT_MIN")]
    [TestCase(int.MaxValue, "2147483647")]
    [TestCase(double.NegativeInfinity, "INT_MIN")]
    public void Ints_saturate_as_the_core_does(double value, string text) => Assert.That(CudaText.Literal(value, DType.Int32), Is.EqualTo(text));

    [TestCase("mean square of w", "mean_square_of_w")]
    [TestCase("3d", "_3d")]
    [TestCase("", "_")]
    [TestCase("float", "b0_float")]
    [TestCase("run", "b0_run")]
    [TestCase("v3_mul", "b0_v3_mul")]
    [TestCase("__x", "b0_x")]
    public void Names_of_tensors_become_identifiers_that_hide_nothing(string name, string identifier)
    {
        var buffer = new Buffer(0, BufferKind.Input, T.Input([1], "x"), name);
        Assert.That(CudaText.Identifier(buffer), Is.EqualTo(identifier));
    }

    [Test]
    public void A_name_cannot_end_its_comment()
    {
        var writer = new CudaWriter();
        writer.Comment("a\nint b;\\");
        Assert.That(writer.ToString(), Is.EqualTo("// a?int b;?\n"));
    }
}
