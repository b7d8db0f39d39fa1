// summary [NAME]: networks that everybody knows, layer by layer, with their parameters counted.
//
// What to look at: where the parameters are. In VGG16 nine tenths lie in three dense layers; a ResNet, which averages each channel to one number before its only dense layer, is deeper and has
// a fifth as many. And a single dense layer on an ordinary photograph, 640 x 480 in color to 1000 units, has more than all of them: that is why there are convolutions.
//
// Nothing is allocated: parameters are symbols here. The same five lines that build VGG16 to train it are read as a table.
using System.Text;
using System.Text.Json;

namespace MiniDL.Examples;

/// <summary>The tables of well-known networks.</summary>
public static class SummaryLecture
{
    // "lenet" is the module of that name in the lectures: the convolutional net of Keras' examples. LeCun's own net of 1998 is lenet5.
    private static readonly (string Name, string Title, Func<Layer> Net, Shape Input)[] s_networks =
    [
        ("lenet", "the lectures' LeNet module, which is Keras' example", () => Networks.KerasCnn(), [1, 28, 28]),
        ("lenet5", "LeNet-5 of 1998, with today's relu and max-pooling", () => Networks.LeNet5(), [1, 28, 28]),
        ("keras_mlp", "Keras' multilayer perceptron", () => Networks.KerasMlp(), [784]),
        ("keras_color", "a small net for color images", () => Networks.KerasColor(), [3, 28, 28]),
        ("small_resnet", "what `examples -- resnet` trains", () => ResNetLecture.Net, [1, 28, 28]),
        ("dense_640x480", "one dense layer on a photograph", () => Layer.Sequential(Layer.Flatten, Layer.Dense(1000)), [3, 480, 640]),
        ("vgg16", "VGG16", () => Networks.Vgg16(), [3, 224, 224]),
        ("resnet18", "ResNet-18", () => Networks.ResNet(18), [3, 224, 224]),
        ("resnet34", "ResNet-34", () => Networks.ResNet(34), [3, 224, 224]),
        ("resnet50", "ResNet-50", () => Networks.ResNet(50), [3, 224, 224]),
        ("resnet101", "ResNet-101", () => Networks.ResNet(101), [3, 224, 224]),
        ("resnet152", "ResNet-152", () => Networks.ResNet(152), [3, 224, 224]),
    ];

    /// <summary>Prints one network in full, or all as a list.</summary>
    /// <exception cref="UsageException">There is no network of that name.</exception>
    public static string Run(Session session, string? network)
    {
        var counts = new List<(string Name, long Parameters)>();
        if (network is null)
        {
            session.Terminal.Table(["network", "input", "layers", "parameters"], s_networks.Select(known =>
            {
                MiniDL.Summary summary = MiniDL.Summary.Of(known.Net(), known.Input);
                counts.Add((known.Name, summary.Parameters));
                return new[] { known.Name, $"{known.Input}", $"{summary.Lines.Count(line => line.Parameters > 0)}", $"{summary.Parameters:N0}" };
            }));
            session.Terminal.WriteLine("summary NAME shows one of them layer by layer");
        }
        else
        {
            (string name, string title, Func<Layer> net, Shape input) = Array.Find(s_networks, known => known.Name == network);
            if (name is null) throw new UsageException($"there is no network '{network}'; there are {string.Join(", ", s_networks.Select(known => known.Name))}");
            MiniDL.Summary summary = MiniDL.Summary.Of(net(), input);
            counts.Add((name, summary.Parameters));
            session.Terminal.WriteLine($"{name}: {title}");
            session.Terminal.WriteLine($"{summary}");
        }
        return Json(counts);
    }

    private static string Json(List<(string Name, long Parameters)> counts)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartObject("parameters");
            foreach ((string name, long parameters) in counts) json.WriteNumber(name, parameters);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
