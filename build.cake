// The house's chores by name: `dotnet tool restore`, then
//
//     dotnet cake                              build and test
//     dotnet cake --target=format-check        is the source laid out as .editorconfig says?
//     dotnet cake --target=examples            the progression on MNIST; what follows `--args=` goes to the program:
//     dotnet cake --target=bench --args="gemm --json"
//
// Each target is one dotnet command, which can as well be typed by hand. Options: --configuration=Debug.

var target = Argument("target", "default");
var configuration = Argument("configuration", "Release");
var programArguments = Argument("args", "");

Task("build")
    .Description("Compiles everything; warnings are errors.")
    .Does(() => DotNetBuild("MiniDL.sln", new DotNetBuildSettings { Configuration = configuration }));

Task("test")
    .Description("All tests but those of the category Long.")
    .IsDependentOn("build")
    .Does(() => DotNetTest("MiniDL.sln", new DotNetTestSettings { Configuration = configuration, NoBuild = true }));

Task("test-long")
    .Description("The tests of the category Long alone.")
    .IsDependentOn("build")
    .Does(() => DotNetTest("MiniDL.sln", new DotNetTestSettings
    {
        Configuration = configuration,
        NoBuild = true,
        Settings = "tests/long.runsettings",
    }));

Task("format-check")
    .Description("Fails if dotnet format would change a file.")
    .Does(() => DotNetFormat("MiniDL.sln", new DotNetFormatSettings { VerifyNoChanges = true }));

Task("examples")
    .Description("Runs the examples.")
    .Does(() => RunProject("examples"));

Task("bench")
    .Description("Runs the quick measurements, or BenchmarkDotNet with --args=\"bdn --filter *\".")
    .Does(() => RunProject("bench"));

Task("default")
    .Description("build and test")
    .IsDependentOn("test");

void RunProject(string project) =>
    DotNetRun(project, new ProcessArgumentBuilder().Append(programArguments), new DotNetRunSettings { Configuration = configuration });

RunTarget(target);
