"""Random programs: calls of library functions, a grammar's, token soup, bytes, edited dumps.

In: a seed and a number. Out: a ``Case``, the same one each time.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import attrs

from tests.fuzz.values import PRELUDE, expression, quoted, text

__all__ = ["Case", "make_case"]

_TOKENS = (
    "and break do else elseif end false for function goto if in local nil not or repeat return then true until while"
    " + - * / % ^ # & ~ | << >> // == ~= <= >= < > = ( ) { } [ ] :: ; : , . .. ... a b c _ENV self x1 0 1 0x 0x1p4 1e5"
    " 3. .5 1..2 'a' \"b\" [[c]] [=[d]=] --x --[[y]] \n '\\x41' '\\u{10ffff}' '\\z ' 9223372036854775808 1e999 '"
    " \x00 \xff $"
).split(" ")
_NAMES = ["a", "b", "c", "t", "f", "o", "_ENV"]
_EVENTS = ["__index", "__newindex", "__add", "__eq", "__lt", "__call", "__gc", "__len", "__concat"]
_BINARY = "+ - * / % ^ // .. == ~= < > <= >= and or & | ~ << >>".split()
_ROOT = Path(__file__).resolve().parents[1]


@attrs.frozen
class Case:
    """A program and how it is run: ``options`` are those of ``tests.fuzz.target``."""

    source: bytes
    options: dict[str, str]


def make_case(seed: str, number: int, functions: list[str]) -> Case:
    """Case ``number`` of a run; ``functions`` are the names of what libraries offer."""
    random = Random(f"{seed}:{number}")
    kind = random.random()
    if kind < 0.5:
        source = calls(random, functions).encode("latin-1")
    elif kind < 0.75:
        source = (PRELUDE + _Grammar(random).program()).encode("latin-1")
    elif kind < 0.83:
        source = " ".join(random.choice(_TOKENS) for _ in range(random.randrange(1, 60))).encode("latin-1")
    elif kind < 0.88:
        source = random.randbytes(random.randrange(200))
    elif kind < 0.96:
        source = mutated(random, random.choice(_corpus()))
    else:
        source = dumped(random).encode("latin-1")
    options = {
        "mode": random.choice(["virtual"] * 5 + ["refuse"]),
        "encoding": random.choice(["utf-8"] * 3 + [""]),
        "chunkname": random.choice(["=fuzz"] * 3 + ["@/x.lua", text(random)]),
    }
    return Case(source, options)


def calls(random: Random, functions: list[str]) -> str:
    """Calls with any values, some in coroutines, some under a hook, with the results of those before at hand."""
    lines = [PRELUDE]
    if random.random() < 0.1:
        lines.append(f"debug.sethook({random.choice(['odd', 'fail', 'yields'])}, 'crl', {random.choice('0127')})")
    for _ in range(random.randrange(1, 12)):
        name = random.choice(functions)
        if name == "os.exit" and random.random() < 0.9:
            continue
        args = [expression(random) for _ in range(random.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 6]))]
        if name.startswith(("file.", "getmetatable(file)")) and random.random() < 0.8:
            args.insert(0, random.choice(["file", "file", "closed", "io.stdout", "R[#R]"]))
        elif name.startswith(("table.", "next", "rawlen", "ipairs")) and random.random() < 0.7:
            args.insert(0, random.choice(["{5, 3, 4, 1, 2}", "long", "cyclic", "R", "weak", "all(odd)", "chain"]))
        elif name.startswith(("string.", "utf8.")) and random.random() < 0.7:
            args.insert(0, quoted(text(random)))
        called = f"pcall(function() return {', '.join([name, *args])} end)" if random.random() < 0.02 else ""
        called = called or f"pcall({', '.join([name, *args])})"
        wrap = random.random()
        if wrap < 0.1:
            called = f"coroutine.resume(coroutine.create(function(...) return {called} end), {expression(random)})"
        elif wrap < 0.15:
            called = (
                f"xpcall({name}, {random.choice(['fail', 'odd', 'debug.traceback', 'yields'])}, {', '.join(args) or 1})"
            )
        lines.append(f"do local r = table.pack({called}) for i = 1, r.n do if R then R[#R + 1] = r[i] end end end")
        if random.random() < 0.1:
            lines.append(random.choice(["collectgarbage()", "R = {}", "file = R[#R] or file", "string.gsub = nil"]))
    lines.append("return R and R[#R], R and R[1], R and R[2]")
    return "\n".join(lines)


class _Grammar:
    """Programs that are Lua, or nearly."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.labels = 0

    def program(self) -> str:
        head = "local a, b, c, t, f, o = 1, 'x', nil, {}, odd, all(odd)\n"
        return head + self.block(4) + "\n" + self.random.choice(["", "return a, b, c, t, f()", "return f(...)"])

    def block(self, depth: int) -> str:
        return "\n".join(self.statement(depth) for _ in range(self.random.randrange(1, 6)))

    def statement(self, depth: int) -> str:
        random, e = self.random, self.expression
        name = random.choice(_NAMES[:6])
        simple = [
            lambda: f"{self.target()} = {e(2)}",
            lambda: f"{self.target()}, {self.target()} = {e(2)}, {e(2)}",
            lambda: f"local {name}{random.choice(['', ', b'])} = {e(3)}",
            lambda: f"pcall({e(1)}, {e(2)}, {e(1)})",
            lambda: f"f({e(2)})",
            lambda: f"t[#t + 1] = {e(2)}",
            lambda: f"R[#R + 1] = {e(2)}",
        ]
        if depth <= 0:
            return random.choice(simple)()
        block = lambda: self.block(depth - 1)  # noqa: E731
        pick = random.choice
        nested = [
            lambda: f"do {block()} end",
            lambda: f"if {e(2)} then {block()} elseif {e(1)} then {block()} else {block()} end",
            lambda: f"while {e(2)} do {block()} {pick(['break', 'do break end', ''])} end",
            lambda: f"repeat local a = {e(1)} {block()} until {e(2)}",
            lambda: f"for {name} = {e(1)}, {e(1)}{pick(['', ', ' + e(1)])} do {block()} end",
            lambda: f"for {name} = 1, 3 do {block()} end",
            lambda: (
                f"for {name}, b in {pick(['pairs(t)', 'ipairs{1,2}', 'next, t', 'wrapped', e(2)])} do {block()} end"
            ),
            lambda: f"local function {name}({pick(['', 'a', 'a, b', '...', 'a, ...'])}) {self.body(depth)} end",
            lambda: f"function {pick(['t.x', 't:m', 'f', 'o.y.z', 'R.f'])}(a, ...) {self.body(depth)} end",
            lambda: self.goto(block()),
            lambda: f"pcall(function(...) {self.body(depth)} end, {e(1)})",
            lambda: f"coroutine.wrap(function(...) {self.body(depth)} end)({e(1)})",
            lambda: f"t.m = pcall(table.sort, {{3, 1, 2}}, function(a, b) {block()} return {e(1)} end)",
            lambda: f"setmetatable(t, {{{pick(_EVENTS)} = function(a, b, ...) {self.body(depth)} end}})",
            lambda: f"do local _ENV = {e(1)} {block()} end",
        ]
        return random.choice(simple + nested + nested)()

    def body(self, depth: int) -> str:
        return f"{self.block(depth - 1)} {self.ending()}"

    def goto(self, inner: str) -> str:
        self.labels += 1
        label = f"l{self.labels}"
        if self.random.random() < 0.5:
            return f"do {inner} if {self.expression(1)} then goto {label} end local z = 1 f(z) ::{label}:: end"
        return f"do local n = 0 ::{label}:: {inner} n = n + 1 if n < 3 then goto {label} end end"

    def ending(self) -> str:
        return self.random.choice(
            ["", f"return {self.expression(2)}", f"return f({self.expression(1)})", "return a, b", "do return end"]
        )

    def target(self) -> str:
        return self.random.choice([*_NAMES[:6], "t.x", "t[1]", "t[a]", "o.x", "G", "R[1]", "_ENV.x", "cyclic.y"])

    def expression(self, depth: int) -> str:
        random, e = self.random, self.expression
        if depth <= 0 or random.random() < 0.2:
            return random.choice([random.choice(_NAMES), expression(random), "1", "2", "t.x", "t[1]", "1.5", "'10'"])
        made = [
            lambda: f"({e(depth - 1)} {random.choice(_BINARY)} {e(depth - 1)})",
            lambda: f"{e(depth - 1)} {random.choice(_BINARY)} {e(depth - 1)}",
            lambda: f"{random.choice(['not ', '- ', '#', '~'])}{e(depth - 1)}",
            lambda: f"({e(depth - 1)})",
            lambda: f"f({e(depth - 1)}, {e(depth - 1)})",
            lambda: f"t:m({e(depth - 1)})",
            lambda: f"{{{e(depth - 1)}, x = {e(depth - 1)}, [{e(depth - 1)}] = {e(depth - 1)}, f()}}",
            lambda: f"(function(a, ...) {self.statement(0)} return {e(depth - 1)} end)",
            lambda: f"(function(...) return ..., {e(depth - 1)} end)({e(depth - 1)})",
            lambda: f"(t)[{e(depth - 1)}]",
            lambda: f"select(2, pcall({e(depth - 1)}, {e(depth - 1)}))",
        ]
        return random.choice(made)()


def mutated(random: Random, source: bytes) -> bytes:
    """A program with some pieces cut out, doubled, moved or replaced."""
    data = bytearray(source)
    for _ in range(random.choice([1, 1, 2, 4, 16])):
        start = random.randrange(len(data) + 1)
        size = random.choice([1, 1, 2, 5, 20, 200])
        piece = data[start : start + size]
        change = random.randrange(5)
        if change == 0:
            del data[start : start + size]
        elif change == 1:
            data[start:start] = piece
        elif change == 2:
            data[start : start + 1] = random.randbytes(1)
        elif change == 3:
            data[start:start] = random.choice(_TOKENS).encode("latin-1")
        else:
            place = random.randrange(len(data) + 1)
            data[place:place] = piece
    return bytes(data)


def dumped(random: Random) -> str:
    """A program that edits a dump of a function and loads it."""
    body = _Grammar(random).block(2)
    edits = "".join(
        f"d = d:sub(1, {p} % #d) .. string.char({random.randrange(256)}) .. d:sub({p} % #d + {random.choice('1112')}) "
        for p in (random.randrange(5000) for _ in range(random.randrange(4)))
    )
    return f"""{PRELUDE}
    local a, b, c, t, f, o = 1, 'x', nil, {{}}, odd, all(odd)
    local function g(...) {body} end
    local d = string.dump(g, {random.choice(["true", "false"])})
    {edits}
    local h, m = load(d, "dump", "b") if not h then return m end
    return pcall(h, 1, {expression(random)})"""


def _corpus() -> list[bytes]:
    if not _programs:
        _programs.extend(path.read_bytes() for path in sorted(_ROOT.rglob("*.lua")) if path.stat().st_size < 20_000)
    return _programs


_programs: list[bytes] = []
