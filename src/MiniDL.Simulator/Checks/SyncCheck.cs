// Faults of exchanges between lanes.
//
// The rules of synccheck. The lanes that execute a .sync instruction must be in the mask that it names. A lane that reads another by shuffle must find it in the mask and
// executing the same shuffle. A barrier must be reached by all threads of the block that have not exited; if some never come, that is a deadlock, which the executor
// finds when nobody can run any more.
//
// The one thing to understand: on a real GPU these often work by luck, since lanes tend to run together.
namespace MiniDL.Simulator.Checks;

/// <summary>Finds lanes that should not be where they are.</summary>
internal static class SyncCheck
{
    /// <summary>The lanes that execute a .sync instruction whose mask does not name them.</summary>
    public static uint NotNamed(uint executing, uint members) => executing & ~members;

    /// <summary>The lanes that read, by shuffle, from a lane that does not take part.</summary>
    /// <param name="sources">Of each of 32 lanes the lane that it reads.</param>
    /// <param name="executing">The lanes that execute the shuffle.</param>
    public static uint ReadsAbsentLane(ReadOnlySpan<int> sources, uint executing)
    {
        uint wrong = 0;
        for (int lane = 0; lane < 32; lane++)
            if ((executing >> lane & 1) != 0 && (executing >> sources[lane] & 1) == 0) wrong |= 1u << lane;
        return wrong;
    }
}
