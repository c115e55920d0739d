"""What the compiler knows of a value before the program runs: its kind.

In: expressions and the variables they read. Out: one of the kind names, ``any`` when nothing is certain.
A kind is never a guess: code made from it needs no guard.
"""

from __future__ import annotations

from typing import Any

from vlua.vm import nodes
from vlua.vm.scope import ITEMS, Scopes, Variable

__all__ = ["ANY", "BOOLEAN", "FLOAT", "FUNCTION", "INTEGER", "NIL", "NUMBER", "NUMERIC", "STRING", "TABLE", "Kinds"]

ANY = "any"
NIL = "nil"
BOOLEAN = "boolean"
INTEGER = "integer"
FLOAT = "float"
NUMBER = "number"
STRING = "string"
TABLE = "table"
FUNCTION = "function"
# Not yet known, while the kinds of variables that depend on each other are found.
OPEN = "open"

NUMERIC = frozenset((INTEGER, FLOAT, NUMBER))
COMPARISONS = frozenset(("==", "~=", "<", "<=", ">", ">="))
BITWISE = frozenset(("&", "|", "~", "<<", ">>"))

LITERALS: dict[type, str] = {
    nodes.Nil: NIL,
    nodes.True_: BOOLEAN,
    nodes.False_: BOOLEAN,
    nodes.String: STRING,
    nodes.Table: TABLE,
    nodes.Function: FUNCTION,
}


def join(left: str, right: str) -> str:
    """The kind of a value that is of one kind or the other."""
    if left == right or right == OPEN:
        return left
    if left == OPEN:
        return right
    return NUMBER if left in NUMERIC and right in NUMERIC else ANY


def arithmetic(op: str, left: str, right: str) -> str:
    """The kind of an arithmetic result."""
    if left == OPEN or right == OPEN:
        other = right if left == OPEN else left
        return OPEN if other == OPEN or other in NUMERIC else ANY
    if left not in NUMERIC or right not in NUMERIC:
        return ANY
    if op in BITWISE:
        return INTEGER
    if op in ("/", "^") or left == FLOAT or right == FLOAT:
        return FLOAT
    return INTEGER if left == right == INTEGER else NUMBER


class Kinds:
    """The kinds of one chunk's expressions and variables."""

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        self.variables: dict[Variable, str] = {}
        self.known: dict[nodes.Node, str] = {}
        self.fields: dict[str, str] = {}
        self.settled = False
        self.settle()

    def settle(self) -> None:
        """Find the kinds of all variables: start from nothing known, join what is assigned until nothing changes."""
        candidates = []
        for declared in self.scopes.declared.values():
            for variable in declared:
                if any(type(source) is str for source in variable.sources):
                    kinds = {source if type(source) is str else OPEN for source in variable.sources}
                    self.variables[variable] = NIL if kinds == {NIL} else ANY
                else:
                    self.variables[variable] = OPEN
                    candidates.append(variable)
        changed = True
        while changed:
            changed = False
            for variable in candidates:
                kind = self.variables[variable]
                if kind == ANY:
                    continue
                new = kind
                for source in variable.sources:
                    new = join(new, self.loop_kind(source) if type(source) is nodes.NumericFor else self.of(source))
                if new != kind:
                    self.variables[variable] = new
                    changed = True
        for variable in candidates:
            if self.variables[variable] == OPEN:
                self.variables[variable] = ANY
        self.settled = True

    def likely(self, node: nodes.Expression, depth: int = 4) -> str:
        """The kind an expression probably has, ``any`` without a clue: which guard to try first."""
        known = self.of(node)
        if known != ANY or depth == 0:
            return known
        kind = type(node)
        if kind is nodes.Binary:
            op = node.op  # type: ignore[attr-defined]
            if op in ("/", "^"):
                return FLOAT
            if op in COMPARISONS or op == "..":
                return ANY
            left = self.likely(node.left, depth - 1)  # type: ignore[attr-defined]
            right = self.likely(node.right, depth - 1)  # type: ignore[attr-defined]
            if FLOAT in (left, right):
                return FLOAT
            return INTEGER if INTEGER in (left, right) else ANY
        if kind is nodes.Unary:
            return self.likely(node.operand, depth - 1) if node.op == "-" else ANY  # type: ignore[attr-defined]
        if kind is nodes.Index:
            key = node.key  # type: ignore[attr-defined]
            return self.likely_field(key.value if type(key) is nodes.String else ITEMS)
        if kind is nodes.Name:
            variable = self.scopes.names.get(node)
            if variable is not None:
                return self.likely_variable(variable, depth - 1)
        return ANY

    def likely_variable(self, variable: Variable, depth: int) -> str:
        """The probable kind of a variable: the first clue among what is assigned to it."""
        for source in variable.sources:
            if type(source) is not str and type(source) is not nodes.NumericFor:
                kind = self.likely(source, depth)
                if kind != ANY:
                    return kind
        for hint in variable.hints:
            kind = self.likely(hint, depth)
            if kind != ANY:
                return kind
        return ANY

    def likely_field(self, name: str) -> str:
        """The probable kind of a field, from what the chunk stores under its name."""
        known = self.fields.get(name)
        if known is None:
            self.fields[name] = ANY  # ends the recursion of a field stored from itself
            known = ANY
            for value in self.scopes.stores.get(name, ()):
                kind = self.likely(value)
                if kind == FLOAT or known == ANY:
                    known = kind
            self.fields[name] = known
        return known

    def loop_kind(self, node: nodes.NumericFor) -> str:
        """The kind of a numeric loop's variable: integer only when start and step are."""
        start = self.of(node.start)
        step = INTEGER if node.step is None else self.of(node.step)
        if start == OPEN or step == OPEN:
            return OPEN
        if start == INTEGER and step == INTEGER:
            return INTEGER
        return FLOAT if start == FLOAT or step == FLOAT else NUMBER

    def of(self, node: nodes.Expression) -> str:
        """The kind of an expression."""
        literal = LITERALS.get(type(node))
        if literal is not None:
            return literal
        if type(node) is nodes.Number:
            return INTEGER if type(node.value) is int else FLOAT
        if type(node) is nodes.Name:
            variable = self.scopes.names.get(node)
            return self.variables.get(variable, ANY) if variable is not None else ANY
        if not self.settled:
            return self.compound(node)
        kind = self.known.get(node)
        if kind is None:
            kind = self.known[node] = self.compound(node)
        return kind

    def compound(self, node: Any) -> str:
        kind = type(node)
        if kind is nodes.Binary:
            op = node.op
            if op in COMPARISONS:
                return BOOLEAN
            if op == "..":
                plain = (STRING, INTEGER, FLOAT, NUMBER)
                return STRING if self.of(node.left) in plain and self.of(node.right) in plain else ANY
            right = self.of(node.right)
            if right == ANY:
                return ANY
            return arithmetic(op, self.of(node.left), right)
        if kind is nodes.Unary:
            if node.op == "not":
                return BOOLEAN
            operand = self.of(node.operand)
            if node.op == "-":
                return operand if operand in NUMERIC or operand == OPEN else ANY
            if node.op == "~":
                return INTEGER if operand in NUMERIC else operand if operand == OPEN else ANY
            return INTEGER if operand == STRING else ANY
        if kind is nodes.And or kind is nodes.Or:
            left, right = self.of(node.left), self.of(node.right)
            if OPEN in (left, right):
                return OPEN if left == right else ANY
            if left == right == BOOLEAN:
                return BOOLEAN
            truthy = left not in (ANY, NIL, BOOLEAN)
            if truthy:
                return right if kind is nodes.And else left
            return ANY
        return ANY
