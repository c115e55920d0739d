"""The overlay passes PyFilesystem2's own conformance suite, and never touches what lies below."""

from __future__ import annotations

import tempfile
import unittest

import pytest

from vlua.vfs.directory import HostDirectory
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import MemoryFS, errors, read_only

test = pytest.importorskip("fs.test")


class TestOverEmpty(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return OverlayFS(read_only(MemoryFS()), MemoryFS())


class TestOverDirectory(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        return OverlayFS(HostDirectory(self.folder.name), MemoryFS())


@pytest.fixture
def lower():
    lower = MemoryFS()
    lower.makedirs("data/deep")
    lower.writetext("data/a.txt", "alpha")
    lower.writetext("data/deep/b.txt", "beta")
    lower.writetext("top", "top")
    return lower


@pytest.fixture
def overlay(lower):
    return OverlayFS(read_only(lower), MemoryFS())


def tree(fs):
    return {path: fs.readtext(path) for path in fs.walk.files()}


def test_reads_come_from_below(overlay, lower):
    assert tree(overlay) == tree(lower)
    assert sorted(overlay.listdir("/")) == ["data", "top"]


@pytest.mark.parametrize(
    ("mode", "result"), [("a", "alphaX"), ("r+", "Xlpha"), ("w", "X"), ("w+", "X"), ("a+", "alphaX")]
)
def test_writes_stay_above(overlay, lower, mode, result):
    before = tree(lower)
    with overlay.openbin("data/a.txt", mode + "b") as file:
        file.write(b"X")
    assert overlay.readtext("data/a.txt") == result
    assert tree(lower) == before
    assert list(overlay.upper.walk.files()) == ["/data/a.txt"]


def test_what_is_removed_stays_removed(overlay, lower):
    overlay.remove("top")
    assert not overlay.exists("top")
    assert overlay.listdir("/") == ["data"]
    with pytest.raises(errors.ResourceNotFound):
        overlay.openbin("top", "rb")
    overlay.writetext("top", "new")
    assert overlay.readtext("top") == "new"
    overlay.remove("top")
    assert not overlay.exists("top")
    assert lower.readtext("top") == "top"


def test_a_directory_made_again_is_empty(overlay, lower):
    overlay.remove("data/deep/b.txt")
    overlay.removedir("data/deep")
    overlay.makedir("data/deep")
    assert overlay.listdir("data/deep") == []
    overlay.writetext("data/deep/c", "c")
    assert overlay.listdir("data/deep") == ["c"]
    assert lower.listdir("data/deep") == ["b.txt"]


def test_a_file_in_place_of_a_directory(overlay):
    overlay.removetree("data")
    overlay.writetext("data", "file")
    assert overlay.readtext("data") == "file"
    assert not overlay.exists("data/a.txt")
    assert sorted(overlay.listdir("/")) == ["data", "top"]


def test_moves(overlay, lower):
    before = tree(lower)
    overlay.move("data/a.txt", "data/deep/z")
    overlay.move("data/deep/z", "data/deep/z", overwrite=True)
    assert tree(overlay) == {"/data/deep/z": "alpha", "/data/deep/b.txt": "beta", "/top": "top"}
    overlay.move("top", "data/deep/b.txt", overwrite=True)
    assert tree(overlay) == {"/data/deep/z": "alpha", "/data/deep/b.txt": "top"}
    overlay.movedir("data", "moved", create=True)
    assert tree(overlay) == {"/moved/deep/z": "alpha", "/moved/deep/b.txt": "top"}
    assert tree(lower) == before


def test_a_full_directory_is_not_removed(overlay):
    with pytest.raises(errors.DirectoryNotEmpty):
        overlay.removedir("data")
