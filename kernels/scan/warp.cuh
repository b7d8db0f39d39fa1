// The inclusive prefix sums of a warp's 32 numbers, one a lane: Hillis and Steele's steps by shuffles.
//
// A lane of number `distance` or more adds what the lane that far before it has; the lower ones are complete. The shuffle itself is for all lanes, outside of the condition.
__device__ __forceinline__ float scanWarp(float sum)
{
#pragma unroll
    for (unsigned distance = 1; distance < 32; distance *= 2)
    {
        float before = __shfl_up_sync(0xffffffff, sum, distance);
        if (threadIdx.x % 32 >= distance) sum += before;
    }
    return sum;
}
