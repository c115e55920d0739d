"""Statements (manual §3.3)."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from vlua.vm import nodes
from vlua.vm.codegen.appending import AppendingEmitter
from vlua.vm.codegen.emit import NO_LINE, WORK, Context, Loop
from vlua.vm.codegen.returns import MULTIPLE
from vlua.vm.kinds import ANY, BOOLEAN, FLOAT, FUNCTION, INTEGER, NIL, NUMBER, STRING, TABLE

__all__ = ["StatementEmitter"]

# Python refuses more than 20 nested loops: loops below this many go into a function of their own.
MAX_LOOPS = 12
# Arms of one chain of ``if … elif``, which nests in Python's tree.
MAX_ARMS = 40
# Conditions of endless loops.
CONSTANTLY_TRUE = (nodes.True_, nodes.Number, nodes.String)
# Kinds of values that can be stored without a look at whether they are nil.
STORED_KINDS = frozenset((BOOLEAN, INTEGER, FLOAT, NUMBER, STRING, TABLE, FUNCTION))


class StatementEmitter(AppendingEmitter):
    """Emits statements into ``out``."""

    def statements(self, statements: list[nodes.Statement]) -> None:
        table = STATEMENTS
        for statement in statements:
            self.temporaries = 0
            self.nesting = 0
            self.work += 1
            if self.work >= WORK:
                self.at(NO_LINE)
                self.tick()
            table[type(statement)](self, statement)

    # Locals and assignment

    def local(self, node: nodes.Local) -> None:
        variables = self.scopes.declared[node]
        values = node.values
        if len(variables) == 1 and len(values) == 1:
            value = self.expr(values[0])
            self.at(values[0].end_line if isinstance(values[0], (nodes.Function, nodes.Table)) else node.line)
            self.declare(variables[0], value)
            return
        results = self.adjusted(values, len(variables), node.line)
        self.at(node.line)
        for variable, value in zip(variables, results, strict=True):
            self.declare(variable, value)

    def adjusted(self, values: list[nodes.Expression], count: int, line: int) -> list[ast.expr]:
        """Exactly ``count`` expressions without side effects: the values of an expression list (manual §3.3.3)."""
        if values and type(values[-1]) in MULTIPLE and len(values) <= count:
            results = self.exprs(values[:-1])
            wanted = count - len(values) + 1
            if wanted == 1:
                last_results = self.exprs_after(results, values[-1])
                return [*results, last_results]
            outer, self.out = self.out, []
            before = self.out
            tail = values[-1]
            if type(tail) is nodes.Vararg:
                self.at(tail.line)
                raw: ast.expr = self.name("varargs")
            else:
                raw = self.raw_call(tail)
            self.out = outer
            if before:
                self.order(before, results)
            self.at(line)
            results = [value if isinstance(value, ast.Constant) else self.spill(value) for value in results]
            ident = self.temporary()
            self.assign(ident, self.call("take", raw, self.constant(wanted)))
            return [*results, *[self.item(self.name(ident), self.constant(i)) for i in range(wanted)]]
        results = self.exprs(values)
        self.at(line)
        if len(results) > 1:
            results = [value if isinstance(value, ast.Constant) else self.spill(value) for value in results]
        if len(results) > count:
            return results[:count]
        return [*results, *[self.constant(None) for _ in range(count - len(results))]]

    def exprs_after(self, results: list[ast.expr], node: nodes.Expression) -> ast.expr:
        """One more expression, evaluated after ``results``, all of which end up in temporaries."""
        outer, self.out = self.out, []
        before = self.out
        value = self.expr(node)
        self.out = outer
        if before:
            self.order(before, results)
        self.at(node.line)
        for position, result in enumerate(results):
            if not isinstance(result, ast.Constant):
                results[position] = self.spill(result)
        return self.spill(value) if results else value

    def assign_statement(self, node: nodes.Assign) -> None:
        targets, values = node.targets, node.values
        if len(targets) == 1 and len(values) == 1:
            self.assign_one(targets[0], values[0], node.line)
            return
        several = any(type(target) is nodes.Name for target in targets)
        places = [self.place(target, several) for target in targets]
        results = self.adjusted(values, len(targets), node.line)
        self.at(node.line)
        results = [value if self.is_temporary(value) else self.spill(value) for value in results]
        for place, target, value in reversed(list(zip(places, targets, results, strict=True))):
            self.put(place, target, value, ANY)

    def is_temporary(self, value: ast.expr) -> bool:
        """Whether no assignment of the same statement can change an expression's value."""
        return isinstance(value, ast.Constant) or isinstance(value, ast.Name) and "." not in value.id

    def assign_one(self, target: nodes.Expression, value_node: nodes.Expression, line: int) -> None:
        if type(target) is nodes.Name and target in self.scopes.names:
            variable = self.scopes.names[target]
            if self.appended(variable, target, value_node):
                return
            value = self.expr(value_node)
            self.at(line)
            self.store(variable, value)
            return
        place = self.place(target)
        value = self.expr(value_node)
        self.at(line)
        self.put(place, target, value, self.kinds.of(value_node))

    def place(self, target: nodes.Expression, several: bool = False) -> tuple[ast.expr, ast.expr] | None:
        """Evaluate where an assignment goes: object and key, each a name or a constant.

        With ``several`` targets, not the name of a variable that another target may change.
        """
        if type(target) is not nodes.Index:
            return None
        obj, key = self.exprs([target.obj, target.key])
        self.at(target.line)
        if several or not (isinstance(obj, ast.Name) and not self.may_change(obj.id)):
            obj = self.spill(obj)
        if not isinstance(key, ast.Constant) and (
            several or not (isinstance(key, ast.Name) and not self.may_change(key.id))
        ):
            key = self.spill(key)
        return obj, key

    def put(
        self, place: tuple[ast.expr, ast.expr] | None, target: nodes.Expression, value: ast.expr, kind: str
    ) -> None:
        """Emit the store of a value to an evaluated place."""
        if place is None:
            assert isinstance(target, nodes.Name)
            variable = self.scopes.names.get(target)
            if variable is not None:
                self.store(variable, value)
                return
            env = self.scopes.globals[target]
            role = "local" if env.owner is self.context.scope else "upvalue"
            obj = self.load(env)
            self.at(self.line, "index", (role, "_ENV"))
            self.put_field(None, obj, self.constant(target.name), STRING, value, kind)
            return
        assert isinstance(target, nodes.Index)
        obj, key = place
        self.at(self.line, "index", self.describe(target.obj))
        # A spilled object is no longer the variable that has a shadow.
        node = target.obj if isinstance(obj, ast.Name) and obj.id == self.ident_of(target.obj) else None
        self.put_field(node, obj, key, self.kinds.of(target.key), value, kind)

    def ident_of(self, node: nodes.Expression) -> str | None:
        """The Python name of the local that an expression reads."""
        variable = self.scopes.names.get(node)
        return variable.ident if variable is not None and not variable.boxed else None

    def put_field(
        self,
        node: nodes.Expression | None,
        obj: ast.expr,
        key: ast.expr,
        key_kind: str,
        value: ast.expr,
        kind: str,
    ) -> None:
        """Emit ``obj[key] = value``: into the dict of a plain table inline, ``setindex`` for the rest."""
        fixed = isinstance(key, ast.Constant)
        if fixed and type(key.value) in (float, bool, type(None)) or kind == NIL:  # type: ignore[attr-defined]
            self.do(self.call("setindex", obj, key, value))
            return
        tests: list[ast.expr] = []
        if isinstance(value, ast.Constant) or kind in STORED_KINDS:
            if not isinstance(value, (ast.Constant, ast.Name)):
                value = self.spill(value)
        elif isinstance(value, ast.Name):
            tests.append(self.is_not(value, self.constant(None)))
        else:
            ident = self.temporary()
            tests.append(self.is_not(self.keep(ident, value), self.constant(None)))
            value = self.name(ident)
        hash, certainty = self.hash_of(node, obj)
        if certainty == "guess":
            tests.append(self.of_type(obj, "LuaTable"))
        elif certainty == "shadow":
            tests.append(self.is_not(hash, self.name("NO_FIELDS")))
        if not fixed and key_kind not in (INTEGER, STRING):
            tests.append(self.either(self.of_type(key, "int"), self.of_type(key, "str")))
        known = self.compare(key, ast.In(), hash)
        plain: ast.expr = self.is_(self.attribute(obj, "meta"), self.constant(None))
        if self.counting:
            plain = self.both(plain, self.compare(self.call("len", hash), ast.Lt(), self.name("entries")))
        tests.append(self.either(plain, known))
        test = self.branch(self.both(*tests))
        store = self.here(ast.Assign([self.item(hash, key, True)], value))
        test.body.append(store)
        self.inside(test.orelse, lambda: self.do(self.call("setindex", obj, key, value)))

    # Calls and functions

    def call_statement(self, node: nodes.CallStatement) -> None:
        raw = self.raw_call(node.call)
        ident = self.temporary()
        test = self.branch(self.both(self.of_type(self.keep(ident, raw), "tuple"), self.name(ident)))
        self.inside(test.body, lambda: self.do(self.call("finish", self.name(ident))))

    def local_function(self, node: nodes.LocalFunction) -> None:
        variable = self.scopes.declared[node][0]
        self.at(node.line)
        if variable.boxed:
            self.declare(variable, self.constant(None))
            value = self.closure(node.function, variable)
            self.at(node.function.end_line)
            self.store(variable, value)
            return
        variable.home = self.context
        value = self.closure(node.function, variable)
        self.at(node.function.end_line)
        self.declare(variable, value)

    def function_statement(self, node: nodes.FunctionStatement) -> None:
        target = node.target
        place = self.place(target)
        value = self.closure(node.function, None)
        self.at(node.line)
        self.put(place, target, value, FUNCTION)

    def return_statement(self, node: nodes.Return) -> None:
        values = node.values
        if not values:
            self.at(node.line)
            self.give_back(self.tuple_([]))
            return
        last = values[-1]
        if len(values) == 1:
            if type(last) is nodes.Vararg:
                self.at(node.line)
                self.give_back(self.name("varargs"))
            elif type(last) in MULTIPLE:
                self.tail_call(last)
            else:
                value = self.expr(last)
                self.at(node.line)
                self.give_back(value)
            return
        if type(last) in MULTIPLE:
            results = self.exprs(values[:-1])
            runs = self.runs
            outer, self.out = self.out, []
            before = self.out
            self.at(last.line)
            raw = self.call("several", self.name("varargs") if type(last) is nodes.Vararg else self.raw_call(last))
            self.out = outer
            if before:
                self.order(before, results)
            self.shelter(results, runs)
            self.at(node.line)
            self.give_back(self.tuple_([*results, self.star(raw)]))
            return
        results = self.exprs(values)
        self.at(node.line)
        self.give_back(self.tuple_(results))

    def give_back(self, value: ast.expr) -> None:
        """Emit the return of a raw result."""
        context = self.context
        if context.outlined:
            # Wrapped, to be told from the numbers of jumps and from the loop's normal end.
            value = self.tuple_([value])
            context.returns = True
        self.return_(value)

    def tail_call(self, node: Any) -> None:
        """``return f(x)``: called directly while the chain of such calls is short, else left to the caller."""
        if self.context.outlined:
            self.give_back(self.raw_call(node))
            return
        function, args, last, operand = self.call_parts(node)
        parts = [function, *args]
        self.at(node.line)
        parts = [part if isinstance(part, (ast.Constant, ast.Name)) else self.spill(part) for part in parts]
        packed: ast.expr | None = None
        if last is not None:
            is_vararg = type(node.args[-1]) is nodes.Vararg
            spread: ast.expr = self.star(last if is_vararg else self.call("values", last))
            packed = self.spill(self.tuple_([*parts[1:], spread]))
        self.at(node.line, "tail", operand)
        if isinstance(parts[0], ast.Constant):
            parts[0] = self.spill(parts[0])
        if packed is None:
            direct: ast.expr = self.here(ast.Call(parts[0], parts[1:], []))
            later = self.call("tail", *parts)
        else:
            direct = self.call("spread", parts[0], packed)
            later = self.call("tail", parts[0], self.star(packed))
        column = self.column
        self.column = 0
        loop = self.here(ast.For(self.target("_"), self.name("tails"), [], []))
        self.column = column
        loop.body.append(self.here(ast.Return(direct)))
        self.out.append(loop)
        self.at(node.line, "call", operand)
        self.return_(later)

    # Control

    def do_statement(self, node: nodes.Do) -> None:
        self.block(node.body)

    def if_statement(self, node: nodes.If) -> None:
        start = self.out
        most = 0
        pending: str | None = None
        for number, (condition, body) in enumerate(node.arms):
            self.temporaries = 0
            if number and number % MAX_ARMS == 0:
                # Start a new chain behind this one, entered when no arm has matched so far.
                if pending is None:
                    pending = self.flag("unmatched")
                self.assign(pending, self.constant(True))
                self.out = start
                guard = self.branch(self.name(pending))
                self.out = guard.body
                self.assign(pending, self.constant(False))
            test = self.truth(condition)
            last = last_operand(condition)
            self.at(last.line)
            if body.open_line > last.line and self.kinds.of(last) != BOOLEAN:
                # The jump stands in the line of ``then``, which line hooks see.
                test = self.spill(test)
                self.at(body.open_line)
            branch = self.branch(test)
            before = self.work
            self.fill(branch.body, body, condition.line)
            most, self.work = max(most, self.work), before
            self.out = branch.orelse
        if node.orelse is not None:
            self.block(node.orelse)
            if not self.out:
                self.out.append(self.here(ast.Pass()))
        self.out = start
        self.work = max(most, self.work)
        if pending is not None:
            position = self.position_of_chain(start, pending)
            self.at(node.line)
            start.insert(position, self.here(ast.Assign([self.target(pending)], self.constant(False))))

    def position_of_chain(self, statements: list[ast.stmt], pending: str) -> int:
        """Where a chain of arms cut into pieces begins in the statement list: before its first ``if``."""
        for position in range(len(statements) - 1, -1, -1):
            statement = statements[position]
            if isinstance(statement, ast.If) and isinstance(statement.test, ast.Name) and statement.test.id == pending:
                continue
            return position
        return 0

    def fill(self, body: list[ast.stmt], block: nodes.Block, line: int, loop: Loop | None = None) -> None:
        """Emit a block as the body of a Python statement."""
        self.inside(body, lambda: self.block(block, loop))
        if not body:
            self.at(line)
            body.append(self.here(ast.Pass()))

    def while_statement(self, node: nodes.While) -> None:
        def emit() -> None:
            loop = self.open_loop(True)
            body: list[ast.stmt] = []

            def fill() -> None:
                self.temporaries = 0
                test = self.truth(node.condition)
                if not endless:
                    self.at(node.line)
                    leave = self.branch(self.negate(test))
                    leave.body.append(self.here(ast.Break()))
                self.block(node.body, loop)
                if not body:
                    body.append(self.here(ast.Pass()))

            endless = type(node.condition) in CONSTANTLY_TRUE
            self.inside(body, fill)
            # Line hooks see a condition that is a constant as little as PUC's code has one.
            self.at(node.body.line if endless else node.line)
            self.close_loop(loop, self.here(ast.For(self.target("_"), self.name("meter"), body, [])))

        self.loop(emit, node.line)

    def repeat_statement(self, node: nodes.Repeat) -> None:
        def emit() -> None:
            loop = self.open_loop(True)
            body: list[ast.stmt] = []

            def fill() -> None:
                count = len(self.context.info.locals)
                self.block_body(node.body)
                self.temporaries = 0
                test = self.truth(node.condition)
                self.end(count)
                self.at(node.condition.line)
                leave = self.branch(test)
                leave.body.append(self.here(ast.Break()))

            self.inside(body, fill)
            # No code stands in the line of ``repeat`` itself, which line hooks see.
            self.at(node.body.line)
            self.close_loop(loop, self.here(ast.For(self.target("_"), self.name("meter"), body, [])))

        self.loop(emit, node.line)

    def numeric_for(self, node: nodes.NumericFor) -> None:
        heads = self.exprs([node.start, node.stop, *([node.step] if node.step is not None else [])])
        self.at(node.line)
        if node.step is None:
            heads.append(self.constant(1))
        iterator = self.spill_loop(self.call("count", *heads))

        def emit() -> None:
            variable = self.scopes.declared[node][0]
            loop = self.open_loop(True)
            body: list[ast.stmt] = []
            outside = self.begin_hidden("(for index)", "(for limit)", "(for step)")
            self.at(node.line)
            target = self.loop_target(variable, body)
            self.fill(body, node.body, node.line, loop)
            self.end(outside)
            self.at(node.line)
            self.close_loop(loop, self.here(ast.For(target, iterator, body, [])))

        self.loop(emit, node.line)

    def begin_hidden(self, *names: str) -> int:
        """Note the locals that PUC keeps for a loop; how many locals there were before."""
        count = len(self.context.info.locals)
        for name in names:
            self.begin(name, None)
        return count

    def spill_loop(self, value: ast.expr) -> ast.expr:
        """The iterator of a loop; in a variable of its own when the loop is going to be outlined."""
        if len(self.context.loops) < MAX_LOOPS:
            return value
        ident = self.flag("iterator")
        self.assign(ident, value)
        return self.name(ident)

    def loop_target(self, variable: Any, body: list[ast.stmt]) -> ast.expr:
        """The Python target of a loop variable; a boxed one is boxed by the first statement of the body."""
        variable.home = self.context
        self.begin(variable.name, variable.ident)
        if variable.shadowed:
            self.inside(body, lambda: self.cast_shadow(variable))
        if not variable.boxed:
            return self.target(variable.ident)
        plain = f"{variable.ident}.plain"
        box = self.here(ast.List([self.name(plain)], ast.Load()))
        body.append(self.here(ast.Assign([self.target(variable.ident)], box)))
        return self.target(plain)

    def generic_for(self, node: nodes.GenericFor) -> None:
        values = node.values
        self.at(node.line)
        if len(values) == 1 and type(values[0]) in MULTIPLE:
            tail = values[0]
            raw: ast.expr = self.name("varargs") if type(tail) is nodes.Vararg else self.raw_call(tail)
        else:
            raw = self.tuple_(self.adjusted(values, 3, node.line))
        self.at(node.line, "iterator", None)
        count = len(node.names)
        if count <= 2:
            iterator = self.call(f"iterate{count}", raw)
        else:
            iterator = self.call("iterate", raw, self.constant(count))
        column = self.column
        iterator = self.spill_loop(iterator)  # type: ignore[assignment]

        def emit() -> None:
            loop = self.open_loop(True)
            body: list[ast.stmt] = []
            outside = self.begin_hidden("(for generator)", "(for state)", "(for control)")
            self.at(node.line)
            targets = [self.loop_target(variable, body) for variable in self.scopes.declared[node]]
            target = targets[0] if count == 1 else self.here(ast.Tuple(targets, ast.Store()))
            # In a variable, for looks at the memory; it holds the iterator no longer than the loop lasts.
            shown = None if isinstance(iterator, ast.Name) else f"loop{len(self.context.loops)}"
            self.fill(body, node.body, node.line, loop)
            self.end(outside)
            self.at(node.line)
            self.column = column
            source = iterator if shown is None else self.keep(shown, iterator)
            self.close_loop(loop, self.here(ast.For(target, source, body, [])), shown)

        self.loop(emit, node.line)

    def loop(self, emit: Callable[[], None], line: int) -> None:
        """Emit a loop here, or, when Python's limit of nested loops comes near, in a function of its own."""
        outer = self.context
        if len(outer.loops) < MAX_LOOPS:
            emit()
            return
        name = self.flag("outlined")
        self.context = inner = Context(outer.scope, outer, outlined=True)
        body: list[ast.stmt] = []
        self.inside(body, emit)
        self.context = outer
        self.at(line)
        self.add_nonlocals(inner, body)
        self.function(f"O{self.number_of(outer.scope)}", [], body)
        self.assign(name, self.call(f"O{self.number_of(outer.scope)}"))
        if inner.returns:
            test = self.branch(self.of_type(self.name(name), "tuple"))
            value: ast.expr = self.name(name)
            if outer.outlined:
                outer.returns = True
            else:
                value = self.item(value, self.constant(0))
            self.inside(test.body, lambda: self.return_(value))
        for code, (target, action) in inner.escapes.items():
            test = self.branch(self.compare(self.name(name), ast.Eq(), self.constant(code)))
            self.inside(test.body, lambda target=target, action=action: self.leave(target, action))

    def add_nonlocals(self, context: Context, body: list[ast.stmt]) -> None:
        """Begin a function body with the names it assigns but does not own."""
        if context.nonlocals:
            body.insert(0, self.here(ast.Nonlocal(sorted(context.nonlocals))))

    def number_of(self, scope: Any) -> int:
        """The number of a Lua function in its chunk; see ``Generator``."""
        raise NotImplementedError

    def nothing(self, node: nodes.Node) -> None:
        """A label that nothing jumps to, or that its block has already placed."""


def last_operand(node: nodes.Expression) -> nodes.Expression:
    """The operand of an expression that is evaluated last."""
    while type(node) in (nodes.And, nodes.Or):
        node = node.right  # type: ignore[attr-defined]
    return node


STATEMENTS: dict[type, Callable[[Any, Any], None]] = {
    nodes.Local: StatementEmitter.local,
    nodes.Assign: StatementEmitter.assign_statement,
    nodes.CallStatement: StatementEmitter.call_statement,
    nodes.Do: StatementEmitter.do_statement,
    nodes.While: StatementEmitter.while_statement,
    nodes.Repeat: StatementEmitter.repeat_statement,
    nodes.If: StatementEmitter.if_statement,
    nodes.NumericFor: StatementEmitter.numeric_for,
    nodes.GenericFor: StatementEmitter.generic_for,
    nodes.LocalFunction: StatementEmitter.local_function,
    nodes.FunctionStatement: StatementEmitter.function_statement,
    nodes.Return: StatementEmitter.return_statement,
    nodes.Break: StatementEmitter.break_,
    nodes.Goto: StatementEmitter.goto,
    nodes.Label: StatementEmitter.nothing,
}
