// Registers that PTX predefines: who a thread is (PTX ISA 8.4, section 10).
namespace MiniDL.Simulator.Execute;

/// <summary>The special registers that can be read.</summary>
internal enum SpecialRegister : byte
{
    TidX, TidY, TidZ, LaneId, LanemaskEq, LanemaskLt, LanemaskLe, LanemaskGt, LanemaskGe,

    /// <summary>From here on the same in all lanes.</summary>
    NtidX, NtidY, NtidZ, CtaidX, CtaidY, CtaidZ, NctaidX, NctaidY, NctaidZ, WarpId, NwarpId, SmId, NsmId, GridId, Clock, Clock64, ClockHigh, GlobalTimer,
    GlobalTimerHigh, DynamicSharedSize, TotalSharedSize, WarpSize,
}

/// <summary>Their names.</summary>
internal static class SpecialRegisters
{
    /// <summary>The special register of a name, or null.</summary>
    public static SpecialRegister? Find(string name) => name switch
    {
        "%tid.x" or "%tid" => SpecialRegister.TidX,
        "%tid.y" => SpecialRegister.TidY,
        "%tid.z" => SpecialRegister.TidZ,
        "%ntid.x" or "%ntid" => SpecialRegister.NtidX,
        "%ntid.y" => SpecialRegister.NtidY,
        "%ntid.z" => SpecialRegister.NtidZ,
        "%ctaid.x" or "%ctaid" => SpecialRegister.CtaidX,
        "%ctaid.y" => SpecialRegister.CtaidY,
        "%ctaid.z" => SpecialRegister.CtaidZ,
        "%nctaid.x" or "%nctaid" => SpecialRegister.NctaidX,
        "%nctaid.y" => SpecialRegister.NctaidY,
        "%nctaid.z" => SpecialRegister.NctaidZ,
        "%laneid" => SpecialRegister.LaneId,
        "%lanemask_eq" => SpecialRegister.LanemaskEq,
        "%lanemask_lt" => SpecialRegister.LanemaskLt,
        "%lanemask_le" => SpecialRegister.LanemaskLe,
        "%lanemask_gt" => SpecialRegister.LanemaskGt,
        "%lanemask_ge" => SpecialRegister.LanemaskGe,
        "%warpid" => SpecialRegister.WarpId,
        "%nwarpid" => SpecialRegister.NwarpId,
        "%smid" => SpecialRegister.SmId,
        "%nsmid" => SpecialRegister.NsmId,
        "%gridid" => SpecialRegister.GridId,
        "%clock" => SpecialRegister.Clock,
        "%clock64" => SpecialRegister.Clock64,
        "%clock_hi" => SpecialRegister.ClockHigh,
        "%globaltimer" or "%globaltimer_lo" => SpecialRegister.GlobalTimer,
        "%globaltimer_hi" => SpecialRegister.GlobalTimerHigh,
        "%dynamic_smem_size" => SpecialRegister.DynamicSharedSize,
        "%total_smem_size" => SpecialRegister.TotalSharedSize,
        "WARP_SZ" => SpecialRegister.WarpSize,
        _ => null,
    };
}
