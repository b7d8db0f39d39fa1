// What generated kernels look like: the text that a reader of a dump sees, whole.
using MiniDL.Tests.Lowering;
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class GoldenKernelTests
{
    [Test]
    public void A_map_by_four()
    {
        Tensor x = Input([50, 30], "x"), y = Input([50, 30], "y");
        GoldenKernel.Check("map_by_four.cu", Plan(Exp(Maximum(x, y))));
    }

    [Test]
    public void A_map_with_broadcasting()
    {
        Tensor x = Input([128, 625], "x"), bias = Input([625], "bias"), scale = Input([128, 1], "scale");
        GoldenKernel.Check("map_with_broadcasting.cu", Plan(Relu(Add(Mul(x, scale), bias))));
    }

    [Test]
    public void Dropout() => GoldenKernel.Check("dropout.cu", StagePlanner.Plan(StageOf("modern", "mul_bernoulli_relu"), Stages.Options));

    [Test]
    public void Softmax_and_cross_entropy_in_both_directions() => GoldenKernel.Check("softmax_cross_entropy.cu", StagePlanner.Plan(StageOf("modern", "sub_mul_exp_sum_13"), Stages.Options));

    [Test]
    public void Long_rows() => GoldenKernel.Check("softmax_of_long_rows.cu", Plan(Softmax(Input([64, 1000], "scores"))));

    [Test]
    public void The_update_of_several_parameters() => GoldenKernel.Check("update.cu", StagePlanner.Plan(StageOf("modern", "update"), Stages.Options));

    [Test]
    public void A_sum_of_columns() => GoldenKernel.Check("sum_of_columns.cu", Plan(Sum(Square(Input([128, 625], "g")), 0, keepDims: true)));

    [Test]
    public void A_sum_in_two_steps() => GoldenKernel.Check("sum_in_two_steps.cu", Plan(Sum(Abs(Input([1000, 1000], "x")), axes: [0, 1], keepDims: true)));

    [Test]
    public void A_pooling_with_a_store_end()
    {
        MiniDL.Program fused = EndFusion.Fuse(ProgramOf("conv"), Stages.Options);
        Ends ends = EndsWriter.Write(fused.Stages.OfType<StageWithEnds>().First());
        GoldenKernel.Check("max_pool_ends.cu", [new KernelStep(fused.Stages[0], new KernelSource("max_pool", ends.Text), default, [])]);
    }

    private static IReadOnlyList<Step> Plan(Tensor y) => StagePlanner.Plan(Lowered.StagesOf(y).Single(), Stages.Options);

    private static Stage StageOf(string model, string name) => ProgramOf(model).Stages.First(stage => stage.Name == name);

    private static MiniDL.Program ProgramOf(string model)
    {
        using Device cpu = Device.Cpu(threads: 1);
        return Models.ByName(model).Lower(cpu);
    }
}
