"""A filesystem whose growth ends the script: the limits ``file_bytes`` and ``files``.

In: any filesystem and the figures. Out: the same, which raises ``LimitReached`` where ``QuotaFS`` would fail the write.
What stands there when it is first used does not count.
"""

from __future__ import annotations

from vlua.vfs.pyfilesystem import FS
from vlua.vfs.quota_filesystem import QuotaFS
from vlua.vm.errors import LimitReached

__all__ = ["LimitFS"]


class LimitFS(QuotaFS):
    """``fs``, to which scripts may add ``file_bytes`` bytes and ``files`` files and directories at most."""

    def __init__(self, fs: FS, *, file_bytes: int | None = None, files: int | None = None) -> None:
        super().__init__(fs)
        self.file_bytes = file_bytes
        self.files = files
        # What was there at the beginning.
        self.first_bytes = super().used_bytes
        self.first_files = super().used_files

    def _require(self, path: str, size: int, files: int) -> None:
        """Raise LimitReached unless so many more bytes and files may be added."""
        if self.file_bytes is not None and size > 0 and self._bytes - self.first_bytes + size > self.file_bytes:
            raise LimitReached("file_bytes", self.file_bytes)
        if self.files is not None and files > 0 and self._files - self.first_files + files > self.files:
            raise LimitReached("files", self.files)
