"""What the parser knows about the function it is in: visible locals, labels, pending gotos, and limits.

In: declarations, uses of names, blocks opened and closed, labels and gotos, in the order of the source.
Out: errors only. The tree does not need this; the scope pass resolves names for the code generator.
Order and wording of the checks are those of PUC Lua 5.3.
"""

from __future__ import annotations

from vlua.vm.parser_tokens import TokenReader

__all__ = ["ENVIRONMENT", "FunctionState"]

# Limits of PUC Lua; scripts that generate code test for them.
MAX_LOCALS = 200
MAX_UPVALUES = 255
MAX_REGISTERS = 255

ENVIRONMENT = "_ENV"
BREAK = "break"


class Jump:
    """A label or a pending goto: its name, its line and how many locals are active there; gotos are numbered."""

    __slots__ = ("active", "line", "name", "number")

    def __init__(self, name: str, line: int, active: int, number: int) -> None:
        self.name = name
        self.line = line
        self.active = active
        self.number = number


class Block:
    """An open block: what was active when it was entered, its labels, and the gotos that wait for one, by name."""

    __slots__ = ("active", "gotos", "labels", "outer")

    def __init__(self, outer: Block | None, active: int) -> None:
        self.outer = outer
        self.active = active
        self.labels: dict[str, Jump] = {}
        self.gotos: dict[str, list[Jump]] = {}


class FunctionState:
    """One function while it is being parsed; ``line`` is 0 for the main function.

    ``visible`` counts the active locals by name; ``known`` tells of other names whether they are upvalues.
    ``loops`` counts the loops open around the current token; ``pending`` estimates the registers that an
    unfinished expression holds.
    """

    __slots__ = (
        "active",
        "block",
        "declared",
        "is_vararg",
        "jumps",
        "known",
        "line",
        "loops",
        "outer",
        "pending",
        "reader",
        "upvalues",
        "visible",
    )

    def __init__(self, reader: TokenReader, outer: FunctionState | None, line: int) -> None:
        self.reader = reader
        self.outer = outer
        self.line = line
        self.is_vararg = False
        self.declared: list[str] = []
        self.active = 0
        self.visible: dict[str, int] = {}
        self.known: dict[str, bool] = {}
        self.upvalues = 0
        self.loops = 0
        self.jumps = 0
        self.pending = 0
        self.block = Block(None, 0)
        if outer is None:
            self.known[ENVIRONMENT] = True
            self.upvalues = 1

    # Names

    def declare(self, name: str) -> None:
        """A local whose scope begins later, with ``activate``."""
        if len(self.declared) >= MAX_LOCALS:
            self.fail_limit("local variables", MAX_LOCALS)
        self.declared.append(name)

    def activate(self) -> None:
        """The scope of all declared locals begins."""
        visible = self.visible
        for name in self.declared[self.active :]:
            visible[name] = visible.get(name, 0) + 1
        self.active = len(self.declared)

    def use(self, name: str) -> None:
        """A variable is used that is not an active local; a global also uses ``_ENV`` (manual §2.2)."""
        if not self.resolve(name):
            self.resolve(ENVIRONMENT)

    def resolve(self, name: str) -> bool:
        """Whether ``name`` is a local here or outside; counts it among the upvalues where it is one."""
        if name in self.visible:
            return True
        known = self.known.get(name)
        if known is None:
            known = self.outer is not None and self.outer.resolve(name)
            if known:
                if self.upvalues >= MAX_UPVALUES:
                    self.fail_limit("upvalues", MAX_UPVALUES)
                self.upvalues += 1
            self.known[name] = known
        return known

    def hold(self, registers: int) -> None:
        """An unfinished expression needs so many more registers."""
        self.pending += registers
        if self.active + self.pending >= MAX_REGISTERS:
            self.reader.fail("function or expression needs too many registers")

    def fail_limit(self, what: str, limit: int) -> None:
        """Report that the function has too many of something."""
        where = f"function at line {self.line}" if self.line else "main function"
        self.reader.fail(f"too many {what} (limit is {limit}) in {where}")

    # Blocks

    def enter_block(self) -> None:
        """A scope begins."""
        self.block = Block(self.block, self.active)

    def leave_block(self) -> None:
        """The scope ends; gotos without a label yet look for one further out."""
        block = self.block
        assert block.outer is not None
        self.block = block.outer
        if self.active > block.active:
            visible = self.visible
            for name in self.declared[block.active :]:
                count = visible[name] - 1
                if count:
                    visible[name] = count
                else:
                    del visible[name]
            del self.declared[block.active :]
            self.active = block.active
        if block.gotos:
            self.move_gotos_out(block)

    def close(self) -> None:
        """The function ends; a goto or break that is still pending has nowhere to go."""
        pending = [jump for jumps in self.block.gotos.values() for jump in jumps]
        if pending:
            jump = min(pending, key=lambda jump: jump.number)
            if jump.name == BREAK:
                self.reader.fail_in_chunk(f"<break> at line {jump.line} not inside a loop")
            self.reader.fail_in_chunk(f"no visible label '{jump.name}' for <goto> at line {jump.line}")

    # Labels and gotos

    def goto(self, name: str, line: int) -> None:
        """``goto name``, where the label may have been seen or not (manual §3.3.4)."""
        self.jumps += 1
        jump = Jump(name, line, self.active, self.jumps)
        label = self.block.labels.get(name)
        if label is not None:
            self.check_reach(jump, label)
        else:
            self.block.gotos.setdefault(name, []).append(jump)

    def break_(self, line: int) -> None:
        """``break``; outside of a loop it is a goto whose label cannot come."""
        if not self.loops:
            self.goto(BREAK, line)

    def check_label(self, name: str) -> None:
        """Refuse a label that the current block has already."""
        label = self.block.labels.get(name)
        if label is not None:
            self.reader.fail_in_chunk(f"label '{name}' already defined on line {label.line}")

    def add_label(self, name: str, line: int) -> Jump:
        """A label from here on; ``place_label`` must follow."""
        label = self.block.labels[name] = Jump(name, line, self.active, 0)
        return label

    def place_label(self, label: Jump, is_last: bool) -> None:
        """Gotos of the current block that wait for ``label`` find it; at the block's end its locals do not count."""
        if is_last:
            label.active = self.block.active
        for jump in self.block.gotos.pop(label.name, ()):
            self.check_reach(jump, label)

    def move_gotos_out(self, block: Block) -> None:
        """The gotos pending in a block that was left now stand where the block stood."""
        outer = self.block
        for name, jumps in block.gotos.items():
            if name in outer.labels:  # it came before the block, so that no local stands in between
                continue
            for jump in jumps:
                jump.active = min(jump.active, block.active)
            outer.gotos.setdefault(name, []).extend(jumps)

    def check_reach(self, jump: Jump, label: Jump) -> None:
        """Refuse a goto if the scope of a local begins between it and its label."""
        if jump.active < label.active:
            self.reader.fail_in_chunk(
                f"<goto {jump.name}> at line {jump.line} jumps into the scope of local '{self.declared[jump.active]}'"
            )
