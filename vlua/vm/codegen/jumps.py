"""Leaving loops: break, continue and goto (manual §3.3.4) on top of Python's two.

Python can only leave or continue its innermost loop. A jump further out sets ``jump`` to a number, leaves the
innermost loop, and the code behind each loop on the way passes it on.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from vlua.vm import nodes
from vlua.vm.codegen.emit import NO_LINE, Loop
from vlua.vm.codegen.expressions import ExpressionEmitter

__all__ = ["JumpEmitter"]


class JumpEmitter(ExpressionEmitter):
    """Emits jumps, loops that jumps may leave, and blocks with labels."""

    # Where a goto to a label goes: the loop to continue, and the segment of its block (None: just continue).
    label_places: dict[nodes.Label, tuple[Loop, int | None]]

    def leave(self, loop: Loop, action: str) -> None:
        """Emit a jump: ``break`` or ``continue`` of any open loop."""
        loops = self.context.loops
        if loops and loops[-1] is loop:
            self.out.append(self.here(ast.Break() if action == "break" else ast.Continue()))
            return
        code = loop.number * 2 + (action == "continue")
        if loops:
            loops[-1].escapes[code] = (loop, action)
            self.assign("jump", self.constant(code))
            self.out.append(self.here(ast.Break()))
        else:
            self.context.escapes[code] = (loop, action)
            self.return_(self.constant(code))

    def open_loop(self, of_lua: bool) -> Loop:
        """Register a Python loop about to be emitted."""
        self.loop_count += 1
        if of_lua:
            # Each round takes a unit.
            self.work = 0
        loop = Loop(of_lua, self.loop_count)
        self.context.loops.append(loop)
        return loop

    loop_count = 0

    def close_loop(self, loop: Loop, statement: ast.stmt, iterator: str | None = None) -> None:
        """Emit a finished loop, and behind it the passing on of the jumps that left it.

        ``iterator``: a variable that holds nothing any more.
        """
        self.context.loops.pop()
        if loop.escapes:
            self.assign("jump", self.constant(0))
        self.out.append(statement)
        if iterator is not None:
            self.line, line = NO_LINE, self.line
            self.assign(iterator, self.constant(None))
            self.line = line
        for code, (target, action) in loop.escapes.items():
            if target is loop:
                continue
            test = self.branch(self.compare(self.name("jump"), ast.Eq(), self.constant(code)))
            self.inside(test.body, lambda target=target, action=action: self.leave(target, action))

    def inside(self, body: list[ast.stmt], emit: object) -> None:
        """Run an emitting function with ``body`` as the statement list."""
        outer, self.out = self.out, body
        emit()  # type: ignore[operator]
        self.out = outer

    def innermost_lua_loop(self) -> Loop:
        """The loop that a Lua ``break`` ends."""
        context = self.context
        while True:
            for loop in reversed(context.loops):
                if loop.of_lua:
                    return loop
            assert context.parent is not None
            context = context.parent

    def break_(self, node: nodes.Break) -> None:
        self.at(node.line)
        self.leave(self.innermost_lua_loop(), "break")

    def goto(self, node: nodes.Goto) -> None:
        self.at(node.line)
        loop, segment = self.label_places[self.scopes.targets[node]]
        if segment is not None:
            ident = f"segment{loop.number}"
            if loop not in self.context.loops:
                self.context.nonlocals.add(ident)
            self.assign(ident, self.constant(segment))
        self.leave(loop, "continue")

    def block(self, block: nodes.Block, loop: Loop | None = None) -> None:
        """Emit a block, behind which its locals are gone; ``loop`` as for ``block_body``."""
        count = len(self.context.info.locals)
        self.block_body(block, loop)
        self.end(count)

    def block_body(self, block: nodes.Block, loop: Loop | None = None) -> None:
        """Emit a block; ``loop`` is the Lua loop whose whole body it is, if a jump to its end may ``continue`` it."""
        statements = block.statements
        used = self.scopes.used_labels
        labels = [item for item in statements if type(item) is nodes.Label and item in used] if used else []
        if not labels:
            self.statements(statements)
            return
        if loop is not None:
            ending = self.ending_labels(statements)
            for label in labels:
                if label in ending:
                    self.label_places[label] = (loop, None)
            labels = [label for label in labels if label not in ending]
            if not labels:
                self.statements(statements)
                return
        self.segments(statements, labels)

    def ending_labels(self, statements: list[nodes.Statement]) -> set[nodes.Statement]:
        """The labels behind which a block has nothing more to do."""
        ending: set[nodes.Statement] = set()
        for statement in reversed(statements):
            if type(statement) is not nodes.Label:
                break
            ending.add(statement)
        return ending

    def segments(self, statements: list[nodes.Statement], labels: list[nodes.Label]) -> None:
        """A block cut at its labels: a loop that runs the segments from number ``segmentN`` on."""
        line = statements[0].line

        def emit() -> None:
            self.at(NO_LINE)
            loop = self.open_loop(False)
            self.context.loops.pop()
            ident = f"segment{loop.number}"
            self.assign(ident, self.constant(0))
            self.context.loops.append(loop)
            body: list[ast.stmt] = []
            self.inside(body, lambda: self.pieces(statements, labels, loop))
            self.at(NO_LINE)
            self.close_loop(loop, self.here(ast.For(self.target("_"), self.name("meter"), body, [])))

        self.loop(emit, line)

    def pieces(self, statements: list[nodes.Statement], labels: list[nodes.Label], loop: Loop) -> None:
        """The body of the loop over segments."""
        ident = f"segment{loop.number}"
        pieces: list[list[nodes.Statement]] = [[]]
        for statement in statements:
            if type(statement) is nodes.Label and statement in labels:
                self.label_places[statement] = (loop, len(pieces))
                pieces.append([])
            else:
                pieces[-1].append(statement)
        for number, piece in enumerate(pieces):
            if not piece:
                continue
            self.at(NO_LINE)
            test = self.branch(self.compare(self.name(ident), ast.LtE(), self.constant(number)))
            self.inside(test.body, lambda piece=piece: self.statements(piece))
            if not test.body:
                test.body.append(self.here(ast.Pass()))
        self.at(NO_LINE)
        self.out.append(self.here(ast.Break()))

    def loop(self, emit: Callable[[], None], line: int) -> None:
        """Emit a loop; see ``StatementEmitter``."""
        raise NotImplementedError

    def statements(self, statements: list[nodes.Statement]) -> None:
        """Emit statements in order; see ``StatementEmitter``."""
        raise NotImplementedError
