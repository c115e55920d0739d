"""Trees, and the messages for what is no Lua: the latter are compared with PUC Lua's (manual §3.3, §9)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vlua.vm import nodes
from vlua.vm.errors import LuaSyntaxError
from vlua.vm.parser import parse

SNIPPETS = (Path(__file__).parent / "syntax.txt").read_text(encoding="latin-1").split("\n")

# Constructs whose repetition runs into a limit: opening, what is repeated, middle, what closes each repetition.
REPEATED = [
    ("local a; a", ",a", "= 1", ",1"),
    ("local a; a=", "{", "0", "}"),
    ("local a; a=", "(", "2", ")"),
    ("local a; ", "a(", "2", ")"),
    ("", "do ", "", " end"),
    ("", "while a do ", "", " end"),
    ("", "repeat ", "", " until x"),
    ("", "if a then else ", "", " end"),
    ("", "if a then ", "break", " end"),
    ("", "function foo () ", "", " end"),
    ("a=", "function() return ", "1", " end"),
    ("a=", "a..", "a", ""),
    ("a=", "a^", "a", ""),
    ("a=", "a+", "a", ""),
    ("a=", "-", "1", ""),
    ("a=", "not ", "1", ""),
    ("a=", "a.b[", "", "]"),
    ("", "local a ", "", ""),
    ("", "local function a() end ", "", ""),
    ("local a", ",a", "", ""),
    ("local function f(a", ",a", ") end", ""),
    ("f(a", ",a", ")", ""),
    ("a:b(1", ",2", ")", ""),
    ("return a", ",a", "", ""),
    ("local a, b = a", ",a", "", ""),
    ("for i", ",j", " in y do end", ""),
    ("for i=1,2 do ", "local x ", "end", ""),
    ("", "::a%d:: ", "", ""),
    ("", "goto a%d ", "", "::a%d::"),
    ("x={", "a,", "}", ""),
    ("a", "(b)", "", ""),
]


@pytest.fixture(autouse=True)
def _deep_stack() -> Iterator[None]:
    """A stack for 200 levels, as the runtime provides it."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(limit)


@pytest.fixture(scope="module")
def puc() -> Callable[[str, str], str | None]:
    """PUC Lua's message for a source, ``None`` when it takes it."""
    lua = pytest.importorskip("lupa.lua53").LuaRuntime(encoding=None)
    load = lua.eval(b"function(s, n) local _, f, m = pcall(load, s, n, 't') return m end")

    def message(source: str, chunkname: str) -> str | None:
        found = load(source.encode("latin-1"), chunkname.encode("latin-1"))
        return None if found is None else found.decode("latin-1")

    return message


def ours(source: str, chunkname: str) -> str | None:
    """Our message for a source, ``None`` when we take it."""
    try:
        parse(source, chunkname)
    except LuaSyntaxError as error:
        return str(error.value)
    return None


def statement(source: str) -> Any:
    """The first statement of ``source``."""
    return parse(source, "=test").body.statements[0]


def value(source: str) -> Any:
    """The tree of an expression."""
    return statement(f"return {source}").values[0]


def shown(node: Any) -> Any:
    """Operators and names of an expression as nested tuples."""
    if isinstance(node, nodes.Binary):
        return (node.op, shown(node.left), shown(node.right))
    if isinstance(node, nodes.And | nodes.Or):
        return (type(node).__name__, shown(node.left), shown(node.right))
    if isinstance(node, nodes.Unary):
        return (node.op, shown(node.operand))
    if isinstance(node, nodes.Paren):
        return ("()", shown(node.inner))
    if isinstance(node, nodes.Call):
        return ("call", shown(node.func))
    return node.name if isinstance(node, nodes.Name) else node.value


@pytest.mark.parametrize("snippet", [snippet for snippet in SNIPPETS if snippet])
def test_snippets_are_taken_or_refused_as_by_puc(snippet: str, puc: Callable[[str, str], str | None]) -> None:
    variants = [
        snippet,
        snippet.replace(" ", "\n"),
        snippet.replace(" ", " \r\n\n\r "),
        f"local function g()\n{snippet}",
        f"local function g()\n{snippet}\nend",
        f"while 1 do {snippet} end",
    ]
    for source in variants:
        for chunkname in ("=test", "@some/file.lua", source):
            assert ours(source, chunkname) == puc(source, chunkname), source


@pytest.mark.parametrize("code", range(256))
def test_every_byte_everywhere(code: int, puc: Callable[[str, str], str | None]) -> None:
    byte = chr(code)
    for source in (
        f"x = {byte}",
        f"x{byte}= 1",
        f'x = "\\{byte}1"',
        f'x = "{byte}\\q"',
        f"x = [[{byte}",
        f"x = a.{byte}",
    ):
        assert ours(source, "=test") == puc(source, "=test"), source


@pytest.mark.parametrize("parts", REPEATED, ids="".join)
def test_limits_are_those_of_puc(parts: tuple[str, str, str, str], puc: Callable[[str, str], str | None]) -> None:
    opening, repeated, middle, closing = parts
    for count in (50, 95, *range(97, 101), *range(192, 203), 250, *range(252, 258), 500):
        source = opening + "".join(repeated.replace("%d", str(n)) for n in range(count)) + middle
        source += "".join(closing.replace("%d", str(n)) for n in range(count))
        assert ours(source, "=test") == puc(source, "=test"), count


@pytest.mark.parametrize("count", [253, 254, 255, 256])
@pytest.mark.parametrize("first", ["", "x = 1"])
def test_upvalue_limit_is_that_of_puc(count: int, first: str, puc: Callable[[str, str], str | None]) -> None:
    source = ""
    for start in range(0, count, 150):
        names = ", ".join(f"a{n}" for n in range(start, min(start + 150, count)))
        source += f"local {names}\nlocal function g()\n"
    source += f"{first}\nreturn function() {first} return {' + '.join(f'a{n}' for n in range(count))} end end end"
    assert ours(source, "=test") == puc(source, "=test")


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("a + b * c", ("+", "a", ("*", "b", "c"))),
        ("a - b - c", ("-", ("-", "a", "b"), "c")),
        ("a .. b .. c", ("..", "a", ("..", "b", "c"))),
        ("-a ^ b ^ c", ("-", ("^", "a", ("^", "b", "c")))),
        ("2 ^ -a", ("^", 2, ("-", "a"))),
        ("not a == b", ("==", ("not", "a"), "b")),
        ("a or b and c", ("Or", "a", ("And", "b", "c"))),
        ("a < b == c", ("==", ("<", "a", "b"), "c")),
        ("a | b ~ c & d << e .. f", ("|", "a", ("~", "b", ("&", "c", ("<<", "d", ("..", "e", "f")))))),
        ("(a + b) * c", ("*", ("+", "a", "b"), "c")),
        ("((f()))", ("()", ("call", "f"))),
        ("((a))", "a"),
    ],
)
def test_operators(source: str, tree: Any) -> None:
    assert shown(value(source)) == tree


def test_long_chains_are_read_iteratively() -> None:
    tree = value("+".join(["a"] * 20_000))
    depth = 0
    while isinstance(tree, nodes.Binary):
        tree = tree.left
        depth += 1
    assert depth == 19_999
    assert isinstance(value("a" + ".b" * 20_000), nodes.Index)
    branches = statement("if a then " + "elseif b then " * 20_000 + "end").arms
    assert len(branches) == 20_001


def test_many_labels_and_gotos_take_linear_time() -> None:
    count = 30_000
    labels = "".join(f"::a{n}:: x() " for n in range(count))
    gotos = "".join(f"do goto a{n} end " for n in range(count))
    parse(gotos + labels, "=test")
    parse(labels + gotos, "=test")


def test_functions() -> None:
    function = statement("function a.b:c(x, ...)\nend")
    assert function.target.key.value == "c"
    assert function.function.params == ["self", "x"]
    assert function.function.is_method
    assert function.function.is_vararg
    assert function.function.name == "a.b:c"
    assert (function.line, function.function.line, function.function.end_line) == (1, 1, 2)
    assert statement("local f = function() end").values[0].name == "f"
    assert statement("a.f = function() end").values[0].name == "f"
    assert statement("local function f() end").function.name == "f"
    assert parse("", "=test").is_vararg


def test_tables() -> None:
    table = value("{1, x = 2; [3] = 4, f(),}")
    assert [type(item) for item in table.items] == [nodes.Positional, nodes.Named, nodes.Named, nodes.Positional]
    assert table.items[1].key.value == "x"
    assert isinstance(table.items[3].value, nodes.Call)


def test_lines_are_those_of_puc() -> None:
    call = statement("f\n.g\n(\n1\n)").call
    assert (call.line, call.func.line) == (1, 2)
    method = statement("o\n:m\n()").call
    assert (method.line, method.name_line) == (1, 2)
    assert value("a\n+\nb").line == 2
    assert value("a\n<\nb").line == 3
    assert value("\n-\na").line == 2
    assert statement("a.b\n=\n1\n").line == 3
    assert statement("for i = 1,\n2\ndo end").line == 3
    assert statement("for k, v in\nx, y\ndo end").line == 2
    assert statement("local function f\n(\n) end").function.line == 2
    assert statement("f(a.b\n,\nc.d\n)").call.args[0].line == 2
    assert statement("f(a.b\n,\nc.d\n)").call.args[1].line == 4


def test_nodes_hash_by_identity() -> None:
    assert nodes.Nil(1) != nodes.Nil(1)
    assert len({nodes.Nil(1), nodes.Nil(1)}) == 2


def test_assigning_to_parentheses_is_refused() -> None:
    for source in ("(a) = 1", "((a)) = 1", "a, (b) = 1", "(a.b) = 1"):
        with pytest.raises(LuaSyntaxError, match="syntax error near"):
            parse(source, "=test")
    parse("(a).b = 1; (a)[(b)] = 1; (a)(); (a):b()", "=test")
