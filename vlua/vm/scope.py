"""Who sees which variable: locals, upvalues, globals, labels (manual §3.5).

In: the tree of a chunk. Out: a ``Scopes`` with one ``Variable`` per declaration and side tables from nodes to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import Factory, define

from vlua.vm import nodes

__all__ = ["ITEMS", "FunctionScope", "Scopes", "Variable", "resolve"]

# Weighted field accesses from which a shadow of a local's dict pays, and the weight of one in a loop or closure.
SHADOW_ACCESSES = 3
REPEATED_ACCESS = 8
# Stands for all computed keys among the names of fields.
ITEMS = "[]"


@define(eq=False)
class Variable:
    """One declaration of a local. ``ident`` is its Python name, unique in the chunk, impossible in Lua."""

    name: str
    ident: str
    owner: FunctionScope | None
    # Declared anew while its function runs (in a loop body): closures need one variable per round.
    looped: bool = False
    captured: bool = False
    writes: int = 0
    # What is ever assigned to it: expression nodes, or names of kinds.
    sources: list[Any] = Factory(list)
    # What known callers pass for it, when it is a parameter: clues, not certainties.
    hints: list[nodes.Expression] = Factory(list)
    # The function a ``local function`` statement gives it.
    function: nodes.Function | None = None
    home: Any = None
    depth: int = 0
    capturer: FunctionScope | None = None
    # Captured by several closures of one round, which must share it.
    shared: bool = False
    # Reads and writes of its fields, those in loops and closures weighted: whether a shadow of its dict pays.
    accesses: int = 0

    @property
    def boxed(self) -> bool:
        """Kept in a one-item list, for closures of several rounds that use one Python name for more than a value."""
        return self.captured and self.looped and (self.writes > 1 or self.shared)

    @property
    def shadowed(self) -> bool:
        """Accompanied by a Python variable that holds the dict of the table it holds, for its many field accesses."""
        if self.accesses < SHADOW_ACCESSES:
            return False
        return not self.captured or self.writes == 1 and not self.looped

    @property
    def shadow(self) -> str:
        """The Python name of the shadow."""
        return f"{self.ident}.hash"

    @property
    def stable(self) -> bool:
        """Keeps its value while an expression that reads it is evaluated."""
        return not self.captured or self.writes <= 1


@define(eq=False)
class FunctionScope:
    """One Lua function: its enclosing one, and the variables of others it uses, in order of first use."""

    node: nodes.Function
    parent: FunctionScope | None
    upvalues: dict[Variable, None] = Factory(dict)
    backward: bool = False
    loop_depth: int = 0
    labels_seen: set[str] = Factory(set)
    # Its place among the functions of the chunk, in the order of the text; the chunk itself is number 0.
    number: int = 0


@define(eq=False)
class Scopes:
    """The result of the pass."""

    env: Variable
    names: dict[nodes.Node, Variable] = Factory(dict)
    globals: dict[nodes.Node, Variable] = Factory(dict)
    declared: dict[nodes.Node, list[Variable]] = Factory(dict)
    functions: dict[nodes.Function, FunctionScope] = Factory(dict)
    targets: dict[nodes.Goto, nodes.Label] = Factory(dict)
    used_labels: set[nodes.Label] = Factory(set)

    def loosen(self) -> None:
        """Expect every variable to be assigned from outside, by ``debug``, at any time: no shadows, no copies."""
        self.env.writes += 1
        self.env.accesses = 0
        for declared in self.declared.values():
            for variable in declared:
                variable.writes += 1
                variable.accesses = 0
                variable.sources.append("any")

    # Values stored in fields, by the field's name.
    stores: dict[str, list[nodes.Expression]] = Factory(dict)


def resolve(chunk: nodes.Function) -> Scopes:
    """Resolve every name and label of a chunk that the parser has accepted."""
    return Resolver().run(chunk)


class Resolver:
    """The walk over one chunk."""

    def __init__(self) -> None:
        self.env = Variable("_ENV", "_ENV", None, writes=1)
        self.scopes = Scopes(self.env)
        self.visible: dict[str, list[Variable]] = {"_ENV": [self.env]}
        self.function: FunctionScope = None  # type: ignore[assignment]
        self.blocks: list[dict[str, nodes.Label]] = []
        self.number = 0

    def run(self, chunk: nodes.Function) -> Scopes:
        self.visit_function(chunk)
        return self.scopes

    # Declarations

    def declare(self, name: str, *sources: Any) -> Variable:
        self.number += 1
        function = self.function
        variable = Variable(name, f"{name}.{self.number}", function, function.backward or function.loop_depth > 0)
        variable.writes = 1
        variable.depth = function.loop_depth
        variable.sources.extend(sources)
        self.visible.setdefault(name, []).append(variable)
        self.frame.append(name)
        return variable

    def use(self, name: str) -> Variable | None:
        stack = self.visible.get(name)
        if not stack:
            return None
        variable = stack[-1]
        function = self.function
        if variable.owner is not function:
            variable.captured = True
            scope: FunctionScope | None = function
            while scope is not None and scope is not variable.owner:
                if variable in scope.upvalues:
                    break
                scope.upvalues[variable] = None
                if scope.parent is variable.owner:
                    self.share(variable, scope)
                scope = scope.parent
        return variable

    def share(self, variable: Variable, capturer: FunctionScope) -> None:
        """Note that closures of ``capturer`` hold ``variable``, and whether several may hold one round's."""
        owner = variable.owner
        several = variable.capturer is not None and variable.capturer is not capturer
        if several or owner is not None and (owner.backward or owner.loop_depth > variable.depth):
            variable.shared = True
        variable.capturer = capturer

    def visit_function(self, node: nodes.Function) -> None:
        outer, outer_blocks = self.function, self.blocks
        self.function = scope = FunctionScope(node, outer, number=len(self.scopes.functions))
        scope.backward = has_backward_goto(node.body)
        self.scopes.functions[node] = scope
        self.blocks = []
        saved, self.frame = getattr(self, "frame", []), []
        parameters = [self.declare(name, "any") for name in node.params]
        for parameter in parameters:
            parameter.looped = False
        self.scopes.declared[node] = parameters
        self.visit_block(node.body)
        for name in self.frame:
            self.visible[name].pop()
        self.frame = saved
        self.function, self.blocks = outer, outer_blocks

    frame: list[str]

    def visit_block(self, block: nodes.Block, condition: nodes.Expression | None = None) -> None:
        saved, self.frame = self.frame, []
        self.blocks.append({s.name: s for s in block.statements if type(s) is nodes.Label})
        table = STATEMENTS
        for statement in block.statements:
            table[type(statement)](self, statement)
        if condition is not None:
            self.visit(condition)
        self.blocks.pop()
        for name in self.frame:
            self.visible[name].pop()
        self.frame = saved

    def visit_loop(self, block: nodes.Block, condition: nodes.Expression | None = None) -> None:
        self.function.loop_depth += 1
        self.visit_block(block, condition)
        self.function.loop_depth -= 1

    # Statements

    def local(self, node: nodes.Local) -> None:
        self.visit_all(node.values)
        names, values = node.names, node.values
        variables = []
        for position, name in enumerate(names):
            source: Any = "nil"
            if position < len(values):
                source = values[position]
                if position == len(values) - 1 and type(source) in MULTIPLE:
                    source = "any"
            elif values and type(values[-1]) in MULTIPLE:
                source = "any"
            variables.append(self.declare(name, source))
        self.scopes.declared[node] = variables

    def assign(self, node: nodes.Assign) -> None:
        for target in node.targets:
            if type(target) is nodes.Name:
                self.name(target)
            else:
                self.visit(target)
        self.visit_all(node.values)
        values: list[Any] = list(node.values)
        if values and type(values[-1]) in MULTIPLE:
            values[-1:] = ["any"] * (len(node.targets) - len(values) + 1)
        values.extend(["nil"] * (len(node.targets) - len(values)))
        for target, value in zip(node.targets, values, strict=False):
            if type(target) is nodes.Name:
                self.written(target, value)
            elif type(target) is nodes.Index and type(value) is not str:
                self.stored(target.key, value)

    def stored(self, key: nodes.Expression | None, value: nodes.Expression) -> None:
        """Note a value stored in a field."""
        name = key.value if type(key) is nodes.String else ITEMS
        self.scopes.stores.setdefault(name, []).append(value)

    def written(self, target: nodes.Name, source: Any) -> None:
        variable = self.scopes.names.get(target)
        if variable is not None:
            variable.writes += 1
            variable.sources.append(source)

    def call_statement(self, node: nodes.CallStatement) -> None:
        self.visit(node.call)

    def do(self, node: nodes.Do) -> None:
        self.visit_block(node.body)

    def while_(self, node: nodes.While) -> None:
        self.function.loop_depth += 1
        self.visit(node.condition)
        self.visit_block(node.body)
        self.function.loop_depth -= 1

    def repeat(self, node: nodes.Repeat) -> None:
        self.visit_loop(node.body, node.condition)

    def if_(self, node: nodes.If) -> None:
        for condition, block in node.arms:
            self.visit(condition)
            self.visit_block(block)
        if node.orelse is not None:
            self.visit_block(node.orelse)

    def numeric_for(self, node: nodes.NumericFor) -> None:
        self.visit(node.start)
        self.visit(node.stop)
        if node.step is not None:
            self.visit(node.step)
        self.visit_for(node, [node.name], [node])

    def generic_for(self, node: nodes.GenericFor) -> None:
        self.visit_all(node.values)
        self.visit_for(node, node.names, ["any"] * len(node.names))

    def visit_for(self, node: Any, names: list[str], sources: list[Any]) -> None:
        saved, self.frame = self.frame, []
        self.function.loop_depth += 1
        self.scopes.declared[node] = [self.declare(name, source) for name, source in zip(names, sources, strict=True)]
        self.visit_block(node.body)
        self.function.loop_depth -= 1
        for name in self.frame:
            self.visible[name].pop()
        self.frame = saved

    def local_function(self, node: nodes.LocalFunction) -> None:
        variable = self.declare(node.name, node.function)
        variable.function = node.function
        self.scopes.declared[node] = [variable]
        self.visit_function(node.function)

    def function_statement(self, node: nodes.FunctionStatement) -> None:
        self.visit(node.target)
        if type(node.target) is nodes.Name:
            self.written(node.target, node.function)
        self.visit_function(node.function)

    def return_(self, node: nodes.Return) -> None:
        self.visit_all(node.values)

    def nothing(self, node: nodes.Node) -> None:
        """Break and Label have no names."""

    def goto(self, node: nodes.Goto) -> None:
        for labels in reversed(self.blocks):
            label = labels.get(node.label)
            if label is not None:
                self.scopes.targets[node] = label
                self.scopes.used_labels.add(label)
                return

    # Expressions

    def visit(self, node: nodes.Expression) -> None:
        method = EXPRESSIONS.get(type(node))
        if method is not None:
            method(self, node)

    def visit_all(self, items: list[nodes.Expression]) -> None:
        table = EXPRESSIONS
        for node in items:
            method = table.get(type(node))
            if method is not None:
                method(self, node)

    def name(self, node: nodes.Name) -> None:
        variable = self.use(node.name)
        if variable is not None:
            self.scopes.names[node] = variable
        else:
            env = self.use("_ENV")
            assert env is not None
            self.scopes.globals[node] = env

    def index(self, node: nodes.Index) -> None:
        self.visit(node.obj)
        self.accessed(node.obj)
        self.visit(node.key)

    def accessed(self, node: nodes.Expression) -> None:
        """Count an access to a field of a variable's value."""
        variable = self.scopes.names.get(node)
        if variable is not None and variable.owner is not None:
            repeated = variable.owner is not self.function or self.function.loop_depth > variable.depth
            variable.accesses += REPEATED_ACCESS if repeated else 1

    def call(self, node: nodes.Call) -> None:
        self.visit(node.func)
        variable = self.scopes.names.get(node.func)
        if variable is not None and variable.function is not None:
            for parameter, arg in zip(self.scopes.declared.get(variable.function, ()), node.args, strict=False):
                parameter.hints.append(arg)
        self.visit_all(node.args)

    def method(self, node: nodes.Method) -> None:
        self.visit(node.obj)
        self.accessed(node.obj)
        self.visit_all(node.args)

    def binary(self, node: Any) -> None:
        chain = [node]
        left = node.left
        while type(left) is nodes.Binary:
            chain.append(left)
            left = left.left
        self.visit(left)
        for link in reversed(chain):
            self.visit(link.right)

    def unary(self, node: nodes.Unary) -> None:
        self.visit(node.operand)

    def paren(self, node: nodes.Paren) -> None:
        self.visit(node.inner)

    def table(self, node: nodes.Table) -> None:
        for item in node.items:
            if type(item) is nodes.Named:
                self.visit(item.key)
                self.stored(item.key, item.value)
            self.visit(item.value)


MULTIPLE = (nodes.Call, nodes.Method, nodes.Vararg)

STATEMENTS: dict[type, Callable[[Resolver, Any], None]] = {
    nodes.Local: Resolver.local,
    nodes.Assign: Resolver.assign,
    nodes.CallStatement: Resolver.call_statement,
    nodes.Do: Resolver.do,
    nodes.While: Resolver.while_,
    nodes.Repeat: Resolver.repeat,
    nodes.If: Resolver.if_,
    nodes.NumericFor: Resolver.numeric_for,
    nodes.GenericFor: Resolver.generic_for,
    nodes.LocalFunction: Resolver.local_function,
    nodes.FunctionStatement: Resolver.function_statement,
    nodes.Return: Resolver.return_,
    nodes.Break: Resolver.nothing,
    nodes.Goto: Resolver.goto,
    nodes.Label: Resolver.nothing,
}

EXPRESSIONS: dict[type, Callable[[Resolver, Any], None]] = {
    nodes.Name: Resolver.name,
    nodes.Index: Resolver.index,
    nodes.Call: Resolver.call,
    nodes.Method: Resolver.method,
    nodes.Binary: Resolver.binary,
    nodes.And: Resolver.binary,
    nodes.Or: Resolver.binary,
    nodes.Unary: Resolver.unary,
    nodes.Paren: Resolver.paren,
    nodes.Table: Resolver.table,
    nodes.Function: Resolver.visit_function,
}


def has_backward_goto(block: nodes.Block, seen: set[str] | None = None) -> bool:
    """Whether a function's body may jump back to a label that stands before the goto."""
    seen = set() if seen is None else seen
    for statement in block.statements:
        kind = type(statement)
        if kind is nodes.Label:
            seen.add(statement.name)  # type: ignore[attr-defined]
        elif kind is nodes.Goto:
            if statement.label in seen:  # type: ignore[attr-defined]
                return True
        elif kind is nodes.If:
            arms = statement.arms  # type: ignore[attr-defined]
            if any(has_backward_goto(body, seen) for _, body in arms):
                return True
            orelse = statement.orelse  # type: ignore[attr-defined]
            if orelse is not None and has_backward_goto(orelse, seen):
                return True
        elif kind in BODIES and has_backward_goto(statement.body, seen):  # type: ignore[attr-defined]
            return True
    return False


BODIES = (nodes.Do, nodes.While, nodes.Repeat, nodes.NumericFor, nodes.GenericFor)
