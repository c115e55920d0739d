"""vlua: a Lua 5.3 runtime in pure Python for code you do not trust.

In: Lua source, a policy, fake files. Out: results, or one of four exceptions.
Names are imported on first use, so that ``import vlua`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlua.errors import LimitExceeded, LuaError, LuaExit, LuaSyntaxError
    from vlua.proxy import LuaCoroutine, LuaFunction, LuaTable
    from vlua.runtime import LuaRuntime
    from vlua.sandbox.audit import Audit, AuditEvent
    from vlua.sandbox.policy import Limits, Policy, PolicyError

__all__ = [
    "Audit",
    "AuditEvent",
    "LimitExceeded",
    "Limits",
    "LuaCoroutine",
    "LuaError",
    "LuaExit",
    "LuaFunction",
    "LuaRuntime",
    "LuaSyntaxError",
    "LuaTable",
    "Policy",
    "PolicyError",
    "__version__",
]

__version__ = "0.1.0"

_HOMES = {
    "Audit": "vlua.sandbox.audit",
    "AuditEvent": "vlua.sandbox.audit",
    "Limits": "vlua.sandbox.policy",
    "LimitExceeded": "vlua.errors",
    "LuaCoroutine": "vlua.proxy",
    "LuaError": "vlua.errors",
    "LuaExit": "vlua.errors",
    "LuaFunction": "vlua.proxy",
    "LuaRuntime": "vlua.runtime",
    "LuaSyntaxError": "vlua.errors",
    "LuaTable": "vlua.proxy",
    "Policy": "vlua.sandbox.policy",
    "PolicyError": "vlua.sandbox.policy",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'vlua' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
