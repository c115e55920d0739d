"""What a filesystem may hold at most.

In: numbers. Out: ``Quota``, for policies and rooms, which ``QuotaFS`` enforces (made when first asked for, since it
needs ``fs``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from vlua.vfs.quota_filesystem import QuotaFS

__all__ = ["Quota", "QuotaFS"]


def _at_least(least: int) -> Any:
    """A validator for a whole number from ``least`` up, or ``None``."""

    def check(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None:
            return
        if type(value) is not int:
            raise TypeError(f"quota {attribute.name} must be a whole number or None, not {type(value).__name__}")
        if value < least:
            raise ValueError(f"quota {attribute.name} must be at least {least}, not {value}")

    return check


@attrs.frozen(kw_only=True)
class Quota:
    """Limits of a filesystem; ``None`` is none.

    ``bytes`` is the sum of the sizes of all files, ``files`` the number of files and directories, ``depth`` how many
    names a path may have, ``name_length`` the length of a name in bytes. Raises TypeError or ValueError.
    """

    bytes: int | None = attrs.field(default=None, validator=_at_least(0))
    files: int | None = attrs.field(default=None, validator=_at_least(0))
    depth: int | None = attrs.field(default=None, validator=_at_least(1))
    name_length: int | None = attrs.field(default=None, validator=_at_least(1))


def __getattr__(name: str) -> Any:
    if name == "QuotaFS":
        from vlua.vfs.quota_filesystem import QuotaFS

        return QuotaFS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
