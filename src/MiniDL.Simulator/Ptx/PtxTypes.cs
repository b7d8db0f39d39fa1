// The types and the state spaces of PTX (PTX ISA 8.4, sections 5.1 and 5.2).
namespace MiniDL.Simulator.Ptx;

/// <summary>A fundamental type. What the bits mean is up to the instruction; a register has only a size, and whether it is a predicate.</summary>
internal enum PtxType
{
    None, Predicate, B8, B16, B32, B64, B128, U8, U16, U32, U64, S8, S16, S32, S64, F16, F16x2, BF16, BF16x2, F32, F64,
}

/// <summary>Where a variable lives or an access goes.</summary>
internal enum StateSpace
{
    /// <summary>None named: an address that may point into the others through their windows.</summary>
    Generic,

    /// <summary>Memory of the device.</summary>
    Global,

    /// <summary>Of a block.</summary>
    Shared,

    /// <summary>Of a thread.</summary>
    Local,

    /// <summary>Memory of the device that kernels only read.</summary>
    Constant,

    /// <summary>Arguments: of the kernel, or of a device function.</summary>
    Parameter,
}

/// <summary>Names and sizes.</summary>
internal static class PtxTypes
{
    /// <summary>The type of a name without its dot, such as <c>f32</c>; None if it is no type.</summary>
    public static PtxType Parse(ReadOnlySpan<char> name) => name switch
    {
        "pred" => PtxType.Predicate,
        "b8" => PtxType.B8,
        "b16" => PtxType.B16,
        "b32" => PtxType.B32,
        "b64" => PtxType.B64,
        "b128" => PtxType.B128,
        "u8" => PtxType.U8,
        "u16" => PtxType.U16,
        "u32" => PtxType.U32,
        "u64" => PtxType.U64,
        "s8" => PtxType.S8,
        "s16" => PtxType.S16,
        "s32" => PtxType.S32,
        "s64" => PtxType.S64,
        "f16" => PtxType.F16,
        "f16x2" => PtxType.F16x2,
        "bf16" => PtxType.BF16,
        "bf16x2" => PtxType.BF16x2,
        "tf32" => PtxType.B32,
        "f32" => PtxType.F32,
        "f64" => PtxType.F64,
        _ => PtxType.None,
    };

    /// <summary>Bytes of a value in memory.</summary>
    public static int Bytes(this PtxType type) => type switch
    {
        PtxType.B8 or PtxType.U8 or PtxType.S8 => 1,
        PtxType.B16 or PtxType.U16 or PtxType.S16 or PtxType.F16 or PtxType.BF16 => 2,
        PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64 => 8,
        PtxType.B128 => 16,
        PtxType.None => 0,
        _ => 4,
    };

    /// <summary>Whether loading extends the sign.</summary>
    public static bool IsSigned(this PtxType type) => type is PtxType.S8 or PtxType.S16 or PtxType.S32 or PtxType.S64;

    /// <summary>The space of a name without its dot; Generic if it is none.</summary>
    public static StateSpace ParseSpace(ReadOnlySpan<char> name) => name switch
    {
        "global" => StateSpace.Global,
        "shared" or "shared::cta" => StateSpace.Shared,
        "local" => StateSpace.Local,
        "const" => StateSpace.Constant,
        "param" or "param::entry" or "param::func" => StateSpace.Parameter,
        _ => StateSpace.Generic,
    };
}
