"""Who may do what and how much: the policy, and the gate that applies it to a runtime."""

from __future__ import annotations

__all__: list[str] = []
