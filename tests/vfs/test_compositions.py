"""Every filesystem of ours passes PyFilesystem2's conformance suite, alone and above, below and beside the others."""

from __future__ import annotations

import io
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

import pytest

from vlua.vfs.archive import open_archive
from vlua.vfs.directory import HostDirectory
from vlua.vfs.layer import LayerFS
from vlua.vfs.mounts import MountTable
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import MemoryFS
from vlua.vfs.read_only import ReadOnlyFS
from vlua.vfs.sources import open_source

test = pytest.importorskip("fs.test")


class Conformance(test.FSTestCases):
    """The suite, with a temporary directory at hand."""

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Path(folder.name)

    def full(self):
        """A lower filesystem with files at the names that the suite makes, all removed above it."""
        lower = MemoryFS()
        lower.makedirs("foo/bar/baz")
        lower.makedir("dir")
        for name in ("foo/bar/egg", "foo/foo", "dir/foofoo", "bar", "test.txt", "baz"):
            lower.writetext(name, "below")
        return lower


class TestHostDirectory(Conformance, unittest.TestCase):
    def make_fs(self):
        return HostDirectory(self.folder(), writable=True)


class TestHostDirectoryByName(TestHostDirectory):
    """As on systems where a file cannot be opened relative to a directory."""

    def setUp(self):
        patch = pytest.MonkeyPatch()
        patch.setattr("vlua.vfs.directory.BY_DESCRIPTOR", False)
        self.addCleanup(patch.undo)
        super().setUp()


class TestMountTable(Conformance, unittest.TestCase):
    def make_fs(self):
        return MountTable(MemoryFS())


class TestInsideMount(Conformance, unittest.TestCase):
    """A mounted filesystem seen through the table, at a point that the root does not have."""

    def make_fs(self):
        table = MountTable(ReadOnlyFS(MemoryFS()))
        table.mount("/deep/point", MemoryFS())
        return table.opendir("/deep/point")


class TestAboveMount(Conformance, unittest.TestCase):
    """A directory that exists only because of mounts below it cannot be emptied, hence beside one."""

    def make_fs(self):
        table = MountTable(MemoryFS())
        table.mount("/room/mounted", MemoryFS())
        return table.makedirs("/room/beside")


class TestOverlayAlone(Conformance, unittest.TestCase):
    def make_fs(self):
        return OverlayFS(ReadOnlyFS(MemoryFS()))


class TestOverlayOverRemoved(Conformance, unittest.TestCase):
    """All that lies below was removed, and shows nowhere."""

    def make_fs(self):
        overlay = OverlayFS(ReadOnlyFS(self.full()))
        overlay.removetree("/")
        return overlay


class TestPersistentOverlay(Conformance, unittest.TestCase):
    def make_fs(self):
        overlay = OverlayFS(ReadOnlyFS(self.full()), MemoryFS(), persistent=True)
        overlay.removetree("/")
        return overlay


class TestOverlayOnDirectories(Conformance, unittest.TestCase):
    def make_fs(self):
        return OverlayFS(HostDirectory(self.folder()), HostDirectory(self.folder(), writable=True), persistent=True)


class TestOverlayOverZip(Conformance, unittest.TestCase):
    def make_fs(self):
        path = self.folder() / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("foo/bar/file", "below")
        overlay = OverlayFS(open_archive(path))
        overlay.removetree("/")
        return overlay


class TestOverlayOverOverlay(Conformance, unittest.TestCase):
    def make_fs(self):
        overlay = OverlayFS(OverlayFS(self.full()))
        overlay.removetree("/")
        return overlay


class TestOverlayInOverlay(Conformance, unittest.TestCase):
    def make_fs(self):
        upper = OverlayFS(MemoryFS(), MemoryFS(), persistent=True)
        overlay = OverlayFS(self.full(), LayerFS(upper), persistent=True)
        overlay.removetree("/")
        return overlay


class TestOverlayInMountTable(Conformance, unittest.TestCase):
    """The room's own stack: an overlay over a directory that can only be read, mounted, above another layer."""

    def make_fs(self):
        table = MountTable(MemoryFS())
        table.mount("/game", open_source(self.folder(), access="overlay"))
        return LayerFS(table).opendir("/game")


class TestMountTableInOverlay(Conformance, unittest.TestCase):
    def make_fs(self):
        table = MountTable(MemoryFS())
        table.mount("/foo", self.full())
        overlay = OverlayFS(ReadOnlyFS(table))
        overlay.removetree("/")
        return overlay


class TestWritableDirectoryInMountTable(Conformance, unittest.TestCase):
    def make_fs(self):
        table = MountTable(MemoryFS())
        table.mount("/mnt", open_source(self.folder(), access="read-write"))
        return table.opendir("mnt")


CONTENTS = {"a.txt": b"alpha", "data/b.bin": bytes(range(256)) * 300, "data/deep/c": b"", "läßt/☃": b"snow"}


def as_memory(folder):
    memory = MemoryFS()
    for name, contents in CONTENTS.items():
        memory.makedirs(Path(name).parent.as_posix(), recreate=True)
        memory.writebytes(name, contents)
    return open_source(memory, access="read-only")


def as_directory(folder):
    for name, contents in CONTENTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(contents)
    return open_source(folder, access="read-only")


def as_url(folder):
    as_directory(folder).close()
    return open_source(f"osfs://{folder}", access="read-only")


def as_zip(folder):
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, contents in CONTENTS.items():
            archive.writestr(name, contents)
    return open_source(folder / "a.zip", access="read-only")


def as_tar(folder, mode="w", name="a.tar"):
    with tarfile.open(folder / name, mode) as archive:
        for member, contents in CONTENTS.items():
            info = tarfile.TarInfo(member)
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
    return open_source(folder / name, access="read-only")


def as_packed_tar(folder):
    return as_tar(folder, "w:gz", "a.tar.gz")


def as_table(folder):
    table = MountTable(ReadOnlyFS(MemoryFS()))
    table.mount("/", as_directory(folder))
    return table


def as_overlaid(folder):
    return open_source(OverlayFS(as_directory(folder)), access="read-only")


@pytest.fixture(
    params=[as_memory, as_directory, as_url, as_zip, as_tar, as_packed_tar, as_table, as_overlaid],
    ids=lambda make: make.__name__[3:],
)
def source(request, tmp_path):
    opened = request.param(tmp_path)
    yield opened
    opened.close()


class TestReading:
    """What every source has in common when it can only be read."""

    def test_tree(self, source):
        assert {path: source.readbytes(path) for path in source.walk.files()} == {
            "/" + name: contents for name, contents in CONTENTS.items()
        }
        assert sorted(source.walk.dirs()) == ["/data", "/data/deep", "/läßt"]
        assert sorted(source.listdir("/")) == ["a.txt", "data", "läßt"]
        assert sorted(info.name for info in source.scandir("data", page=(0, 9))) == ["b.bin", "deep"]
        assert len(list(source.scandir("data", page=(1, 9)))) == 1

    def test_information(self, source):
        info = source.getinfo("data/b.bin", ["details", "access", "no such namespace"])
        assert (info.name, info.is_dir, info.size) == ("b.bin", False, 256 * 300)
        assert source.getinfo("/").name == ""
        assert source.getinfo("/").is_dir
        assert source.getinfo("data", ["details"]).type.name == "directory"
        assert source.getmeta()["read_only"] is True
        assert source.getmeta("no such namespace") == {}
        assert not source.exists("data/none")
        assert not source.exists("a.txt/none")

    def test_errors(self, source):
        from vlua.vfs.pyfilesystem import errors

        with pytest.raises(errors.ResourceNotFound):
            source.openbin("none")
        with pytest.raises(errors.ResourceNotFound):
            source.listdir("none")
        with pytest.raises(errors.FileExpected):
            source.openbin("data")
        with pytest.raises(errors.FileExpected):
            source.openbin("/")
        with pytest.raises(errors.DirectoryExpected):
            source.listdir("a.txt")
        with pytest.raises(errors.InvalidCharsInPath):
            source.openbin("a\0b")
        with pytest.raises(TypeError):
            source.getinfo(b"a.txt")
        with pytest.raises(errors.IllegalBackReference):
            source.readbytes("../a.txt")
        with pytest.raises(errors.NoSysPath):
            source.getsyspath("a.txt")
        assert not source.hasurl("none")

    @pytest.mark.parametrize("buffering", [-1, 0, 7])
    def test_handles(self, source, buffering):
        contents = CONTENTS["data/b.bin"]
        with source.openbin("data/b.bin", "rb", buffering=buffering) as file:
            assert file.readable()
            assert not file.writable()
            assert file.seekable()
            assert "r" in file.mode
            assert file.read(10) == contents[:10]
            assert file.seek(-5, 2) == len(contents) - 5
            assert file.read() == contents[-5:]
            assert file.seek(100) == 100
            assert file.tell() == 100
            buffer = bytearray(6)
            assert file.readinto(buffer) == 6
            assert buffer == contents[100:106]
            assert file.seek(2, 1) == 108
            assert file.read(1) == contents[108:109]
            with pytest.raises((ValueError, OSError)):
                file.seek(-1)
            assert file.seek(10**12) == 10**12
            assert file.read(1) == b""
            for write in (lambda: file.write(b"x"), lambda: file.truncate(0), lambda: file.writelines([b"x"])):
                with pytest.raises((OSError, ValueError)):
                    write()
        assert file.closed
        assert source.readbytes("data/b.bin") == contents

    def test_two_handles(self, source):
        contents = CONTENTS["data/b.bin"]
        with source.openbin("data/b.bin") as one, source.openbin("data/b.bin") as other:
            got = [], []
            for size in (1000, 20000, 5, 60000):
                got[0].append(one.read(size))
                got[1].append(other.read(size // 2))
            assert b"".join(got[0]) == contents[: len(b"".join(got[0]))]
            assert b"".join(got[1]) == contents[: len(b"".join(got[1]))]

    def test_nothing_can_be_changed(self, source):
        from vlua.vfs.pyfilesystem import errors

        for change in (
            lambda: source.openbin("new", "w"),
            lambda: source.openbin("a.txt", "a"),
            lambda: source.openbin("a.txt", "r+"),
            lambda: source.openbin("new", "x"),
            lambda: source.writebytes("new", b""),
            lambda: source.remove("a.txt"),
            lambda: source.removedir("data/deep"),
            lambda: source.removetree("data"),
            lambda: source.removetree("/"),
            lambda: source.makedir("new"),
            lambda: source.makedirs("new/deep"),
            lambda: source.setinfo("a.txt", {"details": {"modified": 0}}),
            lambda: source.touch("a.txt"),
            lambda: source.move("a.txt", "moved"),
            lambda: source.movedir("data", "moved", create=True),
            lambda: source.copy("a.txt", "copied"),
            lambda: source.copydir("data", "copied", create=True),
        ):
            with pytest.raises(errors.ResourceReadOnly):
                change()
        assert source.makedir("data", recreate=True).exists("b.bin")
        self.test_tree(source)

    def test_closing(self, source):
        from vlua.vfs.pyfilesystem import errors

        source.close()
        source.close()
        with pytest.raises(errors.FilesystemClosed):
            source.openbin("a.txt")
