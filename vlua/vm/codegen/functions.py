"""Functions and chunks: Lua closures as Python closures (manual §3.4.11).

In: the resolved tree of a chunk. Out: a Python module tree with one function, ``bind(_ENV, E)``, that makes the
chunk's main function; and what is known about each Lua function, by the number in its Python name.
"""

from __future__ import annotations

import ast
from typing import Any

from vlua.vm import nodes
from vlua.vm.chunkname import chunkid
from vlua.vm.codegen.emit import Context
from vlua.vm.codegen.statements import StatementEmitter
from vlua.vm.frames import FunctionInfo
from vlua.vm.kinds import Kinds
from vlua.vm.scope import FunctionScope, Scopes, Variable, resolve

__all__ = ["Generator", "generate"]


def generate(chunk: nodes.Function, chunkname: str) -> tuple[ast.Module, list[FunctionInfo]]:
    """Python's tree for a parsed chunk, and the information on its functions."""
    scopes = resolve(chunk)
    generator = Generator(scopes, chunkname)
    return generator.chunk(chunk), generator.functions


class Generator(StatementEmitter):
    """Generates one chunk."""

    def __init__(self, scopes: Scopes, chunkname: str) -> None:
        super().__init__()
        self.scopes = scopes
        self.kinds = Kinds(scopes)
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

    def number_of(self, scope: FunctionScope) -> int:
        return self.numbers[scope]

    def chunk(self, node: nodes.Function) -> ast.Module:
        """The module of the whole chunk."""
        self.at(0)
        self.line = 1
        body: list[ast.stmt] = []

        def emit() -> None:
            name = self.define(node)
            self.at(1)
            self.return_(self.name(name))

        self.inside(body, emit)
        module: list[ast.stmt] = []
        self.inside(module, lambda: self.function("bind", ["_ENV", "E"], body, optional=False))
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
            is_main=scope.parent is None,
        )
        self.functions.append(info)
        outer, outer_temporaries, outer_nesting = self.context, self.temporaries, self.nesting
        self.context = context = Context(scope, outer)
        body: list[ast.stmt] = []
        self.inside(body, lambda: self.body(node))
        self.add_nonlocals(context, body)
        self.context, self.temporaries, self.nesting = outer, outer_temporaries, outer_nesting
        self.at(node.line or 1)
        idents = [variable.ident for variable in self.scopes.declared[node]]
        self.function(f"F{number}", idents, body, rest="varargs" if node.is_vararg else "_")
        return f"F{number}"

    def body(self, node: nodes.Function) -> None:
        """The statements of a function: one tick of the meter, the block, and no results at its end."""
        self.at(node.line or 1)
        for variable in self.scopes.declared[node]:
            variable.home = self.context
        tick = self.here(ast.For(self.target("_"), self.name("meter"), [self.here(ast.Break())], []))
        self.out.append(tick)
        for variable in self.scopes.declared[node]:
            if variable.shadowed:
                self.cast_shadow(variable)
        self.block(node.body)
        if not self.out or not isinstance(self.out[-1], ast.Return):
            self.at(node.end_line)
            self.return_(self.tuple([]))

    def closure(self, node: nodes.Function, variable: Variable | None) -> ast.expr:
        """A function value. Captured variables of loops reach it as parameters of a factory, so each round has its own."""
        scope = self.scopes.functions[node]
        current = self.context.scope
        shared = [
            upvalue for upvalue in scope.upvalues if upvalue.owner is current and upvalue.looped and upvalue.captured
        ]
        if not shared:
            return self.name(self.define(node))
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
        self.at(node.line)
        self.function(factory, parameters, body, optional=False)
        return self.call(factory, *[self.name(parameter) for parameter in parameters])
