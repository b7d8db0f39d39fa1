// Calls in PTX by hand: depth, divergence inside of functions, and what overflows.
using MiniDL.Gpu;

namespace MiniDL.Simulator.Tests.Execute;

[TestFixture]
public sealed class CallTests
{
    /// <summary>sum(n) = n + sum(n - 1), sum(0) = 0, without END for ever.</summary>
    private static string Sum(string end) => $$"""
        .version 8.4
        .target sm_80
        .address_size 64
        .func (.param .b32 result) sum(.param .b32 n)
        {
            .reg .b32 %r<5>; .reg .pred %p<2>; .param .b32 argument; .param .b32 inner;
            ld.param.b32 %r1, [n];
            mov.u32 %r2, 0;
            setp.eq.u32 %p1, %r1, 0;
            {{end}}
            sub.u32 %r3, %r1, 1;
            st.param.b32 [argument], %r3;
            call (inner), sum, (argument);
            ld.param.b32 %r4, [inner];
            add.u32 %r2, %r4, %r1;
            DONE: st.param.b32 [result], %r2;
            ret;
        }
        .visible .entry k(.param .u64 out, .param .u32 factor)
        {
            .reg .b32 %r<5>; .reg .b64 %rd<3>; .param .b32 argument; .param .b32 value;
            ld.param.u64 %rd1, [out]; ld.param.u32 %r3, [factor];
            mov.u32 %r1, %tid.x;
            mul.lo.u32 %r4, %r1, %r3;
            st.param.b32 [argument], %r4;
            call (value), sum, (argument);
            ld.param.b32 %r2, [value];
            mul.wide.u32 %rd2, %r1, 4; add.s64 %rd2, %rd1, %rd2;
            st.global.u32 [%rd2], %r2;
            ret;
        }
        """;

    [Test]
    public void Each_lane_recurses_as_deep_as_it_must([Values(1, 40)] int factor)
    {
        using var gpu = new Simulation(Sum("@%p1 bra DONE;"));
        Numbers<uint> output = gpu.Zeros<uint>(40);
        gpu.Run("k", 1, 40, output, factor);
        Assert.That(output.Read(), Is.EqualTo(Enumerable.Range(0, 40).Select(t => (uint)(t * factor * (t * factor + 1) / 2))));
    }

    [Test]
    public void A_recursion_without_end_overflows_the_stack()
    {
        using var gpu = new Simulation(Sum(""));
        GpuException error = Assert.Throws<GpuException>(() => gpu.Run("k", 1, 32, gpu.Zeros<uint>(32), 1))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo("CUDA_ERROR_LAUNCH_FAILED"));
            Assert.That(error.Message, Does.Contain("the stack overflows"));
        }
    }

    [Test]
    public void A_call_through_a_register_is_told_when_it_is_reached()
    {
        using Simulation gpu = Simulation.OfBody("call %rd1, ();");
        Assert.That(Assert.Throws<GpuException>(() => gpu.Run("k", 1, 1, gpu.Zeros<uint>(1)))!.Message, Does.Contain("calls through a register are not supported"));
    }
}
