// Which maps move onto the ends of hand-written kernels, and which must not.
using MiniDL.Tests.Lowering;
using static MiniDL.T;

namespace MiniDL.Cuda.Tests;

[TestFixture]
internal sealed class EndFusionTests
{
    private static readonly PlanOptions s_handwritten = Stages.Options with { Gemm = GemmChoice.Handwritten };

    [Test]
    public void The_convnets_relu_and_dropout_move_onto_pooling()
    {
        using Device cpu = Device.Cpu(threads: 1);
        MiniDL.Program program = Models.ByName("conv").Lower(cpu);
        int before = program.Stages.Count;
        MiniDL.Program fused = EndFusion.Fuse(program, Stages.Options);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before - fused.Stages.Count, Is.EqualTo(6), "three forward, three backward");
            Assert.That(fused.Stages.OfType<StageWithEnds>().Select(stage => (stage.Load is not null, stage.Store is not null)), Is.EqualTo(new[] { (false, true), (false, true), (false, true), (true, false), (true, false), (true, false) }));
            Assert.That(fused.Flops, Is.EqualTo(program.Flops));
            Assert.That(() => StageGraph.Of(fused), Throws.Nothing, "what each stage stores can be computed from what it reads");
        }
    }

    [Test]
    public void A_value_that_nobody_else_reads_is_not_stored()
    {
        var fused = (StageWithEnds)Fused(Relu(MaxPool2D(Input([2, 3, 8, 8], "x"), (2, 2)))).Stages.Single();
        Assert.That(fused.Writes.Select(view => view.Buffer.Node.Op.Name), Is.EqualTo(new[] { "relu" }));
    }

    [Test]
    public void A_value_that_is_an_output_too_is_stored_beside_the_maps()
    {
        Tensor pooled = MaxPool2D(Input([2, 3, 8, 8], "x"), (2, 2));
        var fused = (StageWithEnds)Fused(Relu(pooled), pooled).Stages.Single();
        Assert.That(fused.Writes.Select(view => view.Buffer.Node.Op.Name), Is.EqualTo(new[] { "max_pool", "relu" }));
    }

    [Test]
    public void Products_take_ends_only_when_they_are_handwritten()
    {
        Tensor y = Relu(Add(Dot(Input([128, 64], "x"), Input([64, 32], "w")), Input([32], "b")));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Fused(y).Stages, Has.Count.EqualTo(2));
            Assert.That(EndFusion.Fuse(Lowered.ProgramOf(y), s_handwritten).Stages, Has.Count.EqualTo(1));
        }
    }

    [Test]
    public void A_map_that_reads_the_result_elsewhere_stays()
    {
        Tensor pooled = MaxPool2D(Input([2, 3, 8, 8], "x"), (2, 2));
        Assert.That(Fused(Add(pooled, Flip(pooled, [3]))).Stages, Has.Count.EqualTo(2), "position by position and in reverse");
    }

    [Test]
    public void A_map_that_waits_for_something_later_stays()
    {
        // The map needs a product that comes after the pooling.
        Tensor pooled = MaxPool2D(Input([2, 3, 8, 8], "x"), (2, 2)), later = Reshape(Dot(Reshape(pooled, [24, 4]), Input([4, 4], "w")), [2, 3, 4, 4]);
        Assert.That(Fused(Mul(pooled, later)).Stages.OfType<StageWithEnds>(), Is.Empty);
    }

    [Test]
    public void A_map_that_replaces_what_the_kernel_reads_stays()
    {
        // w becomes relu(pool(w)) + 1 stretched: the pooling reads all of w, so w must not change while it runs.
        Shared w = Shared(NDArray.Zeros([1, 1, 4, 4]), "w");
        Tensor pooled = MaxPool2D(w, (1, 1));
        MiniDL.Program program = Lower.ToProgram([], [Add(Relu(pooled), 1)], [w]);
        Assert.That(EndFusion.Fuse(program, Stages.Options).Stages.OfType<StageWithEnds>().SelectMany(stage => stage.Writes).Select(view => view.Buffer.Kind), Has.None.EqualTo(BufferKind.Shared));
    }

    [Test]
    public void A_gradient_is_computed_where_unpooling_loads_it()
    {
        Tensor x = Input([2, 3, 8, 8], "x"), cost = Sum(Square(Tanh(MaxPool2D(x, (2, 2)))));
        MiniDL.Program fused = Fused(Grad(cost, x));
        Assert.That(fused.Stages.OfType<StageWithEnds>().Select(stage => stage.Load?.Site.Macro), Has.Some.EqualTo("LOAD_G"));
    }

    [Test]
    public void Memory_is_planned_anew_and_nothing_fused_shares_bytes_with_what_its_stage_reads()
    {
        using Device cpu = Device.Cpu(threads: 1);
        MiniDL.Program fused = EndFusion.Fuse(Models.ByName("conv").Lower(cpu), Stages.Options);
        foreach (StageWithEnds stage in fused.Stages.OfType<StageWithEnds>())
            foreach (Buffer written in stage.Writes.Select(view => view.Buffer))
            {
                Assert.That(written.Offset, Is.GreaterThanOrEqualTo(0), $"{written} has a place");
                Assert.That(stage.Reads.Select(view => view.Buffer).Where(written.Overlaps), Is.Empty, $"{stage.Name} writes {written}");
            }
        HashSet<Buffer> used = [.. fused.Stages.SelectMany(stage => stage.Reads.Concat(stage.Writes)).Select(view => view.Buffer)];
        Assert.That(fused.Buffers.Where(buffer => !used.Contains(buffer)).Select(buffer => buffer.Offset), Is.All.EqualTo(-1), "what is not stored any more takes no memory");
    }

    private static MiniDL.Program Fused(params Tensor[] outputs) => EndFusion.Fuse(Lowered.ProgramOf(outputs), Stages.Options);
}
