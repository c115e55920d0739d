"""The syntax tree of a Lua chunk (manual §9).

In: the parser builds these. Out: the scope pass and the code generator read them.
Nodes hash by identity, so passes may keep side tables keyed by node.
``line`` is the line that PUC Lua would give to the instruction made from the node.
"""

from __future__ import annotations

from attrs import define

__all__ = [
    "And",
    "Assign",
    "Binary",
    "Block",
    "Break",
    "Call",
    "CallStatement",
    "Do",
    "Expression",
    "False_",
    "Function",
    "FunctionStatement",
    "GenericFor",
    "Goto",
    "If",
    "Index",
    "Label",
    "Local",
    "LocalFunction",
    "Method",
    "Name",
    "Named",
    "Nil",
    "Node",
    "Number",
    "NumericFor",
    "Or",
    "Paren",
    "Positional",
    "Repeat",
    "Return",
    "Statement",
    "String",
    "Table",
    "True_",
    "Unary",
    "Vararg",
    "While",
]


# Not frozen: a frozen class takes 2.7 times as long to construct, and parsing is mostly construction.
@define(eq=False)
class Node:
    """Anything in the tree; ``line`` counts from 1."""

    line: int


@define(eq=False)
class Expression(Node):
    """A node that yields values (manual §3.4)."""


@define(eq=False)
class Statement(Node):
    """A node that is executed (manual §3.3)."""


@define(eq=False)
class Block(Node):
    """A list of statements with its own scope; ``end_line`` is the line of the token that closes it.

    ``open_line`` is the line of the ``then`` that opens it, 0 for other blocks.
    """

    statements: list[Statement]
    end_line: int
    open_line: int = 0


# Expressions


@define(eq=False)
class Nil(Expression):
    """``nil``."""


@define(eq=False)
class True_(Expression):
    """``true``."""


@define(eq=False)
class False_(Expression):
    """``false``."""


@define(eq=False)
class Vararg(Expression):
    """``...`` (manual §3.4)."""


@define(eq=False)
class Number(Expression):
    """A numeral: an integer within 64 bits, or a float."""

    value: int | float


@define(eq=False)
class String(Expression):
    """A literal string, one character per byte."""

    value: str


@define(eq=False)
class Function(Expression):
    """A function body (manual §3.4.11), or a whole chunk (a vararg function without a name).

    ``params`` starts with ``self`` when ``is_method``. ``name`` is for display only.
    """

    params: list[str]
    is_vararg: bool
    body: Block
    end_line: int
    name: str | None = None
    is_method: bool = False


@define(eq=False)
class Name(Expression):
    """A variable: local, upvalue or field of ``_ENV``, as the scope pass decides."""

    name: str


@define(eq=False)
class Index(Expression):
    """``obj[key]`` or ``obj.key``."""

    obj: Expression
    key: Expression


@define(eq=False)
class Call(Expression):
    """``func(args)`` (manual §3.4.10)."""

    func: Expression
    args: list[Expression]


@define(eq=False)
class Method(Expression):
    """``obj:name(args)`` (manual §3.4.10); the method is looked up on ``name_line`` and called on ``line``."""

    obj: Expression
    name: str
    args: list[Expression]
    name_line: int = 0


@define(eq=False)
class Binary(Expression):
    """An arithmetic, bitwise, relational or concatenation operator; long chains of one level nest to the left."""

    op: str
    left: Expression
    right: Expression


@define(eq=False)
class And(Expression):
    """``left and right``."""

    left: Expression
    right: Expression


@define(eq=False)
class Or(Expression):
    """``left or right``."""

    left: Expression
    right: Expression


@define(eq=False)
class Unary(Expression):
    """``-``, ``not``, ``#`` or ``~`` applied to one operand."""

    op: str
    operand: Expression


@define(eq=False)
class Paren(Expression):
    """Parentheses that cut a call or ``...`` to one value; other parentheses leave no node."""

    inner: Expression


@define(eq=False)
class Positional(Node):
    """A table item without a key; the last one of a table may yield many values."""

    value: Expression


@define(eq=False)
class Named(Node):
    """A table item ``[key] = value`` or ``key = value``."""

    key: Expression
    value: Expression


@define(eq=False)
class Table(Expression):
    """A table constructor (manual §3.4.9)."""

    items: list[Positional | Named]
    end_line: int


# Statements


@define(eq=False)
class Local(Statement):
    """``local names = values``."""

    names: list[str]
    values: list[Expression]


@define(eq=False)
class Assign(Statement):
    """``targets = values``; a target is a ``Name`` or an ``Index``."""

    targets: list[Expression]
    values: list[Expression]


@define(eq=False)
class CallStatement(Statement):
    """A call (``Call`` or ``Method``) whose results are dropped."""

    call: Expression


@define(eq=False)
class Do(Statement):
    """``do body end``."""

    body: Block


@define(eq=False)
class While(Statement):
    """``while condition do body end``."""

    condition: Expression
    body: Block


@define(eq=False)
class Repeat(Statement):
    """``repeat body until condition``; the condition sees the locals of the body."""

    body: Block
    condition: Expression


@define(eq=False)
class If(Statement):
    """``if``/``elseif`` arms in order, and the ``else`` block if there is one."""

    arms: list[tuple[Expression, Block]]
    orelse: Block | None


@define(eq=False)
class NumericFor(Statement):
    """``for name = start, stop, step do body end``."""

    name: str
    start: Expression
    stop: Expression
    step: Expression | None
    body: Block


@define(eq=False)
class GenericFor(Statement):
    """``for names in values do body end``."""

    names: list[str]
    values: list[Expression]
    body: Block


@define(eq=False)
class LocalFunction(Statement):
    """``local function name ...``; the body sees the local."""

    name: str
    function: Function


@define(eq=False)
class FunctionStatement(Statement):
    """``function a.b:c ...``; ``target`` is a ``Name`` or an ``Index``."""

    target: Expression
    function: Function


@define(eq=False)
class Return(Statement):
    """``return values``."""

    values: list[Expression]


@define(eq=False)
class Break(Statement):
    """``break``; the parser has checked that a loop surrounds it."""


@define(eq=False)
class Goto(Statement):
    """``goto label``; the parser has checked that the label is visible."""

    label: str


@define(eq=False)
class Label(Statement):
    """``::name::``."""

    name: str
