// The examples' front door; what can be typed behind it is in Running/CommandLine.cs.
return MiniDL.Examples.CommandLine.Run(args, Console.Out, Console.Error);
