"""Trees of ``+``, ``-`` and ``*`` over variables, fields and numerals: one guard for a whole tree.

In: an arithmetic or order operator. Out: Python's operators behind tests that every leaf is a float, or every leaf an
integer and the result a small one (sums and products are exact in Python, so only the last result can be too large);
else the same tree made of helper calls, which reads the leaves again, in Lua's order.
"""

from __future__ import annotations

import ast
from typing import Any

from attrs import define

from vlua.vm import nodes
from vlua.vm.codegen.arithmetic import ADDITIVE, ORDER, ArithmeticEmitter
from vlua.vm.kinds import ANY, FLOAT, INTEGER, NUMBER, STRING

__all__ = ["TreeEmitter"]

# Leaves of one tree: beyond that a tree is cut.
MAX_LEAVES = 10
# Leaves of a tree without a clue about its kind that gets a fast path for integers and one for floats.
MAX_AMBIGUOUS = 4


@define(eq=False)
class Leaf:
    """A variable, a constant or a field of a variable: reading it twice does no harm."""

    node: Any
    kind: str
    likely: str
    name: str | None = None
    value: Any = None
    hash: ast.expr | None = None
    certainty: str = ""
    key: ast.expr | None = None


class TreeEmitter(ArithmeticEmitter):
    """Emits trees."""

    def tree(self, node: nodes.Binary) -> ast.expr | None:
        """The tree under an additive operator, or ``None`` when it is no tree."""
        leaves: dict[nodes.Expression, Leaf] = {}
        if not self.gather(node, leaves) or len(leaves) > MAX_LEAVES:
            return None
        return self.guard_tree(node, leaves, lambda names: self.fast(node, names), lambda: self.slow(node))

    def order_tree(self, node: nodes.Binary) -> ast.expr | None:
        """An order operator over trees or leaves, or ``None``."""
        leaves: dict[nodes.Expression, Leaf] = {}
        if not self.gather(node.left, leaves) or not self.gather(node.right, leaves) or len(leaves) > MAX_LEAVES:
            return None
        helper, op, swapped = ORDER[node.op]

        def fast(names: dict[nodes.Expression, ast.expr]) -> ast.expr:
            left, right = self.fast(node.left, names), self.fast(node.right, names)
            self.at(node.line)
            return self.compare(left, op, right)

        def slow() -> ast.expr:
            left, right = self.slow(node.left), self.slow(node.right)
            if isinstance(right, ast.Call):
                left = self.shown(left, self.temporary())
            self.at(node.line, "order", None, None)
            if swapped and not (self.simple(left) and self.simple(right)):
                # The helper takes them the other way round, but Lua evaluates the left one first.
                return self.call(helper + "_swapped", left, right)
            return self.call(helper, *((right, left) if swapped else (left, right)))

        return self.guard_tree(node, leaves, fast, slow)

    # Gathering

    def gather(self, node: nodes.Expression, leaves: dict[nodes.Expression, Leaf], depth: int = 0) -> bool:
        """Collect the leaves of a tree; whether it is one, of a size that pays."""
        if type(node) is nodes.Binary and node.op in ADDITIVE:
            # A tree of this depth has more leaves than that: long sums are not walked down from every link.
            if depth >= MAX_LEAVES or len(leaves) > MAX_LEAVES:
                return False
            return self.gather(node.left, leaves, depth + 1) and self.gather(node.right, leaves, depth + 1)
        leaf = self.leaf(node)
        if leaf is None:
            return False
        leaves[node] = leaf
        self.work += 1
        return True

    def leaf(self, node: Any) -> Leaf | None:
        """The leaf that an expression is, or ``None``."""
        kind = type(node)
        if kind is nodes.Number:
            found = INTEGER if type(node.value) is int else FLOAT
            return Leaf(node, found, found, value=node.value)
        known = self.kinds.of(node)
        if known not in (ANY, INTEGER, FLOAT, NUMBER):
            return None
        if kind is nodes.Name:
            ident = self.plain_ident(node)
            return Leaf(node, known, self.kinds.likely(node), name=ident) if ident is not None else None
        if kind is nodes.Index:
            ident = self.plain_ident(node.obj)
            if ident is None:
                return None
            key_node = node.key
            self.at(node.line)
            if type(key_node) is nodes.String or type(key_node) is nodes.Number and type(key_node.value) is int:
                key: ast.expr = self.constant(key_node.value)
            elif self.kinds.of(key_node) in (INTEGER, STRING) and self.plain_ident(key_node) is not None:
                key = self.name(self.plain_ident(key_node) or "")
            else:
                return None
            hash, certainty = self.hash_of(node.obj, self.name(ident))
            return Leaf(node, ANY, self.kinds.likely(node), ident, hash=hash, certainty=certainty, key=key)
        return None

    def plain_ident(self, node: nodes.Expression) -> str | None:
        """The Python name of a variable that keeps its value while an expression is evaluated."""
        variable = self.scopes.names.get(node)
        if variable is None or variable.boxed or variable.ident in self.unstable:
            return None
        return variable.ident

    # Guards

    def guard_tree(
        self, node: nodes.Binary, leaves: dict[nodes.Expression, Leaf], fast: Any, slow: Any
    ) -> ast.expr | None:
        """Fast paths in the likely order behind their tests, then the slow path."""
        items = list(leaves.values())
        known = {leaf.kind for leaf in items if leaf.kind != ANY}
        likely = {leaf.likely for leaf in items if leaf.value is None}
        constants = {leaf.kind for leaf in items if leaf.value is not None}
        is_order = node.op in ORDER
        if FLOAT in known or FLOAT in likely or NUMBER in known:
            if any(leaf.kind == ANY and leaf.likely == INTEGER for leaf in items):
                # Mixed: each operator finds its own guard.
                return None
            modes = [FLOAT]
        elif INTEGER in likely or constants or len(items) > MAX_AMBIGUOUS:
            modes = [INTEGER]
        else:
            modes = [INTEGER, FLOAT]
        if modes == [FLOAT] and not (is_order or self.floats(node, leaves)):
            return None
        if all(leaf.kind in (INTEGER, FLOAT, NUMBER) for leaf in items) and (modes == [FLOAT] or is_order):
            # Certain kinds need no guard: the plain operators do better.
            return None
        result: ast.expr = slow()
        for mode in reversed(modes):
            tests, names = self.leaf_tests(leaves, mode)
            value = fast(names)
            self.at(node.line)
            if mode == INTEGER and not is_order:
                ident = self.temporary()
                tests.append(self.range_of_tree(node, ident, value))
                value = self.name(ident)
            if not tests:
                return None
            result = self.choose(self.both(*tests), value, result)
        return result

    def range_of_tree(self, node: nodes.Binary, ident: str, value: ast.expr) -> ast.expr:
        """The test that an integer result is small; one-sided for a single sum with a constant."""
        if node.op != "*" and type(node.right) is nodes.Number and type(node.left) is not nodes.Binary:
            grows = (node.right.value >= 0) == (node.op == "+")
            return self.in_range(ident, value, low=not grows, high=grows)
        return self.in_range(ident, value)

    def floats(self, node: nodes.Expression, leaves: dict[nodes.Expression, Leaf]) -> bool:
        """Whether, with every guarded leaf a float, every operator of a tree has a float operand."""
        if type(node) is not nodes.Binary:
            return leaves[node].kind not in (INTEGER,)
        left, right = self.floats(node.left, leaves), self.floats(node.right, leaves)
        if left or right:
            return all(self.floats(side, leaves) for side in (node.left, node.right) if type(side) is nodes.Binary)
        return False

    def leaf_tests(
        self, leaves: dict[nodes.Expression, Leaf], mode: str
    ) -> tuple[list[ast.expr], dict[nodes.Expression, ast.expr]]:
        """Tests that the leaves are of a kind, each variable and field once, and names for their values."""
        tests: list[ast.expr] = []
        names: dict[nodes.Expression, ast.expr] = {}
        seen: dict[tuple[Any, ...], ast.expr] = {}
        expected = "float" if mode == FLOAT else "int"
        for node, leaf in leaves.items():
            self.at(leaf.node.line)
            if leaf.value is not None:
                names[node] = self.constant(leaf.value)
                continue
            if leaf.hash is None:
                name = self.name(leaf.name or "")
                names[node] = name
                if leaf.kind in (ANY, NUMBER) and (leaf.name,) not in seen:
                    seen[(leaf.name,)] = name
                    tests.append(self.of_type(name, expected))
                continue
            key = leaf.key.id if isinstance(leaf.key, ast.Name) else leaf.key.value  # type: ignore[union-attr]
            identity = (leaf.name, type(leaf.key), key)
            if identity in seen:
                names[node] = seen[identity]
                continue
            if leaf.certainty == "guess" and (leaf.name, "table") not in seen:
                seen[(leaf.name, "table")] = leaf.hash
                tests.append(self.of_type(self.name(leaf.name or ""), "LuaTable"))
            ident = self.temporary()
            assert leaf.key is not None
            tests.append(self.of_type(self.keep(ident, self.method(leaf.hash, "get", leaf.key)), expected))
            names[node] = seen[identity] = self.name(ident)
        return tests, names

    def fast(self, node: nodes.Expression, names: dict[nodes.Expression, ast.expr]) -> ast.expr:
        """A tree of Python's operators."""
        if type(node) is not nodes.Binary:
            return names[node]
        left, right = self.fast(node.left, names), self.fast(node.right, names)
        self.at(node.line)
        return self.binary(left, ADDITIVE[node.op][1], right)

    def slow(self, node: Any) -> ast.expr:
        """The same tree made of helper calls."""
        if type(node) is nodes.Binary:
            left, right = self.slow(node.left), self.slow(node.right)
            if isinstance(right, ast.Call):
                left = self.shown(left, self.temporary())
            self.at(node.line, "arith", self.operand(node.left), self.operand(node.right))
            return self.call(ADDITIVE[node.op][0], left, right)
        if type(node) is nodes.Index:
            leaf = self.leaf(node)
            assert leaf is not None
            assert leaf.key is not None
            self.at(node.line, "index", self.describe(node.obj))
            return self.call("index", self.name(leaf.name or ""), leaf.key)
        self.at(node.line)
        if type(node) is nodes.Number:
            return self.constant(node.value)
        return self.name(self.plain_ident(node) or "")
