"""Changes in an overlay come to the host directory whole or not at all, and never over what somebody else did."""

from __future__ import annotations

import os
import signal
import stat

import pytest

from vlua.vfs import apply as module
from vlua.vfs.apply import ApplyInterrupted, apply_changes
from vlua.vfs.directory import HostDirectory
from vlua.vfs.journal import JournalFS
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import MemoryFS

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and links")


@pytest.fixture
def host(tmp_path):
    root = tmp_path / "host"
    (root / "data" / "deep").mkdir(parents=True)
    (root / "data" / "a").write_text("alpha")
    (root / "data" / "deep" / "b").write_text("beta")
    (root / "top").write_text("top")
    return root


@pytest.fixture
def overlay(host):
    return OverlayFS(HostDirectory(host), MemoryFS())


def dump(root):
    return {
        path.relative_to(root).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in sorted(root.rglob("*"))
    }


def shown(overlay):
    files = {path[1:]: overlay.readbytes(path) for path in overlay.walk.files("/")}
    return {**files, **{path[1:]: None for path in overlay.walk.dirs("/")}}


def actions(outcomes):
    return [(outcome.action, outcome.path) for outcome in outcomes]


def work(overlay):
    """Everything that can happen."""
    overlay.writetext("/top", "top, rewritten")
    overlay.appendtext("/data/a", " and more")
    overlay.makedirs("/new/dir")
    overlay.writetext("/new/dir/file", "new")
    overlay.makedir("/empty")
    overlay.remove("/data/deep/b")
    overlay.removedir("/data/deep")


def test_everything(host, overlay):
    work(overlay)
    wanted = shown(overlay)
    report = apply_changes(overlay)
    assert report
    assert dump(host) == wanted
    assert actions(report.applied) == [
        ("make directory", "/empty"),
        ("make directory", "/new"),
        ("make directory", "/new/dir"),
        ("replace", "/data/a"),
        ("create", "/new/dir/file"),
        ("replace", "/top"),
        ("remove", "/data/deep/b"),
        ("remove directory", "/data/deep"),
    ]
    assert "create /new/dir/file\n" in report.text()


def test_again(host, overlay):
    work(overlay)
    apply_changes(overlay)
    before = dump(host)
    report = apply_changes(overlay)
    assert report
    assert not report.applied
    assert dump(host) == before


def test_dry_run(host, overlay):
    work(overlay)
    overlay.remove("/data/a")
    overlay.makedir("/data/a")
    overlay.writetext("/data/a/x", "x")
    before = dump(host)
    planned = apply_changes(overlay, dry_run=True)
    assert dump(host) == before
    assert planned.dry_run
    report = apply_changes(overlay)
    assert (planned.applied, planned.refused, planned.failed) == (report.applied, report.refused, report.failed)
    assert planned.text().startswith("would ")


def test_nothing(host, overlay):
    overlay.readtext("/top")
    with overlay.openbin("/top", "r+") as file:
        file.write(b"top")
    before = os.stat(host / "top")
    report = apply_changes(overlay)
    assert report
    assert not report.applied
    assert os.stat(host / "top").st_ino == before.st_ino


@pytest.mark.parametrize(
    "deed",
    [
        lambda overlay: overlay.writetext("/top", "script"),
        lambda overlay: overlay.appendtext("/top", "script"),
        lambda overlay: (overlay.readtext("/top"), overlay.writetext("/top", "script")),
        lambda overlay: overlay.remove("/top"),
        lambda overlay: (overlay.remove("/top"), overlay.makedir("/top")),
        lambda overlay: overlay.move("/top", "/moved"),
        lambda overlay: overlay.move("/data/a", "/top", overwrite=True),
    ],
)
@pytest.mark.parametrize("journalled", [False, True])
def test_changed_on_the_host_meanwhile(host, overlay, deed, journalled):
    deed(JournalFS(overlay) if journalled else overlay)
    (host / "top").write_text("host")
    report = apply_changes(overlay)
    assert not report
    assert (host / "top").read_text() == "host"
    assert actions(report.refused)[0][1] == "/top"
    assert report.refused[0].reason == "it changed on the host"
    assert "refused to" in report.text()
    # nothing was lost of what was moved over it
    assert (host / "data" / "a").read_text() == "alpha"


@pytest.mark.parametrize("journalled", [False, True])
def test_changed_between_reading_and_writing(host, overlay, journalled):
    """What the journal reads for itself is not what the script read."""
    fs = JournalFS(overlay) if journalled else overlay
    text = fs.readtext("/top")
    (host / "top").write_text("edited")
    fs.writetext("/top", text.upper())
    report = apply_changes(overlay)
    assert actions(report.refused) == [("replace", "/top")]
    assert (host / "top").read_text() == "edited"


def test_touched_only(host, overlay):
    overlay.appendtext("/top", "!")
    os.utime(host / "top", (1, 1))
    assert apply_changes(overlay)
    assert (host / "top").read_text() == "top!"


def test_same_size_and_time(host, overlay):
    """The contents count where they are known."""
    overlay.appendtext("/top", "!")
    status = os.stat(host / "top")
    with open(host / "top", "r+") as file:
        file.write("TOP")
    os.utime(host / "top", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not apply_changes(overlay)
    assert (host / "top").read_text() == "TOP"


def test_made_on_the_host_meanwhile(host, overlay):
    overlay.writetext("/new", "script")
    overlay.makedir("/folder")
    overlay.makedir("/other")
    (host / "new").write_text("host")
    (host / "folder").write_text("file")
    (host / "other").mkdir()
    before = dump(host)
    report = apply_changes(overlay)
    assert set(actions(report.refused)) == {("replace", "/new"), ("remove", "/folder"), ("make directory", "/folder")}
    assert dump(host) == before


def test_removed_on_the_host_meanwhile(host, overlay):
    overlay.writetext("/top", "script")
    overlay.remove("/data/a")
    (host / "top").unlink()
    (host / "data" / "a").unlink()
    report = apply_changes(overlay)
    assert actions(report.refused) == [("create", "/top")]
    assert not (host / "top").exists()


def test_directory_gone_on_the_host(host, overlay):
    overlay.writetext("/data/new", "x")
    overlay.appendtext("/data/a", "x")
    (host / "data").rename(host / "elsewhere")
    report = apply_changes(overlay)
    assert actions(report.refused) == [("create", "/data/a")]
    assert dump(host / "data") == {"new": b"x"}


def test_removed_directory_got_something_new(host, overlay):
    overlay.removetree("/data")
    (host / "data" / "deep" / "mine").write_text("host")
    report = apply_changes(overlay)
    assert dump(host) == {"data": None, "data/deep": None, "data/deep/mine": b"host", "top": b"top"}
    assert ("remove", "/data/deep/mine") in actions(report.refused)
    assert ("remove directory", "/data") in actions(report.refused)


def test_kinds_change(host, overlay):
    overlay.removetree("/data")
    overlay.writetext("/data", "a file")
    overlay.remove("/top")
    overlay.makedir("/top")
    overlay.writetext("/top/x", "x")
    assert apply_changes(overlay)
    assert dump(host) == {"data": b"a file", "top": None, "top/x": b"x"}


def test_directory_made_anew(host, overlay):
    overlay.removetree("/data")
    overlay.makedir("/data")
    overlay.writetext("/data/other", "x")
    assert apply_changes(overlay)
    assert dump(host) == {"data": None, "data/other": b"x", "top": b"top"}


def test_directory_moved(host, overlay):
    overlay.movedir("/data", "/renamed", create=True)
    assert apply_changes(overlay)
    assert dump(host) == {
        "renamed": None,
        "renamed/a": b"alpha",
        "renamed/deep": None,
        "renamed/deep/b": b"beta",
        "top": b"top",
    }


def test_moved_file_is_not_lost_when_its_new_place_is_taken(host, overlay):
    overlay.move("/top", "/moved")
    overlay.appendtext("/moved", "!")
    (host / "moved").write_text("host")
    report = apply_changes(overlay)
    assert actions(report.refused) == [("replace", "/moved"), ("remove", "/top")]
    assert (host / "top").read_text() == "top"


@posix
def test_permissions(host, overlay):
    (host / "top").chmod(0o4751)
    (host / "data" / "a").chmod(0o700)
    overlay.writetext("/top", "script")
    overlay.move("/data/a", "/moved")
    overlay.writetext("/new", "x")
    umask = os.umask(0o027)
    try:
        assert apply_changes(overlay)
    finally:
        os.umask(umask)
    # set-user-ID is not kept: the contents are the script's
    modes = {name: stat.S_IMODE(os.stat(host / name).st_mode) for name in ("top", "moved", "new")}
    assert modes == {"top": 0o751, "moved": 0o700, "new": 0o640}


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_directory(host, overlay):
    work(overlay)
    (host / "data").chmod(0o555)
    try:
        report = apply_changes(overlay)
    finally:
        (host / "data").chmod(0o755)
    assert actions(report.failed) == [("replace", "/data/a")]
    assert report.failed[0].reason == "permission denied"
    assert (host / "data" / "a").read_text() == "alpha"
    assert (host / "top").read_text() == "top, rewritten"


def test_host_says_no(host, overlay, monkeypatch):
    """As a read-only directory does, for those who test as root."""
    real = os.open

    def refuse(path, flags, *arguments, **options):
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *arguments, **options)

    overlay.writetext("/top", "script")
    overlay.remove("/data/a")
    monkeypatch.setattr(os, "open", refuse)
    report = apply_changes(overlay)
    assert [str(outcome) for outcome in report.failed] == ["replace /top: permission denied"]
    assert [str(outcome) for outcome in report.refused] == [
        "remove /data/a: it may have been moved to what could not be written"
    ]
    assert report.text().startswith("refused to")
    assert (host / "top").read_text() == "top"


def test_without_links_and_descriptors(host, overlay, monkeypatch):
    def no_link(*_, **__):
        raise PermissionError(1, "no links here")

    work(overlay)
    monkeypatch.setattr(os, "link", no_link)
    monkeypatch.setattr(module, "BY_DESCRIPTOR", False)
    wanted = shown(overlay)
    assert apply_changes(overlay)
    assert dump(host) == wanted


def test_large_file(host, overlay):
    contents = bytes(range(256)) * 5000
    overlay.writebytes("/large", contents)
    assert apply_changes(overlay)
    assert (host / "large").read_bytes() == contents


def test_name_that_no_host_has(host, overlay):
    name = "/" + "n" * 300
    overlay.upper.writetext(name, "x")  # the overlay itself would refuse it
    report = apply_changes(overlay)
    assert report.text() == f"could not create {name}: file name too long\n"


def test_not_a_host_directory():
    with pytest.raises(ValueError, match="directory of the host"):
        apply_changes(OverlayFS(MemoryFS(), MemoryFS()))


STEPS = ["open", "link", "replace", "unlink", "mkdir", "rmdir", "fsync", "chmod", "lstat"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", STEPS)
def test_interrupted_at_every_step(host, overlay, monkeypatch, name, after):
    """KeyboardInterrupt just before and just after each call that does something, however it came through."""
    work(overlay)
    before, wanted = dump(host), shown(overlay)
    real = getattr(os, name)
    done = False
    limit = 0
    while not done:
        limit += 1
        calls = 0

        def interrupt(*arguments, limit=limit, **options):
            nonlocal calls
            calls += 1
            if calls != limit:
                return real(*arguments, **options)
            if after:
                result = real(*arguments, **options)
                if name == "open":
                    os.close(result)
            raise KeyboardInterrupt

        monkeypatch.setattr(os, name, interrupt)
        try:
            report = apply_changes(overlay)
            done = calls < limit
        except ApplyInterrupted as interruption:
            report = interruption.report
            assert report.interrupted
            assert not report
            assert "interrupted" in report.text()
        finally:
            monkeypatch.setattr(os, name, real)
        now = dump(host)
        for path in {*before, *wanted, *now}:
            assert now.get(path, 0) in (before.get(path, 0), wanted.get(path, 0)), (limit, path)
        for outcome in report.applied:
            path = outcome.path[1:]
            assert now.get(path, 0) == wanted.get(path, 0)
        assert limit < 500
    # what was interrupted can be finished
    assert apply_changes(overlay)
    assert dump(host) == wanted


@posix
def test_signal_waits_for_the_file(host, overlay, monkeypatch):
    work(overlay)
    real = os.fsync

    def press(descriptor):
        os.kill(os.getpid(), signal.SIGINT)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", press)
    with pytest.raises(ApplyInterrupted) as caught:
        apply_changes(overlay)
    assert actions(caught.value.report.applied)[-1] == ("replace", "/data/a")
    assert (host / "data" / "a").read_text() == "alpha and more"
    assert (host / "top").read_text() == "top"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
