"""Which variables of a frame of compiled code still matter.

In: a frame of compiled Lua code. Out: the names of its Python variables whose values nothing will read again.
Compiled code leaves its temporaries filled when it has done with them, and a block its locals; a collection must not
take what they hold for reachable.
"""

from __future__ import annotations

import dis
from types import CodeType, FrameType

from vlua.vm.frames import information

__all__ = ["spent_variables"]

# Code objects whose analysis is kept.
CACHE_SIZE = 1_000
# Instructions that read or write one plain variable: (reads, writes).
ACCESS = {
    "LOAD_FAST": (True, False),
    "LOAD_FAST_CHECK": (True, False),
    "LOAD_FAST_BORROW": (True, False),
    "STORE_FAST": (False, True),
    "DELETE_FAST": (False, True),
    "LOAD_FAST_AND_CLEAR": (True, True),
}
# Two in one, from Python 3.13 on: what each does, in order.
PAIRS = {
    "LOAD_FAST_LOAD_FAST": ((True, False), (True, False)),
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": ((True, False), (True, False)),
    "STORE_FAST_LOAD_FAST": ((False, True), (True, False)),
    "STORE_FAST_STORE_FAST": ((False, True), (False, True)),
}
ENDS = frozenset(("RETURN_VALUE", "RAISE_VARARGS", "RERAISE", "RETURN_CONST"))
JUMPS = frozenset((*dis.hasjrel, *dis.hasjabs))
ALWAYS = frozenset(("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_ABSOLUTE"))


class Liveness:
    """The analysis of one code object: by instruction offset, a bit set of the variables read later."""

    __slots__ = ("after", "code", "info", "names", "scopes", "spent")

    def __init__(self, code: CodeType) -> None:
        self.code = code
        hidden = {*code.co_cellvars, "varargs", "_"}
        self.names = [name for name in code.co_varnames if name not in hidden]
        info = information(code)
        assert info is not None
        self.info = info
        # The operations for which each Lua variable is in force.
        self.scopes = {local.ident: (local.start, local.end) for local in info.locals}
        self.spent: dict[int, list[str]] = {}
        self.after: dict[int, int] = self.analyse() if self.names and not code.co_exceptiontable else {}

    def spent_at(self, instruction: int) -> list[str]:
        """The names of the variables that matter no more behind an instruction."""
        live = self.after.get(instruction, -1)
        if live == -1:
            return []
        in_force = self.in_force(instruction)
        spent = [name for number, name in enumerate(self.names) if not live >> number & 1]
        return [name for name in spent if "." not in name or name in self.scopes and name not in in_force]

    def in_force(self, instruction: int) -> set[str | None]:
        """The Python names of the Lua variables that exist at an instruction."""
        self.info.locate(self.code, instruction)
        assert self.info.positions is not None
        _, now = self.info.positions[instruction // 2]
        return {ident for ident, (start, end) in self.scopes.items() if start <= now < end}

    def analyse(self) -> dict[int, int]:
        """What is live behind each instruction, by backward flow to a fixed point."""
        bits = {name: 1 << number for number, name in enumerate(self.names)}
        instructions = list(dis.get_instructions(self.code))
        position = {instruction.offset: index for index, instruction in enumerate(instructions)}
        effects: list[tuple[int, int]] = []
        followers: list[tuple[int, ...]] = []
        last = len(instructions) - 1
        for index, instruction in enumerate(instructions):
            name = instruction.opname
            reads = writes = 0
            if name in ACCESS:
                read, write = ACCESS[name]
                bit = bits.get(instruction.argval, 0)
                reads, writes = (bit if read else 0), (bit if write else 0)
            elif name in PAIRS:
                for (read, write), variable in zip(PAIRS[name], instruction.argval, strict=True):
                    bit = bits.get(variable, 0)
                    if read and not writes & bit:
                        reads |= bit
                    if write:
                        writes |= bit
            elif "_FAST" in name and name != "MAKE_CELL":
                # An instruction that this module does not know: everything may be read.
                reads = -1
            effects.append((reads, ~writes))
            following: tuple[int, ...] = () if name in ENDS or index == last else (index + 1,)
            if instruction.opcode in JUMPS:
                target = position.get(instruction.argval)
                if target is None:
                    effects[-1] = (-1, -1)
                elif name in ALWAYS:
                    following = (target,)
                elif is_certain(instructions, index):
                    pass
                else:
                    following = (*following, target)
            followers.append(following)
        before = [0] * len(instructions)
        after = [0] * len(instructions)
        changed = True
        while changed:
            changed = False
            for index in range(last, -1, -1):
                live = 0
                for follower in followers[index]:
                    live |= before[follower]
                after[index] = live
                reads, kept = effects[index]
                live = reads | live & kept
                if live != before[index]:
                    before[index] = live
                    changed = True
        found = {instruction.offset: live for instruction, live in zip(instructions, after, strict=True)}
        # During a call a frame may stand on one of the cache entries behind the instruction.
        live = 0
        for offset in range(0, len(self.code.co_code), 2):
            live = found.setdefault(offset, live)
        return found


def is_certain(instructions: list[dis.Instruction], index: int) -> bool:
    """Whether a jump is never taken: it asks whether a Lua value is the type ``tuple``, to have it evaluated."""
    if index < 3 or not instructions[index].opname.endswith("IF_FALSE"):
        return False
    stored, expected, test = instructions[index - 3 : index]
    return (stored.opname, expected.opname, expected.argval, test.opname, test.arg) == (
        "STORE_FAST",
        "LOAD_GLOBAL",
        "tuple",
        "IS_OP",
        1,
    )


# By the identity of the code object, which its analysis keeps alive; comparing code objects takes long.
ANALYSES: dict[int, Liveness] = {}


def spent_variables(frame: FrameType) -> list[str]:
    """The variables of a frame of compiled code that the rest of its run does not read; none when that is not known.

    A Lua variable is kept to the end of its block, as a script may rely on that.
    """
    code = frame.f_code
    known = ANALYSES.get(id(code))
    if known is None:
        if len(ANALYSES) >= CACHE_SIZE:
            ANALYSES.clear()
        known = ANALYSES[id(code)] = Liveness(code)
    found = known.spent.get(frame.f_lasti)
    if found is None:
        found = known.spent[frame.f_lasti] = known.spent_at(frame.f_lasti)
    return found
