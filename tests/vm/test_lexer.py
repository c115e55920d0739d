"""Tokens: types, values and lines (manual §3.1)."""

from __future__ import annotations

import pytest

from vlua.vm.chunkname import chunkid
from vlua.vm.lexer import EOF, ERROR, NAME, NUMBER, STRING, skip_shebang, tokenize


def token(source: str) -> tuple[str, object, int]:
    """The first token of ``source``."""
    tokens = tokenize(source, "=test")
    return tokens.types[0], tokens.values[0], tokens.lines[0]


def test_tokens_are_parallel_and_end_with_eof() -> None:
    tokens = tokenize("local x = 'a' .. 1\n", "=test")
    assert tokens.types == ["local", NAME, "=", STRING, "..", NUMBER, EOF]
    assert tokens.values == [None, "x", None, "a", None, 1, None]
    assert tokens.lines == [1, 1, 1, 1, 1, 1, 2]


def test_longest_operator_wins() -> None:
    text = "+ - * / % ^ # & ~ | << >> // == ~= <= >= < > = ( ) { } [ ] :: ; : , . .. ..."
    assert tokenize(text, "=test").types == [*text.split(), EOF]
    assert tokenize("<<=>>===//~=....", "=test").types == ["<<", "=", ">>", "==", "=", "//", "~=", "...", ".", EOF]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("3.0", 3.0),
        ("3.", 3.0),
        (".5", 0.5),
        ("3.1416e-2", 0.031416),
        ("0xff", 255),
        ("0x.8p1", 1.0),
        ("0xA.8P-1", 5.25),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 2.0**63),
        ("0xffffffffffffffff", -1),
        ("1" * 5000, float("inf")),
    ],
)
def test_numerals(text: str, value: float) -> None:
    kind, found, _ = token(text)
    assert kind == NUMBER
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\n\t\\\"\'"', "a\n\t\\\"'"),
        (r"'\65\066\x43\u{44}'", "ABCD"),
        (r"'\u{7FF}\u{FFFF}\u{D800}\u{10FFFF}'", "\xdf\xbf\xef\xbf\xbf\xed\xa0\x80\xf4\x8f\xbf\xbf"),
        ("'a\\z  \n\t b'", "ab"),
        ("'a\\\r\nb'", "a\nb"),
        ("[[\r\na\n\rb\rc\n]]", "a\nb\nc\n"),
        ("[==[]]]=]]==]", "]]]=]"),
        ("'\xe9\x85'", "\xe9\x85"),
    ],
)
def test_strings(text: str, value: str) -> None:
    assert token(text)[:2] == (STRING, value)


def test_token_ends_on_its_line() -> None:
    assert token("--[[\n\n]] --[=[ ]] \n]=]\n[[\n\n]]") == (STRING, "\n", 7)


def test_newline_pairs_count_once() -> None:
    assert tokenize("a\r\nb\n\rc\rd\n\ne", "=test").lines == [1, 2, 3, 4, 6, 6]


@pytest.mark.parametrize("code", [c for c in range(256) if not chr(c).isascii() or not chr(c).isalpha()])
def test_only_ascii_letters_make_names(code: int) -> None:
    name = token(f"a{chr(code)}")[1]
    assert name == ("a" + chr(code) if chr(code) in "0123456789_" else "a")


def test_error_is_the_last_token() -> None:
    tokens = tokenize("x =\n'a\\q' y", "=test")
    assert tokens.types == [NAME, "=", ERROR]
    assert tokens.values[-1] == r"test:2: invalid escape sequence near ''a\q'"


@pytest.mark.parametrize(
    "text", [" " * 300_000, "[" + "=" * 300_000, "-" * 300_000, "'" + "\\z " * 100_000, "\n " * 150_000]
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    tokenize(text, "=test")


def test_skip_shebang_keeps_the_newline() -> None:
    assert skip_shebang("#!/usr/bin/lua\nx") == "\nx"
    assert skip_shebang("\xef\xbb\xbf# x\nx") == "\nx"
    assert skip_shebang("\xef\xbb\xbfx") == "x"
    assert skip_shebang("# x") == ""
    assert skip_shebang("x\n# y") == "x\n# y"


@pytest.mark.parametrize(
    "name",
    [
        "=x",
        "@x.lua",
        "x",
        "",
        "x\ny",
        "\n",
        *(mark + "ab" * 15 + "c" * n for mark in ("=", "@", "") for n in range(10, 35)),
    ],
)
def test_chunkid_is_that_of_puc(name: str) -> None:
    lua = pytest.importorskip("lupa.lua53").LuaRuntime()
    _, message = lua.eval("load")("?", name)
    assert message == f"{chunkid(name)}:1: unexpected symbol near '?'"
