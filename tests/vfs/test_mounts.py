"""Filesystems in one tree: which of them has a path, what shows of them, and moves from one to another."""

from __future__ import annotations

import pytest

from vlua.vfs.layer import LayerFS
from vlua.vfs.mounts import MountTable
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import MemoryFS, errors
from vlua.vfs.read_only import ReadOnlyFS


def memory(**files):
    made = MemoryFS()
    for name, contents in files.items():
        made.writetext(name, contents)
    return made


@pytest.fixture
def table():
    table = MountTable(memory(top="top"))
    table.mount("/mnt/one", memory(a="a of one"))
    table.mount("/mnt/one/inner", memory(a="a of inner"))
    table.mount("/data", memory(b="b"))
    return table


def tree(fs):
    return {path: fs.readtext(path) for path in fs.walk.files()}


def test_the_innermost_filesystem_has_a_path(table):
    assert tree(table) == {
        "/top": "top",
        "/mnt/one/a": "a of one",
        "/mnt/one/inner/a": "a of inner",
        "/data/b": "b",
    }
    assert sorted(table.listdir("/")) == ["data", "mnt", "top"]
    assert table.listdir("mnt") == ["one"]
    assert sorted(table.listdir("mnt/one")) == ["a", "inner"]
    assert table.getinfo("mnt/one/inner").name == "inner"
    assert table.getinfo("mnt", ["details"]).is_dir
    assert table.getinfo("mnt").name == "mnt"
    assert [info.name for info in table.scandir("mnt/one", namespaces=["details"]) if info.is_dir] == ["inner"]
    assert not table.exists("mnt/two")
    assert not table.exists("data/c")


def test_mounting_changes_nothing_below():
    root = MemoryFS()
    table = MountTable(ReadOnlyFS(root))
    table.mount("/a/b/c", MemoryFS())
    assert root.listdir("/") == []
    table.writetext("a/b/c/file", "x")
    with pytest.raises(errors.ResourceReadOnly):
        table.writetext("a/b/file", "x")
    with pytest.raises(errors.ResourceReadOnly):
        table.makedir("a/new")
    assert root.listdir("/") == []


def test_directories_on_the_way_are_made_when_needed(table):
    assert not table.default_fs.exists("mnt")
    table.writetext("mnt/file", "x")
    table.makedir("mnt/folder")
    assert sorted(table.listdir("mnt")) == ["file", "folder", "one"]
    assert sorted(table.default_fs.listdir("mnt")) == ["file", "folder"]


def test_a_mount_hides_what_was_there():
    root = memory()
    root.makedir("dir").writetext("hidden", "x")
    root.writetext("file", "x")
    table = MountTable(root)
    table.mount("dir", memory(shown="y"))
    table.mount("file", memory(inside="z"))
    assert tree(table) == {"/dir/shown": "y", "/file/inside": "z"}
    table.mount("dir", memory(later="w"))
    assert table.listdir("dir") == ["later"]
    assert tree(root) == {"/dir/hidden": "x", "/file": "x"}


def test_a_mount_at_the_root():
    table = MountTable(memory(old="x"))
    table.mount("/data", memory(b="b"))
    table.mount("/", memory(new="y"))
    assert tree(table) == {"/new": "y", "/data/b": "b"}


@pytest.mark.parametrize("order", [("/a", "/a/b"), ("/a/b", "/a")])
def test_the_order_of_mounts_does_not_matter(order):
    table = MountTable(MemoryFS())
    for path in order:
        table.mount(path, memory(**{path.replace("/", "_"): "x"}))
    assert tree(table) == {"/a/_a": "x", "/a/b/_a_b": "x"}


def test_mounts_that_cannot_be(table):
    for path in ("top/inner", "mnt/one/a/deep"):
        with pytest.raises(ValueError, match="is a file"):
            table.mount(path, MemoryFS())
    with pytest.raises(TypeError):
        table.mount("/url", "mem://")
    with pytest.raises(ValueError):
        table.mount("/itself", table)
    with pytest.raises(errors.IllegalBackReference):
        table.mount("/../up", MemoryFS())


@pytest.mark.parametrize("path", ["/data", "/mnt/one", "/mnt/one/inner", "/mnt"])
def test_mount_points_stay(table, path):
    before = tree(table)
    for change in (
        lambda: table.removedir(path),
        lambda: table.removetree(path),
        lambda: table.movedir(path, "/elsewhere", create=True),
    ):
        with pytest.raises(errors.ResourceLocked) as caught:
            change()
        assert caught.value.exc.errno == 16
    for change in (
        lambda: table.remove(path),
        lambda: table.openbin(path, "w"),
        lambda: table.openbin(path),
        lambda: table.move("top", path, overwrite=True),
        lambda: table.move(path, "elsewhere"),
    ):
        with pytest.raises(errors.FileExpected):
            change()
    with pytest.raises(errors.DirectoryExists):
        table.makedir(path)
    assert table.makedir(path, recreate=True).listdir("/") == table.listdir(path)
    assert tree(table) == before


def test_an_empty_mount_point_stays():
    table = MountTable(MemoryFS())
    table.mount("/empty", MemoryFS())
    with pytest.raises(errors.ResourceLocked):
        table.removedir("empty")
    with pytest.raises(errors.RemoveRootError):
        table.removedir("/")
    assert table.is_mount_point("empty/")
    assert table.is_mount_point("/")
    assert not table.is_mount_point("other")


def test_emptying_the_whole_tree(table):
    table.writetext("mnt/file", "x")
    table.makedirs("data/deep/er")
    table.removetree("/")
    assert tree(table) == {}
    assert sorted(table.walk.dirs()) == ["/data", "/mnt", "/mnt/one", "/mnt/one/inner"]


def test_moves_inside_one_filesystem_stay_inside(table):
    with table.openbin("data/b") as reader:
        table.move("data/b", "data/c")
        table.appendtext("data/c", "more")
        assert reader.read() == b"bmore"


def test_moves_from_one_filesystem_to_another(table):
    table.setinfo("data/b", {"details": {"modified": 5.0}})
    table.move("data/b", "mnt/one/b")
    assert not table.exists("data/b")
    assert table.readtext("mnt/one/b") == "b"
    assert table.getinfo("mnt/one/b", ["details"]).get("details", "modified") == 5.0
    with pytest.raises(errors.DestinationExists):
        table.move("top", "mnt/one/b")
    table.move("top", "mnt/one/b", overwrite=True)
    assert table.readtext("mnt/one/b") == "top"
    table.copy("mnt/one/b", "data/copied")
    table.move("mnt/one/b", "mnt/b")
    assert tree(table) == {
        "/data/copied": "top",
        "/mnt/b": "top",
        "/mnt/one/a": "a of one",
        "/mnt/one/inner/a": "a of inner",
    }
    with pytest.raises(errors.ResourceNotFound):
        table.move("mnt/b", "data/none/b")


def test_directories_move_from_one_filesystem_to_another(table):
    table.makedirs("data/deep/empty")
    table.writetext("data/deep/file", "x")
    table.movedir("data/deep", "mnt/one/deep", create=True)
    assert not table.exists("data/deep")
    assert table.isdir("mnt/one/deep/empty")
    assert table.readtext("mnt/one/deep/file") == "x"
    with pytest.raises(errors.ResourceNotFound):
        table.movedir("mnt/one/deep", "data/none/deep", create=True)
    table.movedir("mnt/one/deep", "mnt/deep", create=True)
    assert table.readtext("mnt/deep/file") == "x"


def test_moving_into_a_mount_point_leaves_what_is_there(table):
    table.makedir("folder").writetext("file", "x")
    table.movedir("folder", "data")
    assert sorted(table.listdir("data")) == ["b", "file"]
    assert not table.exists("folder")


def test_onto_and_into_itself(table):
    for path in ("top", "data/b"):
        table.move(path, f"./{path}", overwrite=True)
        table.copy(path, f"./{path}", overwrite=True)
    table.makedir("data/deep")
    table.movedir("data/deep", "data/deep")
    with pytest.raises(errors.FSError):
        table.movedir("data/deep", "data/deep/er", create=True)
    assert table.readtext("top") == "top"
    assert table.readtext("data/b") == "b"
    assert table.isdir("data/deep")


def test_nothing_is_moved_out_of_what_can_only_be_read():
    table = MountTable(MemoryFS())
    table.mount("/ro", ReadOnlyFS(memory(file="x")))
    for change in (
        lambda: table.move("ro/file", "file"),
        lambda: table.movedir("ro", "moved", create=True),
        lambda: table.writetext("ro/file", "y"),
        lambda: table.makedir("ro/new"),
    ):
        with pytest.raises((errors.ResourceReadOnly, errors.ResourceLocked)):
            change()
    assert tree(table) == {"/ro/file": "x"}
    table.copy("ro/file", "file")
    assert table.readtext("file") == "x"


class Failing(LayerFS):
    """Takes files no larger than a few bytes."""

    def openbin(self, path, mode="r", buffering=-1, **options):
        file = super().openbin(path, mode, 0, **options)
        if "w" not in mode:
            return file
        write = file.write

        def limited(data):
            write(data[:3])
            raise errors.InsufficientStorage(path)

        file.write = limited
        return file


def test_a_move_that_fails_half_way_loses_neither():
    target = memory(old="old")
    table = MountTable(memory(long="0123456789"))
    table.mount("/full", Failing(target))
    for change in (
        lambda: table.move("long", "full/old", overwrite=True),
        lambda: table.move("long", "full/new"),
        lambda: table.copy("long", "full/old", overwrite=True),
    ):
        with pytest.raises(errors.InsufficientStorage):
            change()
        assert tree(table) == {"/long": "0123456789", "/full/old": "old"}


def test_errors_tell_the_path_that_was_given(table):
    for deed in (
        lambda: table.openbin("mnt/one/none"),
        lambda: table.getinfo("mnt/one/none"),
        lambda: table.remove("mnt/one/none"),
        lambda: table.listdir("mnt/one/none"),
        lambda: table.setinfo("mnt/one/none", {}),
    ):
        with pytest.raises(errors.ResourceNotFound, match="'mnt/one/none'"):
            deed()


def test_what_the_table_says_of_itself(table):
    assert table.getmeta()["read_only"] is False
    assert MountTable(ReadOnlyFS(MemoryFS())).getmeta()["read_only"] is True
    assert table.filesystem_at("mnt/one/inner/deep/er")[1] == "/deep/er"
    assert [path for path, _ in table.mounts] == ["/mnt/one/inner", "/mnt/one", "/data"]


def test_closing_closes_all():
    filesystems = [MemoryFS() for _ in range(4)]
    table = MountTable(filesystems[0])
    table.mount("a", filesystems[1])
    table.mount("a", filesystems[2])
    table.mount("a/b", OverlayFS(filesystems[3]))
    table.close()
    assert all(fs.isclosed() for fs in filesystems)
    with pytest.raises(errors.FilesystemClosed):
        table.listdir("/")
