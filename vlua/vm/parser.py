"""Source text to a syntax tree (manual §3.3, §9).

In: the source of a chunk, one character per byte, and the chunk's name. Out: the tree of its main function.
Accepts and refuses what PUC Lua 5.3.6 does, with its messages and in its order of checks.
"""

from __future__ import annotations

from collections.abc import Callable

from vlua.vm.lexer import EOF, NAME, tokenize
from vlua.vm.nodes import (
    Assign,
    Block,
    Break,
    Call,
    CallStatement,
    Do,
    Expression,
    Function,
    FunctionStatement,
    GenericFor,
    Goto,
    If,
    Index,
    Label,
    Local,
    LocalFunction,
    Method,
    Name,
    NumericFor,
    Repeat,
    Return,
    Statement,
    String,
    While,
)
from vlua.vm.parser_expressions import MAX_LEVELS, ExpressionParser
from vlua.vm.parser_function import FunctionState

__all__ = ["parse"]

# Tokens that end a block. "until" does so too, but the locals of its block stay visible after it.
BLOCK_ENDS = frozenset({"else", "elseif", "end", EOF})
LIST_ENDS = BLOCK_ENDS | {"until"}

# Instructions that PUC's jumps can skip (MAXARG_sBx).
MAX_JUMP = (1 << 17) - 1


def parse(source: str, chunkname: str, pulse: Callable[[], object] = lambda: None) -> Function:
    """The main function of a chunk: vararg, without parameters or a name (manual §3.3.2).

    ``source`` has one character per byte; ``chunkname`` is as for ``load`` and shows up in messages.
    Raises ``LuaSyntaxError`` with PUC Lua's message. Needs a Python stack of up to 2,000 frames.
    ``pulse`` is called now and then, and may raise.
    """
    parser = Parser(tokenize(source, chunkname, pulse), chunkname)
    parser.pulse = pulse
    return parser.chunk()


class Parser(ExpressionParser):
    """The part of the parser that reads statements, and functions as lists of them."""

    def chunk(self) -> Function:
        """The whole chunk."""
        function = self.function
        function.is_vararg = True
        statements = self.statements()
        if self.types[self.pos] != EOF:
            self.missing(EOF)
        function.close()
        end_line = self.lines[self.pos - 1] if self.pos else 1
        return Function(0, [], True, Block(1, statements, end_line), end_line)

    def body(self, line: int, name: str | None, is_method: bool) -> Function:
        """Parameters and body of a function; the reader stands behind its name or ``function``."""
        outer = self.function
        function = self.function = FunctionState(self, outer, line)
        self.expect("(")
        if is_method:
            function.declare("self")
            function.activate()
        self.parameters(function)
        self.expect(")")
        params = list(function.declared)
        first_line = self.lines[self.pos]
        statements = self.statements()
        end_line = self.lines[self.pos]
        self.expect_match("end", "function", line)
        function.close()
        self.function = outer
        return Function(
            line, params, function.is_vararg, Block(first_line, statements, end_line), end_line, name, is_method
        )

    def parameters(self, function: FunctionState) -> None:
        """The list of parameters (manual §3.4.11)."""
        if self.types[self.pos] == ")":
            return
        while True:
            if self.types[self.pos] == NAME:
                function.declare(self.expect_name())
            elif self.accept("..."):
                function.is_vararg = True
                break
            else:
                self.fail("<name> or '...' expected")
            if not self.accept(","):
                break
        function.activate()

    def block(self) -> Block:
        """Statements in a scope of their own."""
        line = self.lines[self.pos]
        self.function.enter_block()
        statements = self.statements()
        self.function.leave_block()
        return Block(line, statements, self.lines[self.pos])

    def loop_body(self) -> Block:
        """A block in which ``break`` is allowed."""
        self.function.loops += 1
        body = self.block()
        self.function.loops -= 1
        return body

    def statements(self) -> list[Statement]:
        """Statements up to the end of the block; nothing may follow ``return``."""
        found: list[Statement] = []
        types = self.types
        while True:
            kind = types[self.pos]
            if kind in LIST_ENDS:
                break
            self.statement(found)
            if kind == "return":
                break
        return found

    def statement(self, found: list[Statement]) -> None:
        """Read one statement and append its node, if it has one."""
        levels = self.levels
        if levels >= MAX_LEVELS:
            self.function.fail_limit("C levels", MAX_LEVELS)
        self.levels = levels + 1
        pos = self.pos
        if pos >= self.pulse_at:
            self.beat()
        kind = self.types[pos]
        if kind == NAME:
            found.append(self.expression_statement())
        elif kind in READERS:
            self.pos = pos + 1
            found.append(READERS[kind](self, self.lines[pos]))
        elif kind == "::":
            self.pos = pos + 1
            self.label(found, self.lines[pos])
        elif kind == ";":
            self.pos = pos + 1
        else:
            found.append(self.expression_statement())
        self.levels = levels

    # Each of these stands behind the first token of its statement, which is on ``line``.

    def do(self, line: int) -> Statement:
        """``do`` block ``end``."""
        body = self.block()
        self.expect_match("end", "do", line)
        return Do(line, body)

    def if_(self, line: int) -> Statement:
        """``if``, ``elseif`` and ``else``."""
        arms = [self.arm()]
        while self.accept("elseif"):
            arms.append(self.arm())
        orelse = self.block() if self.accept("else") else None
        self.expect_match("end", "if", line)
        for _, body in arms:
            self.check_length(body)
        return If(line, arms, orelse)

    def arm(self) -> tuple[Expression, Block]:
        """A condition and its block."""
        condition = self.expression()
        self.expect("then")
        if type(condition) is Index:
            condition.line = self.lines[self.pos - 1]
        line = self.lines[self.pos]
        open_line = self.lines[self.pos - 1]
        self.function.enter_block()
        found: list[Statement] = []
        kind = self.types[self.pos]
        if kind == "break" or kind == "goto":  # PUC Lua does not count a level for these here
            self.pos += 1
            found.append(READERS[kind](self, line))
        found += self.statements()
        self.function.leave_block()
        return condition, Block(line, found, self.lines[self.pos], open_line)

    def while_(self, line: int) -> Statement:
        """``while`` condition ``do`` block ``end``."""
        condition = self.expression()
        self.expect("do")
        body = self.loop_body()
        self.check_length(body)
        self.expect_match("end", "while", line)
        return While(line, condition, body)

    def repeat(self, line: int) -> Statement:
        """``repeat`` block ``until`` condition."""
        function = self.function
        function.loops += 1
        function.enter_block()
        first_line = self.lines[self.pos]
        statements = self.statements()
        end_line = self.lines[self.pos]
        self.expect_match("until", "repeat", line)
        condition = self.expression()
        function.leave_block()
        function.loops -= 1
        body = Block(first_line, statements, end_line)
        self.check_length(body)
        return Repeat(line, body, condition)

    def for_(self, line: int) -> Statement:
        """A numeric or generic ``for``."""
        function = self.function
        function.enter_block()
        name = self.expect_name()
        kind = self.types[self.pos]
        loop: NumericFor | GenericFor
        if kind == "=":
            loop = self.numeric_for(name)
        elif kind == "," or kind == "in":
            loop = self.generic_for(name)
        else:
            self.fail("'=' or 'in' expected")
        self.check_length(loop.body)
        self.expect_match("end", "for", line)
        function.leave_block()
        return loop

    def check_length(self, body: Block) -> None:
        """Refuse a body over which PUC's instructions cannot jump; each statement takes at least one of them."""
        if len(body.statements) > MAX_JUMP:
            self.fail("control structure too long")

    def numeric_for(self, name: str) -> NumericFor:
        """``= start, stop, step do`` block; the line is that of ``do``, to which PUC Lua ascribes a bad limit."""
        for hidden in ("(for index)", "(for limit)", "(for step)", name):
            self.function.declare(hidden)
        self.expect("=")
        start = self.expression()
        self.expect(",")
        stop = self.expression()
        step = self.expression() if self.accept(",") else None
        line = self.lines[self.pos]
        self.expect("do")
        self.function.activate()
        return NumericFor(line, name, start, stop, step, self.loop_body())

    def generic_for(self, name: str) -> GenericFor:
        """``names in values do`` block; the line is that of the values, to which PUC Lua ascribes the calls."""
        function = self.function
        for hidden in ("(for generator)", "(for state)", "(for control)", name):
            function.declare(hidden)
        names = [name]
        while self.accept(","):
            names.append(self.expect_name())
            function.declare(names[-1])
        self.expect("in")
        line = self.lines[self.pos]
        values = self.expressions()
        self.expect("do")
        function.activate()
        return GenericFor(line, names, values, self.loop_body())

    def function_(self, line: int) -> Statement:
        """``function a.b:c`` body."""
        target: Expression
        name = self.expect_name()
        target = self.variable(self.pos - 1)
        is_method = False
        while not is_method and self.types[self.pos] in (".", ":"):
            is_method = self.types[self.pos] == ":"
            self.pos += 1
            key = self.expect_name()
            key_line = self.lines[self.pos - 1]
            target = Index(key_line, target, String(key_line, key))
            name += (":" if is_method else ".") + key
        return FunctionStatement(line, target, self.body(line, name, is_method))

    def local(self, line: int) -> Statement:
        """``local function name`` body, or ``local names = values``."""
        function = self.function
        if self.accept("function"):
            name = self.expect_name()
            function.declare(name)
            function.activate()
            return LocalFunction(line, name, self.body(self.lines[self.pos], name, False))
        names = []
        while True:
            names.append(self.expect_name())
            function.declare(names[-1])
            if not self.accept(","):
                break
        values = self.expressions() if self.accept("=") else []
        self.hold_all(values)
        function.activate()
        name_functions(names, values)
        return Local(line, names, values)

    def return_(self, line: int) -> Statement:
        """``return values``."""
        kind = self.types[self.pos]
        values = [] if kind == ";" or kind in LIST_ENDS else self.expressions()
        self.hold_all(values)
        self.accept(";")
        return Return(line, values)

    def break_(self, line: int) -> Statement:
        """``break``."""
        self.function.break_(line)
        return Break(line)

    def goto(self, line: int) -> Statement:
        """``goto name``."""
        name = self.expect_name()
        self.function.goto(name, line)
        return Goto(line, name)

    def label(self, found: list[Statement], line: int) -> None:
        """``::name::`` and the labels and semicolons after it, which decide whether it ends its block."""
        function = self.function
        name = self.expect_name()
        function.check_label(name)
        self.expect("::")
        label = function.add_label(name, line)
        found.append(Label(line, name))
        while self.types[self.pos] in (";", "::"):
            self.statement(found)
        function.place_label(label, self.types[self.pos] in BLOCK_ENDS)

    def expression_statement(self) -> Statement:
        """A call or an assignment."""
        line = self.lines[self.pos]
        target = self.suffixed()
        kind = self.types[self.pos]
        if kind == "=" or kind == ",":
            return self.assignment(target)
        if type(target) is not Call and type(target) is not Method:
            self.fail("syntax error")
        return CallStatement(line, target)

    def assignment(self, target: Expression) -> Statement:
        """The rest of an assignment; its line is that of its last token, to which PUC Lua ascribes the stores."""
        self.check_target(target)
        targets = [target]
        while self.accept(","):
            target = self.suffixed()
            if len(targets) + self.levels > MAX_LEVELS:
                self.function.fail_limit("C levels", MAX_LEVELS)
            self.check_target(target)
            targets.append(target)
        self.expect("=")
        values = self.expressions()
        if len(values) != len(targets):
            self.hold_all(values)
        elif type(values[0]) is Function:
            values[0].name = display_name(target)
        return Assign(self.lines[self.pos - 1], targets, values)

    def check_target(self, target: Expression) -> None:
        """Refuse to assign to what is no variable."""
        if (type(target) is not Name and type(target) is not Index) or target is self.parenthesized:
            self.fail("syntax error")


READERS: dict[str, Callable[[Parser, int], Statement]] = {
    "break": Parser.break_,
    "do": Parser.do,
    "for": Parser.for_,
    "function": Parser.function_,
    "goto": Parser.goto,
    "if": Parser.if_,
    "local": Parser.local,
    "repeat": Parser.repeat,
    "return": Parser.return_,
    "while": Parser.while_,
}


def name_functions(names: list[str], values: list[Expression]) -> None:
    """Give functions the names of the locals that they are the values of."""
    for name, value in zip(names, values, strict=False):
        if type(value) is Function:
            value.name = name


def display_name(target: Expression) -> str | None:
    """How a function that is assigned to ``target`` may be called in a traceback."""
    if type(target) is Name:
        return target.name
    if type(target) is Index and type(target.key) is String:
        return target.key.value
    return None
