"""Whole Lua programs, written at random: every one of them ends and prints what it does.

In: random bytes, one for each choice. Out: the text of a program, one statement a line. Every call of a function that
the program defines and every turn of a loop burns fuel, so that nothing runs for ever. What may differ between two
sound engines is not written: no address becomes text, no order of traversal shows, no list has holes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st

from tests.differential.words import (
    ARITHMETIC,
    COMPARISONS,
    FORMATS,
    FUNCTIONS,
    INTEGERS,
    MATHS,
    NUMBERS,
    PATTERNS,
    PRELUDE,
    REPLACEMENTS,
    STRINGS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["program", "programs"]

# Kinds of variables, with the names of the local ones: programs mostly use each as what it is.
NAMES = {
    "number": ("i", "j", "n"),
    "string": ("s", "u"),
    "list": ("l", "m"),
    "table": ("t", "o"),
    "function": ("f", "g"),
    "thread": ("co", "cx"),
    "any": ("v", "w"),
}
GLOBALS = {"number": "N", "string": "S", "table": "T", "function": "F", "any": "V"}
KINDS = (*NAMES, "boolean")
FIELDS = ("x", "y", "name")
EVENTS = (
    *("__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__idiv", "__band", "__bor", "__bxor", "__shl"),
    *("__shr", "__bnot", "__concat", "__eq", "__lt", "__le", "__index", "__newindex", "__call", "__len", "__tostring"),
)
UNARY_EVENTS = {"__unm", "__bnot", "__len", "__tostring"}
# Expressions and statements in one statement of the program, about; how deep functions nest.
ROOM = 30
NESTING = 3


class Writer:
    """Writes one program; every choice takes one of the bytes, and is the first option when there is none left."""

    def __init__(self, choices: bytes) -> None:
        self.choices = iter(choices)
        self.left = len(choices)
        self.room = ROOM
        self.lines: list[str] = []
        # Local variables in scope, by kind: what a function or a block declares is cut off at its end.
        self.locals: dict[str, list[str]] = {kind: [] for kind in NAMES}
        self.loops = 0
        self.nesting = 0
        self.labels = 0
        self.varargs = True
        self.coroutine = False

    # Choices

    def pick(self, *options: Any) -> Any:
        return options[self.below(len(options))]

    def chance(self, percent: int) -> bool:
        """Rather not: what shrinking arrives at."""
        return self.below(100) >= 100 - percent

    def count(self, most: int) -> int:
        return self.below(most + 1)

    def below(self, limit: int) -> int:
        self.left -= 1
        return next(self.choices, 0) * limit >> 8

    def write(self, line: str) -> None:
        self.lines.append(line)

    # Expressions

    def expression(self, kind: str, depth: int = 2) -> str:
        """An expression that is mostly of a kind."""
        self.room -= 1
        if self.chance(4):
            kind = self.pick(*KINDS)
        if depth <= 0 or self.room <= 0:
            return self.atom(kind)
        if self.chance(8):
            return self.choice(kind, depth - 1)
        return getattr(self, f"{kind}_expression")(depth - 1)

    def choice(self, kind: str, depth: int) -> str:
        """A value by ``and`` and ``or``, out of a call, or out of a field."""
        form = self.count(3)
        if form == 0:
            left, right = self.expression(kind, depth), self.expression(kind, depth)
            return f"({self.expression('boolean', depth)} and {left} or {right})"
        if form == 1:
            return self.call(depth)
        if form == 2:
            return f"{self.prefix('table', depth)}.{self.pick(*FIELDS)}"
        return f"{self.prefix('table', depth)}[key({self.expression('any', depth)})]"

    def atom(self, kind: str) -> str:
        """A variable or a literal."""
        names = self.locals.get(kind)
        if names and self.chance(75):
            return self.pick(*names[-4:])
        if kind in GLOBALS and self.chance(25):
            return GLOBALS[kind]
        if kind == "number":
            return self.pick(*NUMBERS)
        if kind == "string":
            return self.pick(*STRINGS)
        if kind == "function":
            return self.pick(*FUNCTIONS)
        if kind in ("list", "table"):
            return self.pick("{}", "{1}", "{x = 1}", "{1, 'b', 3.5}") if kind == "list" else "{x = 1, y = 'y'}"
        if kind == "any" and self.varargs and self.chance(30):
            return "..."
        return self.pick("nil", "true", "false", "nowhere")

    def prefix(self, kind: str, depth: int) -> str:
        """An expression that may stand before a call or an index."""
        names = self.locals.get(kind)
        if names and self.chance(85):
            return self.pick(*names[-4:])
        if kind in GLOBALS and self.chance(60):
            return GLOBALS[kind]
        return f"({self.expression(kind, depth)})"

    def several(self, most: int = 3, depth: int = 1) -> str:
        """A list of expressions, perhaps ending in what gives several values."""
        items = [self.expression(self.pick(*KINDS), depth) for _ in range(self.count(most))]
        if self.chance(15):
            items.append(self.call(1) if not self.varargs or self.chance(50) else "...")
        return ", ".join(items)

    def call(self, depth: int) -> str:
        form = self.count(3)
        if form == 0:
            return f"{self.prefix('table', depth)}:{self.pick(*FIELDS)}({self.several(2)})"
        if form == 1:
            return f"{self.prefix('any', depth)}({self.several(2)})"
        return f"{self.prefix('function', depth)}({self.several()})"

    def number_expression(self, depth: int) -> str:
        form = self.count(11)
        if form <= 2:
            return self.atom("number")
        if form <= 6:
            operator = self.pick(*ARITHMETIC)
            other = self.pick("number", "number", "number", "string", "table")
            return f"({self.expression('number', depth)} {operator} {self.expression(other, depth)})"
        if form == 7:
            return f"({self.pick('-', '~', '#')}{self.expression(self.pick('number', 'list', 'string'), depth)})"
        if form == 8:
            numbers = [self.expression("number", depth) for _ in range(1 + self.count(1))]
            return f"{self.pick(*MATHS)}({', '.join(numbers)})"
        if form == 9:
            return f"select('#', {self.several() or 'nil'})"
        if form == 10:
            return f"tonumber({self.expression('string', depth)}{self.pick('', ', 10', ', 16', ', 36')})"
        return f"{self.prefix('string', depth)}:{self.pick('len()', 'byte()', 'byte(-1)', 'find(S)')}"

    def string_expression(self, depth: int) -> str:
        form = self.count(12)
        if form <= 2:
            return self.atom("string")
        if form <= 4:
            other = self.pick("string", "number", "string", "table", "any")
            return f"({self.expression('string', depth)} .. {self.expression(other, depth)})"
        if form == 5:
            return f"text({self.expression('any', depth)})"
        subject = self.prefix("string", depth)
        if form == 6:
            return f"{subject}:{self.pick('upper()', 'lower()', 'reverse()', 'rep(3)')}"
        if form == 7:
            return f"{subject}:rep({self.pick('2', '0', '-1', '3.0', '2.5', 'nil')}, {self.expression('string', 0)})"
        if form == 8:
            return f"{subject}:sub({self.pick(*INTEGERS)}, {self.pick(*INTEGERS)})"
        if form == 9:
            verb, kind = self.pick(*FORMATS)
            return f"('{verb}'):format({self.expression(kind, depth)})"
        if form == 10:
            return f"({subject}:gsub('{self.pick(*PATTERNS)}', {self.replacement(depth)}))"
        if form == 11:
            separator = self.pick("", ", ','", ", '; ', 1", ", '', 2, 3")
            return f"table.concat({self.expression('list', depth)}{separator})"
        return f"{subject}:match('{self.pick(*PATTERNS)}')"

    def replacement(self, depth: int) -> str:
        form = self.count(3)
        if form == 0:
            return f"'{self.pick(*REPLACEMENTS)}'"
        return self.expression(self.pick("string", "table", "function"), depth)

    def boolean_expression(self, depth: int) -> str:
        form = self.count(5)
        if form <= 2:
            kind = self.pick("number", "number", "string", "table")
            other = kind if self.chance(90) else "any"
            return f"({self.expression(kind, depth)} {self.pick(*COMPARISONS)} {self.expression(other, depth)})"
        if form == 3:
            return f"(not {self.expression('any', depth)})"
        if form == 4:
            one, other = self.expression("any", depth), self.expression("any", depth)
            return f"({one} {self.pick('==', '~=', 'and', 'or')} {other})"
        return self.pick("true", "false", "nil")

    def list_expression(self, depth: int) -> str:
        form = self.count(5)
        if form <= 1:
            return self.atom("list")
        if form == 2:
            return f"list({self.several(4)})"
        if form == 3:
            items = [f"some({self.expression(self.pick(*KINDS), depth)})" for _ in range(self.count(4))]
            return "{" + ", ".join(items) + "}"
        if form == 4:
            source, target = self.expression("list", depth), self.pick("", ", {}")
            return f"table.move({source}, 1, {self.pick('2', '#l', '0')}, 1{target})" if target else source
        return f"sorted({self.expression('list', depth)}{self.pick('', ', ' + self.expression('function', depth))})"

    def table_expression(self, depth: int) -> str:
        form = self.count(5)
        if form <= 1:
            return self.atom("table")
        if form == 2:
            return self.fields(depth)
        if form == 3:
            return f"rawget({self.expression('table', depth)}, '{self.pick(*FIELDS)}')"
        return f"setmetatable({self.fields(depth)}, {self.metatable(depth)})"

    def fields(self, depth: int) -> str:
        parts = []
        for _ in range(self.count(3)):
            value = self.expression(self.pick(*KINDS), depth)
            if self.chance(70):
                parts.append(f"{self.pick(*FIELDS)} = {value}")
            else:
                parts.append(f"[key({self.expression('any', depth)})] = {value}")
        return "{" + ", ".join(parts) + "}"

    def metatable(self, depth: int) -> str:
        parts = []
        for _ in range(1 + self.count(3)):
            event = self.pick(*EVENTS)
            if event in ("__index", "__newindex") and self.chance(50):
                handler = self.expression("table", depth)
            elif event == "__tostring":
                handler = f"function(a) return {self.expression('string', depth)} end"
            elif self.chance(40):
                handler = self.expression("function", depth)
            else:
                parameters = "a" if event in UNARY_EVENTS else "a, b, ..." if event == "__call" else "a, b"
                result = self.pick("a", "b", "'r'", "text(a)", "rawequal(a, b)", "a, b", "rawlen(a)", "1.5")
                handler = f"function({parameters}) burn() return {result} end"
            parts.append(f"{event} = {handler}")
        if self.chance(5):
            parts.append(self.pick("__metatable = 'locked'", "__name = 'Thing'", "__metatable = false"))
        return "{" + ", ".join(parts) + "}"

    def function_expression(self, depth: int) -> str:
        form = self.count(4)
        if form == 0:
            return self.atom("function")
        if form == 1:
            return f"coroutine.wrap({self.function(coroutine=True)})"
        return self.function()

    def thread_expression(self, depth: int) -> str:
        if self.chance(30):
            return self.atom("thread")
        body = self.function(coroutine=True) if self.chance(90) else self.expression("function", depth)
        return f"coroutine.create({body})"

    def any_expression(self, depth: int) -> str:
        form = self.count(10)
        if form <= 3:
            return self.atom("any")
        if form <= 6:
            return self.expression(self.pick(*KINDS), depth)
        if form == 7:
            return self.call(depth)
        if form == 8:
            return f"table.unpack({self.expression('list', depth)}{self.pick('', ', 2', ', 1, 3', ', -1, 1')})"
        if form == 9:
            return f"getmetatable({self.expression(self.pick('table', 'string', 'any'), depth)})"
        if self.coroutine or self.chance(20):
            return f"coroutine.yield({self.several(2)})"
        return f"next({self.pick('{}', '{5}', '{x = 1}')})"

    # Functions and blocks

    def function(self, *, coroutine: bool | None = None, parameters: tuple[str, ...] = ()) -> str:
        """A function expression, its statements on lines of their own."""
        if self.nesting >= NESTING:
            return self.pick("function(...) burn() return ... end", "function(a, b) burn() return b, a end")
        kinds = [self.pick("any", "number", "string", "table", "any") for _ in range(self.count(2))]
        names = [self.pick(*NAMES[kind]) for kind in kinds]
        varargs = self.chance(30)
        before = self.lines, self.loops, self.varargs, self.coroutine
        self.lines, self.loops, self.varargs = [], 0, varargs
        self.coroutine = self.coroutine if coroutine is None else coroutine
        self.nesting += 1
        with self.scope():
            for kind, name in zip(kinds, names):
                self.declare(kind, name)
            self.statements(3)
            if self.chance(70):
                self.write(f"return {self.several()}")
        self.nesting -= 1
        body = "\n".join(self.lines)
        self.lines, self.loops, self.varargs, self.coroutine = before
        head = ", ".join([*parameters, *names, *(["..."] if varargs else [])])
        return f"function({head})\nburn()\n{body}\nend"

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is declared inside is forgotten afterwards."""
        sizes = {kind: len(names) for kind, names in self.locals.items()}
        yield
        for kind, size in sizes.items():
            del self.locals[kind][size:]

    def declare(self, kind: str, name: str) -> None:
        self.locals[kind].append(name)

    def statements(self, most: int) -> None:
        for _ in range(1 + self.count(most - 1)):
            if self.room <= 0:
                break
            self.statement()

    def block(self, head: str, tail: str = "end", *, loop: bool = False, most: int = 3) -> None:
        """A block of its own between two lines."""
        self.write(head)
        if loop:
            self.write("burn()")
        self.loops += loop
        with self.scope():
            jumps = loop and self.chance(20)
            if jumps:
                self.labels += 1
                label = f"next{self.labels}"
                self.write(f"if {self.expression('boolean', 1)} then goto {label} end")
                self.write("do")
            self.statements(most)
            if jumps:
                self.write(f"end\n::{label}::")
            elif self.chance(15 if loop else 3):
                self.write(self.pick("break", f"return {self.several(2)}") if self.loops else "return")
        self.loops -= loop
        self.write(tail)

    # Statements

    STATEMENTS = (
        *("local_", "local_", "local_", "assign", "assign", "assign", "show", "show", "show", "protected", "protected"),
        *("call_", "if_", "while_", "for_", "for_", "for_in", "repeat_", "local_function", "local_function", "do_"),
        *("goto_", "insert", "method", "method", "resume", "resume", "closures", "fail", "meta", "load_"),
    )

    def statement(self) -> None:
        self.room -= 1
        getattr(self, f"write_{self.pick(*self.STATEMENTS)}")()

    def protected(self) -> None:
        """A few statements whose error does not end the program; what they assign stays."""
        before = self.loops, self.varargs, self.coroutine
        self.loops, self.varargs = 0, True
        self.block("print(pcall(function(...)", "end, 1, 'two'))", most=4)
        self.loops, self.varargs, self.coroutine = before

    def write_local_(self) -> None:
        kinds = [self.pick(*NAMES) for _ in range(1 + self.count(1))]
        values = ", ".join(self.expression(kind) for kind in kinds)
        if self.chance(5):
            values = self.call(1)
        names = [self.pick(*NAMES[kind]) for kind in kinds]
        self.write(f"local {', '.join(names)} = {values}")
        for kind, name in zip(kinds, names):
            self.declare(kind, name)

    def write_assign(self) -> None:
        kinds = [self.pick(*NAMES) for _ in range(1 + self.count(1))]
        targets = [self.target(kind) for kind in kinds]
        values = ", ".join(self.expression(kind) for kind in kinds)
        self.write(f"{', '.join(targets)} = {values}")

    def target(self, kind: str) -> str:
        form = self.count(3)
        if form == 0 and self.locals[kind]:
            return self.pick(*self.locals[kind][-4:])
        if form == 1 and kind in GLOBALS:
            return GLOBALS[kind]
        if form == 2:
            return f"{self.prefix('table', 1)}[key({self.expression('any', 1)})]"
        return f"{self.prefix('table', 1)}.{self.pick(*FIELDS)}"

    def write_show(self) -> None:
        self.write(f"print({self.several(3, 2)})")

    def write_protected(self) -> None:
        function = self.function()
        form = self.count(3)
        if form == 0:
            self.write(f"print(xpcall({function}, {self.expression('function', 1)}, {self.several(2) or 1}))")
        elif form == 1:
            self.write(f"print(pcall({self.several(3) or 'error'}))")
        else:
            self.write(f"print(pcall({function}, {self.several(2) or 1}))")

    def write_call_(self) -> None:
        self.write(f";{self.call(2)}")

    def write_if_(self) -> None:
        self.block(f"if {self.expression('boolean')} then", "", most=2)
        if self.chance(30):
            self.block(f"elseif {self.expression('boolean')} then", "", most=2)
        if self.chance(50):
            self.block("else", "", most=2)
        self.write("end")

    def write_while_(self) -> None:
        self.block(f"while {self.expression('boolean')} do", loop=True)

    def write_repeat_(self) -> None:
        self.write("repeat")
        self.write("burn()")
        self.loops += 1
        with self.scope():
            self.statements(3)
            self.write(f"until {self.expression('boolean')}")
        self.loops -= 1

    def write_for_(self) -> None:
        name = self.pick(*NAMES["number"])
        first, last = self.pick(*INTEGERS), self.pick(*INTEGERS)
        if self.chance(20):
            first, last = self.expression("number", 1), f"limit({self.expression('number', 1)})"
        step = self.pick("", "", ", 1", ", -1", ", 2", ", 0.5", ", 0", ", math.maxinteger", ", -2.5", ", '1'")
        with self.scope():
            self.declare("number", name)
            self.block(f"for {name} = {first}, {last}{step} do", loop=True, most=2)

    def write_for_in(self) -> None:
        iterators = {
            "ipairs": f"ipairs({self.expression('list', 1)})",
            "each": f"each({self.expression('table', 1)})",
            "gmatch": f"{self.prefix('string', 1)}:gmatch('{self.pick(*PATTERNS)}')",
            "wrap": f"coroutine.wrap({self.function(coroutine=True)})",
            # Something callable: PUC calls what is not by the name of a value that is long gone.
            "any": f"{self.pick(*FUNCTIONS)}, {self.several(2) or 'nil'}",
        }
        with self.scope():
            key, value = self.pick(*NAMES["any"]), self.pick(*NAMES["any"])
            source = iterators[self.pick("ipairs", "each", "gmatch", "wrap", "any")]
            self.declare("any", key)
            self.declare("any", value)
            self.block(f"for {key}, {value} in {source} do", loop=True, most=2)

    def write_local_function(self) -> None:
        name = self.pick(*NAMES["function"])
        if self.chance(50):
            self.declare("function", name)
            self.write(f"local function {name}{self.function().removeprefix('function')}")
        elif self.chance(30):
            self.write(f"function {GLOBALS['function']}{self.function().removeprefix('function')}")
        else:
            self.write(f"local {name} = {self.function()}")
            self.declare("function", name)

    def write_do_(self) -> None:
        self.block("do")

    def write_goto_(self) -> None:
        self.labels += 1
        label = f"top{self.labels}"
        self.write(f"do\n::{label}::\nburn()")
        with self.scope():
            self.write("do")
            self.statements(2)
            self.write("end")
            self.write(f"if {self.expression('boolean')} then goto {label} end\nend")

    def write_insert(self) -> None:
        name = self.prefix("list", 1)
        value = f"some({self.expression('any', 1)})"
        self.write(
            self.pick(
                f"{name}[#{name} + 1] = {value}" if name.isidentifier() else f"table.insert({name}, {value})",
                f"table.insert({name}, {value})",
                f"table.insert({name}, {self.pick(*INTEGERS)}, {value})",
                f"print(table.remove({name}{self.pick('', ', 1', ', #l', ', 7')}))",
                f"print(table.unpack({name}))",
                f"print(#{name}, table.concat({name}, '-'))",
            )
        )

    def write_method(self) -> None:
        owner = self.pick(*self.locals["table"][-2:], "T")
        name = self.pick(*FIELDS)
        if self.chance(60):
            with self.scope():
                self.declare("table", "self")
                body = self.function().removeprefix("function")
            self.write(f"function {owner}:{name}{body}")
        else:
            self.write(f"print({owner}:{name}({self.several()}))")

    def write_resume(self) -> None:
        if not self.locals["thread"]:
            name = self.pick(*NAMES["thread"])
            self.write(f"local {name} = coroutine.create({self.function(coroutine=True)})")
            self.declare("thread", name)
        thread = self.pick(*self.locals["thread"][-3:])
        for _ in range(1 + self.count(2)):
            self.write(f"print(coroutine.resume({thread}{self.pick('', ', 1', ', ' + self.expression('any', 1))}))")
        self.write(f"print(coroutine.status({thread}), coroutine.isyieldable())")

    def write_closures(self) -> None:
        """Functions made in a loop, called after it."""
        self.write("local fs = {}")
        self.write(f"for i = 1, {self.pick('2', '3')} do\nlocal v = {self.expression('any', 1)}")
        with self.scope():
            self.declare("number", "i")
            self.declare("any", "v")
            self.write(f"fs[i] = {self.function()}\nend")
        self.write(f"for i, f in ipairs(fs) do print(pcall(f, {self.several(2) or 'i'})) end")

    def write_fail(self) -> None:
        value = self.expression(self.pick("string", "any", "table", "number"), 1)
        call = self.pick("error", "error", "assert", "assert")
        values = {"error": f"{value}{self.pick('', ', 0', ', 1', ', 2', ', 3')}", "assert": f"{value}, {value}"}
        self.write(f"if {self.expression('boolean', 1)} then {call}({values[call]}) end")

    def write_meta(self) -> None:
        name = self.prefix("table", 1)
        self.write(f";setmetatable({name}, {self.metatable(1)})")

    def write_load_(self) -> None:
        source = self.pick(
            "'return ' .. text(N)", "'x = '", "'return ...'", "'N = 3 return N +'", "text(V)", "'::a:: ::a::'"
        )
        self.write(
            f"print(load({source}, {self.pick(*STRINGS)}))"
            if self.chance(30)
            else f"print(pcall(load({source}, '=l')))"
        )


def program(choices: bytes) -> str:
    """The text of a program, one statement a line."""
    writer = Writer(choices)
    wrapping = writer.pick("", "", "function", "coroutine")
    for _ in range(2 + writer.count(8)):
        if writer.left <= 0:
            break
        writer.room = ROOM
        if writer.chance(75):
            writer.protected()
        else:
            writer.statement()
    writer.room = ROOM
    writer.write(f"return {writer.several()}")
    body = "\n".join(writer.lines)
    if wrapping == "function":
        body = f"return (function(...)\n{body}\nend)(1, 'two', nil)"
    elif wrapping == "coroutine":
        body = f"local main = coroutine.wrap(function(...)\n{body}\nend)\nprint(main(1, 'two'))\nreturn main()"
    return PRELUDE + body


# One draw, so that no two programs share their parts: hypothesis would copy draws from place to place. Shrinking
# leads to the first options, and to shorter programs.
programs = st.binary(min_size=600, max_size=3000).map(program)
