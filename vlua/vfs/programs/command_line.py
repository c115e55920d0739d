"""Command lines: the part of the shell's language that a machine room understands.

In: a line as a Lua string. Out: a tree of named tuples, or ``CommandSyntaxError`` with the shell's message.
Understood: words with ``'…'``, ``"…"`` and ``\\``; ``$NAME``, ``${NAME}``, ``$$``, ``$!``, ``$?``; assignments before a
command; ``;``, ``&``, ``&&``, ``||``, ``|``, newlines, comments; ``<``, ``>``, ``>>``, ``2>``, ``2>&1`` and the like.
Names of files are taken as they are: no patterns, no ``~``.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

__all__ = ["Command", "CommandSyntaxError", "Item", "Redirection", "Variable", "Word", "parse"]

# Longest first. What stands here without a rule in the grammar is refused by name instead of being misread.
OPERATORS = ("&&", "||", ";;", ">>", ">&", "<<", "<&", "<>", ">|", ";", "&", "|", "<", ">", "(", ")", "\n")
REDIRECTIONS = ("<", ">", ">>", ">&", "<&", ">|")
BLANKS = " \t"
PLAIN = re.compile(r"""[^ \t\n;&|<>()'"\\$`]+""")
VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*|[$!?])|\{([A-Za-z_][A-Za-z0-9_]*|[$!?])\})")
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
ESCAPED_IN_QUOTES = '$`"\\\n'


class CommandSyntaxError(Exception):
    """A line that cannot be understood; the text is the shell's message."""


class Variable(NamedTuple):
    """A reference to a variable by name."""

    name: str


class Word(NamedTuple):
    """Text and variables one after the other; ``quoted`` when any of it was, so that it may be empty."""

    parts: tuple[str | Variable, ...]
    quoted: bool


class Redirection(NamedTuple):
    """``number`` is the stream meant (0, 1 or 2), ``operator`` the sign, ``target`` a file's name or a number."""

    number: int
    operator: str
    target: Word


class Command(NamedTuple):
    """A simple command: variables set for it, its words, its redirections."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]


class Item(NamedTuple):
    """Pipelines joined by ``&&`` and ``||`` (each with the operator before it), perhaps run in the background."""

    pipelines: tuple[tuple[str, tuple[Command, ...]], ...]
    background: bool


class Token(NamedTuple):
    """A word, or an operator by its text; ``number`` when digits stood right before a redirection."""

    operator: str
    word: Word | None
    number: int | None


def parse(line: str) -> list[Item]:
    """The commands of a line. Raises CommandSyntaxError."""
    return Parser(tokenize(line)).line()


def tokenize(line: str) -> list[Token]:
    """The tokens of a line, an empty operator at the end."""
    tokens: list[Token] = []
    position, length = 0, len(line)
    while position < length:
        char = line[position]
        if char in BLANKS:
            position += 1
        elif line.startswith("\\\n", position):
            position += 2
        elif char == "#":
            end = line.find("\n", position)
            position = end if end >= 0 else length
        else:
            operator = next((sign for sign in OPERATORS if line.startswith(sign, position)), None)
            if operator is not None:
                tokens.append(Token(operator, None, None))
                position += len(operator)
                continue
            word, end = read_word(line, position)
            digits = line[position:end]
            if end < length and line[end] in "<>" and len(digits) == 1 and digits in "0123456789":
                operator = next(sign for sign in OPERATORS if line.startswith(sign, end))
                tokens.append(Token(operator, None, int(digits)))
                position = end + len(operator)
            else:
                tokens.append(Token("", word, None))
                position = end
    tokens.append(Token("", None, None))
    return tokens


def read_word(line: str, position: int) -> tuple[Word, int]:
    """The word that begins at ``position``, and where it ends."""
    parts: list[str | Variable] = []
    quoted = False
    length = len(line)
    while position < length:
        char = line[position]
        if char == "'":
            end = line.find("'", position + 1)
            if end < 0:
                raise CommandSyntaxError("Syntax error: Unterminated quoted string")
            parts.append(line[position + 1 : end])
            quoted, position = True, end + 1
        elif char == '"':
            position = read_quoted(line, position + 1, parts)
            quoted = True
        elif char == "\\":
            escaped = line[position + 1 : position + 2]
            if escaped != "\n":
                parts.append(escaped or char)
                quoted = True
            position += 2
        elif char in "$`":
            position = read_dollar(line, position, parts)
        else:
            plain = PLAIN.match(line, position)
            if plain is None:
                break
            parts.append(plain[0])
            position = plain.end()
    return Word(tuple(parts), quoted), min(position, length)


def read_quoted(line: str, position: int, parts: list[str | Variable]) -> int:
    """What stands between double quotes, from behind the first one; where it ends."""
    while True:
        char = line[position : position + 1]
        if char == "":
            raise CommandSyntaxError("Syntax error: Unterminated quoted string")
        if char == '"':
            return position + 1
        if char == "\\" and line[position + 1 : position + 2] in ESCAPED_IN_QUOTES and position + 1 < len(line):
            if line[position + 1] != "\n":
                parts.append(line[position + 1])
            position += 2
        elif char in "$`":
            position = read_dollar(line, position, parts)
        else:
            end = position + 1
            while end < len(line) and line[end] not in '"\\$`':
                end += 1
            parts.append(line[position:end])
            position = end


def read_dollar(line: str, position: int, parts: list[str | Variable]) -> int:
    """A variable, or a dollar sign that is just one; where it ends."""
    variable = VARIABLE.match(line, position)
    if variable is not None:
        parts.append(Variable(variable[1] or variable[2]))
        return variable.end()
    if line[position] == "`" or line.startswith(("$(", "${"), position):
        raise CommandSyntaxError(f'Syntax error: "{line[position : position + 2].rstrip()}" unexpected')
    parts.append("$")
    return position + 1


class Parser:
    """Reads tokens into items."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0

    def line(self) -> list[Item]:
        """Everything up to the end."""
        items: list[Item] = []
        while True:
            while self.accept("\n"):
                pass
            if self.at_end():
                return items
            pipelines = [("", self.pipeline())]
            while (operator := self.accept("&&", "||")) is not None:
                while self.accept("\n"):
                    pass
                pipelines.append((operator, self.pipeline()))
            ending = self.accept(";", "&", "\n")
            if ending is None and not self.at_end():
                self.refuse()
            items.append(Item(tuple(pipelines), ending == "&"))

    def pipeline(self) -> tuple[Command, ...]:
        """Commands joined by ``|``."""
        commands = [self.command()]
        while self.accept("|") is not None:
            while self.accept("\n"):
                pass
            commands.append(self.command())
        return tuple(commands)

    def command(self) -> Command:
        """One simple command."""
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirections: list[Redirection] = []
        while True:
            token = self.tokens[self.position]
            if token.word is not None:
                self.position += 1
                named = None if words else assignment(token.word)
                if named is not None:
                    assignments.append(named)
                else:
                    words.append(token.word)
            elif token.operator in REDIRECTIONS:
                self.position += 1
                target = self.tokens[self.position].word
                if target is None:
                    self.refuse()
                self.position += 1
                default = 0 if token.operator[0] == "<" else 1
                number = default if token.number is None else token.number
                redirections.append(Redirection(number, token.operator, target))
            else:
                break
        if not (assignments or words or redirections):
            self.refuse()
        return Command(tuple(assignments), tuple(words), tuple(redirections))

    def accept(self, *operators: str) -> str | None:
        """Take the next token when it is one of ``operators``."""
        operator = self.tokens[self.position].operator
        if operator and operator in operators:
            self.position += 1
            return operator
        return None

    def at_end(self) -> bool:
        """Whether there is nothing left."""
        return self.position == len(self.tokens) - 1

    def refuse(self) -> NoReturn:
        """Raise for the next token."""
        token = self.tokens[self.position]
        if self.at_end():
            raise CommandSyntaxError("Syntax error: end of file unexpected")
        what = "newline" if token.operator == "\n" else f'"{token.operator}"' if token.operator else "word"
        raise CommandSyntaxError(f"Syntax error: {what} unexpected")


def assignment(word: Word) -> tuple[str, Word] | None:
    """Name and value when a word sets a variable."""
    first = word.parts[0] if word.parts else ""
    if not isinstance(first, str):
        return None
    match = ASSIGNMENT.match(first)
    if match is None:
        return None
    rest = first[match.end() :]
    return first[: match.end() - 1], Word(((rest,) if rest else ()) + word.parts[1:], True)
