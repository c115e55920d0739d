"""``python -m vlua``: the command line."""

from __future__ import annotations

from vlua.cli.command import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
