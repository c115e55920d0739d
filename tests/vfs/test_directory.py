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
