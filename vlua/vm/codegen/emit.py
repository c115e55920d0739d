"""The vocabulary of generated code: small builders of Python ``ast`` nodes that carry Lua positions.

In: identifiers and sub-expressions. Out: nodes whose ``lineno`` is the Lua line and whose ``col_offset`` is the
number of the operation, so that an instruction found in a traceback leads back to the names in the source.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from vlua.vm import nodes
from vlua.vm.frames import FOREVER, FunctionInfo, Local, Operand, Operation
from vlua.vm.kinds import TABLE, Kinds
from vlua.vm.scope import FunctionScope, Scopes, Variable

__all__ = ["Context", "Emitter", "Loop"]

LOAD, STORE = ast.Load(), ast.Store()
IS, IS_NOT = ast.Is(), ast.IsNot()
AND, OR, NOT = ast.And(), ast.Or(), ast.Not()
# Expressions whose values are small, or in a variable already.
SHOWN = (ast.Constant, ast.Name, ast.NamedExpr, ast.Compare)
# The line of code that no line of the source stands for: line hooks do not see it.
NO_LINE = 0
NO_OPERATION = Operation("none", ())
# Operations of straight code for which one unit is taken; about as much time as a short function.
WORK = 100


class Loop:
    """A Python loop that is open while code is generated. ``escapes``: jumps that leave it for an outer one."""

    __slots__ = ("block", "escapes", "number", "of_lua")

    def __init__(self, of_lua: bool, number: int, block: Any = None) -> None:
        self.of_lua = of_lua
        self.number = number
        self.block = block
        self.escapes: dict[int, tuple[Loop, str]] = {}


class Context:
    """One Python function being generated: a Lua function, or a loop outlined from one."""

    __slots__ = ("closures", "escapes", "info", "loops", "nonlocals", "outlined", "parent", "returns", "scope")

    def __init__(self, scope: FunctionScope, parent: Context | None, outlined: bool = False) -> None:
        self.scope = scope
        self.parent = parent
        self.outlined = outlined
        # What is known about the Lua function.
        self.info: FunctionInfo = parent.info if outlined and parent is not None else None  # type: ignore[assignment]
        self.loops: list[Loop] = []
        self.nonlocals: set[str] = set()
        # Python names of the functions made in loops, each of which is made once.
        self.closures: list[str] = []
        self.escapes: dict[int, tuple[Loop, str]] = {}
        self.returns = False


class Emitter:
    """Builders for nodes at the current position; ``out`` is the statement list being filled."""

    scopes: Scopes
    kinds: Kinds

    def __init__(self) -> None:
        self.line = 1
        self.column = 0
        # The number of what is no operation, counted up wherever the visible variables change.
        self.base = 0
        self.out: list[ast.stmt] = []
        self.operations: list[Operation] = [NO_OPERATION]
        self.context: Context = None  # type: ignore[assignment]
        self.temporaries = 0
        self.flags = 0
        # Values of lists under way that temporaries show, see `shelter`.
        self.sheltered: set[ast.expr] = set()
        # Not 0: the entries of tables are counted, and a table of so many is small enough for sure.
        self.counting = 0
        # Called once for every PIECE expressions; it may raise.
        self.pulse: Callable[[], object] = int
        self.visited = 0
        # Operations since the last unit of the meter.
        self.work = 0
        # Operations so far that may run other Lua code.
        self.runs = 0

    # Positions

    def at(self, line: int, kind: str | None = None, *operands: Operand) -> None:
        """Move to a line; with ``kind``, to a new operation whose failure is described by ``operands``."""
        self.line = line
        if kind is None:
            self.column = self.base
        else:
            self.column = len(self.operations)
            self.operations.append(Operation(kind, operands))

    def here(self, node: Any) -> Any:
        """Give ``node`` the current position."""
        node.lineno = self.line
        node.col_offset = self.column
        return node

    # Expressions

    def name(self, ident: str) -> ast.Name:
        """Read a Python name."""
        node = ast.Name(ident, LOAD)
        node.lineno = self.line
        node.col_offset = self.column
        return node

    def constant(self, value: Any) -> ast.Constant:
        """A literal."""
        node = ast.Constant(value)
        node.lineno = self.line
        node.col_offset = self.column
        return node

    def call(self, function: str | ast.expr, *args: ast.expr) -> ast.Call:
        """Call a helper by name, or an expression."""
        callee = self.name(function) if isinstance(function, str) else function
        return self.here(ast.Call(callee, list(args), []))  # type: ignore[no-any-return]

    def method(self, value: ast.expr, name: str, *args: ast.expr) -> ast.Call:
        """Call a method of a Python object."""
        return self.here(ast.Call(self.attribute(value, name), list(args), []))  # type: ignore[no-any-return]

    def attribute(self, value: ast.expr, name: str) -> ast.Attribute:
        """Read an attribute."""
        return self.here(ast.Attribute(value, name, LOAD))  # type: ignore[no-any-return]

    def item(self, value: ast.expr, key: ast.expr, store: bool = False) -> ast.Subscript:
        """``value[key]`` of Python."""
        return self.here(ast.Subscript(value, key, STORE if store else LOAD))  # type: ignore[no-any-return]

    def is_(self, left: ast.expr, right: ast.expr) -> ast.Compare:
        """``left is right``."""
        return self.here(ast.Compare(self.unfolded(left), [IS], [right]))  # type: ignore[no-any-return]

    def is_not(self, left: ast.expr, right: ast.expr) -> ast.Compare:
        """``left is not right``."""
        return self.here(ast.Compare(self.unfolded(left), [IS_NOT], [right]))  # type: ignore[no-any-return]

    def unfolded(self, value: ast.expr) -> ast.expr:
        """``value``, hidden where Python may find a literal in it: of those it warns on the host's standard error."""
        if isinstance(value, (ast.BinOp, ast.UnaryOp, ast.JoinedStr)) or (
            isinstance(value, ast.Constant) and value.value is not None and type(value.value) is not bool
        ):
            return self.keep(self.temporary(), value)
        return value

    def of_type(self, value: ast.expr, name: str) -> ast.Compare:
        """``type(value) is name``."""
        return self.is_(self.call("type", value), self.name(name))

    def not_of_type(self, value: ast.expr, name: str) -> ast.Compare:
        """``type(value) is not name``."""
        return self.is_not(self.call("type", value), self.name(name))

    def compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.Compare:
        """A Python comparison."""
        return self.here(ast.Compare(left, [op], [right]))  # type: ignore[no-any-return]

    def binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> ast.BinOp:
        """A Python operator."""
        return self.here(ast.BinOp(left, op, right))  # type: ignore[no-any-return]

    def choose(self, test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.IfExp:
        """``yes if test else no``."""
        return self.here(ast.IfExp(test, yes, no))  # type: ignore[no-any-return]

    def both(self, *tests: ast.expr) -> ast.expr:
        """``a and b and …``."""
        return tests[0] if len(tests) == 1 else self.here(ast.BoolOp(AND, list(tests)))

    def either(self, *tests: ast.expr) -> ast.expr:
        """``a or b or …``."""
        return tests[0] if len(tests) == 1 else self.here(ast.BoolOp(OR, list(tests)))

    def negate(self, test: ast.expr) -> ast.expr:
        """``not test``."""
        return self.here(ast.UnaryOp(NOT, test))  # type: ignore[no-any-return]

    def tuple_(self, items: list[ast.expr]) -> ast.Tuple:
        """A tuple display."""
        return self.here(ast.Tuple(items, LOAD))  # type: ignore[no-any-return]

    def star(self, value: ast.expr) -> ast.Starred:
        """``*value``."""
        return self.here(ast.Starred(value, LOAD))  # type: ignore[no-any-return]

    def keep(self, ident: str, value: ast.expr) -> ast.NamedExpr:
        """``(ident := value)``."""
        return self.here(ast.NamedExpr(self.target(ident), value))  # type: ignore[no-any-return]

    def target(self, ident: str) -> ast.Name:
        """A Python name to be assigned."""
        node = ast.Name(ident, STORE)
        node.lineno = self.line
        node.col_offset = self.column
        return node

    def temporary(self) -> str:
        """A new name for an intermediate value, reused by the next statement."""
        self.temporaries += 1
        return f"t{self.temporaries}"

    def flag(self, prefix: str) -> str:
        """A new name that no other statement of the chunk uses."""
        self.flags += 1
        return f"{prefix}{self.flags}"

    def shelter(self, results: list[ast.expr], runs: int) -> None:
        """Have temporaries show what ``results`` are if other code may have run since there were ``runs``.

        While that code runs, Python's own stack holds the values, where no look at the memory finds them.
        """
        if runs == self.runs:
            return
        for position in range(len(results) - 1, -1, -1):
            result = results[position]
            if result in self.sheltered:
                break  # and so are those before it
            if not is_shown(result):
                results[position] = result = self.shown(result, self.temporary())
                self.sheltered.add(result)

    def shown(self, value: ast.expr, ident: str) -> ast.expr:
        """``(ident := value)``, wherever ``value`` is not in a variable already."""
        if is_shown(value):
            return value
        if isinstance(value, ast.IfExp):
            value.body, value.orelse = self.shown(value.body, ident), self.shown(value.orelse, ident)
            return value
        target = ast.Name(ident, STORE)
        kept = ast.NamedExpr(target, value)
        target.lineno = kept.lineno = value.lineno
        target.col_offset = kept.col_offset = value.col_offset
        return kept

    # Statements

    def assign(self, ident: str, value: ast.expr) -> None:
        """Emit ``ident = value``."""
        self.out.append(self.here(ast.Assign([self.target(ident)], value)))

    def spill(self, value: ast.expr) -> ast.Name:
        """Emit ``temporary = value``; read the temporary."""
        if isinstance(value, ast.NamedExpr):
            ident, value = value.target.id, value.value
        else:
            ident = self.temporary()
        self.assign(ident, value)
        return self.name(ident)

    def spill_inline(self, value: ast.expr) -> tuple[ast.expr, ast.expr]:
        """An expression that keeps ``value`` in a temporary, and the temporary."""
        if isinstance(value, ast.NamedExpr):
            return value, self.name(value.target.id)
        ident = self.temporary()
        return self.keep(ident, value), self.name(ident)

    def do(self, value: ast.expr) -> None:
        """Emit an expression statement."""
        self.out.append(self.here(ast.Expr(value)))

    def branch(self, test: ast.expr) -> ast.If:
        """Emit an ``if`` with empty arms, to be filled."""
        node = self.here(ast.If(test, [], []))
        self.out.append(node)
        return node  # type: ignore[no-any-return]

    def function(
        self, name: str, args: list[str], body: list[ast.stmt], rest: str | None = None, optional: bool = True
    ) -> None:
        """Emit ``def name(args…=None, *rest)``."""
        arguments = ast.arguments(
            [],
            [self.here(ast.arg(arg)) for arg in args],
            self.here(ast.arg(rest)) if rest else None,
            [],
            [],
            None,
            [self.constant(None) for _ in args] if optional else [],
        )
        self.out.append(self.here(ast.FunctionDef(name, arguments, body, [])))

    def tick(self) -> None:
        """Emit the taking of one unit of the meter."""
        self.work = 0
        self.out.append(self.here(ast.For(self.target("_"), self.name("meter"), [self.here(ast.Break())], [])))

    def return_(self, value: ast.expr) -> None:
        """Emit ``return value``."""
        self.out.append(self.here(ast.Return(value)))

    # Variables

    def mark(self) -> int:
        """A new number for what is no operation: the variables in force change here."""
        self.base = len(self.operations)
        self.operations.append(NO_OPERATION)
        return self.base

    def begin(self, name: str, ident: str | None) -> None:
        """Note for ``debug`` that a local is in force from here on."""
        self.context.info.locals.append(Local(name, ident, self.mark()))

    def end(self, count: int) -> None:
        """Note that all but the first ``count`` locals of the function so far are no longer in force."""
        ended = [local for local in self.context.info.locals[count:] if local.end == FOREVER]
        if ended:
            base = self.mark()
            for local in ended:
                local.end = base

    def load(self, variable: Variable) -> ast.expr:
        """Read a Lua local or upvalue."""
        value = self.name(variable.ident)
        return self.item(value, self.constant(0)) if variable.boxed else value

    def declare(self, variable: Variable, value: ast.expr) -> None:
        """Emit the declaration of a local with its first value."""
        variable.home = self.context
        if variable.boxed:
            value = self.here(ast.List([value], LOAD))
        self.assign(variable.ident, value)
        if variable.shadowed:
            self.cast_shadow(variable)
        self.begin(variable.name, variable.ident)

    def cast_shadow(self, variable: Variable) -> None:
        """Emit the assignment of a local's shadow: the dict of its table, or an empty one for any other value."""
        value: ast.expr = self.attribute(self.name(variable.ident), "hash")
        if self.kinds.variables.get(variable) != TABLE:
            test = self.of_type(self.name(variable.ident), "LuaTable")
            value = self.choose(test, value, self.name("NO_FIELDS"))
        self.assign(variable.shadow, value)

    def hash_of(self, node: nodes.Expression | None, value: ast.expr) -> tuple[ast.expr, str]:
        """The dict behind a table expression, and how sure it is: ``sure``, ``shadow`` (or NO_FIELDS), ``guess``."""
        variable = self.scopes.names.get(node) if node is not None else None
        if variable is not None:
            sure = self.kinds.variables.get(variable) == TABLE
            if variable.shadowed:
                return self.name(variable.shadow), "sure" if sure else "shadow"
            if sure:
                return self.attribute(value, "hash"), "sure"
        return self.attribute(value, "hash"), "guess"

    def store(self, variable: Variable, value: ast.expr) -> None:
        """Emit an assignment to a local or upvalue."""
        if variable.boxed:
            self.out.append(
                self.here(ast.Assign([self.item(self.name(variable.ident), self.constant(0), True)], value))
            )
            return
        if variable.home is not self.context:
            self.context.nonlocals.add(variable.ident)
            if variable.shadowed:
                self.context.nonlocals.add(variable.shadow)
        self.assign(variable.ident, value)
        if variable.shadowed:
            self.cast_shadow(variable)


def is_shown(value: ast.expr) -> bool:
    """Whether a value is in a variable already, or nothing but a number: only ``+`` also joins strings."""
    return isinstance(value, SHOWN) or isinstance(value, ast.BinOp) and not isinstance(value.op, ast.Add)
