/* A program that knows nothing of MiniDL: y = a x + y through CUDA's driver API, in plain C and without NVIDIA's headers.

   DriverProgramTests compiles and starts it, once linked against whatever libcuda.so.1 the loader finds. Usage: saxpy N. The last line it writes is `wrong: COUNT`.
   Each argument of the kernel is handed in by a pointer of its own (kernelParams), as nearly all programs do. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <dlfcn.h>

typedef int CUresult;
typedef uint64_t CUdeviceptr;
typedef struct Opaque *Handle;

/* Declares a pointer to a function and fills it by the name that the library exports. */
#define FUNCTION(variable, name, ...) \
    CUresult (*variable)(__VA_ARGS__) = (CUresult (*)(__VA_ARGS__))dlsym(library, name); \
    if (!variable) { fprintf(stderr, "%s is not exported\n", name); return 1; }

#define CHECK(call) \
    do { CUresult result = (call); if (result) { const char *name = "?"; nameOf(result, &name); fprintf(stderr, "%s: %s\n", #call, name); return 1; } } while (0)

/* extern "C" __global__ void saxpy(int n, float a, const float* x, float* y) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] += a * x[i]; } */
static const char ptx[] =
    ".version 7.0\n.target sm_70\n.address_size 64\n"
    ".visible .entry saxpy(.param .u32 n, .param .f32 a, .param .u64 x, .param .u64 y)\n"
    "{\n"
    "  .reg .pred %p; .reg .f32 %f<4>; .reg .b32 %r<5>; .reg .b64 %rd<6>;\n"
    "  ld.param.u32 %r0, [n];\n"
    "  mov.u32 %r1, %ctaid.x;\n"
    "  mov.u32 %r2, %ntid.x;\n"
    "  mov.u32 %r3, %tid.x;\n"
    "  mad.lo.s32 %r4, %r1, %r2, %r3;\n"
    "  setp.ge.s32 %p, %r4, %r0;\n"
    "  @%p bra DONE;\n"
    "  ld.param.f32 %f0, [a];\n"
    "  ld.param.u64 %rd0, [x];\n"
    "  ld.param.u64 %rd1, [y];\n"
    "  cvta.to.global.u64 %rd2, %rd0;\n"
    "  cvta.to.global.u64 %rd3, %rd1;\n"
    "  mul.wide.s32 %rd4, %r4, 4;\n"
    "  add.s64 %rd2, %rd2, %rd4;\n"
    "  add.s64 %rd3, %rd3, %rd4;\n"
    "  ld.global.f32 %f1, [%rd2];\n"
    "  ld.global.f32 %f2, [%rd3];\n"
    "  fma.rn.f32 %f3, %f0, %f1, %f2;\n"
    "  st.global.f32 [%rd3], %f3;\n"
    "DONE:\n"
    "  ret;\n"
    "}\n";

int main(int argc, char **argv)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    if (!library) { fprintf(stderr, "%s\n", dlerror()); return 1; }
    FUNCTION(init, "cuInit", unsigned)
    FUNCTION(nameOf, "cuGetErrorName", CUresult, const char **)
    FUNCTION(getDevice, "cuDeviceGet", int *, int)
    FUNCTION(getName, "cuDeviceGetName", char *, int, int)
    FUNCTION(createContext, "cuCtxCreate_v2", Handle *, unsigned, int)
    FUNCTION(destroyContext, "cuCtxDestroy_v2", Handle)
    FUNCTION(loadModule, "cuModuleLoadData", Handle *, const void *)
    FUNCTION(getFunction, "cuModuleGetFunction", Handle *, Handle, const char *)
    FUNCTION(allocate, "cuMemAlloc_v2", CUdeviceptr *, size_t)
    FUNCTION(release, "cuMemFree_v2", CUdeviceptr)
    FUNCTION(upload, "cuMemcpyHtoD_v2", CUdeviceptr, const void *, size_t)
    FUNCTION(download, "cuMemcpyDtoH_v2", void *, CUdeviceptr, size_t)
    FUNCTION(launch, "cuLaunchKernel", Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Handle, void **, void **)
    FUNCTION(synchronize, "cuCtxSynchronize", void)

    int n = argc > 1 ? atoi(argv[1]) : 1000, device;
    size_t bytes = n * sizeof(float);
    float a = 0.5f, *x = malloc(bytes), *y = malloc(bytes);
    for (int i = 0; i < n; i++) { x[i] = (float)i; y[i] = 1; }

    char name[64];
    Handle context, module, saxpy;
    CUdeviceptr xOnDevice, yOnDevice;
    CHECK(init(0));
    CHECK(getDevice(&device, 0));
    CHECK(getName(name, sizeof name, device));
    CHECK(createContext(&context, 0, device));
    CHECK(loadModule(&module, ptx));
    CHECK(getFunction(&saxpy, module, "saxpy"));
    CHECK(allocate(&xOnDevice, bytes));
    CHECK(allocate(&yOnDevice, bytes));
    CHECK(upload(xOnDevice, x, bytes));
    CHECK(upload(yOnDevice, y, bytes));
    void *arguments[] = { &n, &a, &xOnDevice, &yOnDevice };
    CHECK(launch(saxpy, (n + 127) / 128, 1, 1, 128, 1, 1, 0, NULL, arguments, NULL));
    CHECK(synchronize());
    CHECK(download(y, yOnDevice, bytes));
    CHECK(release(xOnDevice));
    CHECK(release(yOnDevice));
    CHECK(destroyContext(context));

    int wrong = 0;
    for (int i = 0; i < n; i++) wrong += !(y[i] == a * (float)i + 1);   /* exact: small halves of integers */
    printf("%s\nwrong: %d\n", name, wrong);
    return 0;
}
