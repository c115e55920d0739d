"""Source text to tokens (manual §3.1).

In: source, one character per byte. Out: ``Tokens``, parallel lists of token types, values and lines.
A lexical error becomes the last token, because the parser may find an error that comes before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

from vlua.vm.chunkname import chunkid
from vlua.vm.number import parse_number

__all__ = ["EOF", "ERROR", "NAME", "NUMBER", "STRING", "Tokens", "skip_shebang", "tokenize"]

# Token types; a keyword or an operator is its own type. Spelled as PUC Lua spells them in messages.
NAME = "<name>"
NUMBER = "<number>"
STRING = "<string>"
EOF = "<eof>"
ERROR = "<error>"

# fmt: off
KEYWORDS = frozenset({
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
    "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
})
# fmt: on

# Group numbers of TOKEN.
WORD, OPERATOR, NEWLINES, PLAIN_STRING, NUMERAL, OTHER, END = range(1, 8)

# Every character of any source is matched by some group, so finditer never skips.
TOKEN = re.compile(
    r"[ \t\v\f]*+(?:"
    r"([A-Za-z_][A-Za-z0-9_]*+)"
    r"|([(),{}\];+*%^&|#]|==?|[<>~]=|<<?|>>?|//?|::?|~|\.\.\.|\.\.|\.(?![0-9])|-(?!-)|\[(?![=\[]))"
    r"|(\n[ \t\v\f\n]*+|--(?!\[=*+\[)[^\n]*+)"
    r"|(\"[^\"\\\n]*+\"|'[^'\\\n]*+')"
    r"|(\.?0[xX](?:[pP][+-]?|[0-9a-fA-F.])*+|\.?[0-9](?:[eE][+-]?|[0-9a-fA-F.])*+)"
    r"|([^\n])"
    r"|(\Z))"
)
LONG_BRACKET = re.compile(r"\[(=*+)\[")
NEWLINE = re.compile(r"\r\n|\n\r|\r")
REST_OF_LINE = re.compile(r"[^\n]*+")
STRING_RUN = {quote: re.compile(rf"[^\\\n{quote}]*+") for quote in "\"'"}
SPACES = re.compile(r"[ \t\v\f\n]*+")
DECIMAL_ESCAPE = re.compile(r"[0-9]{1,3}")
BYTE_ORDER_MARK = "\xef\xbb\xbf"

HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
    "\n": "\n",
}
MAX_CODE_POINT = 0x10FFFF
# A decimal integer this short fits 64 bits, so int() is right and quick.
SAFE_DIGITS = 18


# Tokens read between two looks at the clock.
PIECE = 20_000


class Tokens:
    """The tokens of a chunk: three parallel lists that end with ``EOF`` or ``ERROR``.

    ``values`` holds the name, the number or the string; for ``ERROR``, the whole message; otherwise ``None``.
    ``lines`` holds the line on which the token ends. ``offsets`` maps the indices of literals to their place in
    ``source``, in which every newline sequence has become ``\\n``.
    """

    __slots__ = ("lines", "offsets", "source", "types", "values")

    def __init__(self, source: str) -> None:
        self.source = source
        self.types: list[str] = []
        self.values: list[Any] = []
        self.lines: list[int] = []
        self.offsets: dict[int, int] = {}

    def near(self, index: int) -> str:
        """The token as messages show it after ``near``, with the quotes; empty for a NUL character."""
        kind = self.types[index]
        if kind == EOF:
            return EOF
        if kind == NAME:
            text = self.values[index]
        elif kind == NUMBER:
            text = matched(TOKEN, self.source, self.offsets[index], NUMERAL)
        elif kind == STRING:
            text = self.quoted(index)
        elif kind == "\0":
            return ""
        else:
            text = kind if len(kind) > 1 or " " <= kind <= "~" else f"<\\{ord(kind)}>"
        return quoted(text)

    def quoted(self, index: int) -> str:
        """The string token at ``index`` with its delimiters, escape sequences replaced."""
        opening = self.source[self.offsets[index]]
        if opening != "[":
            return f"{opening}{self.values[index]}{opening}"
        level = matched(LONG_BRACKET, self.source, self.offsets[index], 1)
        return f"[{level}[{self.values[index]}]{level}]"


class Failure(Exception):
    """A lexical error: message, text to show after ``near`` and lines passed since the token began."""

    def __init__(self, message: str, near: str, lines: int) -> None:
        super().__init__(message)
        self.message = message
        self.near = near
        self.lines = lines


def tokenize(source: str, chunkname: str, pulse: Callable[[], object] = lambda: None) -> Tokens:
    """All tokens of ``source`` (one character per byte); ``chunkname`` is only for the text of an error token.

    ``pulse`` is called now and then, and may raise.
    """
    if "\r" in source:
        source = NEWLINE.sub("\n", source)
    tokens = Tokens(source)
    offset: int | None = 0
    line = 1
    while offset is not None:
        pulse()
        offset, line = scan(tokens, offset, line, chunkname)
    return tokens


def skip_shebang(source: str) -> str:
    """A file's text without its byte order mark and without a first line that starts with ``#`` (manual §7).

    The newline stays, so that line numbers hold. ``load`` does not do this, only what reads files.
    """
    source = source.removeprefix(BYTE_ORDER_MARK)
    return source[matched_end(REST_OF_LINE, source, 0) :] if source.startswith("#") else source


def scan(tokens: Tokens, offset: int, line: int, chunkname: str) -> tuple[int | None, int]:
    """Read tokens from ``offset`` up to and with one that TOKEN cannot match whole, or up to the end: PIECE at most.

    Returns where to go on (``None`` at the end or after an error) and the line there.
    """
    source = tokens.source
    types, values, lines, offsets = tokens.types, tokens.values, tokens.lines, tokens.offsets
    add_type, add_value, add_line = types.append, values.append, lines.append
    try:
        for match in islice(TOKEN.finditer(source, offset), PIECE):
            group = match.lastindex
            if group == WORD:
                text = match[WORD]
                if text in KEYWORDS:
                    add_type(text)
                    add_value(None)
                else:
                    add_type(NAME)
                    add_value(text)
            elif group == OPERATOR:
                add_type(match[OPERATOR])
                add_value(None)
            elif group == NEWLINES:
                line += match[NEWLINES].count("\n")
                continue
            elif group == PLAIN_STRING:
                offsets[len(types)] = match.start(PLAIN_STRING)
                add_type(STRING)
                add_value(match[PLAIN_STRING][1:-1])
            elif group == NUMERAL:
                text = match[NUMERAL]
                offsets[len(types)] = match.start(NUMERAL)
                value = int(text) if len(text) <= SAFE_DIGITS and text.isdigit() else numeral(text)
                add_type(NUMBER)
                add_value(value)
            elif group == OTHER:
                character = match[OTHER]
                start = match.start(OTHER)
                if character in "\"'[":
                    read = read_long_string if character == "[" else read_string
                    text, end, passed = read(source, start)
                    offsets[len(types)] = start
                    add_type(STRING)
                    add_value(text)
                    add_line(line + passed)
                    return end, line + passed
                if character == "-":  # an operator would have matched before: this is a long comment
                    _, end, passed = read_long_string(source, start + 2, "comment")
                    return end, line + passed
                add_type(character)
                add_value(None)
            else:
                add_type(EOF)
                add_value(None)
                add_line(line)
                break
            add_line(line)
        else:
            return match.end(), line
    except Failure as failure:
        line += failure.lines
        add_type(ERROR)
        add_value(f"{chunkid(chunkname)}:{line}: {failure.message} near {failure.near}")
        add_line(line)
    return None, line


def numeral(text: str) -> int | float:
    """The value of a numeral (manual §3.1)."""
    value = parse_number(text)
    if value is None:
        raise Failure("malformed number", quoted(text), 0)
    return value


def read_long_string(source: str, start: int, what: str = "string") -> tuple[str, int, int]:
    """The long string or comment that starts at ``start``: its text, its end, and how many newlines are in it."""
    opening = LONG_BRACKET.match(source, start)
    if opening is None:
        raise Failure("invalid long string delimiter", quoted("[" + "=" * count_equals(source, start + 1)), 0)
    begin = opening.end()
    end = source.find(f"]{opening[1]}]", begin)
    if end < 0:
        # The message names two lines: the caller adds the last one, this one is relative to the source's start.
        first = source.count("\n", 0, start) + 1
        raise Failure(f"unfinished long {what} (starting at line {first})", EOF, source.count("\n", start))
    passed = source.count("\n", begin, end)
    if source.startswith("\n", begin):
        begin += 1
    return source[begin:end], end + len(opening[0]), passed


def count_equals(source: str, offset: int) -> int:
    """How many ``=`` stand at ``offset``."""
    end = offset
    while source.startswith("=", end):
        end += 1
    return end - offset


def read_string(source: str, start: int) -> tuple[str, int, int]:
    """The quoted string that starts at ``start``: its value, its end, and how many newlines are in it."""
    quote = source[start]
    run = STRING_RUN[quote]
    pieces: list[str] = []
    passed = 0
    offset = start + 1
    while True:
        end = matched_end(run, source, offset)
        pieces.append(source[offset:end])
        character = source[end : end + 1]
        if character == quote:
            return "".join(pieces), end + 1, passed
        if not character:
            raise Failure("unfinished string", EOF, passed)
        if character == "\n":
            raise Failure("unfinished string", quoted(quote + "".join(pieces)), passed)
        escape = source[end + 1 : end + 2]
        if escape in ESCAPES:
            pieces.append(ESCAPES[escape])
            passed += escape == "\n"
            offset = end + 2
        elif escape == "z":
            offset = matched_end(SPACES, source, end + 2)
            passed += source.count("\n", end, offset)
        elif escape:
            try:
                piece, offset = read_escape(source, end + 1)
            except BadEscape as error:
                # PUC Lua shows what it has read, escape sequences replaced, with the offending character.
                shown = quote + "".join(pieces) + source[end : error.offset + 1]
                raise Failure(error.message, quoted(shown), passed) from None
            pieces.append(piece)
        else:
            raise Failure("unfinished string", EOF, passed)


class BadEscape(Exception):
    """An escape sequence that is refused at the character at ``offset``."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def read_escape(source: str, offset: int) -> tuple[str, int]:
    """The bytes of the numeric escape sequence whose letter or digit is at ``offset``, and its end."""
    kind = source[offset]
    if kind == "x":
        for digit in (offset + 1, offset + 2):
            if source[digit : digit + 1] not in HEXADECIMAL:
                raise BadEscape("hexadecimal digit expected", digit)
        return chr(int(source[offset + 1 : offset + 3], 16)), offset + 3
    if kind == "u":
        return read_code_point(source, offset + 1)
    digits = DECIMAL_ESCAPE.match(source, offset)
    if digits is None:
        raise BadEscape("invalid escape sequence", offset)
    value = int(digits[0])
    if value > 255:
        raise BadEscape("decimal escape too large", digits.end())
    return chr(value), digits.end()


def read_code_point(source: str, offset: int) -> tuple[str, int]:
    """The UTF-8 bytes of ``{XXX}`` at ``offset``, and its end."""
    if source[offset : offset + 1] != "{":
        raise BadEscape("missing '{'", offset)
    end = offset + 1
    if source[end : end + 1] not in HEXADECIMAL:
        raise BadEscape("hexadecimal digit expected", end)
    value = 0
    while source[end : end + 1] in HEXADECIMAL:
        value = value * 16 + int(source[end], 16)
        if value > MAX_CODE_POINT:
            raise BadEscape("UTF-8 value too large", end)
        end += 1
    if source[end : end + 1] != "}":
        raise BadEscape("missing '}'", end)
    return chr(value).encode("utf-8", "surrogatepass").decode("latin-1"), end + 1


def quoted(text: str) -> str:
    """``text`` as messages show it: in quotes, and ending at a NUL as C strings do."""
    return "'" + text.partition("\0")[0] + "'"


def matched(pattern: re.Pattern[str], source: str, offset: int, group: int) -> str:
    """A group of a pattern that is known to match at ``offset``."""
    match = pattern.match(source, offset)
    assert match is not None
    return match[group]


def matched_end(pattern: re.Pattern[str], source: str, offset: int) -> int:
    """The end of the match of a pattern that matches anywhere."""
    match = pattern.match(source, offset)
    assert match is not None
    return match.end()
