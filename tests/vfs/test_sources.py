"""What a mount is written as, and what is opened for it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import attrs
import pytest

from vlua.vfs.archive import ZipArchive
from vlua.vfs.directory import HostDirectory
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import MemoryFS, errors
from vlua.vfs.sources import Mount, open_source, parse_mount


@pytest.mark.parametrize(
    ("text", "source", "path", "access"),
    [
        ("./game:/game", "./game", "/game", "overlay"),
        ("./game:/game:ro", "./game", "/game", "read-only"),
        ("./game:/game:rw", "./game", "/game", "read-write"),
        ("./game:/game:overlay", "./game", "/game", "overlay"),
        ("game:/", "game", "/", "overlay"),
        ("/abs:/a/b/:ro", "/abs", "/a/b", "read-only"),
        ("/abs:/a//./b", "/abs", "/a/b", "overlay"),
        (r"C:\game:/game:ro", r"C:\game", "/game", "read-only"),
        ("C:/game:/game", "C:/game", "/game", "overlay"),
        ("with:colon:/game", "with:colon", "/game", "overlay"),
        ("a:/b:/c", "a:/b", "/c", "overlay"),
        ("zip://a.zip:/data:ro", "zip://a.zip", "/data", "read-only"),
        ("mem://:/scratch", "mem://", "/scratch", "overlay"),
        ("osfs:///srv/game:/game", "osfs:///srv/game", "/game", "overlay"),
        ("s3://user:key@bucket/dir:/data", "s3://user:key@bucket/dir", "/data", "overlay"),
        ("tar://C:/a.tar:/data", "tar://C:/a.tar", "/data", "overlay"),
        ("ro:/x", "ro", "/x", "overlay"),
    ],
)
def test_mounts_as_text(text, source, path, access):
    assert parse_mount(text) == Mount(source, path, access)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("./game", r"write \./game:/PATH"),
        ("./game:ro", r"write \./game:ro:/PATH"),
        ("./game:game", r"write \./game:/game, not './game:game'"),
        ("./game:game:ro", r"write \./game:/game"),
        ("zip://a.zip", r"write zip://a\.zip:/PATH"),
        ("zip://a.zip:ro", "write zip://a"),
        (":/game", "needs a source"),
        ("", "names a path in the room"),
        ("./game:/game:rx", "unknown access 'rx'.*ro, rw or overlay"),
        ("./game:/game:", "unknown access ''"),
        ("./game:/../etc", r"no '\.\.'"),
        ("./game:/a\0b", "NUL"),
        ("./g\0ame:/a", "NUL"),
    ],
)
def test_mounts_that_make_no_sense(text, message):
    with pytest.raises(ValueError, match=message):
        parse_mount(text)


def test_mounts_from_python():
    mount = Mount(Path("game"), "/game", "ro")
    assert mount.access == "read-only"
    assert str(mount) == "game:/game:ro"
    assert parse_mount(str(mount)) == Mount("game", "/game", "read-only")
    assert Mount("game").path == "/"
    assert Mount("game").access == "overlay"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        mount.path = "/other"
    for source, error in ((None, TypeError), (5, TypeError), ("", ValueError)):
        with pytest.raises(error):
            Mount(source)
    for path in ("game", "", "/a/../b"):
        with pytest.raises(ValueError):
            Mount("game", path)
    with pytest.raises(ValueError, match="ro, rw or overlay"):
        Mount("game", "/", "write")
    with pytest.raises(TypeError):
        Mount("game", None)


def test_messages_tell_no_password():
    mount = Mount("ftp://user:secret@host/dir", "/data")
    assert str(mount) == "ftp://host/dir:/data:overlay"
    with pytest.raises(ValueError) as caught:
        open_source("nonesuch://user:secret@host")
    assert "secret" not in str(caught.value)


def test_importing_it_is_cheap():
    code = "import sys, vlua.vfs.sources as s; s.parse_mount('a:/b'); sys.exit('fs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "game").mkdir()
    (tmp_path / "game" / "file").write_text("contents")
    (tmp_path / "secret").write_text("secret")
    os.symlink("../secret", tmp_path / "game" / "link")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("file", "contents")
        archive.writestr("../escape", "evil")
        archive.writestr("sub/file", "deeper")
    return tmp_path


def test_directories(folder):
    for source in (folder / "game", str(folder / "game"), f"osfs://{folder}/game", f"file://{folder}/game"):
        with open_source(source, access="read-only") as opened:
            assert isinstance(opened, HostDirectory)
            assert opened.listdir("/") == ["file"]
            with pytest.raises(errors.ResourceReadOnly):
                opened.writetext("file", "x")
            with pytest.raises(errors.FSError):
                opened.readtext("link")
        with open_source(source) as opened:
            assert isinstance(opened, OverlayFS)
            assert isinstance(opened.lower, HostDirectory)
            opened.writetext("file", "changed")
            opened.writetext("link", "inside")
    assert (folder / "game" / "file").read_text() == "contents"
    assert (folder / "secret").read_text() == "secret"
    for source in (folder / "game", f"osfs://{folder}/game"):
        with open_source(source, access="read-write") as opened:
            opened.writetext("file", "written")
            with pytest.raises(errors.FSError):
                opened.writetext("link", "x")
        assert (folder / "game" / "file").read_text() == "written"
    assert (folder / "secret").read_text() == "secret"


def test_archives(folder):
    for source in (folder / "a.zip", f"zip://{folder}/a.zip"):
        with open_source(source, access="ro") as opened:
            assert isinstance(opened, ZipArchive)
            assert opened.readtext("file") == "contents"
            assert [skipped.name for skipped in opened.skipped] == ["../escape"]
        with open_source(source) as opened:
            opened.appendtext("file", "!")
            assert opened.readtext("file") == "contents!"
        with pytest.raises(ValueError, match="archive cannot be changed in place.*:overlay or :ro"):
            open_source(source, access="rw")
    with open_source(f"zip://{folder}/a.zip!sub") as opened:
        assert opened.listdir("/") == ["file"]
        assert opened.readtext("file") == "deeper"


def test_filesystems_and_other_urls():
    memory = MemoryFS()
    memory.writetext("file", "x")
    opened = open_source(memory, access="read-only")
    with pytest.raises(errors.ResourceReadOnly):
        opened.writetext("file", "y")
    overlay = open_source(memory)
    overlay.writetext("file", "y")
    assert memory.readtext("file") == "x"
    assert open_source(memory, access="rw") is memory
    with pytest.raises(ValueError, match="cannot be written to"):
        open_source(opened, access="rw")
    with open_source("mem://", access="rw") as opened:
        opened.writetext("new", "x")
    with open_source("temp://", access="rw") as opened:
        assert isinstance(opened, HostDirectory)
        root = opened.root
        os.symlink("/etc", os.path.join(root, "out"))
        assert opened.listdir("/") == []
        opened.writetext("new", "x")
    assert not os.path.exists(root)


def test_third_party_openers():
    from fs.opener import Opener, registry

    class Custom(Opener):
        protocols = ("custom",)

        def open_fs(self, fs_url, parse_result, writeable, create, cwd):
            opened = MemoryFS()
            opened.makedir("sub").writetext("resource", f"{parse_result.resource} {writeable}")
            return opened

    registry.install(Custom)
    try:
        assert open_source("custom://there").readtext("sub/resource") == "there False"
        assert open_source("custom://there!/sub", access="rw").readtext("resource") == "there True"
        with pytest.raises(errors.ResourceReadOnly):
            open_source("custom://there!sub", access="ro").remove("resource")
        with pytest.raises(ValueError, match="cannot open"):
            open_source("custom://there!none")
    finally:
        del registry._protocols["custom"]


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("{folder}/none", NotADirectoryError, "no such directory or archive"),
        ("{folder}/secret", ValueError, "neither a directory nor a zip or tar"),
        ("osfs://{folder}/none", NotADirectoryError, "not a directory"),
        ("osfs://{folder}/secret", NotADirectoryError, "not a directory"),
        ("zip://{folder}/none.zip", NotADirectoryError, "no such archive"),
        ("zip://{folder}/secret", ValueError, "not a readable zip"),
        ("tar://{folder}/a.zip", ValueError, "not a readable tar"),
        ("nonesuch://x", ValueError, "no filesystem is installed for nonesuch://.*mem"),
    ],
)
@pytest.mark.parametrize("access", ["read-only", "overlay"])
def test_sources_that_cannot_be_opened(folder, source, error, message, access):
    with pytest.raises(error, match=message):
        open_source(source.format(folder=folder), access=access)


def test_what_is_no_source():
    for source in (None, 5, object()):
        with pytest.raises(TypeError):
            open_source(source)
    with pytest.raises(ValueError, match="ro, rw or overlay"):
        open_source(".", access="write")


def test_read_only_does_not_hand_out_what_can_be_written(folder):
    """`fs.wrap.read_only` gives the writable filesystem to whoever asks for its delegate, and `fs.move` asks."""
    import fs.copy
    import fs.move
    from fs.osfs import OSFS

    for source in (OSFS(str(folder / "game")), MemoryFS()):
        if isinstance(source, MemoryFS):
            source.writetext("file", "contents")
        opened = open_source(source, access="read-only")
        assert not hasattr(opened, "delegate_fs")
        assert not opened.hassyspath("file")
        for target in (OSFS(str(folder)), MemoryFS()):
            with pytest.raises(errors.FSError):
                fs.move.move_file(opened, "file", target, "stolen")
            with pytest.raises(errors.FSError):
                fs.copy.copy_file(target, "stolen", opened, "file")
        with opened.openbin("file", buffering=0) as file:
            for change in (lambda: file.truncate(0), lambda: file.writelines([b"x"]), lambda: file.write(b"x")):
                with pytest.raises(OSError):
                    change()
        assert opened.opendir("/").delegate_path("file")[0] is opened
        assert source.readtext("file") == "contents"
