// moons, third part: the picture of a net's answers. The plane is cut into cells, the net is asked at the middle of each, and the answer is the cell's color.
using MiniDL.Pictures;

namespace MiniDL.Examples;

public static partial class MoonsLecture
{
    // The part of the plane that is drawn, and how finely: a cell becomes a square of 2 pixels.
    private const double West = -1.8, East = 2.8, South = -1.4, North = 1.9;
    private const int Cells = 160, Rows = 115, CellSize = 2;

    /// <summary>The colors of the two moons' points.</summary>
    public static readonly Color UpperMoon = new(10, 60, 130), LowerMoon = new(150, 10, 30);

    /// <summary>p over the plane as color, its boundary black, and some of the points.</summary>
    public static Picture Boundary(Model model, DataSet data, Device device)
    {
        // p at the middle of each cell, the first row being the northern one.
        NDArray grid = NDArray.Zeros([Rows * Cells, 2]);
        for (int i = 0; i < Rows * Cells; i++)
        {
            grid.Span<float>()[2 * i] = (float)(West + (East - West) * (i % Cells + 0.5) / Cells);
            grid.Span<float>()[2 * i + 1] = (float)(North - (North - South) * (i / Cells + 0.5) / Rows);
        }
        float[] speaks = Array.ConvertAll(Probabilities(model, grid, device), p => p - 0.5f);   // for the lower moon, or against it
        Picture picture = ImageGrid.Make(speaks, Rows, Cells, columns: 1, Colormap.Diverging, CellSize, margin: 0);

        for (int y = 0; y < picture.Height; y++)
            foreach (ref byte channel in picture.Row(y)) channel = (byte)((channel + 255) / 2);   // half way to white, for the points to stand out

        // Black where p crosses 1/2 on the way from the cell at the left or above.
        for (int i = Cells; i < speaks.Length; i++)
            if (i % Cells > 0 && (speaks[i] > 0 != speaks[i - 1] > 0 || speaks[i] > 0 != speaks[i - Cells] > 0))
                picture.Fill(i % Cells * CellSize, i / Cells * CellSize, CellSize, CellSize, Color.Black);

        // A point is a square of 5 pixels, in full color on the paler ground.
        for (int i = 0; i < Math.Min(data.Count, 250); i++)
        {
            int x = (int)((data.X.ToDouble(2 * i) - West) / (East - West) * picture.Width), y = (int)((North - data.X.ToDouble(2 * i + 1)) / (North - South) * picture.Height);
            if (x < 2 || y < 2 || x > picture.Width - 3 || y > picture.Height - 3) continue;
            picture.Fill(x - 2, y - 2, 5, 5, data.Y.ToDouble(i) > 0.5 ? LowerMoon : UpperMoon);
        }
        return picture;
    }
}
