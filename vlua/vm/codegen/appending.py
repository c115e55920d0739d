"""Strings that grow: ``s = s .. x`` (manual §3.4.6).

In: an assignment to a local. Out: code that lets Python grow the string in place, in linear time for a whole loop.
"""

from __future__ import annotations

import ast
from typing import Any

from vlua.vm import nodes
from vlua.vm.codegen.jumps import JumpEmitter
from vlua.vm.kinds import INTEGER, STRING

__all__ = ["AppendingEmitter"]


class AppendingEmitter(JumpEmitter):
    """Emits assignments that append to a string."""

    def appended(self, variable: Any, target: nodes.Name, node: Any) -> bool:
        """``s = s .. x`` on a plain local: Python then grows the string in place."""
        if type(node) is not nodes.Binary or node.op != ".." or variable.captured:
            return False
        left = node.left
        if type(left) is not nodes.Name or left not in self.scopes.names or self.scopes.names[left] is not variable:
            return False
        if variable.home is not self.context:
            return False
        rest = self.expr(node.right)
        self.at(node.line, "concat", self.describe(left), self.describe(node.right))
        if not isinstance(rest, (ast.Name, ast.Constant)):
            rest = self.spill(rest)
        given = rest  # what a metamethod gets
        kind = self.kinds.of(node.right)
        if kind == INTEGER:
            rest = self.spill(self.here(ast.JoinedStr([self.here(ast.FormattedValue(rest, -1))])))
        value = self.name(variable.ident)
        # The first test is enough until the string is almost as long as a string may be.
        within = self.compare(self.call("len", value), ast.Lt(), self.name("room"))
        test = self.branch(
            self.both(
                self.of_type(value, "str"),
                self.of_type(rest, "str"),
                self.compare(self.call("len", rest), ast.Lt(), self.name("uncharged")),
                self.either(
                    within,
                    self.compare(
                        self.binary(self.call("len", value), ast.Add(), self.call("len", rest)),
                        ast.LtE(),
                        self.name("longest"),
                    ),
                ),
            )
        )
        self.inside(test.body, lambda: self.assign(variable.ident, self.binary(value, ast.Add(), rest)))
        slow = test
        if kind not in (INTEGER, STRING) and not (type(node.right) is nodes.Binary and node.right.op == ".."):
            # A number is appended in place as well.
            text = self.temporary()
            is_number = self.compare(self.keep(text, self.call("numeral", rest)), ast.IsNot(), self.constant(None))
            outer, self.out = self.out, test.orelse
            slow = self.branch(self.both(self.of_type(value, "str"), within, is_number))
            self.out = outer
            self.inside(slow.body, lambda: self.assign(variable.ident, self.binary(value, ast.Add(), self.name(text))))
        self.inside(slow.orelse, lambda: self.assign(variable.ident, self.call("concat", value, given)))
        if variable.shadowed:
            self.cast_shadow(variable)
        return True
