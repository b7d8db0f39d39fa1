using System.Text;
using System.Text.Json;

namespace MiniDL.Bench.Programs;

/// <summary>The line that <c>--json</c> asks for: one object with one array.</summary>
internal static class JsonLine
{
    /// <summary>Prints {"name":[{...},...]}, each object written by <paramref name="write"/>.</summary>
    public static void Print<TItem>(string name, IEnumerable<TItem> items, Action<Utf8JsonWriter, TItem> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray(name);
            foreach (TItem item in items)
            {
                json.WriteStartObject();
                write(json, item);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        Console.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }
}
