// How far training has moved the parameters: one number by which two devices can be compared from outside.
namespace MiniDL.Examples;

/// <summary>Parameters as they were before training.</summary>
/// <param name="parameters">The variables; their values are copied now.</param>
/// <example><code>var start = new StartingPoint(program.Parameters);   // train, then start.Distance()</code></example>
public sealed class StartingPoint(IReadOnlyList<Shared> parameters)
{
    private readonly NDArray[] _values = [.. parameters.Select(parameter => parameter.Value)];

    /// <summary>The L2 norm of the change of all parameters together: sqrt(sum (now - then)^2), summed in float64.</summary>
    public double Distance()
    {
        double squares = 0;
        for (int i = 0; i < _values.Length; i++)
        {
            ReadOnlySpan<float> then = _values[i].Span<float>(), now = parameters[i].Value.Span<float>();
            for (int k = 0; k < then.Length; k++)
            {
                double change = (double)now[k] - then[k];
                squares += change * change;
            }
        }
        return Math.Sqrt(squares);
    }
}
