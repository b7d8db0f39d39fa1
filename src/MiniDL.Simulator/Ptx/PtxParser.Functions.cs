// Functions: heads, registers, labels and instructions (PTX ISA 8.4, sections 5.4, 7 and 11).
namespace MiniDL.Simulator.Ptx;

internal sealed partial class PtxParser
{
    private PtxFunction _function = new("", false, 0);
    private int _file, _sourceLine;

    /// <summary>.entry name (parameters) directives { body }, or the same of .func with results in front of the name.</summary>
    private void ReadFunction(bool isKernel)
    {
        int line = _token.Line;
        Skip();
        List<PtxVariable> results = At("(") ? ReadParameters() : [];
        _function = new PtxFunction(TakeName("the function's name"), isKernel, line);
        _function.Results.AddRange(results);
        if (At("(")) _function.Parameters.AddRange(ReadParameters());
        ReadFunctionDirectives();
        if (!Accept(";")) ReadBody();

        // A declaration may follow its definition, or come before it; the definition stays.
        if (_function.HasBody || !_module.Functions.ContainsKey(_function.Name)) _module.Functions[_function.Name] = _function;
    }

    private List<PtxVariable> ReadParameters()
    {
        List<PtxVariable> parameters = [];
        Expect("(");
        while (!Accept(")"))
        {
            if (parameters.Count > 0) Expect(",");
            parameters.Add(ReadParameter());
        }
        return parameters;
    }

    /// <summary>.param .u64 .ptr .global .align 16 name: the attributes behind .ptr are about what it points at.</summary>
    private PtxVariable ReadParameter()
    {
        if (At(".reg")) throw Unexpected("'.param': arguments in registers are not supported");
        if (!At(".param")) throw Unexpected("'.param' or ')'");
        return ReadVariable(external: false);
    }

    private void ReadFunctionDirectives()
    {
        while (_token.Kind == TokenKind.Word)
        {
            ReadOnlySpan<char> word = _lexer.Characters(_token);
            if (word[0] != '.') throw Unexpected("'{' or ';'");
            bool limit = word is ".maxntid" or ".reqntid";
            Skip();
            long product = 1;
            while (_token.Kind is TokenKind.Number or TokenKind.Text || At(","))
            {
                if (_token.Kind == TokenKind.Number) product = Math.Min(product * Math.Max(TakeCount("the extent"), 1), int.MaxValue);
                else Skip();
            }
            if (limit) _function.MostThreads = (int)product;
        }
    }

    private void ReadBody()
    {
        Expect("{");
        _function.HasBody = true;
        (_file, _sourceLine) = (0, 0);
        _scopes.Clear();
        OpenScope();
        foreach (PtxVariable parameter in (IEnumerable<PtxVariable>)[.. _function.Parameters, .. _function.Results]) Define(parameter);
        while (_scopes.Count > 0)
        {
            if (Accept("{")) OpenScope();
            else if (Accept("}")) CloseScope();
            else if (!Accept(";")) ReadStatement();
        }
    }

    private void ReadStatement()
    {
        if (At("@")) { ReadInstruction(); return; }
        if (_token.Kind != TokenKind.Word) throw Unexpected("an instruction or '}'");
        switch (_lexer.Characters(_token))
        {
            case ".reg": Skip(); ReadRegisters(); break;
            case ".loc": Skip(); ReadLocation(); break;
            case ".pragma": Skip(); Take(TokenKind.Text, "the pragma's text"); Accept(";"); break;
            case ".file": Skip(); ReadFile(); break;
            case ".local" or ".shared" or ".param" or ".const" or ".global": ReadLocals(); break;
            case ".attribute": SkipLine(); break;
            default:
                if (_lexer.Characters(_token)[0] == '.') throw Unexpected("an instruction, a label or a declaration");
                ReadInstruction();
                break;
        }
    }

    private void ReadLocals()
    {
        int first = _function.Variables.Count;
        ReadVariables(_function.Variables, external: false);
        foreach (PtxVariable variable in _function.Variables[first..]) Define(variable);
    }

    /// <summary>.reg .b32 %r&lt;9&gt;, temp;</summary>
    private void ReadRegisters()
    {
        PtxType type = PtxTypes.Parse(_lexer.Characters(Take(TokenKind.Word, "a type such as .b32"))[1..]);
        if (type == PtxType.None) throw Unexpected("a type such as .b32 before this");
        do
        {
            string name = TakeName("the register's name");
            if (Accept("<")) { DefineRange(name, type, TakeCount("the number of registers")); Expect(">"); }
            else DefineRegister(name, type);
        }
        while (Accept(","));
        Expect(";");
    }

    /// <summary>.loc file line column, and where it was inlined: one line of text without a semicolon.</summary>
    private void ReadLocation()
    {
        int line = _token.Line;
        int file = (int)TakeInteger(), sourceLine = (int)TakeInteger();
        if (sourceLine > 0) (_file, _sourceLine) = (file, sourceLine);
        while (_token.Kind != TokenKind.End && _token.Line == line && !At("}")) Skip();
    }

    private void ReadInstruction()
    {
        int guard = -1;
        bool negated = false;
        if (Accept("@"))
        {
            negated = Accept("!");
            guard = PredicateRegister(TakeName("a predicate register"));
        }
        Token word = Take(TokenKind.Word, "an instruction");
        string opcode = _lexer.Characters(word).ToString();
        if (guard < 0 && Accept(":")) { ReadLabel(opcode, word.Line); return; }
        PtxOperand[] operands = ReadOperands(opcode);
        _function.Body.Add(new PtxInstruction(opcode, guard, negated, operands, word.Line, _file, _sourceLine));
    }

    /// <summary>A label, or a list of labels or a prototype under a name.</summary>
    private void ReadLabel(string name, int line)
    {
        if (At(".branchtargets"))
        {
            Skip();
            List<int> targets = [];
            do targets.Add(ReferToLabel(TakeName("a label"))); while (Accept(","));
            Expect(";");
            _function.Tables[name] = [.. targets];
        }
        else if (At(".callprototype") || At(".calltargets"))
        {
            while (!Accept(";")) { if (_token.Kind == TokenKind.End) throw Unexpected("';'"); Skip(); }
        }
        else DefineLabel(name, line);
    }
}
