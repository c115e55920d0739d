"""T-OVERLAY, T-LINK: copy-on-write changes the host only by ``apply_changes``, and only inside the directory."""

from __future__ import annotations

import os
import stat

import pytest

from vlua.vfs.apply import apply_changes
from vlua.vfs.directory import HostDirectory
from vlua.vfs.journal import JournalFS
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import MemoryFS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="symbolic links")


@pytest.fixture
def world(tmp_path):
    """A mounted directory and one beside it that must never change."""
    (tmp_path / "host" / "data").mkdir(parents=True)
    (tmp_path / "host" / "data" / "file").write_text("inside")
    (tmp_path / "host" / "file").write_text("inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("secret")
    return tmp_path


def overlay_of(world):
    return OverlayFS(HostDirectory(world / "host"), MemoryFS())


def dump(root):
    return {
        path.relative_to(root).as_posix(): os.readlink(path)
        if path.is_symlink()
        else path.is_dir() or path.read_bytes()
        for path in sorted(root.rglob("*"))
    }


def outside(world):
    return [(path.name, path.read_text()) for path in (world / "outside").iterdir()]


def test_nothing_is_written_without_apply(world):
    before = dump(world)
    overlay = overlay_of(world)
    journal = JournalFS(overlay)
    mark = journal.snapshot()
    journal.writetext("/file", "changed")
    journal.removetree("/data")
    journal.writetext("/data", "x")
    journal.changes(mark).diff()
    mark.restore()
    journal.writetext("/new", "x")
    apply_changes(overlay, dry_run=True)
    journal.close()
    assert dump(world) == before


def test_directory_replaced_by_a_link_to_the_outside(world):
    overlay = overlay_of(world)
    overlay.writetext("/data/file", "changed")
    overlay.writetext("/data/new", "changed")
    (world / "host" / "data").rename(world / "host" / "moved")
    (world / "host" / "data").symlink_to(world / "outside")
    before = dump(world)
    report = apply_changes(overlay)
    assert not report
    assert not report.applied
    assert dump(world) == before


def test_removing_through_a_link_to_the_outside(world):
    overlay = overlay_of(world)
    overlay.removetree("/data")
    (world / "host" / "data").rename(world / "host" / "moved")
    (world / "host" / "data").symlink_to(world / "outside")
    before = dump(world)
    apply_changes(overlay)
    assert dump(world) == before


def test_file_replaced_by_a_link_to_the_outside(world):
    overlay = overlay_of(world)
    overlay.writetext("/file", "changed")
    overlay.remove("/data/file")
    for path in (world / "host" / "file", world / "host" / "data" / "file"):
        path.unlink()
        path.symlink_to(world / "outside" / "file")
    before = dump(world)
    report = apply_changes(overlay)
    assert {outcome.reason for outcome in report.refused} == {"it is a symbolic link"}
    assert not report.applied
    assert dump(world) == before


@pytest.mark.parametrize("target", ["../outside/nothing", "../outside/file", "file"])
def test_link_where_a_new_file_goes(world, target):
    """Dangling links too: opening one for writing would make the file it points to."""
    overlay = overlay_of(world)
    overlay.writetext("/new", "changed")
    (world / "host" / "new").symlink_to(target)
    before = dump(world)
    report = apply_changes(overlay)
    assert not report
    assert dump(world) == before


def test_link_inside_of_the_directory(world):
    """What the script writes to a link's file does not come in place of the link, nor through it."""
    (world / "host" / "link").symlink_to("file")
    (world / "host" / "folder").symlink_to("data")
    overlay = overlay_of(world)
    overlay.writetext("/link", "changed")
    overlay.writetext("/folder/file", "changed")
    before = dump(world)
    report = apply_changes(overlay)
    assert not report
    assert not report.applied
    assert dump(world) == before


def test_link_put_there_at_the_last_moment(world, monkeypatch):
    """Between the last look and the replacement: the link goes, what it points to stays."""
    overlay = overlay_of(world)
    overlay.writetext("/file", "changed")
    real = os.replace

    def race(source, target, **options):
        (world / "host" / "file").unlink()
        (world / "host" / "file").symlink_to(world / "outside" / "file")
        real(source, target, **options)

    monkeypatch.setattr(os, "replace", race)
    apply_changes(overlay)
    assert outside(world) == [("file", "secret")]


def test_directory_becomes_a_link_while_it_is_written_to(world, monkeypatch):
    """Everything is relative to directories that are open: no path is looked up twice."""
    overlay = overlay_of(world)
    overlay.writetext("/data/file", "changed")
    overlay.writetext("/data/new", "changed")
    real = os.fsync

    def race(descriptor):
        if not (world / "host" / "data").is_symlink():
            (world / "host" / "data").rename(world / "host" / "moved")
            (world / "host" / "data").symlink_to(world / "outside")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", race)
    apply_changes(overlay)
    assert outside(world) == [("file", "secret")]


def test_pipes_are_neither_waited_for_nor_replaced(world):
    overlay = overlay_of(world)
    overlay.writetext("/file", "changed")
    overlay.writetext("/new", "changed")
    (world / "host" / "file").unlink()
    os.mkfifo(world / "host" / "file")
    os.mkfifo(world / "host" / "new")
    report = apply_changes(overlay)
    assert len(report.refused) == 2
    assert stat.S_ISFIFO(os.stat(world / "host" / "file").st_mode)


def test_hostile_names_in_the_report(world):
    overlay = overlay_of(world)
    overlay.writetext("/\x1b[2J\nreplace safe\u202e", "x")
    report = apply_changes(overlay)
    assert report.text() == 'create "/\\033[2J\\012replace safe\\342\\200\\256"\n'
    changes = JournalFS(MemoryFS())
    changes.writetext("/\x1b[2J\n--- a", "x")
    assert "\x1b" not in changes.changes().report() + changes.changes().diff()
    assert len(changes.changes().report().splitlines()) == 1
