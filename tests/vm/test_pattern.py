"""Patterns against PUC Lua: every way of matching, ``gsub`` and ``gmatch``, and what a search may cost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlua.vm.call import values
from vlua.vm.errors import LuaError
from vlua.vm.lib.pattern import Pattern
from vlua.vm.lib.pattern_items import parse_pattern
from vlua.vm.lib.pattern_machine import Machine
from vlua.vm.lib.pattern_regex import UNLIMITED, translate_items
from vlua.vm.lib.string import open_string
from vlua.vm.meter import BULK
from vlua.vm.state import State
from vlua.vm.table import LuaTable

Check = Callable[..., None]

ALL_BYTES = "".join(map(chr, range(256)))
ATOMS = st.sampled_from(
    [
        *r"a b c . %a %d [ab] [^a] [^b] %s %w 1 %. [a-c1] = x %W [%w_] %z ^ $ []] [^]a] [%]a] [a-] [-a] [%a-z]".split(
            " "
        ),
        " ",
        "\xe9",
        "[^\0]",
    ]
)
ITEMS = st.one_of(
    st.tuples(ATOMS, st.sampled_from(["", "", "*", "+", "-", "?"])).map("".join),
    st.sampled_from(["(", ")", "()", "%1", "%2", "%f[%w]", "%f[%W]", "%f[^a]", "%f[%z]", "%b()", "%bab"]),
    st.tuples(ATOMS, st.sampled_from(["", "*", "-"])).map(lambda pair: f"({''.join(pair)})"),
)
PATTERNS = st.one_of(
    st.tuples(
        st.sampled_from(["", "", "^"]), st.lists(ITEMS, max_size=7).map("".join), st.sampled_from(["", "", "$"])
    ).map("".join),
    st.text("()[]%^$.*+-?abf1", max_size=8),
)
SUBJECTS = st.one_of(st.text("ab", max_size=12), st.text("aaabbc1 =x.()\0\xe9]", max_size=14))
INITS = st.integers(-16, 16)


def charge_nothing(amount: int) -> None:
    assert amount >= 0


@settings(max_examples=700, deadline=None)
@given(subject=SUBJECTS, pattern=PATTERNS, init=INITS)
def test_find_and_match(same: Check, subject: str, pattern: str, init: int) -> None:
    same("string.find", subject, pattern, init)
    same("string.match", subject, pattern, init)


def ways(pattern: Pattern, subject: str, position: int) -> Iterator[tuple[str, Any]]:
    """Every way there is to search for a pattern, whatever the length of the subject would choose."""
    yield "machine", pattern._machine_searcher(charge_nothing, subject)
    translation = pattern.translation
    if translation is not None:
        yield "regex", lambda at: pattern.search(subject, at)
        if translation.start_source:
            yield "runs", pattern._run_searcher(charge_nothing, subject, translation.start_source)
        if translation.needle:
            yield "needle", pattern._needle_searcher(charge_nothing, subject, position, translation.needle)


@settings(max_examples=700, deadline=None)
@given(subject=SUBJECTS, pattern=PATTERNS, position=st.integers(0, 8))
def test_every_way_of_matching(puc: Callable[..., Any], subject: str, pattern: str, position: int) -> None:
    position = min(position, len(subject))
    compiled = Pattern(pattern, anchors=True)
    if compiled.text is not None:
        return
    expected = puc("string.match", subject, pattern, position + 1)
    for way, search in ways(compiled, subject, position):
        try:
            found = search(position)
            captures = compiled.values(found) if found is not None else (None,)
            outcome: Any = ("results", *[(type(value).__name__, value) for value in captures])
        except LuaError as error:
            outcome = ("error", error.value)
        assert outcome == expected, way


@settings(max_examples=500, deadline=None)
@given(
    subject=SUBJECTS,
    pattern=PATTERNS,
    replacement=st.one_of(
        st.text("ab%012\\g<1>", max_size=5), st.sampled_from(["", "-", "%1", "<%0>", "%%", "%", "%x", 7, 1.5])
    ),
    limit=st.one_of(st.none(), st.integers(-1, 4)),
)
def test_gsub_with_a_string(same: Check, subject: str, pattern: str, replacement: Any, limit: int | None) -> None:
    same("string.gsub", subject, pattern, replacement, limit)


ITERATE = """
function(subject, pattern)
  local all = {}
  local ok, step = pcall(string.gmatch, subject, pattern)
  for _ = 1, 40 do
    local found = table.pack(pcall(step))
    if not found[1] then return table.concat(all, ","), found[2] end
    if found.n == 1 then break end
    for i = 2, found.n do all[#all + 1] = math.type(found[i]) and "#" .. found[i] or found[i] end
    all[#all + 1] = ";"
  end
  return table.concat(all, ","), true
end
"""
REPLACE = """
function(subject, pattern)
  local all = {}
  local function note(...)
    for i = 1, select("#", ...) do all[#all + 1] = tostring((select(i, ...))) end
    all[#all + 1] = ";"
    return #all % 3 == 0 and "<>" or #all % 3 == 1 and 12
  end
  local ok, result, count = pcall(string.gsub, subject, pattern, note)
  local t_ok, t_result, t_count = pcall(string.gsub, subject, pattern,
    {a = "A", b = false, ab = 1, [1] = 2.5, [2] = "b"})
  return table.concat(all, ","), result, ok and count or 0, t_result, t_ok and t_count or 0
end
"""


@pytest.fixture(scope="module")
def theirs() -> Any:
    lupa = pytest.importorskip("lupa.lua53")
    return lupa.LuaRuntime(encoding="latin-1").eval


@settings(max_examples=400, deadline=None)
@given(subject=SUBJECTS, pattern=PATTERNS)
def test_gmatch(state: State, theirs: Any, subject: str, pattern: str) -> None:
    expected = theirs(ITERATE)(subject, pattern)
    found: list[str] = []
    outcome: Any = True
    try:
        step = state.globals.get("string").get("gmatch")(subject, pattern)
        for _ in range(40):
            results = values(step())
            if not results:
                break
            found += [f"#{value}" if type(value) is int else value for value in results] + [";"]
    except LuaError as error:
        outcome = error.value
    assert (",".join(found), outcome) == expected


@settings(max_examples=400, deadline=None)
@given(subject=SUBJECTS, pattern=PATTERNS)
def test_gsub_with_a_function_or_table(state: State, theirs: Any, subject: str, pattern: str) -> None:
    gsub = state.globals.get("string").get("gsub")
    noted: list[str] = []

    def note(*args: Any) -> Any:
        noted.extend([*map(str, args), ";"])
        return "<>" if len(noted) % 3 == 0 else 12 if len(noted) % 3 == 1 else False

    def outcome(replacement: Any) -> tuple[Any, int]:
        try:
            result: tuple[Any, int] = gsub(subject, pattern, replacement)
        except LuaError as error:
            return error.value, 0
        return result

    table = LuaTable({"a": "A", "b": False, "ab": 1, 1: 2.5, 2: "b"})
    replaced = outcome(note)
    assert (",".join(noted), *replaced, *outcome(table)) == theirs(REPLACE)(subject, pattern)


@pytest.mark.parametrize("letter", "acdglpsuwxzACDGLPSUWXZbfq.%[]0\xe9")
def test_classes_of_all_bytes(same: Check, letter: str) -> None:
    same("string.gsub", ALL_BYTES, f"%{letter}", "")
    same("string.gsub", ALL_BYTES, f"[%{letter}]+", "")
    same("string.gsub", ALL_BYTES, f"[^%{letter}]", "")
    same("string.find", ALL_BYTES, f"%f[%{letter}].", 3)


MISTAKES = "[ [^ [] [^] [a [a- [% [%a % ( ) (() a) %b %ba %f %fa %f[ %1 %0 (%1) (a)%2 ()%1 ^ $ ^$ a^ $a ^^ %9".split(
    " "
)


@pytest.mark.parametrize("pattern", [*MISTAKES, "(" * 32 + ")" * 32, "(" * 33 + ")" * 33, "()" * 33])
def test_mistakes_and_corners(same: Check, pattern: str) -> None:
    for subject in ("", "a", "ab^$()", "x[]"):
        for name in ("find", "match"):
            same(f"string.{name}", subject, pattern)
        same("string.gsub", subject, pattern, "-")
        same("string.gsub", subject, pattern, "%1")


@pytest.mark.parametrize("unit", ["a?", "a-", "a*", "(a)", "()", "[ab]?", ".-"])
@pytest.mark.parametrize("count", [20, 32, 65, 66, 99, 100, 198, 199, 200, 201, 250])
def test_too_complex(same: Check, unit: str, count: int) -> None:
    for subject in ("", "a" * 10, "a" * 300):
        if unit in ("a?", "[ab]?") and count < 200:
            subject = subject[:count]
        for pattern in (unit * count, unit * count + "c"):
            if pattern.endswith("c") and (len(subject) == 10 or (subject and count < 200)):
                # PUC would try them all
                continue
            same("string.find", subject, pattern)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("find", ()),
        ("find", ("a",)),
        ("find", ("a", "a", "x")),
        ("find", ("abc", "b", 10)),
        ("find", ("abc", "", 4)),
        ("find", ("abc", "", 5)),
        ("find", ("abc", "", -10)),
        ("find", ("a.b", ".", 1, True)),
        ("find", ("a.b", ".", 2, 0)),
        ("find", ("a.b", ".", None, False)),
        ("find", ("a)b", ")")),
        ("match", ("a)b", ")")),
        ("find", ("a]b", "]")),
        ("find", (123, 2)),
        ("find", ("a\0b\0c", "\0c")),
        ("find", ("a\0b\0c", "\0%l$")),
        ("match", ("abc", "()b()", 2)),
        ("gmatch", ()),
        ("gmatch", ("a",)),
        ("gsub", ()),
        ("gsub", ("a", "a")),
        ("gsub", ("a", "a", True)),
        ("gsub", ("a", "a", None, "x")),
        ("gsub", ("a", "a", "b", 1.5)),
        ("gsub", ("abc", "b", "%2")),
        ("gsub", ("abc", "(b)", "%2")),
        ("gsub", ("abc", "(b", "x")),
        ("gsub", ("abc", "(b", "%1")),
        ("gsub", ("abc", "x", "%")),
        ("gsub", ("hello world", "o", "0", 1)),
        ("gsub", ("abc", "%w*", "x")),
        ("gsub", ("abc", "", "-")),
        ("gsub", ("abc", "", "-", 2)),
        ("gsub", ("abc", "b*", "-")),
        ("gsub", ("abc", "^a", "-")),
        ("gsub", ("aaa", "^a", "-")),
        ("gsub", ("", "^", "-")),
        ("gsub", ("abc", "$", "-")),
        ("gsub", ("a.b", "%.", "\\1\\g<0>\n")),
        ("gsub", ("abc", "%w", "%0%0")),
        ("gsub", ("abc", "()", "%1")),
    ],
)
def test_corner(same: Check, name: str, args: tuple[Any, ...]) -> None:
    same(f"string.{name}", *args)


# Patterns that people write, with whether a subject of any length is searched by Python's ``re``.
COMMON = [
    ("%d+", True),
    ("%a%w*", True),
    ("[^,]+", True),
    ("[^,]*", True),
    ("([^,]*),?", True),
    ("%s+$", True),
    ("^%s+", True),
    ("^%s*(.-)%s*$", True),
    ("(%w+)=(%w+)", True),
    ("(%w+)%s*=%s*(%w+)", True),
    ("(%a+) (%d+)", True),
    ("(%d+)%-(%d+)%-(%d+)", True),
    ("(.-)\n", True),
    ("([^\n]*)\n?", True),
    ("<(.-)>", True),
    ("<([^>]+)>", True),
    ('"([^"]*)"', True),
    ("%[%[(.-)%]%]", True),
    ("%$(%w+)", True),
    ("%${(%w+)}", True),
    ("%f[%w]%w+", True),
    ("%f[%a]%a+%f[%A]", True),
    ("%-?%d+%.?%d*", True),
    ("^(%w+):", True),
    ("^[+-]?%d+$", True),
    ("^(.*)/", True),
    (".-b", True),
    (".-.-b", False),
    ("(.*)%.(%w+)$", False),
    ("%b()", False),
    ("(%w+)%1", False),
]


@pytest.mark.parametrize(("pattern", "any_length"), COMMON)
def test_common_patterns_stay_fast(pattern: str, any_length: bool) -> None:
    anchored = pattern.startswith("^")
    translation = translate_items(parse_pattern(pattern, int(anchored)), anchored)
    ready = translation is not None and bool(
        translation.longest == UNLIMITED or translation.start_source or translation.needle
    )
    assert ready == any_length


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in COMMON])
def test_common_patterns_on_long_subjects(same: Check, pattern: str) -> None:
    text = 'key = val, x=1 <a> "q" 2020-01-02 -3.5 $v ${w} [[z]] (p(q)) abcabc /usr/lib/x.lua\n'
    for subject in (text * 15, "  " + text * 14 + "  ", "a" * 1100, "<" * 1500 + ">"):
        if pattern not in (".-.-b", "(%w+)%1"):
            same("string.find", subject, pattern)
            same("string.find", subject, pattern, 20)
            same("string.gsub", subject, pattern, "%0|")


BLOW_UPS = [
    ("a" * 20_000, ".-.-.-.-b"),
    ("a" * 20_000, "a*a*a*a*b"),
    ("a" * 20_000, "(a*)(a*)%1b"),
    ("a" * 40, "a?" * 40 + "a" * 41),
    ("a" * 20_000, "^(.-)(.-)%s$"),
    ("<" * 200_000, "<(.-)>"),
    ("a" * 200_000, "%a+%d"),
    ("a " * 100_000, "%a+ %a+="),
    ("a," * 100_000, "%w+,[^=]*="),
    (" " * 200_000 + "x", "%s+$"),
    ("a" + " " * 200_000 + "x", "^%s*(.-)%s*$"),
    ("(" * 20_000, "%b()"),
    ("ab" * 50_000, "[ab]*%f[c]"),
    ("a" * 100_000, "(.-)%1x"),
    ("x" * 100_000, "[^,]*,[^;]*;"),
    ("ab" * 500, "a?b?" * 30 + "c"),
]


class Enough(BaseException):
    """Ends a search that has been charged for, as a limit does."""


def scan_seconds() -> float:
    """What one look at 200,000 characters costs here and now: the unit for times, whatever the machine."""
    start = time.thread_time()
    assert re.fullmatch("(?:[ab]x?)*+c", "ab" * 100_000) is None
    return time.thread_time() - start


def longest_gap(subject: str, pattern: str) -> float:
    """The longest time that a search runs between two looks of the meter at the clock, in processor seconds.

    The search is stopped after 200,000 units, so that the number of steps depends on nothing but the code.
    """
    state = State()
    last = time.thread_time()
    longest = 0.0
    charged = unseen = 0

    def tick(amount: int) -> None:
        nonlocal last, longest, charged, unseen
        charged += amount
        unseen += amount
        if unseen > BULK:
            unseen = 0
            now = time.thread_time()
            longest = max(longest, now - last)
            last = now
        if charged > 200_000:
            raise Enough

    state.tick = tick
    library = open_string(state)
    try:
        library.get("find")(subject, pattern)
        library.get("gsub")(subject, pattern, "")
    except Enough:
        assert charged > 200_000
    return max(longest, time.thread_time() - last)


@pytest.mark.parametrize(("subject", "pattern"), BLOW_UPS)
def test_no_search_runs_long_without_charging(subject: str, pattern: str) -> None:
    """From one look at the clock to the next, a search costs no more than a few plain looks at its subject."""
    ratio = min(longest_gap(subject, pattern) / scan_seconds() for _ in range(3))
    assert ratio < 20


def test_machine_is_used_only_where_needed() -> None:
    assert Machine(parse_pattern("a" * 10)).deep is False
    assert Machine(parse_pattern("a?" * 200)).deep is True


def test_caches_do_not_change_charges() -> None:
    def cost() -> int:
        state = State()
        charged = 0

        def tick(amount: int) -> None:
            nonlocal charged
            charged += amount

        state.tick = tick
        library = open_string(state)
        for _ in range(3):
            library.get("find")("some text 123", "%a+ (%d+) unusual")
        return charged

    assert cost() == cost()
