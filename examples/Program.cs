// The examples' front door; what can be typed behind it is in Running/CommandLine.cs.
//
// Ctrl-C ends a training run after its step, with what was trained; a second Ctrl-C ends the process at once.
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    if (stop.IsCancellationRequested) return;
    key.Cancel = true;
    stop.Cancel();
};
return MiniDL.Examples.CommandLine.Run(args, Console.Out, Console.Error, stop.Token);
