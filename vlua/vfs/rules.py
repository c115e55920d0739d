"""Rules about paths: which operations a script may do where.

In: glob patterns with operations to allow or deny. Out: ``Rule``, and ``Rules``, which decide; ``RuleFS``, made when
first asked for since it needs ``fs``, enforces them.

A pattern that begins with "/" matches whole paths; any other one matches in every directory, as if it began with
"/**/". Within a name ``*`` stands for any characters, ``?`` for one, ``[abc]``, ``[a-z]`` and ``[!abc]`` for one of a
set. ``**`` in place of a name stands for any number of names, none included, so that "/data/**" is the directory
"/data" and everything in it. "/data" alone says nothing of what is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs

if TYPE_CHECKING:
    from vlua.vfs.rule_filesystem import RuleFS

__all__ = ["OPERATIONS", "Operation", "Pattern", "Rule", "RuleFS", "Rules"]

Operation = Literal["read", "write", "create", "delete", "list"]
OPERATIONS: frozenset[Operation] = frozenset(get_args(Operation))

MOST_DECISIONS = 1024  # kept of each set of rules: scripts ask about the same few paths again and again
ANYTHING = "**"


class Wildcard:
    """One name with ``*``, ``?`` and sets; matching takes at most time in proportion to both lengths multiplied."""

    def __init__(self, tokens: list[str | Callable[[str], bool] | None]) -> None:
        self.tokens = tokens  # a character, a test for one, or None for any number of them

    def matches(self, name: str) -> bool:
        """Whether all of ``name`` matches."""
        return _matches(name, self.tokens, _character_matches)


def _character_matches(character: str, token: str | Callable[[str], bool] | None) -> bool:
    return character == token if isinstance(token, str) else token is not None and token(character)


def _name_matches(name: str, token: str | Wildcard | None) -> bool:
    return name == token if isinstance(token, str) else token is not None and token.matches(name)


def _matches(items: Sequence[str], tokens: Sequence[Any], matches: Callable[[str, Any], bool]) -> bool:
    """Whether ``items`` match ``tokens`` one by one, where ``None`` stands for any number of items.

    Only the latest ``None`` is ever tried again: what an earlier one could take instead, that one can take too.
    """
    item = token = 0
    star, resume = -1, 0
    while item < len(items):
        if token < len(tokens) and tokens[token] is None:
            star, resume = token, item
            token += 1
        elif token < len(tokens) and matches(items[item], tokens[token]):
            item += 1
            token += 1
        elif star >= 0:
            resume += 1
            item, token = resume, star + 1
        else:
            return False
    return all(rest is None for rest in tokens[token:])


class Pattern:
    """A compiled glob. Raises ValueError, naming the pattern, for one that cannot match or is ambiguous."""

    def __init__(self, text: str, *, ignore_case: bool = False) -> None:
        self.text = text
        self._ignore_case = ignore_case
        if not text:
            raise ValueError("a pattern must not be empty")
        if "\0" in text:
            raise ValueError(f"pattern {text!r}: no path has a NUL")
        names = (text.casefold() if ignore_case else text).split("/")
        if names[0]:
            names.insert(0, ANYTHING)
        else:
            del names[0]
        if names == [""]:
            names = []
        self._tokens: list[str | Wildcard | None] = []
        for name in names:
            if name == "":
                raise ValueError(
                    f"pattern {text!r}: there is an empty name; write '/x' for a directory, '/x/**' for all in it"
                )
            if name in (".", ".."):
                raise ValueError(f"pattern {text!r}: paths are matched without {name!r}")
            if name == ANYTHING:
                if not self._tokens or self._tokens[-1] is not None:
                    self._tokens.append(None)
            elif ANYTHING in name:
                raise ValueError(f"pattern {text!r}: '**' stands for whole names, so it must be between slashes")
            else:
                self._tokens.append(_compile_name(name, text))

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def matches(self, path: str) -> bool:
        """Whether the absolute, normal ``path`` matches as a whole."""
        if self._ignore_case:
            path = path.casefold()
        return _matches(path[1:].split("/") if path != "/" else [], self._tokens, _name_matches)


def _compile_name(name: str, pattern: str) -> str | Wildcard:
    tokens: list[str | Callable[[str], bool] | None] = []
    plain = True
    position = 0
    while position < len(name):
        character = name[position]
        position += 1
        if character == "*":
            tokens.append(None)
        elif character == "?":
            tokens.append(_any_character)
        elif character == "[":
            end = name.find("]", position + (2 if name[position : position + 1] == "!" else 1))
            if end < 0:
                raise ValueError(f"pattern {pattern!r}: '[' without ']'; '[[]' stands for '['")
            tokens.append(_character_set(name[position:end], pattern))
            position = end + 1
        else:
            tokens.append(character)
            continue
        plain = False
    return name if plain else Wildcard(tokens)


def _any_character(character: str) -> bool:
    return True


def _character_set(text: str, pattern: str) -> Callable[[str], bool]:
    """A test for ``abc``, ``a-z`` or, after "!", for all others. The first character is never special."""
    negated = text.startswith("!")
    members = text[negated:]
    single: set[str] = set()
    ranges: list[tuple[str, str]] = []
    position = 0
    while position < len(members):
        if members[position + 1 : position + 2] == "-" and position + 2 < len(members):
            low, high = members[position], members[position + 2]
            if low > high:
                raise ValueError(f"pattern {pattern!r}: the range '{low}-{high}' is empty")
            ranges.append((low, high))
            position += 3
        else:
            single.add(members[position])
            position += 1

    def contains(character: str) -> bool:
        return (character in single or any(low <= character <= high for low, high in ranges)) is not negated

    return contains


def _operations(given: Any) -> frozenset[Operation]:
    """A set of operations from any iterable of them, or a single one. Raises TypeError or ValueError."""
    if isinstance(given, str):
        given = (given,)
    try:
        operations = frozenset(given)
    except TypeError:
        raise TypeError(f"operations must be names, not {type(given).__name__}") from None
    unknown = sorted(map(repr, operations - OPERATIONS))
    if unknown:
        raise ValueError(f"unknown operation {unknown[0]}; there are {', '.join(sorted(OPERATIONS))}")
    return operations


@attrs.frozen
class Rule:
    """What may (``allow``) and what must not (``deny``) be done to the paths that match ``pattern``.

    Raises TypeError or ValueError for an invalid pattern (see the module), an unknown operation, or one both allowed
    and denied.
    """

    pattern: str = attrs.field(validator=attrs.validators.instance_of(str))
    allow: frozenset[Operation] = attrs.field(default=frozenset(), converter=_operations)
    deny: frozenset[Operation] = attrs.field(default=frozenset(), converter=_operations)

    def __attrs_post_init__(self) -> None:
        Pattern(self.pattern)
        both = sorted(self.allow & self.deny)
        if both:
            raise ValueError(f"rule {self.pattern!r} both allows and denies {both[0]!r}")


class Rules:
    """Rules in order: the last one that matches a path and mentions an operation decides, else it is allowed."""

    def __init__(self, rules: Iterable[Rule], *, ignore_case: bool = False) -> None:
        self.rules = tuple(rules)
        for rule in self.rules:
            if not isinstance(rule, Rule):
                raise TypeError(f"rules must be Rule objects, not {type(rule).__name__}")
        compiled = [(Pattern(rule.pattern, ignore_case=ignore_case), rule) for rule in reversed(self.rules)]
        by_operation = {
            operation: [(p, rule) for p, rule in compiled if operation in rule.allow or operation in rule.deny]
            for operation in OPERATIONS
        }

        @lru_cache(maxsize=MOST_DECISIONS)
        def decide(operation: Operation, path: str) -> tuple[bool, Rule | None]:
            for pattern, rule in by_operation[operation]:
                if pattern.matches(path):
                    return operation in rule.allow, rule
            return True, None

        self._decide = decide

    def decide(self, operation: Operation, path: str) -> tuple[bool, Rule | None]:
        """Whether ``operation`` may be done to the absolute, normal ``path``, and the rule that says so."""
        return self._decide(operation, path)


def __getattr__(name: str) -> Any:
    if name == "RuleFS":
        from vlua.vfs.rule_filesystem import RuleFS

        return RuleFS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
