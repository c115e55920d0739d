"""Expressions: guarded fast paths inline, everything else through the operators' helpers (manual §3.4)."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from vlua.vm import nodes
from vlua.vm.codegen.arithmetic import ArithmeticEmitter
from vlua.vm.codegen.constructors import ConstructorEmitter
from vlua.vm.codegen.emit import WORK
from vlua.vm.codegen.returns import MULTIPLE, returns_one
from vlua.vm.frames import Operand
from vlua.vm.kinds import ANY, BOOLEAN, FLOAT, INTEGER, NIL, NUMBER, STRING
from vlua.vm.number import wrap
from vlua.vm.table import encode_key

__all__ = ["ExpressionEmitter"]

# Nested Lua expressions before a value moves to a temporary: Python's compiler recurses on its tree.
MAX_NESTING = 12
# Expressions generated between two looks at the clock.
PIECE = 500
# Operations inside one statement before the meter is asked in the middle of it.
LONG_WORK = 2 * WORK
# Expressions that may run other code, be it by a metamethod.
RUNNING = frozenset((nodes.Call, nodes.Method, nodes.Index, nodes.Binary, nodes.Unary))
IN, NOT_IN, ADD = ast.In(), ast.NotIn(), ast.Add()
# Kinds of values that are neither nil nor false.
TRUE_KINDS = frozenset((INTEGER, FLOAT, NUMBER, STRING, "table", "function"))


class ExpressionEmitter(ConstructorEmitter):
    """Emits expressions; ``expr`` gives a Python expression and may emit statements that must run before it."""

    nesting = 0

    def expr(self, node: nodes.Expression) -> ast.expr:
        """One Lua expression adjusted to one value."""
        self.nesting += 1
        self.work += 1
        self.visited += 1
        if self.visited >= PIECE:
            self.visited = 0
            self.pulse()
        result = EXPRESSIONS[type(node)](self, node)
        if type(node) in RUNNING:
            self.runs += 1
        if self.work >= LONG_WORK and not isinstance(result, (ast.Name, ast.Constant)):
            # In the middle of a long expression: None, and then the value.
            self.work = 0
            result = self.either(self.call("charge", self.constant(LONG_WORK // WORK)), result)
        if self.nesting % MAX_NESTING == 0 and not isinstance(result, (ast.Name, ast.Constant)):
            result = self.spill(result)
        self.nesting -= 1
        return result

    def exprs(self, items: list[nodes.Expression]) -> list[ast.expr]:
        """Several expressions, evaluated in order even when later ones need statements of their own."""
        results: list[ast.expr] = []
        for node in items:
            self.add(node, results)
        return results

    def add(self, node: nodes.Expression, results: list[ast.expr]) -> None:
        """Evaluate one more expression after those in ``results``."""
        outer, runs = self.out, self.runs
        self.out = before = list[ast.stmt]()
        result = self.expr(node)
        self.out = outer
        if before:
            self.order(before, results)
        self.shelter(results, runs)
        results.append(result)

    def order(self, before: list[ast.stmt], results: list[ast.expr]) -> None:
        """Emit ``before`` after the values in ``results``, which are moved to temporaries where it matters."""
        if any(not isinstance(statement, ast.FunctionDef) for statement in before):
            for position, result in enumerate(results):
                if not isinstance(result, ast.Constant):
                    results[position] = self.spill(result)
        self.out.extend(before)

    def pair(self, left: nodes.Expression, right: nodes.Expression) -> tuple[ast.expr, ast.expr]:
        """Two expressions in order."""
        results = self.exprs([left, right])
        return results[0], results[1]

    def describe(self, node: nodes.Expression) -> Operand:
        """How PUC names the value of an expression in error messages."""
        kind = type(node)
        if kind is nodes.Name:
            variable = self.scopes.names.get(node)
            if variable is None:
                return ("global", node.name)  # type: ignore[attr-defined]
            return ("local" if variable.owner is self.context.scope else "upvalue", variable.name)
        if kind is nodes.Index:
            key = node.key  # type: ignore[attr-defined]
            if type(key) is nodes.String:
                obj = node.obj  # type: ignore[attr-defined]
                return ("global" if type(obj) is nodes.Name and obj.name == "_ENV" else "field", key.value)
            return ("field", "?")
        if kind is nodes.String:
            return ("constant", node.value)  # type: ignore[attr-defined]
        if kind is nodes.And and is_always_true(node.left) or kind is nodes.Or and is_never_true(node.left):  # type: ignore[attr-defined]
            return self.describe(node.right)  # type: ignore[attr-defined]
        return None

    # Literals and names

    def nil(self, node: nodes.Nil) -> ast.expr:
        self.at(node.line)
        return self.constant(None)

    def true(self, node: nodes.True_) -> ast.expr:
        self.at(node.line)
        return self.constant(True)

    def false(self, node: nodes.False_) -> ast.expr:
        self.at(node.line)
        return self.constant(False)

    def literal(self, node: Any) -> ast.expr:
        self.at(node.line)
        return self.constant(node.value)

    def vararg(self, node: nodes.Vararg) -> ast.expr:
        self.at(node.line)
        varargs = self.name("varargs")
        return self.choose(varargs, self.item(varargs, self.constant(0)), self.constant(None))

    def variable(self, node: nodes.Name) -> ast.expr:
        variable = self.scopes.names.get(node)
        if variable is not None:
            self.at(node.line)
            return self.load(variable)
        return self.global_(node)

    def global_(self, node: nodes.Name) -> ast.expr:
        env = self.scopes.globals[node]
        key = node.name
        self.runs += 1
        if env is self.scopes.env and not self.env_changes:
            self.at(node.line, "index", ("upvalue", "_ENV"))
            ident = self.temporary()
            found = self.is_not(
                self.keep(ident, self.method(self.name("E"), "get", self.constant(key))), self.constant(None)
            )
            return self.choose(found, self.name(ident), self.call("index", self.name("_ENV"), self.constant(key)))
        role = "local" if env.owner is self.context.scope else "upvalue"
        self.at(node.line)
        value = self.load(env)
        self.at(node.line, "index", (role, "_ENV"))
        return self.get_field(None, value, env.stable and not env.boxed, self.constant(key), STRING)

    # Fields

    def is_stable(self, node: nodes.Expression, value: ast.expr) -> bool:
        """Whether ``value`` may be written twice in the generated code."""
        if isinstance(value, ast.Constant):
            return True
        if isinstance(value, ast.Name):
            variable = self.scopes.names.get(node)
            return variable is None or variable.stable
        return False

    def index(self, node: nodes.Index) -> ast.expr:
        key_kind = self.kinds.of(node.key)
        obj, key = self.pair(node.obj, node.key)
        obj_stable = self.is_stable(node.obj, obj)
        self.at(node.line, "index", self.describe(node.obj))
        if isinstance(key, ast.Constant):
            if type(key.value) is float:
                key = self.constant(encode_key(key.value))
            if key.value is None or type(key.value) is bool:
                return self.call("index", obj, key)
            return self.get_field(node.obj, obj, obj_stable, key, STRING)
        kept = None
        if not self.is_stable(node.key, key):
            ident = self.temporary()
            kept, key = self.keep(ident, key), self.name(ident)
        return self.get_field(node.obj, obj, obj_stable, key, key_kind, kept)

    def get_field(
        self,
        node: nodes.Expression | None,
        obj: ast.expr,
        stable: bool,
        key: ast.expr,
        key_kind: str,
        kept: ast.expr | None = None,
        method: bool = False,
    ) -> ast.expr:
        """``obj[key]``: the dict of a plain table inline, ``index`` for the rest.

        ``node`` is what ``obj`` was made from; ``kept`` the expression that first computes ``key`` when that is a
        temporary; a ``method`` is also looked up inline in the table behind the metatable's ``__index``.
        """
        absent: ast.expr
        tests: list[ast.expr] = []
        tested = False
        plain_key = key_kind in (STRING, INTEGER, FLOAT, NUMBER)
        if stable:
            value = obj
        else:
            ident = self.temporary()
            value = self.name(ident)
            obj = self.keep(ident, obj)
            if kept is None:
                tests.append(self.of_type(obj, "LuaTable"))
                tested = True
            else:
                # Always true: evaluates the object before the key.
                tests.append(self.is_not(obj, self.name("tuple")))
        hash, certainty = self.hash_of(node if stable else None, value)
        if kept is not None and plain_key:
            tests.append(self.is_not(kept, self.name("tuple")))
        elif not plain_key:
            tests.append(self.not_of_type(kept if kept is not None else key, "bool"))
        if certainty == "guess" and not tested:
            tests.append(self.of_type(value, "LuaTable"))
        found = self.temporary()
        present = self.is_not(self.keep(found, self.method(hash, "get", key)), self.constant(None))
        slow: ast.expr = self.call("index", value, key)
        if method:
            tests.append(present)
            slow = self.inherited(value, key, found, slow)
        else:
            # Without a metatable, what is absent is nil.
            absent = self.is_(self.attribute(value, "meta"), self.constant(None))
            if certainty == "shadow":
                absent = self.both(self.is_not(hash, self.name("NO_FIELDS")), absent)
            tests.append(self.either(present, absent))
        return self.choose(self.both(*tests), self.name(found), slow)

    def inherited(self, value: ast.expr, key: ast.expr, found: str, slow: ast.expr) -> ast.expr:
        """A method from the class of ``value``: ``__index`` of its metatable, when both are plain tables."""
        ident = self.temporary()
        handler = self.method(self.attribute(self.name(ident), "hash"), "get", self.constant("__index"))
        test = self.both(
            self.of_type(value, "LuaTable"),
            self.is_not(self.keep(ident, self.attribute(value, "meta")), self.constant(None)),
            self.of_type(self.keep(ident, handler), "LuaTable"),
            self.is_not(
                self.keep(found, self.method(self.attribute(self.name(ident), "hash"), "get", key)), self.constant(None)
            ),
        )
        return self.choose(test, self.name(found), slow)

    # Calls

    def single_call(self, node: Any) -> ast.expr:
        """A call adjusted to one value."""
        raw = self.raw_call(node)
        if self.gives_one(node):
            return raw
        ident = self.temporary()
        test = self.not_of_type(self.keep(ident, raw), "tuple")
        # The one value takes the place of all.
        return self.choose(test, self.name(ident), self.keep(ident, self.call("first", self.name(ident))))

    def gives_one(self, node: Any) -> bool:
        """Whether a call is of a known function that always returns exactly one value."""
        if type(node) is not nodes.Call or type(node.func) is not nodes.Name:
            return False
        variable = self.scopes.names.get(node.func)
        if variable is None or variable.writes != 1 or len(variable.sources) != 1:
            return False
        if node.args and type(node.args[-1]) in MULTIPLE and not self.gives_one(node.args[-1]):
            # Made by a helper when there are several arguments.
            return False
        source = variable.sources[0]
        return type(source) is nodes.Function and returns_one(source)

    def callee(self, node: Any) -> tuple[ast.expr, list[ast.expr], Operand]:
        """Function expression, leading arguments (``self`` of a method) and the name for errors."""
        if type(node) is nodes.Method:
            obj = self.expr(node.obj)
            self.at(node.name_line, "index", self.describe(node.obj))
            if self.is_stable(node.obj, obj):
                function = self.get_field(node.obj, obj, True, self.constant(node.name), STRING, method=True)
                return function, [obj], ("method", node.name)
            kept, name = self.spill_inline(obj)
            function = self.get_field(None, kept, False, self.constant(node.name), STRING, method=True)
            return function, [name], ("method", node.name)
        return self.expr(node.func), [], self.describe(node.func)

    def raw_call(self, node: Any) -> ast.expr:
        """A call; its raw result (one value naked, else a tuple)."""
        self.runs += 1
        function, args, last, operand = self.call_parts(node)
        kind = "method" if type(node) is nodes.Method else "call"
        return self.make_call(node, kind, function, args, last, operand)

    def call_parts(self, node: Any) -> tuple[ast.expr, list[ast.expr], ast.expr | None, Operand]:
        """Function, single arguments, and the raw multiple value at the end if there is one."""
        outer = self.out
        function, leading, operand = self.callee(node)
        results = [function, *leading]
        args = node.args
        tail = args[-1] if args and type(args[-1]) in MULTIPLE and not self.gives_one(args[-1]) else None
        for arg in args[:-1] if tail is not None else args:
            self.add(arg, results)
        last: ast.expr | None = None
        if tail is not None:
            self.out = before = list[ast.stmt]()
            if type(tail) is nodes.Vararg:
                self.at(tail.line)
                last = self.name("varargs")
            else:
                last = self.raw_call(tail)
            self.out = outer
            if before:
                self.order(before, results)
        return results[0], results[1:], last, operand

    def make_call(
        self, node: Any, kind: str, function: ast.expr, args: list[ast.expr], last: ast.expr | None, operand: Operand
    ) -> ast.expr:
        """The call of evaluated parts; a call as last argument passes all its values on."""
        if last is None:
            self.at(node.line, kind, operand)
            if isinstance(function, ast.Constant):
                function = self.keep(self.temporary(), function)
            return self.here(ast.Call(self.unfolded(function), args, []))  # type: ignore[no-any-return]
        if type(node.args[-1]) is nodes.Vararg:
            self.at(node.line, kind, operand)
            packed = self.tuple_([*args, self.star(last)]) if args else last
            return self.call("spread", function, packed)
        tests: list[ast.expr] = []
        self.at(node.line)
        names: list[ast.expr] = []
        for value in (function, *args):
            if isinstance(value, ast.Constant) or isinstance(value, ast.Name) and not self.may_change(value.id):
                names.append(value)
            else:
                ident = self.temporary()
                # Always true: evaluates function and arguments before the last call.
                tests.append(self.is_not(self.keep(ident, value), self.name("tuple")))
                names.append(self.name(ident))
        result = self.temporary()
        tests.append(self.not_of_type(self.keep(result, last), "tuple"))
        self.at(node.line, kind, operand)
        if isinstance(names[0], ast.Constant):
            # Python warns of a literal that is called.
            names[0] = self.keep(self.temporary(), names[0])
        short = self.here(ast.Call(names[0], [*names[1:], self.name(result)], []))
        packed = self.tuple_([*names[1:], self.star(self.call("values", self.name(result)))])
        return self.choose(self.both(*tests), short, self.call("spread", names[0], packed))

    def may_change(self, ident: str) -> bool:
        """Whether a Python name may be assigned by a call in the same expression."""
        return ident in self.unstable

    # Logic

    def truth(self, node: nodes.Expression) -> ast.expr:
        """A Python expression that is true exactly when the Lua value is."""
        kind = type(node)
        if kind is nodes.And or kind is nodes.Or:
            return self.truth_logic(node)
        if kind is nodes.Unary and node.op == "not":  # type: ignore[attr-defined]
            test = self.truth(node.operand)  # type: ignore[attr-defined]
            self.at(node.line)
            return self.negate(test)
        known = self.kinds.of(node)
        if kind in (nodes.Nil, nodes.False_, nodes.True_, nodes.String, nodes.Number):
            return self.constant(known not in (NIL, BOOLEAN) or kind is nodes.True_)
        value = self.expr(node)
        if known == BOOLEAN:
            return value
        self.at(node.line)
        if known in TRUE_KINDS:
            return self.either(value, self.constant(True))
        if self.is_stable(node, value):
            return self.both(self.is_not(value, self.constant(None)), self.is_not(value, self.constant(False)))
        kept, name = self.spill_inline(value)
        return self.both(self.is_not(kept, self.constant(None)), self.is_not(name, self.constant(False)))

    def truth_logic(self, node: Any) -> ast.expr:
        self.nesting += 1
        left = self.truth(node.left)
        outer = self.out
        self.out = before = list[ast.stmt]()
        right = self.truth(node.right)
        self.out = outer
        self.at(node.line)
        is_and = type(node) is nodes.And
        if any(not isinstance(statement, ast.FunctionDef) for statement in before):
            ident = self.temporary()
            self.assign(ident, left)
            test = self.branch(self.name(ident) if is_and else self.negate(self.name(ident)))
            test.body = before
            self.out = before
            self.assign(ident, right)
            self.out = outer
            result: ast.expr = self.name(ident)
        else:
            self.out.extend(before)
            result = self.both(left, right) if is_and else self.either(left, right)
            if self.nesting % MAX_NESTING == 0:
                result = self.spill(result)
        self.nesting -= 1
        return result

    def logic(self, node: Any) -> ast.expr:
        """``and``/``or`` as values."""
        is_and = type(node) is nodes.And
        left_kind = self.kinds.of(node.left)
        if left_kind == BOOLEAN and self.kinds.of(node.right) == BOOLEAN:
            return self.truth_logic(node)
        # The left side as a test, when its value is dropped if the test decides for the right side.
        left = self.expr(node.left)
        self.at(node.line)
        if isinstance(left, ast.Constant):
            truthy = left.value is not None and left.value is not False
            return self.expr(node.right) if truthy == is_and else left
        if self.is_stable(node.left, left):
            kept, name = left, left
        else:
            kept, name = self.spill_inline(left)
        if left_kind == BOOLEAN:
            test: ast.expr = kept
        elif left_kind in TRUE_KINDS:
            test = self.is_not(kept, self.constant(None))
        else:
            test = self.both(self.is_not(kept, self.constant(None)), self.is_not(name, self.constant(False)))
        outer = self.out
        self.out = before = list[ast.stmt]()
        right = self.expr(node.right)
        self.out = outer
        self.at(node.line)
        if any(not isinstance(statement, ast.FunctionDef) for statement in before):
            ident = self.temporary()
            branch = self.branch(test)
            arms = (before, [self.here(ast.Assign([self.target(ident)], name))])
            branch.body, branch.orelse = arms if is_and else (arms[1], arms[0])
            self.out = before
            self.assign(ident, right)
            self.out = outer
            return self.name(ident)
        self.out.extend(before)
        return self.choose(test, right, name) if is_and else self.choose(test, name, right)

    def paren(self, node: nodes.Paren) -> ast.expr:
        return self.expr(node.inner)

    def unary(self, node: nodes.Unary) -> ast.expr:
        op = node.op
        operand_node = node.operand
        if op == "not":
            return self.truth(node)
        if op == "-" and type(operand_node) is nodes.Number:
            self.at(node.line)
            number = operand_node.value
            return self.constant(wrap(-number) if type(number) is int else -number)
        kind = self.kinds.of(operand_node)
        value = self.expr(operand_node)
        if op == "#":
            self.at(node.line, "arith", self.describe(operand_node))
            return self.length(operand_node, kind, value)
        self.at(node.line, "arith", self.describe(operand_node))
        if op == "-":
            if kind == FLOAT:
                return self.here(ast.UnaryOp(ast.USub(), value))  # type: ignore[no-any-return]
            if kind == ANY:
                tests, value, _ = self.guarded(value, self.constant(None), "float", None)
                return self.choose(
                    self.both(*tests), self.here(ast.UnaryOp(ast.USub(), value)), self.call("unm", value)
                )
            return self.call("unm", value)
        if op == "~" and kind == INTEGER:
            return self.here(ast.UnaryOp(ast.Invert(), value))  # type: ignore[no-any-return]
        return self.call("bnot", value)

    def length(self, node: nodes.Expression, kind: str, value: ast.expr) -> ast.expr:
        """``#``: inline for strings, and for sequences in a local whose dict is at hand."""
        if kind == STRING:
            return self.call("len", value)
        if not self.is_stable(node, value):
            return self.call("length", value)
        hash, certainty = self.hash_of(node, value)
        if certainty == "guess":
            return self.call("length", value)
        ident = self.temporary()
        size = self.name(ident)
        test = self.both(
            self.compare(self.keep(ident, self.call("len", hash)), IN, hash),
            self.compare(self.binary(size, ADD, self.constant(1)), NOT_IN, hash),
            self.is_(self.attribute(value, "meta"), self.constant(None)),
        )
        return self.choose(test, size, self.call("length", value))

    # Functions

    def function_expression(self, node: nodes.Function) -> ast.expr:
        return self.closure(node, None)

    def closure(self, node: nodes.Function, variable: Any) -> ast.expr:
        """A function value; overridden where functions are generated."""
        raise NotImplementedError


EXPRESSIONS: dict[type, Callable[[Any, Any], ast.expr]] = {
    nodes.Nil: ExpressionEmitter.nil,
    nodes.True_: ExpressionEmitter.true,
    nodes.False_: ExpressionEmitter.false,
    nodes.Number: ExpressionEmitter.literal,
    nodes.String: ExpressionEmitter.literal,
    nodes.Vararg: ExpressionEmitter.vararg,
    nodes.Name: ExpressionEmitter.variable,
    nodes.Index: ExpressionEmitter.index,
    nodes.Call: ExpressionEmitter.single_call,
    nodes.Method: ExpressionEmitter.single_call,
    nodes.And: ExpressionEmitter.logic,
    nodes.Or: ExpressionEmitter.logic,
    nodes.Binary: ArithmeticEmitter.operation,
    nodes.Unary: ExpressionEmitter.unary,
    nodes.Paren: ExpressionEmitter.paren,
    nodes.Table: ExpressionEmitter.table,
    nodes.Function: lambda self, node: self.closure(node, None),
}


def is_always_true(node: nodes.Expression) -> bool:
    """Whether PUC Lua knows a condition to hold when it compiles it."""
    return type(node) in (nodes.True_, nodes.Number, nodes.String)


def is_never_true(node: nodes.Expression) -> bool:
    """Whether PUC Lua compiles a condition so that it is never the result of an ``or``."""
    if type(node) is nodes.And:
        return is_never_true(node.right)
    return type(node) in (nodes.Nil, nodes.False_)
