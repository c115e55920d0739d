"""Functions and chunks: Lua closures as Python closures (manual §3.4.11).

In: the resolved tree of a chunk. Out: a Python module tree with one function, ``bind(_ENV, E)``, that makes the
chunk's main function; and what is known about each Lua function, by the number in its Python name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from vlua.vm import nodes
from vlua.vm.chunkname import chunkid
from vlua.vm.codegen.emit import NO_LINE, Context
from vlua.vm.codegen.statements import StatementEmitter
from vlua.vm.frames import FunctionInfo, Operand, Origin
from vlua.vm.kinds import ANY, Kinds
from vlua.vm.scope import FunctionScope, Scopes, Variable, resolve

__all__ = ["Generator", "generate"]


# The chunk name of functions whose names and positions have been stripped, as PUC shows it.
STRIPPED = "=?"


def generate(
    chunk: nodes.Function,
    chunkname: str,
    text: str,
    loose: bool = False,
    number: int = 0,
    stripped: bool = False,
    counting: int = 0,
    pulse: Callable[[], object] = int,
) -> tuple[ast.Module, list[FunctionInfo]]:
    """Python's tree for a parsed chunk, and the information on its functions, that of the whole first.

    ``text`` is the chunk's source. ``loose``: see ``Origin``. With a ``number``, only that function of the chunk is
    generated, and the parameters of ``bind`` are its upvalues. ``counting`` code asks before a table
    grows beyond as many entries.
    ``pulse`` is called now and then, and may raise.
    """
    scopes = resolve(chunk)
    if loose:
        scopes.loosen()
    kinds = Kinds(scopes)
    fixed = {} if loose else {v.ident: kind for v, kind in kinds.variables.items() if kind != ANY}
    origin = Origin(text, loose, stripped, fixed)
    generator = Generator(scopes, kinds, STRIPPED if stripped else chunkname, origin)
    generator.counting = counting
    generator.pulse = pulse
    if not number:
        return generator.chunk(chunk), generator.functions
    for node, scope in scopes.functions.items():
        if scope.number == number:
            return generator.chunk(node, list(scope.upvalues)), generator.functions
    raise KeyError(number)


class Generator(StatementEmitter):
    """Generates one chunk."""

    def __init__(self, scopes: Scopes, kinds: Kinds, chunkname: str, origin: Origin) -> None:
        super().__init__()
        self.scopes = scopes
        self.kinds = kinds
        self.origin = origin
        self.chunkname = chunkname
        self.short_source = chunkid(chunkname)
        self.env_changes = scopes.env.writes > 1
        self.functions: list[FunctionInfo] = []
        self.numbers: dict[FunctionScope, int] = {}
        self.label_places = {}
        self.factories = 0
        self.unstable = {
            variable.ident
            for declared in scopes.declared.values()
            for variable in declared
            if not variable.stable and not variable.boxed
        }
        if self.env_changes:
            self.unstable.add("_ENV")

    def describe(self, node: nodes.Expression) -> Operand:
        operand = super().describe(node)
        if operand is None or not self.origin.stripped:
            return operand
        # Stripped functions do not know the names of variables: a global is a field of they know not what.
        role, name = operand
        if role == "local":
            return None
        return ("upvalue", "?") if role == "upvalue" else ("field" if role == "global" else role, name)

    def number_of(self, scope: FunctionScope) -> int:
        return self.numbers[scope]

    def chunk(self, node: nodes.Function, upvalues: list[Variable] | None = None) -> ast.Module:
        """The module of the whole chunk, or of one of its functions that has ``upvalues``."""
        self.at(0)
        self.line = 1
        body: list[ast.stmt] = []

        parameters = ["_ENV", "E"] if upvalues is None else [upvalue.ident for upvalue in upvalues]

        def emit() -> None:
            for upvalue in upvalues or ():
                if upvalue.boxed:
                    self.assign(upvalue.ident, self.here(ast.List([self.name(upvalue.ident)], ast.Load())))
            name = self.define(node)
            self.at(1)
            self.return_(self.name(name))

        self.inside(body, emit)
        module: list[ast.stmt] = []
        self.inside(module, lambda: self.function("bind", parameters, body, optional=False))
        return ast.Module(module, [])

    def define(self, node: nodes.Function) -> str:
        """Emit the ``def`` of a Lua function; its Python name."""
        scope = self.scopes.functions[node]
        number = self.numbers[scope] = len(self.functions)
        info = FunctionInfo(
            node.name or ("main chunk" if scope.parent is None else "?"),
            self.chunkname,
            self.short_source,
            node.line if scope.parent is not None else 0,
            node.end_line if scope.parent is not None else 0,
            tuple(variable.ident for variable in self.scopes.declared[node]),
            node.is_vararg,
            tuple((variable.name, variable.ident) for variable in scope.upvalues)
            or ((("_ENV", "_ENV"),) if scope.parent is None else ()),
            self.operations,
            self.origin,
            scope.number,
            is_main=scope.parent is None,
        )
        self.functions.append(info)
        outer, outer_temporaries, outer_nesting = self.context, self.temporaries, self.nesting
        outer_work, self.work = self.work, 0
        self.context = context = Context(scope, outer)
        context.info = info
        body: list[ast.stmt] = []
        self.inside(body, lambda: self.body(node))
        self.at(NO_LINE)
        for name in context.closures:
            body.insert(0, self.here(ast.Assign([self.target(name)], self.constant(None))))
        self.add_nonlocals(context, body)
        self.context, self.temporaries, self.nesting = outer, outer_temporaries, outer_nesting
        self.work = outer_work
        if node.line == node.end_line:
            self.at(node.line or 1)
        else:
            # To hooks and error messages a function of several lines is made in the last, as PUC has it.
            self.at(node.line or 1, "define")
        idents = [variable.ident for variable in self.scopes.declared[node]]
        self.function(f"F{number}", idents, body, rest="varargs" if node.is_vararg else "_")
        return f"F{number}"

    def body(self, node: nodes.Function) -> None:
        """The statements of a function: one tick of the meter, the block, and no results at its end."""
        self.at(NO_LINE)
        for variable in self.scopes.declared[node]:
            variable.home = self.context
            self.begin(variable.name, variable.ident)
        self.tick()
        if self.context.scope.parent is None:
            # A chunk has _ENV as an upvalue whether it uses it or not: a mention in Python is enough.
            never = self.branch(self.constant(False))
            never.body.append(self.here(ast.Expr(self.name("_ENV"))))
        for variable in self.scopes.declared[node]:
            if variable.shadowed:
                self.cast_shadow(variable)
        self.block(node.body)
        if not self.out or not isinstance(self.out[-1], ast.Return):
            self.at(node.end_line)
            self.return_(self.tuple_([]))

    def closure(self, node: nodes.Function, variable: Variable | None) -> ast.expr:
        """A function value. Captured variables of loops reach it as parameters of a factory: each round has its own."""
        scope = self.scopes.functions[node]
        current = self.context.scope
        shared = [
            upvalue for upvalue in scope.upvalues if upvalue.owner is current and upvalue.looped and upvalue.captured
        ]
        if not shared:
            if self.loop_depth() and not self.context.outlined:
                return self.closure_once(node)
            name = self.define(node)
            self.at(node.end_line)
            if self.may_recur(scope):
                return self.call("reuse", self.name(name))
            return self.name(name)
        itself = variable if variable is not None and variable in scope.upvalues and not variable.boxed else None
        parameters = [upvalue.ident for upvalue in shared if upvalue is not itself]
        self.factories += 1
        factory = f"make{self.factories}"
        body: list[ast.stmt] = []
        names: list[Any] = []

        def emit() -> None:
            name = self.define(node)
            self.at(node.line)
            if itself is not None:
                self.assign(itself.ident, self.name(name))
            names.append(name)
            self.return_(self.name(name))

        self.inside(body, emit)
        self.at(node.line, "define")
        self.function(factory, parameters, body, optional=False)
        self.at(node.end_line)
        made = self.call(factory, *[self.name(parameter) for parameter in parameters])
        depth = self.loop_depth()
        if all(upvalue.boxed and upvalue.depth < depth for upvalue in shared):
            return self.call("reuse", made)
        return made

    def closure_once(self, node: nodes.Function) -> ast.expr:
        """A function value in a loop none of whose rounds changes its upvalues: all rounds have the same function."""
        name = f"F{len(self.functions)}"
        self.context.closures.append(name)
        self.at(node.line)
        test = self.branch(self.is_(self.name(name), self.constant(None)))
        self.inside(test.body, lambda: self.define(node))
        self.at(node.end_line)
        return self.name(name)

    def may_recur(self, scope: FunctionScope) -> bool:
        """Whether evaluating a function expression again may find the same upvalues: then the functions are equal."""
        current = self.context.scope
        if self.loop_depth():
            return True
        return current.parent is not None and all(upvalue.owner is not current for upvalue in scope.upvalues)

    def loop_depth(self) -> int:
        """How many of the function's loops are open here."""
        context = self.context
        depth = 0
        while True:
            depth += sum(loop.of_lua for loop in context.loops)
            if not context.outlined:
                return depth
            assert context.parent is not None
            context = context.parent
