"""Operators: which guard, if any, makes the Python operator right for the Lua one (manual §3.4.1 to §3.4.6).

In: operands and their kinds. Out: the Python operator where it is certain or tested to be right, else a helper call.
"""

from __future__ import annotations

import ast
from typing import Any

from vlua.vm import nodes
from vlua.vm.codegen.emit import Emitter
from vlua.vm.frames import Operand
from vlua.vm.kinds import ANY, BOOLEAN, FLOAT, INTEGER, NIL, NUMERIC, STRING, Kinds
from vlua.vm.scope import Scopes

__all__ = ["ArithmeticEmitter"]

MAX_INTEGER = 0x7FFF_FFFF_FFFF_FFFF
MIN_INTEGER = -0x8000_0000_0000_0000
# The largest integer that CPython keeps in one digit.
SMALL = (1 << 30) - 1

ADDITIVE: dict[str, tuple[str, ast.operator]] = {
    "+": ("add", ast.Add()),
    "-": ("sub", ast.Sub()),
    "*": ("mul", ast.Mult()),
}
DIVISION: dict[str, tuple[str, ast.operator]] = {
    "//": ("idiv", ast.FloorDiv()),
    "%": ("mod", ast.Mod()),
}
BITWISE: dict[str, tuple[str, ast.operator]] = {
    "&": ("band", ast.BitAnd()),
    "|": ("bor", ast.BitOr()),
    "~": ("bxor", ast.BitXor()),
}
SHIFT = {"<<": "shl", ">>": "shr"}
ORDER: dict[str, tuple[str, ast.cmpop, bool]] = {
    "<": ("lt", ast.Lt(), False),
    "<=": ("le", ast.LtE(), False),
    ">": ("lt", ast.Gt(), True),
    ">=": ("le", ast.GtE(), True),
}
EQUAL, NOT_EQUAL = ast.Eq(), ast.NotEq()
MULTIPLY, DIVIDE = ast.Mult(), ast.Div()
GREATER, LESS, GREATER_EQUAL, LESS_EQUAL = ast.Gt(), ast.Lt(), ast.GtE(), ast.LtE()
ADDITION = ast.Add()
# Operands of a chain of ``..`` that are joined inline.
MAX_INLINE = 6
# The longest integer.
INTEGER_LENGTH = len(str(-(2**63)))


class ArithmeticEmitter(Emitter):
    """Emits binary operators."""

    scopes: Scopes
    kinds: Kinds
    env_changes: bool
    unstable: set[str]

    def expr(self, node: nodes.Expression) -> ast.expr:
        """One expression; see ``ExpressionEmitter``."""
        raise NotImplementedError

    def exprs(self, items: list[nodes.Expression]) -> list[ast.expr]:
        """Several expressions in order; see ``ExpressionEmitter``."""
        raise NotImplementedError

    def describe(self, node: nodes.Expression) -> Operand:
        """The name of an operand; see ``ExpressionEmitter``."""
        raise NotImplementedError

    def operation(self, node: nodes.Binary) -> ast.expr:
        """Any binary operator."""
        op = node.op
        if op == "..":
            return self.concatenation(node)
        found = self.tree(node) if op in ADDITIVE else self.order_tree(node) if op in ORDER else None
        if found is not None:
            return found
        left, right = self.exprs([node.left, node.right])
        if op in ORDER:
            self.at(node.line, "order", None, None)
            return self.order_test(node, left, right)
        if op == "==" or op == "~=":
            self.at(node.line, "equality", None, None)
            return self.equality(node, left, right, op == "~=")
        self.at(node.line, "arith", self.operand(node.left), self.operand(node.right))
        if op in ADDITIVE:
            return self.additive(node, left, right)
        if op == "/":
            return self.division(node, left, right)
        if op in DIVISION:
            return self.floor(node, left, right)
        if op in BITWISE:
            return self.bitwise(node, left, right)
        if op in SHIFT:
            return self.call(SHIFT[op], left, right)
        return self.exponentiation(node, left, right)

    def tree(self, node: nodes.Binary) -> ast.expr | None:
        """A tree of sums and products; see ``TreeEmitter``."""
        raise NotImplementedError

    def order_tree(self, node: nodes.Binary) -> ast.expr | None:
        """An order operator over trees; see ``TreeEmitter``."""
        raise NotImplementedError

    def operand(self, node: nodes.Expression) -> Operand:
        """The name of an arithmetic operand; constants have none, they are in no register."""
        return None if type(node) is nodes.String else self.describe(node)

    def guarded(
        self, left: ast.expr, right: ast.expr, left_type: str | None, right_type: str | None
    ) -> tuple[list[ast.expr], ast.expr, ast.expr]:
        """Tests that operands have given types, and names for the operands that are evaluated exactly once before.

        A type of ``None`` needs no test. Both operands are evaluated whatever the tests say.
        """
        left_simple, right_simple = self.simple(left), self.simple(right)
        tests: list[ast.expr] = []
        if left_simple and right_simple:
            if left_type:
                tests.append(self.of_type(left, left_type))
            if right_type:
                tests.append(self.of_type(right, right_type))
            return tests, left, right
        if left_simple:
            kept, name = self.spill_inline(right)
            tests.append(self.of_type(kept, right_type) if right_type else self.always(kept))
            if left_type:
                tests.append(self.of_type(left, left_type))
            return tests, left, name
        left_kept, left_name = self.spill_inline(left)
        if right_simple:
            tests.append(self.of_type(left_kept, left_type) if left_type else self.always(left_kept))
            if right_type:
                tests.append(self.of_type(right, right_type))
            return tests, left_name, right
        right_kept, right_name = self.spill_inline(right)
        tests.append(self.always(left_kept))
        tests.append(self.of_type(right_kept, right_type) if right_type else self.always(right_kept))
        if left_type:
            tests.append(self.of_type(left_name, left_type))
        return tests, left_name, right_name

    def simple(self, value: ast.expr) -> bool:
        """Whether an operand may be written several times."""
        if isinstance(value, ast.Constant):
            return True
        return isinstance(value, ast.Name) and value.id not in self.unstable

    def always(self, kept: ast.expr) -> ast.expr:
        """A test that evaluates ``kept`` and always succeeds."""
        return self.is_not(kept, self.name("tuple"))

    def in_range(self, ident: str, value: ast.expr, low: bool = True, high: bool = True) -> ast.expr:
        """Whether ``(ident := value)`` fits 64 bits; ``low`` or ``high`` alone when it can only leave on one side.

        First against 30 bits, which Python compares several times faster, then against the real limits.
        """
        kept, name = self.keep(ident, value), self.name(ident)
        if not high:
            return self.either(
                self.compare(kept, GREATER, self.constant(-SMALL)),
                self.compare(name, GREATER_EQUAL, self.constant(MIN_INTEGER)),
            )
        if not low:
            return self.either(
                self.compare(kept, LESS, self.constant(SMALL)),
                self.compare(name, LESS_EQUAL, self.constant(MAX_INTEGER)),
            )
        wide = ast.Compare(self.constant(MIN_INTEGER), [LESS_EQUAL, LESS_EQUAL], [name, self.constant(MAX_INTEGER)])
        return self.either(
            self.both(
                self.compare(kept, LESS, self.constant(SMALL)), self.compare(name, GREATER, self.constant(-SMALL))
            ),
            self.here(wide),
        )

    def additive(self, node: nodes.Binary, left: ast.expr, right: ast.expr) -> ast.expr:
        """``+``, ``-``, ``*``: exact in Python, then wrapped to 64 bits."""
        helper, op = ADDITIVE[node.op]
        left_kind, right_kind = self.kinds.of(node.left), self.kinds.of(node.right)
        left_numeric, right_numeric = left_kind in NUMERIC, right_kind in NUMERIC
        if left_numeric and right_numeric:
            if left_kind == FLOAT or right_kind == FLOAT:
                return self.binary(left, op, right)
            ident = self.temporary()
            test = self.overflow_test(node, ident, self.binary(left, op, right), left, right)
            wrapper = "wrap" if left_kind == right_kind == INTEGER else "wrap_number"
            return self.choose(test, self.name(ident), self.call(wrapper, self.name(ident)))
        if not (left_numeric or left_kind == ANY) or not (right_numeric or right_kind == ANY):
            return self.call(helper, left, right)
        likely = FLOAT
        if left_kind == right_kind == ANY:
            likely = FLOAT if FLOAT in (self.kinds.likely(node.left), self.kinds.likely(node.right)) else INTEGER
        if (left_kind == FLOAT) != (right_kind == FLOAT) and ANY in (left_kind, right_kind):
            # Beside a float, an integer is converted as C converts it.
            tests, left, right = self.guarded(left, right, None, None)
            other = left if left_kind == ANY else right
            tests.append(self.either(self.of_type(other, "float"), self.of_type(other, "int")))
            return self.choose(self.both(*tests), self.binary(left, op, right), self.call(helper, left, right))
        if left_kind == FLOAT or right_kind == FLOAT or left_kind == right_kind == ANY and likely == FLOAT:
            tests, left, right = self.guarded(
                left, right, None if left_numeric else "float", None if right_numeric else "float"
            )
            return self.choose(self.both(*tests), self.binary(left, op, right), self.call(helper, left, right))
        tests, left, right = self.guarded(
            left,
            right,
            None if left_kind == INTEGER else "int",
            None if right_kind == INTEGER else "int",
        )
        ident = self.temporary()
        tests.append(self.overflow_test(node, ident, self.binary(left, op, right), left, right))
        slow: ast.expr = self.call(helper, left, right)
        if left_kind == ANY and right_kind == ANY:
            slow = self.choose(
                self.both(self.of_type(left, "float"), self.of_type(right, "float")), self.binary(left, op, right), slow
            )
        return self.choose(self.both(*tests), self.name(ident), slow)

    def overflow_test(
        self, node: nodes.Binary, ident: str, value: ast.expr, left: ast.expr, right: ast.expr
    ) -> ast.expr:
        """The range test of a sum; a constant of known sign can overflow on one side only."""
        if node.op != "*":
            constant = right if isinstance(right, ast.Constant) else left
            if (
                isinstance(constant, ast.Constant)
                and type(constant.value) is int
                and (node.op == "+" or constant is right)
            ):
                grows = (constant.value >= 0) == (node.op == "+")
                return self.in_range(ident, value, low=not grows, high=grows)
        return self.in_range(ident, value)

    def division(self, node: nodes.Binary, left: ast.expr, right: ast.expr) -> ast.expr:
        """``/``: always a float."""
        left_kind, right_kind = self.kinds.of(node.left), self.kinds.of(node.right)
        if isinstance(right, ast.Constant) and type(right.value) in (int, float) and right.value != 0:
            divisor = self.constant(float(right.value))  # type: ignore[arg-type]
            if left_kind in NUMERIC:
                return self.binary(left, DIVIDE, divisor)
            if left_kind == ANY:
                tests, left, _ = self.guarded(left, right, None, None)
                # An integer is converted as C converts it.
                tests.append(self.either(self.of_type(left, "float"), self.of_type(left, "int")))
                return self.choose(self.both(*tests), self.binary(left, DIVIDE, divisor), self.call("div", left, right))
            return self.call("div", left, right)
        if left_kind in (ANY, FLOAT) and right_kind in (ANY, FLOAT):
            tests, left, right = self.guarded(
                left,
                right,
                None if left_kind == FLOAT else "float",
                None if right_kind == FLOAT else "float",
            )
            tests.append(right)
            return self.choose(self.both(*tests), self.binary(left, DIVIDE, right), self.call("div", left, right))
        return self.call("div", left, right)

    def floor(self, node: nodes.Binary, left: ast.expr, right: ast.expr) -> ast.expr:
        """``//`` and ``%``: Python's for integers and a positive divisor."""
        helper, op = DIVISION[node.op]
        left_kind, right_kind = self.kinds.of(node.left), self.kinds.of(node.right)
        if left_kind not in (ANY, INTEGER) or right_kind not in (ANY, INTEGER):
            return self.call(helper, left, right)
        positive = isinstance(right, ast.Constant) and type(right.value) is int and right.value > 0
        if isinstance(right, ast.Constant) and not positive:
            return self.call(helper, left, right)
        if positive and left_kind == INTEGER:
            return self.binary(left, op, right)
        tests, left, right = self.guarded(
            left,
            right,
            None if left_kind == INTEGER else "int",
            None if right_kind == INTEGER else "int",
        )
        if not positive:
            tests.append(self.compare(right, GREATER, self.constant(0)))
        return self.choose(self.both(*tests), self.binary(left, op, right), self.call(helper, left, right))

    def bitwise(self, node: nodes.Binary, left: ast.expr, right: ast.expr) -> ast.expr:
        """``&``, ``|``, ``~``: Python's for integers."""
        helper, op = BITWISE[node.op]
        left_kind, right_kind = self.kinds.of(node.left), self.kinds.of(node.right)
        if left_kind not in (ANY, INTEGER) or right_kind not in (ANY, INTEGER):
            return self.call(helper, left, right)
        if left_kind == INTEGER and right_kind == INTEGER:
            return self.binary(left, op, right)
        tests, left, right = self.guarded(
            left,
            right,
            None if left_kind == INTEGER else "int",
            None if right_kind == INTEGER else "int",
        )
        return self.choose(self.both(*tests), self.binary(left, op, right), self.call(helper, left, right))

    def exponentiation(self, node: nodes.Binary, left: ast.expr, right: ast.expr) -> ast.expr:
        """``^``: a square of a float is a product."""
        left_kind = self.kinds.of(node.left)
        if isinstance(right, ast.Constant) and right.value == 2 and left_kind in (ANY, FLOAT):
            if left_kind == FLOAT and self.simple(left):
                return self.binary(left, MULTIPLY, left)
            tests, left, _ = self.guarded(left, right, "float", None)
            return self.choose(self.both(*tests), self.binary(left, MULTIPLY, left), self.call("power", left, right))
        return self.call("power", left, right)

    def order_test(self, node: nodes.Binary, left: ast.expr, right: ast.expr) -> ast.expr:
        """``<``, ``<=``, ``>``, ``>=``."""
        helper, op, swapped = ORDER[node.op]
        left_kind, right_kind = self.kinds.of(node.left), self.kinds.of(node.right)
        if left_kind in NUMERIC and right_kind in NUMERIC or left_kind == right_kind == STRING:
            return self.compare(left, op, right)
        plain = (ANY, *NUMERIC)
        if (left_kind not in plain or right_kind not in plain) and not (
            left_kind in (ANY, STRING) and right_kind in (ANY, STRING)
        ):
            if swapped and not (self.simple(left) and self.simple(right)):
                # The helper takes them the other way round, but Lua evaluates the left one first.
                return self.call(helper + "_swapped", left, right)
            return self.call(helper, *((right, left) if swapped else (left, right)))
        float_side = FLOAT in (left_kind, right_kind)
        if not float_side and left_kind == right_kind == ANY:
            float_side = FLOAT in (self.kinds.likely(node.left), self.kinds.likely(node.right))
        expected = "str" if STRING in (left_kind, right_kind) else "float" if float_side else "int"
        tests, left, right = self.guarded(
            left,
            right,
            None if left_kind != ANY else expected,
            None if right_kind != ANY else expected,
        )
        slow: ast.expr = self.call(helper, *((right, left) if swapped else (left, right)))
        if left_kind == right_kind == ANY and not float_side:
            slow = self.choose(
                self.both(self.of_type(left, "float"), self.of_type(right, "float")),
                self.compare(left, op, right),
                slow,
            )
        return self.choose(self.both(*tests), self.compare(left, op, right), slow)

    def equality(self, node: nodes.Binary, left: ast.expr, right: ast.expr, negated: bool) -> ast.expr:
        """``==`` and ``~=``."""
        left_kind, right_kind = self.kinds.of(node.left), self.kinds.of(node.right)
        op: ast.cmpop = NOT_EQUAL if negated else EQUAL
        if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
            same = left.value == right.value and (type(left.value) is bool) == (type(right.value) is bool)
            return self.constant(same != negated)
        if isinstance(left, ast.Constant) and not isinstance(right, ast.Constant):
            left, right, left_kind, right_kind = right, left, right_kind, left_kind
        if isinstance(right, ast.Constant):
            value = right.value
            if value is None or value is True or value is False:
                return self.is_not(left, right) if negated else self.is_(left, right)
            if type(value) is str or left_kind in NUMERIC:
                return self.compare(left, op, right)
            if value != 0 and value != 1:
                return self.compare(left, op, right)
            if left_kind == ANY:
                # Python's True == 1 and False == 0.
                if not self.simple(left):
                    ident = self.temporary()
                    kept: ast.expr = self.keep(ident, left)
                    left = self.name(ident)
                else:
                    kept = left
                impostor = self.constant(value == 1)
                if negated:
                    return self.either(self.compare(kept, op, right), self.is_(left, impostor))
                return self.both(self.compare(kept, op, right), self.is_not(left, impostor))
        elif left_kind in NUMERIC and right_kind in NUMERIC or left_kind == right_kind == STRING:
            return self.compare(left, op, right)
        elif NIL in (left_kind, right_kind) or BOOLEAN in (left_kind, right_kind):
            return self.is_not(left, right) if negated else self.is_(left, right)
        elif STRING in (left_kind, right_kind):
            return self.compare(left, op, right)
        elif left_kind in NUMERIC or right_kind in NUMERIC:
            other = "int"
            tests, left, right = self.guarded(
                left,
                right,
                None if left_kind in NUMERIC else other,
                None if right_kind in NUMERIC else other,
            )
            slow = self.call("eq", left, right)
            return self.choose(self.both(*tests), self.compare(left, op, right), self.negate(slow) if negated else slow)
        if left_kind == right_kind == ANY:
            tests, left, right = self.guarded(left, right, None, None)
            equal = self.compare(left, op, right)
            slow = self.call("eq", left, right)
            tests.append(
                self.either(
                    self.of_type(left, "str"),
                    self.both(self.of_type(left, "int"), self.of_type(right, "int")),
                )
            )
            return self.choose(self.both(*tests), equal, self.negate(slow) if negated else slow)
        slow = self.call("eq", left, right)
        return self.negate(slow) if negated else slow

    def concatenation(self, node: nodes.Binary) -> ast.expr:
        """A whole chain ``a .. b .. c`` at once."""
        operands: list[nodes.Expression] = []
        link: Any = node
        while type(link) is nodes.Binary and link.op == "..":
            operands.append(link.left)
            link = link.right
        operands.append(link)
        values = self.exprs(operands)
        self.at(node.line, "concat", *[self.describe(operand) for operand in operands])
        kinds = [self.kinds.of(operand) for operand in operands]
        if len(values) > MAX_INLINE or any(kind not in (ANY, STRING, INTEGER) for kind in kinds):
            return self.call("concat", *values)
        return self.joined(values, kinds)

    def joined(self, values: list[ast.expr], kinds: list[str]) -> ast.expr:
        """A short chain of strings as one f-string; integers may be among them where they are known to be."""
        tests: list[ast.expr] = []
        simple = [self.simple(value) for value in values]
        last_complex = max((position for position, known in enumerate(simple) if not known), default=-1)
        names: list[ast.expr] = []
        late: list[ast.expr] = []
        for position, value in enumerate(values):
            name = value
            if not simple[position]:
                value, name = self.spill_inline(value)
            names.append(name)
            if kinds[position] == ANY:
                if position < last_complex:
                    # All operands are evaluated before one may fail.
                    late.append(self.of_type(name, "str"))
                    if not simple[position]:
                        tests.append(self.always(value))
                else:
                    tests.append(self.of_type(value, "str"))
            elif not simple[position]:
                tests.append(self.always(value))
        tests.extend(late)
        if len(names) == 2 and kinds[0] != INTEGER and kinds[1] != INTEGER:
            text: ast.expr = self.binary(names[0], ADDITION, names[1])
        else:
            parts = [
                name
                if isinstance(name, ast.Constant) and type(name.value) is str
                else self.here(ast.FormattedValue(name, -1))
                for name in names
            ]
            text = self.here(ast.JoinedStr(parts))
        # Before it is made: a long string is charged first.
        tests.append(self.compare(self.length_of(names, kinds), LESS, self.name("uncharged")))
        return self.choose(self.both(*tests), text, self.call("concat", *names))

    def length_of(self, values: list[ast.expr], kinds: list[str]) -> ast.expr:
        """The length of strings joined, at most; integers may be among them."""
        fixed = 0
        total: ast.expr | None = None
        for value, kind in zip(values, kinds, strict=True):
            if isinstance(value, ast.Constant) and type(value.value) is str:
                fixed += len(value.value)
            elif kind == INTEGER:
                fixed += INTEGER_LENGTH
            else:
                length = self.call("len", value)
                total = length if total is None else self.binary(total, ADDITION, length)
        if total is None:
            return self.constant(fixed)
        return self.binary(total, ADDITION, self.constant(fixed)) if fixed else total
