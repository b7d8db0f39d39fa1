// Three small kernels as PTX, so that the bindings are tested without a compiler. They are NVRTC's output for the CUDA in the comments, with a version that older drivers know.
using System.Text;

namespace MiniDL.Cuda.Tests;

internal static class TestKernels
{
    public static byte[] Ptx => Encoding.UTF8.GetBytes(Text);

    // extern "C" __global__ void kinds(int i, float* out, float f, long long l, unsigned char b, const float* in)
    // { out[0] = (float)i; out[1] = f; out[2] = (float)l; out[3] = (float)b; out[4] = in[1]; }
    //
    // extern "C" __global__ void add(float* x, float value) { x[blockIdx.x * blockDim.x + threadIdx.x] += value; }
    //
    // Reverses x through shared memory, 256 bytes for each thread:
    // extern "C" __global__ void turn(float* x)
    // {
    //     extern __shared__ float s[];
    //     int i = threadIdx.x, n = blockDim.x;
    //     s[(n - 1 - i) * 64] = x[i];
    //     __syncthreads();
    //     x[i] = s[i * 64];
    // }
    public const int TurnSharedBytesPerThread = 256;

    private const string Text = """
        .version 7.0
        .target sm_70
        .address_size 64

        .extern .shared .align 16 .b8 s[];

        .visible .entry kinds(
        	.param .u32 kinds_param_0,
        	.param .u64 kinds_param_1,
        	.param .f32 kinds_param_2,
        	.param .u64 kinds_param_3,
        	.param .u8 kinds_param_4,
        	.param .u64 kinds_param_5
        )
        {
        	.reg .b16 	%rs<2>;
        	.reg .f32 	%f<6>;
        	.reg .b32 	%r<2>;
        	.reg .b64 	%rd<6>;

        	ld.param.u8 	%rs1, [kinds_param_4];
        	ld.param.u32 	%r1, [kinds_param_0];
        	ld.param.u64 	%rd1, [kinds_param_1];
        	ld.param.f32 	%f1, [kinds_param_2];
        	ld.param.u64 	%rd2, [kinds_param_3];
        	ld.param.u64 	%rd3, [kinds_param_5];
        	cvta.to.global.u64 	%rd4, %rd3;
        	cvta.to.global.u64 	%rd5, %rd1;
        	cvt.rn.f32.s32 	%f2, %r1;
        	st.global.f32 	[%rd5], %f2;
        	st.global.f32 	[%rd5+4], %f1;
        	cvt.rn.f32.s64 	%f3, %rd2;
        	st.global.f32 	[%rd5+8], %f3;
        	cvt.rn.f32.u16 	%f4, %rs1;
        	st.global.f32 	[%rd5+12], %f4;
        	ld.global.f32 	%f5, [%rd4+4];
        	st.global.f32 	[%rd5+16], %f5;
        	ret;
        }

        .visible .entry add(
        	.param .u64 add_param_0,
        	.param .f32 add_param_1
        )
        {
        	.reg .f32 	%f<4>;
        	.reg .b32 	%r<5>;
        	.reg .b64 	%rd<5>;

        	ld.param.u64 	%rd1, [add_param_0];
        	ld.param.f32 	%f1, [add_param_1];
        	cvta.to.global.u64 	%rd2, %rd1;
        	mov.u32 	%r1, %ctaid.x;
        	mov.u32 	%r2, %ntid.x;
        	mov.u32 	%r3, %tid.x;
        	mad.lo.s32 	%r4, %r1, %r2, %r3;
        	mul.wide.u32 	%rd3, %r4, 4;
        	add.s64 	%rd4, %rd2, %rd3;
        	ld.global.f32 	%f2, [%rd4];
        	add.f32 	%f3, %f2, %f1;
        	st.global.f32 	[%rd4], %f3;
        	ret;
        }

        .visible .entry turn(
        	.param .u64 turn_param_0
        )
        {
        	.reg .f32 	%f<3>;
        	.reg .b32 	%r<7>;
        	.reg .b64 	%rd<10>;

        	ld.param.u64 	%rd1, [turn_param_0];
        	cvta.to.global.u64 	%rd2, %rd1;
        	mov.u32 	%r1, %tid.x;
        	mov.u32 	%r2, %ntid.x;
        	mul.wide.s32 	%rd3, %r1, 4;
        	add.s64 	%rd4, %rd2, %rd3;
        	ld.global.f32 	%f1, [%rd4];
        	not.b32 	%r3, %r1;
        	add.s32 	%r4, %r2, %r3;
        	shl.b32 	%r5, %r4, 6;
        	mul.wide.s32 	%rd5, %r5, 4;
        	mov.u64 	%rd6, s;
        	add.s64 	%rd7, %rd6, %rd5;
        	st.shared.f32 	[%rd7], %f1;
        	bar.sync 	0;
        	shl.b32 	%r6, %r1, 6;
        	mul.wide.s32 	%rd8, %r6, 4;
        	add.s64 	%rd9, %rd6, %rd8;
        	ld.shared.f32 	%f2, [%rd9];
        	st.global.f32 	[%rd4], %f2;
        	ret;
        }
        """;
}
