// The order that argmax goes by, for float and int: VALUE is the type, LOWEST a value that nothing is below.

// Whether element i beats the best so far, which stands at `at`: larger, or equal and earlier; a NaN beats every number and every later NaN.
__device__ __forceinline__ bool beats(VALUE v, int i, VALUE best, int at)
{
    if (v != v) return best == best || i < at;
    return v > best || (v == best && i < at);   // both false if the best is NaN
}
