// What the executor's one switch chooses between.
//
// The one thing to understand: arithmetic is three cases only. An instruction of arithmetic holds a pointer to the loop that computes its 32 lanes, so that hundreds of
// spellings need no case each; the cases here are those that touch memory, other lanes, other warps or the flow of control. A few of the most frequent
// arithmetic instructions have cases all the same, which saves them the call.
namespace MiniDL.Simulator.Code;

/// <summary>The executor's operations.</summary>
internal enum Op : ushort
{
    /// <summary>Arithmetic with a result of up to 32 bits.</summary>
    Lanes32,

    /// <summary>Arithmetic with a result of 64 bits.</summary>
    Lanes64,

    /// <summary>Arithmetic whose result is a predicate.</summary>
    LanesPredicate,

    /// <summary>setp with a second destination or a predicate combined.</summary>
    CompareCombined,

    /// <summary>fma.rn.f32, add.rn.f32 and mul.rn.f32.</summary>
    FmaFloat, AddFloat, MultiplyFloat,

    /// <summary>mov of 32 bits and of 64 bits.</summary>
    Move32, Move64,

    /// <summary>mov.b64 {a, b}, r and back; the same of 16-bit halves.</summary>
    Unpack64, Pack64, Unpack32, Pack32,

    /// <summary>A special register.</summary>
    Special,

    /// <summary>The address of a variable in the function's part of local memory.</summary>
    LocalAddress,

    /// <summary>Loads and stores, by space.</summary>
    LoadGlobal, LoadShared, LoadLocal, LoadFrame, LoadGeneric, LoadParameter,
    StoreGlobal, StoreShared, StoreLocal, StoreFrame, StoreGeneric,

    /// <summary>Read-modify-write, by space.</summary>
    AtomicGlobal, AtomicShared, AtomicGeneric,

    /// <summary>Address windows: cvta, cvta.to, isspacep.</summary>
    ToGeneric, FromGeneric, IsSpace,

    /// <summary>Between the lanes of a warp.</summary>
    Shuffle, Vote, Match, Reduce, ActiveMask, WarpBarrier, Elect,

    /// <summary>Matrices of the tensor cores.</summary>
    MatrixMultiply, LoadMatrix,

    /// <summary>Copies from global to shared memory that are done later, and barriers in shared memory.</summary>
    CopyAsync, CopyCommit, CopyWait, BarrierObject,

    /// <summary>Between the warps of a block.</summary>
    Barrier, BarrierReduce, BarrierArrive,

    /// <summary>A fence: blocks see each other's doing in order anyway, but checks want to know.</summary>
    Fence,

    /// <summary>Nothing: prefetches and hints.</summary>
    Nothing,

    /// <summary>Flow of control.</summary>
    Branch, BranchIndexed, Fall, Call, Return, Exit, Trap,

    /// <summary>Functions that the device's run-time library would have.</summary>
    Printf, AssertFail,

    /// <summary>An instruction that is not supported: an error if it is reached.</summary>
    Unsupported,
}
