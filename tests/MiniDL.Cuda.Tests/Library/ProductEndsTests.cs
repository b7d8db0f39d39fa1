// What is fused into products and convolutions is done once for each element, at its position, by whichever pass writes the result.
namespace MiniDL.Cuda.Tests;

[TestFixture]
public sealed class ProductEndsTests
{
    private static readonly Buffer s_add = SimulatedSteps.BufferOf(40_000, "add");

    [TestCase(33, 70, 20, 1)]
    [TestCase(10, 20, 3000, 2)]
    public void Of_a_product(int m, int n, int k, int launches)
    {
        GemmStage stage = Products.Stage(IndexMap.Contiguous([1, m, k]), IndexMap.Contiguous([1, k, n]), alpha: 2);
        IReadOnlyList<Step> steps = GemmSteps.Plan(stage, Adding("STORE_C", "c"), Stages.Options with { Gemm = GemmChoice.Handwritten });
        Assert.That(steps, Has.Count.EqualTo(launches));
        Dictionary<Buffer, float[]> memory = Products.Memory(stage);
        Check(steps, stage.C, memory, Products.Multiply(stage, memory));
    }

    [TestCase(ConvDirection.Forward, 1, "STORE_Y", "y", TestName = "Of_a_convolution_of_few_channels")]
    [TestCase(ConvDirection.Forward, 12, "STORE_Y", "y", TestName = "Of_a_convolution")]
    [TestCase(ConvDirection.InputGrad, 12, "STORE_X", "dx", TestName = "Of_an_input_gradient")]
    public void Of_a_convolution(ConvDirection direction, int channels, string macro, string pointer)
    {
        ConvStage stage = Convolutions.Stage(direction, [3, channels, 7, 6], [5, channels, 3, 3], new ConvGeometry(2, 1, 1, 1, 0, 1));
        Dictionary<Buffer, float[]> memory = Convolutions.Memory(stage);
        Check(ConvSteps.Plan(stage, Adding(macro, pointer), Stages.Options), stage.Writes.Single(), memory, Convolutions.Compute(stage, memory));
    }

    [Test]
    public void CuBlas_takes_none() => Assert.Throws<ArgumentException>(() =>
        GemmSteps.Plan(Products.Stage(IndexMap.Contiguous([1, 2, 3]), IndexMap.Contiguous([1, 3, 4])), Adding("STORE_C", "c"), Stages.Options));

    // result[i] = max(v, 100) + add[i]; the parameter is called after a buffer, as generated ends call theirs.
    private static Ends Adding(string macro, string pointer) => new(
        $$"""
        {{KernelLibrary.Read("prelude.cuh")}}
        __device__ __forceinline__ void ends(uint i, float value, float* {{pointer}}, const float* e0_add) { {{pointer}}[i] = max_nan(value, 100.0f) + e0_add[i]; }
        #define {{macro}}(i, v) ends(i, v, {{pointer}}, e0_add)
        #define ENDS_PARAMETERS , const float* e0_add

        """, [new BufferArgument(s_add, 0)]);

    private static void Check(IReadOnlyList<Step> steps, View result, Dictionary<Buffer, float[]> memory, float[] computed)
    {
        float[] add = memory[s_add] = SimulatedSteps.WholeNumbers(s_add.Count, seed: 1);
        SimulatedSteps.Run(steps, memory);
        Assert.That(memory[result.Buffer], Is.EqualTo(computed.Select((v, i) => Math.Max(v, 100) + add[i])));
    }
}
