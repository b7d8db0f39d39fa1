// What kind of instruction: the classes that instruction counts and the timing model distinguish.
//
// The one thing to understand: these are PTX instructions. What ptxas makes of them (SASS) is more or fewer, so counts compare kernels, they do not predict Nsight's.
namespace MiniDL.Simulator.Counters;

/// <summary>The class of a PTX instruction.</summary>
public enum InstructionClass
{
    /// <summary>Integer arithmetic, logic, comparison of integers, selection, moves.</summary>
    Integer,

    /// <summary>float32 arithmetic, comparison of float32.</summary>
    Float32,

    /// <summary>float64 arithmetic.</summary>
    Float64,

    /// <summary>float16 and bfloat16 arithmetic.</summary>
    Float16,

    /// <summary>The special-function unit: approximate reciprocal, root, exponential, logarithm, sine, cosine, tanh.</summary>
    SpecialFunction,

    /// <summary>cvt between number types.</summary>
    Conversion,

    /// <summary>Branches, calls, exits.</summary>
    Control,

    /// <summary>Loads and stores of global (and generic, constant) memory.</summary>
    GlobalMemory,

    /// <summary>Loads and stores of shared memory.</summary>
    SharedMemory,

    /// <summary>Loads and stores of local memory: spills, arrays indexed at run time.</summary>
    LocalMemory,

    /// <summary>Loads of parameters and constants.</summary>
    Constant,

    /// <summary>Barriers, shuffles, votes: what lanes and warps exchange or wait for.</summary>
    Synchronisation,

    /// <summary>atom, red.</summary>
    Atomic,

    /// <summary>Matrix products of the tensor cores, and what loads their fragments.</summary>
    Tensor,
}
