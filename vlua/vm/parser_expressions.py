"""Tokens to expression nodes (manual §3.4).

In: the current token of the reader. Out: nodes; the reader stands behind the expression.
An ``Index`` gets the line that PUC Lua has reached when it emits the read, often that of the token after it.
Methods read ``types``, ``values`` and ``lines`` directly, because a call for each token would double the time.
"""

from __future__ import annotations

from vlua.vm.lexer import NAME, NUMBER, STRING, Tokens
from vlua.vm.nodes import (
    And,
    Binary,
    Call,
    Expression,
    False_,
    Function,
    Index,
    Method,
    Name,
    Named,
    Nil,
    Number,
    Or,
    Paren,
    Positional,
    String,
    Table,
    True_,
    Unary,
    Vararg,
)
from vlua.vm.parser_function import FunctionState
from vlua.vm.parser_tokens import TokenReader

__all__ = ["MAX_LEVELS", "ExpressionParser"]

# Nested constructs (LUAI_MAXCCALLS): with it, Python's own stack is safe as well.
MAX_LEVELS = 200
# Levels in use when a script that was started by the host calls load(), as in the stand-alone PUC Lua.
FIRST_LEVEL = 2

# Left and right priority of the binary operators (manual §3.4.8); the right one is lower where they group to the right.
PRIORITY = {
    "or": (1, 1),
    "and": (2, 2),
    "<": (3, 3),
    ">": (3, 3),
    "<=": (3, 3),
    ">=": (3, 3),
    "~=": (3, 3),
    "==": (3, 3),
    "|": (4, 4),
    "~": (5, 5),
    "&": (6, 6),
    "<<": (7, 7),
    ">>": (7, 7),
    "..": (9, 8),
    "+": (10, 10),
    "-": (10, 10),
    "*": (11, 11),
    "/": (11, 11),
    "//": (11, 11),
    "%": (11, 11),
    "^": (14, 13),
}
UNARY_PRIORITY = 12
UNARY_OPERATORS = frozenset({"not", "-", "~", "#"})
COMPARISONS = frozenset({"<", ">", "<=", ">=", "~=", "=="})
# Expressions that may yield any number of values.
MULTIPLE = frozenset({Call, Method, Vararg})
SUFFIXES = frozenset({".", "[", ":", "(", "{", STRING})


class ExpressionParser(TokenReader):
    """The part of the parser that reads expressions."""

    def __init__(self, tokens: Tokens, chunkname: str) -> None:
        super().__init__(tokens, chunkname)
        self.function = FunctionState(self, None, 0)
        self.levels = FIRST_LEVEL
        # What the last parentheses enclosed: it reads like a variable but cannot be assigned to.
        self.parenthesized: Expression | None = None

    def body(self, line: int, name: str | None, is_method: bool) -> Function:
        """Parameters and body of a function that begins on ``line``; the statement parser defines it."""
        raise NotImplementedError

    def expression(self, limit: int = 0) -> Expression:
        """An expression up to the first binary operator whose priority is not above ``limit``."""
        if self.pos >= self.pulse_at:
            self.beat()
        types = self.types
        pos = self.pos
        levels = self.levels
        if levels >= MAX_LEVELS:
            self.function.fail_limit("C levels", MAX_LEVELS)
        self.levels = levels + 1
        kind = types[pos]
        left: Expression
        if kind == NAME:
            if types[pos + 1] in SUFFIXES:
                left = self.suffixed()
            else:
                self.pos = pos + 1
                left = self.variable(pos)
        elif kind == NUMBER:
            self.pos = pos + 1
            left = Number(self.lines[pos], self.values[pos])
        elif kind == STRING:
            self.pos = pos + 1
            left = String(self.lines[pos], self.values[pos])
        elif kind in UNARY_OPERATORS:
            self.pos = pos + 1
            left = Unary(self.lines[pos], kind, self.expression(UNARY_PRIORITY))
        else:
            left = self.operand(kind)
        operator = types[self.pos]
        while operator in PRIORITY:
            priority, right_priority = PRIORITY[operator]
            if priority <= limit:
                break
            line = self.lines[self.pos]
            self.pos += 1
            if type(left) is Index:
                left.line = line
            right = self.expression(right_priority)
            if operator in COMPARISONS:  # PUC Lua compares once it has seen the whole right operand
                left = Binary(self.lines[self.pos - 1], operator, left, right)
            elif operator == "and":
                left = And(line, left, right)
            elif operator == "or":
                left = Or(line, left, right)
            else:
                left = Binary(line, operator, left, right)
            operator = types[self.pos]
        self.levels = levels
        return left

    def expressions(self) -> list[Expression]:
        """One or more expressions with commas between them."""
        first = self.expression()
        types = self.types
        if types[self.pos] != ",":
            return [first]
        values = [first]
        function = self.function
        pending = function.pending
        while types[self.pos] == ",":
            last = values[-1]
            if type(last) is Index:
                last.line = self.lines[self.pos]
            self.pos += 1
            function.hold(1)
            values.append(self.expression())
        function.pending = pending
        return values

    def hold_all(self, values: list[Expression]) -> None:
        """Check that there are registers for all of ``values``, which have been read."""
        if len(values) > 1 and type(values[-1]) not in MULTIPLE:
            function = self.function
            function.hold(len(values))
            function.pending -= len(values)

    def suffixed(self) -> Expression:
        """A variable or parentheses, then any number of indices and calls."""
        types = self.types
        pos = self.pos
        line = self.lines[pos]
        kind = types[pos]
        left: Expression
        if kind == NAME:
            self.pos = pos + 1
            left = self.variable(pos)
        elif kind == "(":
            self.pos = pos + 1
            left = self.expression()
            self.expect_match(")", "(", line)
            if type(left) in MULTIPLE:
                left = Paren(line, left)
            elif type(left) is Index:
                left.line = self.lines[self.pos - 1]
            self.parenthesized = left
        else:
            self.fail("unexpected symbol")
        while True:
            pos = self.pos
            kind = types[pos]
            if kind == ".":
                self.pos = pos + 1
                name = self.expect_name()
                key_line = self.lines[pos + 1]
                left = Index(key_line, left, String(key_line, name))
            elif kind == "(" or kind == STRING or kind == "{":
                left = Call(line, left, self.arguments(line, 1))
            elif kind == "[":
                self.pos = pos + 1
                key = self.expression()
                self.expect("]")
                left = Index(self.lines[self.pos - 1], left, key)
            elif kind == ":":
                self.pos = pos + 1
                name = self.expect_name()
                left = Method(line, left, name, self.arguments(line, 2), self.lines[pos + 1])
            else:
                return left

    def variable(self, pos: int) -> Name:
        """The variable whose name was the token at ``pos``."""
        name = self.values[pos]
        function = self.function
        if name not in function.visible and name not in function.known:
            function.use(name)
        return Name(self.lines[pos], name)

    def arguments(self, line: int, registers: int) -> list[Expression]:
        """The arguments of a call; ``line`` is where the called expression began."""
        pos = self.pos
        kind = self.types[pos]
        self.pos = pos + 1
        values: list[Expression]
        if kind == "(":
            if self.types[pos + 1] == ")":
                self.pos = pos + 2
                return []
            function = self.function
            function.hold(registers)
            values = self.expressions()
            self.expect_match(")", "(", line)
            self.hold_all(values)
            last = values[-1]
            if type(last) is Index:
                last.line = self.lines[self.pos - 1]
            function.pending -= registers
        elif kind == STRING:
            values = [String(self.lines[pos], self.values[pos])]
        elif kind == "{":
            self.pos = pos
            values = [self.table()]
        else:
            self.pos = pos
            self.fail("function arguments expected")
        return values

    def operand(self, kind: str) -> Expression:
        """An operand that is neither a name nor a literal; ``kind`` is the type of the current token."""
        pos = self.pos
        line = self.lines[pos]
        if kind == "{":
            return self.table()
        if kind == "function":
            self.pos = pos + 1
            return self.body(self.lines[pos + 1], None, False)
        constant: Expression
        if kind == "nil":
            constant = Nil(line)
        elif kind == "true":
            constant = True_(line)
        elif kind == "false":
            constant = False_(line)
        elif kind == "...":
            if not self.function.is_vararg:
                self.fail("cannot use '...' outside a vararg function")
            constant = Vararg(line)
        else:
            return self.suffixed()
        self.pos = pos + 1
        return constant

    def table(self) -> Table:
        """A table constructor (manual §3.4.9)."""
        types, lines = self.types, self.lines
        line = lines[self.pos]
        items: list[Positional | Named] = []
        self.expect("{")
        self.function.pending += 1
        while types[self.pos] != "}":
            items.append(self.item())
            pos = self.pos
            separator = types[pos]
            if separator != "," and separator != ";":
                break
            self.pos = pos + 1
            self.stored(items[-1], lines[pos])
        self.function.pending -= 1
        end_line = lines[self.pos]
        if items:
            self.stored(items[-1], end_line)
        self.expect_match("}", "{", line)
        return Table(line, items, end_line)

    def stored(self, item: Positional | Named, line: int) -> None:
        """Note that PUC Lua evaluates a field without a key once it has seen the token after it, on ``line``."""
        if type(item) is Positional and type(item.value) is Index:
            item.value.line = line

    def item(self) -> Positional | Named:
        """An item of a table constructor."""
        types, lines = self.types, self.lines
        pos = self.pos
        kind = types[pos]
        key: Expression
        if kind == NAME:
            if types[pos + 1] != "=":
                lines[pos] = lines[pos + 1]  # PUC Lua has read the next token by now and counts from its line
                value = self.expression()
                return Positional(lines[pos], value)
            key = String(lines[pos], self.values[pos])
            self.pos = pos + 2
        elif kind == "[":
            self.pos = pos + 1
            key = self.expression()
            self.expect("]")
            self.expect("=")
        else:
            value = self.expression()
            return Positional(lines[pos], value)
        value = self.expression()
        return Named(lines[self.pos - 1], key, value)
