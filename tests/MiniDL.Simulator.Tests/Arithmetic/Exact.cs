// The oracle for roundings: a number as an integer times a power of two, rounded by counting.
using System.Numerics;

namespace MiniDL.Simulator.Tests.Arithmetic;

/// <summary>n * 2^x.</summary>
internal readonly record struct Exact(BigInteger N, int X)
{
    public static Exact Of(double d)
    {
        long bits = BitConverter.DoubleToInt64Bits(d), fraction = bits & 0xF_FFFF_FFFF_FFFF;
        int exponent = (int)(bits >> 52) & 0x7FF;
        if (exponent != 0) fraction |= 1L << 52;
        return new(bits < 0 ? -fraction : fraction, Math.Max(exponent, 1) - 1075);
    }

    public static Exact operator +(Exact a, Exact b)
    {
        int x = Math.Min(a.X, b.X);
        return new((a.N << (a.X - x)) + (b.N << (b.X - x)), x);
    }

    public static Exact operator *(Exact a, Exact b) => new(a.N * b.N, a.X + b.X);

    /// <summary>a / b with 200 bits and a last one that says whether anything is left.</summary>
    public static Exact operator /(Exact a, Exact b)
    {
        BigInteger whole = BigInteger.DivRem(BigInteger.Abs(a.N) << 200, BigInteger.Abs(b.N), out BigInteger left);
        return new((whole * 2 + (left.IsZero ? 0 : 1)) * a.N.Sign * b.N.Sign, a.X - b.X - 201);
    }

    /// <summary>In a format of so many bits whose smallest normal number is 2^lowest; overflow gives infinity or the largest. 0 gives +0.</summary>
    public double Round(string mode, int precision, int lowest, double largest)
    {
        if (N.IsZero) return 0;
        BigInteger magnitude = BigInteger.Abs(N);
        // The exponent of the last place kept.
        int unit = Math.Max((int)magnitude.GetBitLength() - 1 + X, lowest) - (precision - 1);
        BigInteger kept = unit >= X ? magnitude >> (unit - X) : magnitude << (X - unit);
        BigInteger lost = unit >= X ? magnitude - (kept << (unit - X)) : 0, half = unit > X ? BigInteger.One << (unit - X - 1) : 0;
        bool up = mode switch
        {
            "rn" => lost > half || (lost == half && !lost.IsZero && !kept.IsEven),
            "rz" => false,
            "rm" => !lost.IsZero && N.Sign < 0,
            "rp" => !lost.IsZero && N.Sign > 0,
            _ => throw new ArgumentException(mode),
        };
        if (up) kept++;
        bool isBeyond = unit >= 0 ? (kept << unit) > new BigInteger(largest) : kept > (new BigInteger(largest) << -unit);
        if (!isBeyond) return N.Sign * Math.ScaleB((double)kept, unit);
        bool toInfinity = mode == "rn" || (mode == "rm" && N.Sign < 0) || (mode == "rp" && N.Sign > 0);
        return N.Sign * (toInfinity ? double.PositiveInfinity : largest);
    }

    public double RoundToSingle(string mode) => Round(mode, 24, -126, float.MaxValue);
}
