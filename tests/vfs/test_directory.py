"""A host directory can be read; what leads out of it does not exist; nothing in it can be changed."""

from __future__ import annotations

import os

import pytest

from vlua.vfs.directory import HostDirectory
from vlua.vfs.pyfilesystem import errors


@pytest.fixture
def host(tmp_path):
    inside = tmp_path / "inside"
    (inside / "sub").mkdir(parents=True)
    (inside / "sub" / "file").write_text("contents")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "inside-too").mkdir()
    (tmp_path / "inside-too" / "file").write_text("secret")
    return inside


def test_reading(host):
    directory = HostDirectory(host)
    assert directory.listdir("/") == ["sub"]
    assert directory.readtext("sub/file") == "contents"
    assert directory.getinfo("sub/file", ["details"]).size == 8
    assert directory.isdir("sub")
    assert list(directory.walk.files()) == ["/sub/file"]


@pytest.mark.parametrize("target", ["../secret", "{root}/secret", "..", "../inside-too/file", "/etc/passwd", "loop"])
def test_links_that_leave_do_not_exist(host, target):
    os.symlink(target.format(root=host.parent), host / "loop")
    directory = HostDirectory(host)
    assert not directory.exists("loop")
    assert directory.listdir("/") == ["sub"]
    with pytest.raises(errors.FSError):
        directory.openbin("loop")
    with pytest.raises(errors.FSError):
        directory.openbin("loop/file")


def test_links_that_stay_are_followed(host):
    os.symlink("sub/file", host / "link")
    os.symlink(host / "sub", host / "absolute")
    directory = HostDirectory(host)
    assert directory.readtext("link") == "contents"
    assert directory.readtext("absolute/file") == "contents"
    assert sorted(directory.listdir("/")) == ["absolute", "link", "sub"]


@pytest.mark.parametrize("path", ["../secret", "sub/../../secret", "/../secret", "../inside-too/file"])
def test_back_references_stay_inside(host, path):
    with pytest.raises((errors.FSError, errors.IllegalBackReference)):
        HostDirectory(host).readtext(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(host):
    os.mkfifo(host / "pipe")
    with pytest.raises(errors.PermissionDenied):
        HostDirectory(host).openbin("pipe")


def test_nothing_can_be_changed(host):
    directory = HostDirectory(host)
    for change in (
        lambda: directory.openbin("new", "w"),
        lambda: directory.openbin("sub/file", "a"),
        lambda: directory.openbin("sub/file", "r+"),
        lambda: directory.remove("sub/file"),
        lambda: directory.removedir("sub"),
        lambda: directory.makedir("new"),
        lambda: directory.setinfo("sub/file", {"details": {"modified": 0}}),
        lambda: directory.move("sub/file", "moved"),
        lambda: directory.removetree("/"),
    ):
        with pytest.raises(errors.ResourceReadOnly):
            change()
    assert (host / "sub" / "file").read_text() == "contents"
    assert os.listdir(host) == ["sub"]


def test_a_file_is_no_directory(host):
    with pytest.raises(NotADirectoryError):
        HostDirectory(host / "sub" / "file")


# Links inside


def test_links_in_a_circle_do_not_exist(host):
    """A walk over the tree ends, also for links to the directories they are reached through."""
    (host / "other").mkdir()
    os.symlink(".", host / "self")
    os.symlink("..", host / "sub" / "up")
    os.symlink("../other", host / "sub" / "there")
    os.symlink("../sub", host / "other" / "back")
    directory = HostDirectory(host)
    assert sorted(directory.walk.files()) == ["/other/back/file", "/sub/file"]
    assert sorted(directory.listdir("/")) == ["other", "sub"]
    assert not directory.exists("sub/up/sub")
    assert not directory.exists("sub/there/back")
    with pytest.raises(errors.ResourceNotFound):
        directory.readtext("self/sub/file")


# Writing


@pytest.fixture
def writable(host):
    return HostDirectory(host, writable=True)


LEAVING = ["../secret", "{root}/secret", "../inside-too/file", "../missing", "{root}/missing"]


@pytest.mark.parametrize("target", LEAVING)
def test_nothing_is_written_through_a_link_that_leaves(host, writable, target):
    os.symlink(target.format(root=host.parent), host / "out")
    outside = {path: path.read_text() for path in host.parent.rglob("*") if path.is_file() and not path.is_symlink()}
    for mode in ("w", "a", "r+", "w+", "x"):
        with pytest.raises(errors.FSError):
            writable.openbin("out", mode)
    for change in (
        lambda: writable.remove("out"),
        lambda: writable.removedir("out"),
        lambda: writable.removetree("out"),
        lambda: writable.makedir("out"),
        lambda: writable.setinfo("out", {"details": {"modified": 1}, "access": {"permissions": []}}),
        lambda: writable.move("out", "moved"),
        lambda: writable.movedir("out", "moved", create=True),
        lambda: writable.move("sub/file", "out"),
        lambda: writable.move("sub/file", "out", overwrite=True),
        lambda: writable.movedir("sub", "out", create=True),
        lambda: writable.copy("sub/file", "out", overwrite=True),
        lambda: writable.copy("out", "copied"),
    ):
        with pytest.raises(errors.FSError):
            change()
    assert os.path.islink(host / "out")
    assert sorted(os.listdir(host)) == ["out", "sub"]
    now = {path: path.read_text() for path in host.parent.rglob("*") if path.is_file() and not path.is_symlink()}
    assert now == outside
    assert not (host.parent / "missing").exists()


@pytest.mark.parametrize("target", ["..", "{root}/inside-too", "/"])
def test_nothing_is_written_below_a_link_that_leaves(host, writable, target):
    os.symlink(target.format(root=host.parent), host / "out")
    before = sorted(os.listdir(host.parent)), sorted(os.listdir(host.parent / "inside-too"))
    for change in (
        lambda: writable.writetext("out/new", "x"),
        lambda: writable.writetext("out/file", "x"),
        lambda: writable.makedir("out/new"),
        lambda: writable.makedirs("out/new/deep"),
        lambda: writable.remove("out/file"),
        lambda: writable.removetree("out/inside-too"),
        lambda: writable.move("sub/file", "out/new"),
        lambda: writable.movedir("sub", "out/new", create=True),
        lambda: writable.touch("out/file"),
    ):
        with pytest.raises(errors.FSError):
            change()
    assert (sorted(os.listdir(host.parent)), sorted(os.listdir(host.parent / "inside-too"))) == before
    assert (host.parent / "inside-too" / "file").read_text() == "secret"


@pytest.mark.parametrize("path", ["../new", "sub/../../new", "/../new"])
def test_nothing_is_written_above(host, writable, path):
    for change in (
        lambda: writable.writetext(path, "x"),
        lambda: writable.makedir(path),
        lambda: writable.move("sub/file", path),
        lambda: writable.removetree(path),
    ):
        with pytest.raises((errors.FSError, errors.IllegalBackReference)):
            change()
    assert not (host.parent / "new").exists()


def test_removing_a_tree_removes_links_and_not_what_they_lead_to(host, writable):
    os.symlink("../..", host / "sub" / "up")
    os.symlink("../../inside-too", host / "sub" / "beside")
    (host / "kept").mkdir()
    (host / "kept" / "file").write_text("kept")
    os.symlink("../kept", host / "sub" / "within")
    writable.removetree("sub")
    assert os.listdir(host) == ["kept"]
    assert (host / "kept" / "file").read_text() == "kept"
    assert (host.parent / "inside-too" / "file").read_text() == "secret"
    os.symlink("kept", host / "link")
    writable.removetree("link")
    assert os.listdir(host) == ["kept"]
    assert os.listdir(host / "kept") == ["file"]


def test_links_inside_are_written_through(host, writable):
    os.symlink("sub/file", host / "link")
    os.symlink("sub", host / "folder")
    writable.writetext("link", "new")
    assert (host / "sub" / "file").read_text() == "new"
    writable.writetext("folder/more", "more")
    assert (host / "sub" / "more").read_text() == "more"
    writable.remove("link")
    assert (host / "sub" / "file").exists()
    assert not os.path.lexists(host / "link")
    writable.copy("sub/file", "folder/file", overwrite=True)
    assert (host / "sub" / "file").read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("mode", ["r", "r+", "w", "a", "w+"])
def test_pipes_are_no_files(host, writable, mode):
    os.mkfifo(host / "pipe")
    with pytest.raises(errors.PermissionDenied):
        writable.openbin("pipe", mode)


def test_a_link_put_in_place_of_a_directory_is_not_followed(host, writable, monkeypatch):
    """Between the check and the deed the directory becomes a link that leads out."""
    locate = HostDirectory._locate

    def racing(self, path):
        real = locate(self, path)
        if path.strip("/").startswith("sub") and not (host / "sub").is_symlink():
            os.rename(host / "sub", host / "gone")
            os.symlink(host.parent / "inside-too", host / "sub")
        return real

    for deed in (
        lambda: writable.readtext("sub/file"),
        lambda: writable.openbin("sub/file", "w"),
        lambda: writable.openbin("sub/file", "a"),
        lambda: writable.setinfo("sub/file", {"access": {"permissions": []}}),
        lambda: writable.listdir("sub"),
        lambda: writable.getinfo("sub/file", ["details"]),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(HostDirectory, "_locate", racing)
            with pytest.raises(errors.FSError):
                deed()
        assert (host.parent / "inside-too" / "file").read_text() == "secret"
        os.unlink(host / "sub")
        os.rename(host / "gone", host / "sub")


def test_permissions(host, writable):
    writable.setinfo("sub/file", {"access": {"permissions": ["u_r", "u_w", "setuid", "o_x"]}})
    assert os.stat(host / "sub" / "file").st_mode & 0o7777 == 0o601
    assert writable.getinfo("sub/file", ["access"]).permissions.mode == 0o601


def test_times(host, writable):
    writable.setinfo("sub/file", {"details": {"modified": 1e9}})
    assert os.stat(host / "sub" / "file").st_mtime == 1e9
    assert HostDirectory(host).getinfo("sub/file", ["details"]).get("details", "modified") == 1e9
    writable.move("sub/file", "moved")
    assert os.stat(host / "moved").st_mtime == 1e9


def test_moves_onto_itself(host, writable):
    os.symlink("sub", host / "link")
    for path in ("sub/file", "./sub/file"):
        writable.move("sub/file", path, overwrite=True)
        writable.copy("sub/file", path, overwrite=True)
    writable.movedir("sub", "sub", create=True)
    writable.movedir("sub", "link")
    for path in ("sub/new", "link/new"):
        with pytest.raises(errors.FSError):
            writable.movedir("sub", path, create=True)
    assert (host / "sub" / "file").read_text() == "contents"


def test_moves_do_not_replace_unasked(host, writable):
    (host / "other").write_text("other")
    with pytest.raises(errors.DestinationExists):
        writable.move("sub/file", "other")
    with pytest.raises(errors.FileExpected):
        writable.move("other", "sub", overwrite=True)
    with pytest.raises(errors.FileExpected):
        writable.move("sub", "other", overwrite=True)
    writable.move("sub/file", "other", overwrite=True)
    assert (host / "other").read_text() == "contents"


@pytest.mark.parametrize("name", ["\ud800", "a\udfffb"])
def test_names_that_no_host_file_can_have(writable, name):
    with pytest.raises(errors.InvalidCharsInPath):
        writable.writetext(name, "x")
    with pytest.raises(errors.InvalidCharsInPath):
        writable.makedir(name)


def test_names_that_are_too_long(writable):
    for deed in (lambda: writable.touch("x" * 300), lambda: writable.makedir("x" * 300)):
        with pytest.raises(errors.FSError) as caught:
            deed()
        assert caught.value.exc.errno == 36


def test_it_cannot_be_unwrapped(host):
    """`fs.move` would rename below a directory that can only be read, if it knew the path on the host."""
    from fs.move import move_file
    from fs.osfs import OSFS

    directory = HostDirectory(host)
    assert not directory.hassyspath("sub/file")
    with pytest.raises(errors.FSError):
        move_file(directory, "sub/file", OSFS(str(host.parent)), "stolen")
    assert (host / "sub" / "file").read_text() == "contents"


# Fingerprints


def test_what_was_read_is_remembered(host):
    directory = HostDirectory(host)
    assert directory.seen("sub/file") is None
    directory.listdir("sub")
    assert directory.seen("sub/file") is None
    directory.readtext("sub/file")
    status = os.stat(host / "sub" / "file")
    seen = directory.seen("/sub/./file")
    assert (seen.size, seen.mtime_ns, seen.inode) == (8, status.st_mtime_ns, status.st_ino)
    assert seen.sha256 is None
    (host / "sub" / "file").write_text("changed later")
    assert directory.seen("sub/file") == seen
    directory.note("sub/file")
    assert directory.seen("sub/file") == seen
    directory.readtext("sub/file")
    assert directory.seen("sub/file").size == 13


def test_what_an_overlay_copies_replaces_and_removes_is_remembered(host):
    import hashlib

    from vlua.vfs.overlay import OverlayFS

    for name in ("replaced", "removed", "moved", "untouched"):
        (host / name).write_text(name)
    (host / "tree").mkdir()
    (host / "tree" / "leaf").write_text("leaf")
    directory = HostDirectory(host)
    overlay = OverlayFS(directory)
    overlay.appendtext("sub/file", "more")
    overlay.writetext("replaced", "new")
    overlay.remove("removed")
    overlay.move("moved", "elsewhere")
    overlay.removetree("tree")
    assert directory.seen("sub/file").sha256 == hashlib.sha256(b"contents").hexdigest()
    assert directory.seen("moved").sha256 == hashlib.sha256(b"moved").hexdigest()
    assert directory.seen("replaced").size == 8
    assert directory.seen("removed").size == 7
    assert directory.seen("tree/leaf").size == 4
    assert directory.seen("untouched") is None
    assert directory.seen("elsewhere") is None
