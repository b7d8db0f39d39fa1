// Mean and variance of numbers that arrive in parts: how many there are, their mean, and the sum of their squared distances from it.
//
// The sum of squares minus the square of the mean would be one pass, too, and on paper the same. In float32 it is not: for numbers around 1,000 that differ by 1, both terms
// are about 1,000,000, of which float32 keeps steps of 1/16, and the variance that should be left is smaller than what rounding has made of it. It may even come out
// negative. Distances from a mean are never larger than what is asked for. So each part has its own mean, and when two parts become one,
//
//     count   = count_a + count_b
//     mean    = mean_a + (mean_b - mean_a) count_b / count
//     squares = squares_a + squares_b + (mean_b - mean_a)^2 count_a count_b / count
//
// Source: T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979. With a single number as b it is the
// method of B. P. Welford, 1962. Included by layernorm/forward.
struct Moments
{
    float count, mean, squares;
};

__device__ __forceinline__ Moments combine(Moments a, Moments b)
{
    float count = a.count + b.count, share = count == 0 ? 0 : b.count / count, distance = b.mean - a.mean;
    return { count, a.mean + distance * share, a.squares + b.squares + distance * distance * a.count * share };
}
