"""A filesystem that fails at its n-th call, to be put below others.

In: a filesystem in memory. Out: one on which any call, of it or of its open files, may be made to fail.
"""

from __future__ import annotations

import io

from vlua.vfs.pyfilesystem import FS, Mode

__all__ = ["FaultyFS"]


class FaultyFS(FS):
    """``below``, counting ``calls``; the one numbered ``fails_at`` raises ``error``, with ``late`` after its work."""

    def __init__(self, below: FS) -> None:
        super().__init__()
        self.below = below
        self.calls = 0
        self.fails_at = 0
        self.error = None
        self.late = False

    def arm(self, number, error, late=False):
        self.calls, self.fails_at, self.error, self.late = 0, number, error, late

    def disarm(self):
        self.fails_at = 0

    def call(self, function, *arguments, **options):
        self.calls += 1
        failing = self.calls == self.fails_at
        if failing and not self.late:
            raise self.error()
        result = function(*arguments, **options)
        if failing:
            raise self.error()
        return result

    def getmeta(self, namespace="standard"):
        return self.below.getmeta(namespace)

    def getinfo(self, path, namespaces=None):
        return self.call(self.below.getinfo, path, namespaces)

    def listdir(self, path):
        return self.call(self.below.listdir, path)

    def scandir(self, path, namespaces=None, page=None):
        return iter(self.call(lambda: list(self.below.scandir(path, namespaces, page))))

    def makedir(self, path, permissions=None, recreate=False):
        self.call(self.below.makedir, path, permissions, recreate)
        return self.opendir(path)

    def openbin(self, path, mode="r", buffering=-1, **options):
        return FaultyFile(self, self.call(self.below.openbin, path, mode, buffering, **options), Mode(mode))

    def remove(self, path):
        self.call(self.below.remove, path)

    def removedir(self, path):
        self.call(self.below.removedir, path)

    def setinfo(self, path, info):
        self.call(self.below.setinfo, path, info)

    def move(self, src_path, dst_path, overwrite=False, preserve_time=False):
        self.call(self.below.move, src_path, dst_path, overwrite)


class FaultyFile(io.RawIOBase):
    """An open file of a faulty filesystem."""

    def __init__(self, fs, file, mode):
        super().__init__()
        self.fs, self.file, self._mode = fs, file, mode

    def readable(self):
        return self._mode.reading

    def writable(self):
        return self._mode.writing

    def seekable(self):
        return True

    def read(self, size=-1):
        return self.fs.call(self.file.read, size)

    def readline(self, size=-1):
        return self.fs.call(self.file.readline, size)

    def readinto(self, buffer):
        return self.fs.call(self.file.readinto, buffer)

    def write(self, data):
        return self.fs.call(self.file.write, data)

    def truncate(self, size=None):
        return self.fs.call(self.file.truncate, size)

    def seek(self, offset, whence=0):
        return self.fs.call(self.file.seek, offset, whence)

    def tell(self):
        return self.fs.call(self.file.tell)

    def close(self):
        if not self.closed:
            super().close()
            try:
                self.fs.call(lambda: None)
            finally:
                self.file.close()
