"""Table constructors (manual §3.4.9).

In: the items of a constructor. Out: an expression that evaluates them in order and makes the table.
"""

from __future__ import annotations

import ast
from typing import Any

from vlua.vm import nodes
from vlua.vm.codegen.returns import MULTIPLE
from vlua.vm.codegen.trees import TreeEmitter
from vlua.vm.kinds import ANY, BOOLEAN, FUNCTION, INTEGER, NIL, STRING, TABLE

__all__ = ["ConstructorEmitter"]

# Kinds of values that are neither nil nor NaN.
KEY_KINDS = frozenset((INTEGER, STRING, BOOLEAN, TABLE, FUNCTION))


class ConstructorEmitter(TreeEmitter):
    """Emits table constructors; the expressions in them are a subclass's."""

    def add(self, node: nodes.Expression, results: list[ast.expr]) -> None:
        """Evaluate one more expression; see ``ExpressionEmitter``."""
        raise NotImplementedError

    def order(self, before: list[ast.stmt], results: list[ast.expr]) -> None:
        """Emit statements after earlier values; see ``ExpressionEmitter``."""
        raise NotImplementedError

    def raw_call(self, node: Any) -> ast.expr:
        """A call with all its results; see ``ExpressionEmitter``."""
        raise NotImplementedError

    def table(self, node: nodes.Table) -> ast.expr:
        items = node.items
        if not items:
            self.at(node.line)
            return self.call("LuaTable")
        last = items[-1]
        multiple = type(last) is nodes.Positional and type(last.value) in MULTIPLE
        keyed = [item for item in items if type(item) is nodes.Named]
        if not multiple and all(type(item.key) is nodes.String for item in keyed):
            return self.table_display(node)
        return self.table_general(node, multiple)

    def maker(self, sure: bool, size: int) -> str:
        """The function that makes a table of a dict of ``size`` entries; ``sure``: no value is nil."""
        return "LuaTable" if sure and (not self.counting or size <= self.counting) else "table_of"

    def table_display(self, node: nodes.Table) -> ast.expr:
        """String keys and positions only: one dict display."""
        keys: list[ast.expr | None] = []
        values = self.exprs([item.value for item in node.items])
        position = 0
        sure = True
        for item in node.items:
            if type(item) is nodes.Named:
                keys.append(self.constant(item.key.value))  # type: ignore[attr-defined]
            else:
                position += 1
                keys.append(self.constant(position))
            sure = sure and self.kinds.of(item.value) not in (ANY, NIL)
        self.at(node.line)
        maker = self.name(self.maker(sure, len(keys)))
        self.at(node.end_line)
        return self.call(maker, self.here(ast.Dict(keys, values)))

    def table_general(self, node: nodes.Table, multiple: bool) -> ast.expr:
        values: list[ast.expr] = []
        for item in node.items[:-1] if multiple else node.items:
            if type(item) is nodes.Named:
                self.add_keyed(item, values)
            else:
                self.add(item.value, values)
        tail = node.items[-1].value if multiple else None
        last: ast.expr | None = None
        if tail is not None:
            outer, runs = self.out, self.runs
            self.out = before = list[ast.stmt]()
            self.at(tail.line)
            last = self.name("varargs") if type(tail) is nodes.Vararg else self.call("values", self.raw_call(tail))
            self.out = outer
            self.order(before, values)
            self.shelter(values, runs)
        keyed: list[ast.expr] = []
        listed: list[ast.expr] = []
        iterator = iter(values)
        for item in node.items:
            if type(item) is nodes.Named:
                keyed.append(next(iterator))
                keyed.append(next(iterator))
            elif not (multiple and item is node.items[-1]):
                listed.append(next(iterator))
        if last is not None:
            self.at(node.line)
            listed.append(self.star(last))
        self.at(node.line)
        if not keyed:
            return self.call("table_listed", self.tuple_(listed))
        if len(listed) == 0 or all(isinstance(value, (ast.Constant, ast.Name)) for value in keyed + listed):
            return self.call("table_with", self.tuple_(keyed), self.tuple_(listed))
        # Keyed and listed values mix: keep the order of evaluation.
        ordered = []
        for value in values:
            ordered.append(value if isinstance(value, ast.Constant) else self.spill(value))
        spilled = iter(ordered)
        keyed, listed = [], []
        for item in node.items:
            if type(item) is nodes.Named:
                keyed.append(next(spilled))
                keyed.append(next(spilled))
            elif not (multiple and item is node.items[-1]):
                listed.append(next(spilled))
        if last is not None:
            listed.append(self.star(last))
        return self.call("table_with", self.tuple_(keyed), self.tuple_(listed))

    def add_keyed(self, item: nodes.Named, values: list[ast.expr]) -> None:
        """Evaluate key and value of an item; then the key is checked, before the next item is evaluated."""
        self.add(item.key, values)
        if self.kinds.of(item.key) in KEY_KINDS:
            self.add(item.value, values)
            return
        ident = self.temporary()
        values[-1] = self.keep(ident, values[-1])
        self.add(item.value, values)
        self.at(item.line)
        values[-1] = self.call("keyed", self.name(ident), values[-1])
