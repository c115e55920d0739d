"""Virtual programs: the shell, the commands and the ``lua`` that ``os.execute`` and ``io.popen`` run.

In: a command line and the room of the script that gives it. Out: how it ended. No process of the host is ever started.
"""

from __future__ import annotations

__all__: list[str] = []
