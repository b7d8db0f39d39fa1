// Operands (PTX ISA 8.4, section 6).
namespace MiniDL.Simulator.Ptx;

internal sealed partial class PtxParser
{
    private PtxOperand[] ReadOperands(string opcode)
    {
        List<PtxOperand> operands = [];
        bool branch = opcode is "bra" || opcode.StartsWith("bra.", StringComparison.Ordinal);
        while (!Accept(";"))
        {
            if (operands.Count > 0) Expect(",");
            operands.Add(branch ? new LabelOperand(ReferToLabel(TakeName("a label"))) : ReadOperand(0));
        }
        return [.. operands];
    }

    private PtxOperand ReadOperand(int depth)
    {
        if (depth > 2) throw Unexpected("fewer brackets");
        if (Accept("{")) return new ListOperand(ReadList("}", depth));
        if (Accept("(")) return new ListOperand(ReadList(")", depth));
        if (Accept("[")) return ReadAddress(depth);
        if (Accept("!")) return new NegatedOperand(PredicateRegister(TakeName("a predicate register")));
        if (At("-") || _token.Kind == TokenKind.Number)
        {
            bool negative = Accept("-");
            NumberOperand number = TakeNumber();
            return negative ? Negated(number) : number;
        }
        PtxOperand first = ReadNamed();
        return Accept("|") ? new PairOperand(first, ReadNamed()) : first;
    }

    private PtxOperand[] ReadList(string end, int depth)
    {
        List<PtxOperand> items = [];
        while (!Accept(end))
        {
            if (items.Count > 0) Expect(",");
            items.Add(ReadOperand(depth + 1));
        }
        return [.. items];
    }

    /// <summary>[base], [base+offset], [number]; with a comma it is something for an instruction that nobody here knows.</summary>
    private PtxOperand ReadAddress(int depth)
    {
        PtxOperand at = ReadOperand(depth + 1);
        long offset = ReadOffset();
        var address = new AddressOperand(at, offset);
        if (!At(",")) { Expect("]"); return address; }
        Skip();
        return new ListOperand([address, .. ReadList("]", depth)]);
    }

    private long ReadOffset()
    {
        if (Accept("+")) return TakeInteger();
        return At("-") ? TakeInteger() : 0;
    }

    /// <summary>A register, a variable of the function, or a name for later.</summary>
    private PtxOperand ReadNamed()
    {
        string name = TakeName("an operand");
        if (name == "_") return new SinkOperand();
        if (FindRegister(name) is int register and >= 0) return new RegisterOperand(register);
        long offset = At("+") ? ReadOffset() : 0;
        return FindVariable(name) is { } variable ? new VariableOperand(variable, offset) : new SymbolOperand(name, offset);
    }

    private int PredicateRegister(string name)
    {
        int register = FindRegister(name);
        return register >= 0 && _function.Registers[register] == PtxType.Predicate ? register : throw new PtxException(_token.Line, $"'{name}' is no predicate register");
    }
}
