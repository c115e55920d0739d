"""A room saved to the host and loaded again is the same room, whatever its files are called; not so a hostile one."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import struct
import subprocess
import zipfile

import pytest

from vlua.vfs import export as module
from vlua.vfs.directory import HostDirectory
from vlua.vfs.export import DirectoryWriter, ExportError, general_refusal, load, save
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import MemoryFS, errors

posix = pytest.mark.skipif(os.name != "posix", reason="names of any bytes")
KINDS = ["out.zip", "out"]


@pytest.fixture
def room():
    room = MemoryFS()
    room.makedirs("data/deep/empty")
    room.writebytes("data/a", bytes(range(256)) * 3000)
    room.writetext("data/deep/b", "beta")
    room.writetext("empty file", "")
    room.writetext("Grüße", "umlauts")
    if os.name == "posix":
        room.writetext("latin \udcff\udc80", "bytes that are no UTF-8")
        room.writetext("back\\slash: *", "on Windows no names")
        room.writetext("new\nline\x1b", "control characters")
    for number, path in enumerate(room.walk()):
        for info in (*path.dirs, *path.files):
            room.setinfo(info.make_path(path.path), {"details": {"modified": 1_000_000_000.0 + number}})
    return room


def dump(fs):
    return {
        path: (None if info.is_dir else fs.readbytes(path), int(info.raw["details"]["modified"]))
        for path, info in fs.walk.info(namespaces=["details"])
    }


@pytest.mark.parametrize("kind", KINDS)
def test_round_trip(room, tmp_path, kind):
    export = save(room, tmp_path / kind)
    assert (export.files, export.directories) == (len(list(room.walk.files())), 3)
    assert export.size == sum(room.getsize(path) for path in room.walk.files())
    assert not export.skipped
    assert dump(load(tmp_path / kind)) == dump(room)
    assert os.listdir(tmp_path) == [kind]


@posix
def test_directory_on_the_host(room, tmp_path):
    save(room, tmp_path / "out")
    assert (tmp_path / "out" / "data" / "deep" / "b").read_text() == "beta"
    assert (tmp_path / "out" / "data" / "deep" / "empty").is_dir()
    assert b"latin \xff\x80" in os.listdir(os.fsencode(tmp_path / "out"))


@posix
@pytest.mark.skipif(shutil.which("unzip") is None, reason="no unzip here")
def test_archive_for_others(room, tmp_path):
    save(room, tmp_path / "out.zip")
    (tmp_path / "there").mkdir()
    subprocess.run(["unzip", "-q", tmp_path / "out.zip", "-d", tmp_path / "there"], check=True)
    assert (tmp_path / "there" / "data" / "a").read_bytes() == room.readbytes("data/a")
    assert (tmp_path / "there" / "Grüße").read_text() == "umlauts"
    assert int(os.stat(tmp_path / "there" / "data" / "a").st_mtime) == int(dump(room)["/data/a"][1])


@pytest.mark.parametrize("modified", [0.0, -1e9, 5e9, 1e18, None])
@pytest.mark.parametrize("kind", KINDS)
def test_times_that_formats_cannot_tell(tmp_path, kind, modified):
    room = MemoryFS()
    room.writetext("x", "x")
    room.setinfo("x", {"details": {"modified": modified}} if modified is not None else {})
    save(room, tmp_path / kind)
    assert load(tmp_path / kind).readtext("x") == "x"


def test_targets(room, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "old.zip").write_text("old")
    with pytest.raises(ExportError, match="not empty"):
        save(room, tmp_path / "full")
    with pytest.raises(ExportError, match="not a directory"):
        save(room, tmp_path / "file")
    with pytest.raises(ExportError, match="not a file"):
        save(room, tmp_path / "folder.zip")
    with pytest.raises(FileNotFoundError):
        save(room, tmp_path / "nowhere" / "out.zip")
    assert (tmp_path / "full" / "mine").read_text() == "x"
    save(room, tmp_path / "empty")
    save(room, tmp_path / "old.zip")
    save(room, tmp_path / "full", replace=True)
    assert not (tmp_path / "full" / "mine").exists()
    for name in ("empty", "old.zip", "full"):
        assert dump(load(tmp_path / name)) == dump(room)
    assert sorted(os.listdir(tmp_path)) == ["empty", "file", "folder.zip", "full", "old.zip"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_of_a_failure(room, tmp_path, kind, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    save(room, tmp_path / kind)
    before = dump(load(tmp_path / kind))
    room.writetext("more", "x")
    monkeypatch.setattr(module, "set_time" if kind == "out" else "raw_bytes", fail)
    with pytest.raises(OSError, match="No space"):
        save(room, tmp_path / kind, replace=True)
    monkeypatch.undo()
    assert dump(load(tmp_path / kind)) == before
    assert os.listdir(tmp_path) == [kind]


def test_failing_swap_of_directories(room, tmp_path, monkeypatch):
    save(room, tmp_path / "out")
    real = os.rename

    def fail(old, new):
        if old.endswith(".tmp"):
            raise KeyboardInterrupt
        real(old, new)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(KeyboardInterrupt):
        save(MemoryFS(), tmp_path / "out", replace=True)
    assert dump(load(tmp_path / "out")) == dump(room)
    assert os.listdir(tmp_path) == ["out"]


class Hostile(MemoryFS):
    """Lists names that no path has."""

    def scandir(self, path, namespaces=None, page=None):
        for info in super().scandir(path, namespaces, page):
            if info.name == "evil":
                info.raw["basic"]["name"] = self.evil
            yield info


@pytest.mark.parametrize("name", ["..", ".", "", "../up", "/etc/x", "nul\0", "\ud800"])
@pytest.mark.parametrize("kind", KINDS)
def test_names_that_lead_out(tmp_path, kind, name):
    room = Hostile()
    room.evil = name
    room.writetext("evil", "x")
    room.writetext("good", "x")
    (tmp_path / "in").mkdir()
    export = save(room, tmp_path / "in" / kind)
    assert [path for path, _ in export.skipped] == ["/" + name]
    assert export.text().startswith("not saved: ")
    assert export.files == 1
    assert os.listdir(tmp_path) == ["in"]
    assert os.listdir(tmp_path / "in") == [kind]
    assert load(tmp_path / "in" / kind).listdir("/") == ["good"]


@pytest.mark.parametrize(
    "name", ["CON", "con.txt", "Aux .x", "com1", "lpt9.tar.gz", "a:b", "a\\b", "x.", "x ", "\x01", "a?"]
)
def test_names_of_windows(name):
    assert DirectoryWriter("x", windows=True).refuses("/" + name, name)
    assert not DirectoryWriter("x", windows=False).refuses("/" + name, name)
    assert not general_refusal(name)


def test_good_names_of_windows():
    for name in ("a", "console", "com", "com10", ".x", "a.con"):
        assert not DirectoryWriter("x", windows=True).refuses("/" + name, name)


@posix
def test_long_names(tmp_path):
    room = MemoryFS()
    room.writetext("n" * 300, "x")
    room.makedir("d" * 300).writetext("x", "x")
    export = save(room, tmp_path / "out")
    assert [reason for _, reason in export.skipped] == ["the name is too long"] * 2
    room.writetext("n" * 70_000, "x")
    assert len(save(room, tmp_path / "out.zip").skipped) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_deep_directories(tmp_path, kind):
    room = MemoryFS()
    room.makedirs("/".join("d" * 250))
    export = save(room, tmp_path / kind)
    assert [reason for _, reason in export.skipped] == ["directories are nested too deeply"]
    assert load(tmp_path / kind).exists("/".join("d" * 200))


@pytest.mark.parametrize("kind", KINDS)
def test_export_into_a_directory_that_the_room_shows(tmp_path, kind):
    (tmp_path / "x").write_text("x")
    save(OverlayFS(HostDirectory(tmp_path), MemoryFS()), tmp_path / kind)
    assert load(tmp_path / kind).listdir("/") == ["x"]


# Hostile exports


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, contents, attributes in members:
            member = zipfile.ZipInfo("placeholder")
            member.filename = name
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = attributes << 16
            writer.writestr(member, contents)
    return path


@pytest.mark.parametrize(
    "name",
    ["../x", "a/../../x", "/x", "//x", "./x", "a//x", "", "..", "a/./x", "nul\0/x", "a/..", "../"],
)
def test_archive_with_names_that_lead_out(tmp_path, name):
    path = archive(tmp_path / "x.zip", [("good", b"x", 0), (name, b"x", 0)])
    with pytest.raises(ExportError, match="leads out"):
        load(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_archive_with_links_and_devices(tmp_path, kind):
    path = archive(tmp_path / "x.zip", [("link", b"/etc/passwd", kind | 0o777)])
    with pytest.raises(ExportError, match="link or device"):
        load(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a/", "a")])
def test_archive_with_two_things_of_one_name(tmp_path, names):
    path = archive(tmp_path / "x.zip", [(name, b"", 0) for name in names])
    with pytest.raises(ExportError, match="two things"):
        load(path)


def test_bombs(tmp_path):
    path = archive(tmp_path / "x.zip", [("a", bytes(1 << 22), 0), ("b", bytes(1 << 22), 0)])
    with pytest.raises(ExportError, match="larger"):
        load(path, max_bytes=(1 << 23) - 1)
    assert load(path, max_bytes=1 << 23).getsize("b") == 1 << 22
    with pytest.raises(ExportError, match="more files"):
        load(path, max_files=1)
    load(path, max_files=2)
    path = archive(tmp_path / "x.zip", [("/".join("abcdef"), b"", 0)])
    with pytest.raises(ExportError, match="more files"):
        load(path, max_files=5)
    path = archive(tmp_path / "x.zip", [("d/" * 1000 + "x", b"", 0)])
    with pytest.raises(ExportError, match="too deeply"):
        load(path)


def test_bomb_that_lies_about_its_size(tmp_path):
    """The sizes in the archive are the attacker's: what comes out counts."""
    path = archive(tmp_path / "x.zip", [("a", bytes(1 << 22), 0)])
    data = path.read_bytes().replace(struct.pack("<I", 1 << 22), struct.pack("<I", 10))
    path.write_bytes(data)
    with pytest.raises(ExportError):
        load(path, max_bytes=100_000)


def test_damaged_archives(tmp_path, room):
    """Never another exception, whichever byte is wrong."""
    small = MemoryFS()
    small.writetext("a", "text " * 100)
    small.makedir("d")
    small.writetext("ü", "x")
    save(small, tmp_path / "x.zip")
    data = (tmp_path / "x.zip").read_bytes()
    for index in range(len(data)):
        for value in (0, 1, 0x41, 0xFF):
            (tmp_path / "y.zip").write_bytes(data[:index] + bytes([value]) + data[index + 1 :])
            with contextlib.suppress(ExportError):
                load(tmp_path / "y.zip")
        (tmp_path / "y.zip").write_bytes(data[:index])
        with pytest.raises(ExportError):
            load(tmp_path / "y.zip")


def test_other_compressions_and_passwords(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_LZMA) as writer:
        writer.writestr("a", "x" * 100)
    with pytest.raises(ExportError, match="compressed"):
        load(tmp_path / "x.zip")
    path = archive(tmp_path / "x.zip", [("a", b"x" * 100, 0)])
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ExportError, match="damaged"):
        load(path)


def test_no_export_at_all(tmp_path):
    (tmp_path / "x").write_text("no archive")
    with pytest.raises(ExportError, match="not a ZIP"):
        load(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")


@posix
def test_directory_with_links_and_pipes(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to("/etc/passwd")
    with pytest.raises(ExportError, match="link or device"):
        load(tmp_path / "out")
    (tmp_path / "out" / "link").unlink()
    os.mkfifo(tmp_path / "out" / "pipe")
    with pytest.raises(ExportError, match="link or device"):
        load(tmp_path / "out")


def test_limits_of_directories(tmp_path, room):
    save(room, tmp_path / "out")
    with pytest.raises(ExportError, match="larger"):
        load(tmp_path / "out", max_bytes=100)
    with pytest.raises(ExportError, match="more files"):
        load(tmp_path / "out", max_files=3)
    assert dump(load(tmp_path / "out", max_bytes=None, max_files=None)) == dump(room)


def test_loaded_is_a_copy(tmp_path, room):
    save(room, tmp_path / "out")
    loaded = load(tmp_path / "out")
    loaded.writetext("/data/deep/b", "changed")
    assert (tmp_path / "out" / "data" / "deep" / "b").read_text() == "beta"


def test_unreadable_files_are_told(tmp_path):
    room = MemoryFS()
    room.writetext("good", "x")
    room.writetext("bad", "x")
    real = room.openbin

    def refuse(path, *arguments, **options):
        if path == "/bad":
            raise errors.PermissionDenied(path)
        return real(path, *arguments, **options)

    room.openbin = refuse
    assert save(room, tmp_path / "out").text() == "not saved: /bad: it cannot be read\n"
