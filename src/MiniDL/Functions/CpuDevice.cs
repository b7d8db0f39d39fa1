namespace MiniDL;
internal sealed class CpuDevice(int threads) : Device
{
    public override string Name => "cpu" + threads;
    internal override Executable Compile(FunctionGraph graph, Shape[] inputShapes, Mode mode) => throw new NotImplementedException();
}
