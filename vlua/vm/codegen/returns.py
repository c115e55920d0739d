"""What a function gives back, as far as its text tells.

In: the tree of a function. Out: whether every call of it has exactly one result, so that no caller has to look.
"""

from __future__ import annotations

from collections.abc import Iterator

from vlua.vm import nodes

__all__ = ["MULTIPLE", "returns_one"]

# Expressions that may have any number of values.
MULTIPLE = (nodes.Call, nodes.Method, nodes.Vararg)


def returns_one(function: nodes.Function) -> bool:
    """Whether every way through a function ends in ``return`` of exactly one value that is no call."""
    return always_returns(function.body) and all(
        len(statement.values) == 1 and type(statement.values[0]) not in MULTIPLE for statement in returns(function.body)
    )


def always_returns(block: nodes.Block) -> bool:
    """Whether the end of a block is never reached."""
    if not block.statements:
        return False
    last = block.statements[-1]
    if type(last) is nodes.Return:
        return True
    if type(last) is nodes.If:
        bodies = [body for _, body in last.arms]
        return last.orelse is not None and all(always_returns(body) for body in [*bodies, last.orelse])
    return type(last) is nodes.Do and always_returns(last.body)


def returns(block: nodes.Block) -> Iterator[nodes.Return]:
    """The return statements of a function's own body."""
    for statement in block.statements:
        if type(statement) is nodes.Return:
            yield statement
        elif type(statement) is nodes.If:
            for _, body in statement.arms:
                yield from returns(body)
            if statement.orelse is not None:
                yield from returns(statement.orelse)
        elif isinstance(statement, (nodes.Do, nodes.While, nodes.Repeat, nodes.NumericFor, nodes.GenericFor)):
            yield from returns(statement.body)
