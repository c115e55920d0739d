"""An overlay looks like what lies below, never touches it, and loses nothing when a copy fails."""

from __future__ import annotations

import threading

import pytest

from vlua.vfs.directory import HostDirectory
from vlua.vfs.layer import LayerFile, LayerFS
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import MemoryFS, Mode, Permissions, errors
from vlua.vfs.read_only import ReadOnlyFS


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
    return OverlayFS(ReadOnlyFS(lower), MemoryFS())


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


# What shows of a directory that was removed


def test_a_directory_in_place_of_a_file(overlay, lower):
    overlay.remove("top")
    overlay.makedir("top")
    assert overlay.isdir("top")
    assert overlay.listdir("top") == []
    overlay.writetext("top/inner", "x")
    overlay.removetree("top")
    assert not overlay.exists("top")
    assert lower.readtext("top") == "top"


def test_a_file_of_upper_hides_a_directory_of_lower(lower):
    upper = MemoryFS()
    upper.writetext("data", "a file")
    overlay = OverlayFS(ReadOnlyFS(lower), upper)
    assert overlay.isfile("data")
    assert not overlay.exists("data/a.txt")
    with pytest.raises(errors.ResourceNotFound):
        overlay.openbin("data/a.txt")
    overlay.remove("data")
    assert overlay.listdir("/") == ["top"]


def test_what_those_who_apply_changes_ask_for(overlay):
    assert (overlay.changed_paths(), overlay.removed_paths(), overlay.opaque_paths()) == ([], [], [])
    overlay.writetext("data/a.txt", "changed")
    overlay.remove("top")
    overlay.removetree("data/deep")
    assert overlay.changed_paths() == ["/data/a.txt"]
    assert overlay.removed_paths() == ["/data/deep", "/top"]
    assert overlay.opaque_paths() == []
    overlay.makedirs("data/deep/new")
    overlay.writetext("top", "again")
    assert overlay.changed_paths() == ["/data/a.txt", "/top"]
    assert overlay.removed_paths() == []
    assert overlay.opaque_paths() == ["/data/deep"]
    assert overlay.added_directories() == ["/data/deep", "/data/deep/new"]
    overlay.removetree("data")
    assert overlay.changed_paths() == ["/top"]
    assert overlay.removed_paths() == ["/data"]


# Opened again


def change(overlay):
    overlay.remove("top")
    overlay.removetree("data/deep")
    overlay.makedir("data/deep")
    overlay.writetext("data/deep/c", "c")
    overlay.move("data/a.txt", "data/line\nend \udc80")


def test_a_persistent_overlay_can_be_opened_again(lower, tmp_path):
    upper = HostDirectory(tmp_path, writable=True)
    first = OverlayFS(ReadOnlyFS(lower), upper, persistent=True)
    change(first)
    shown = tree(first)
    again = OverlayFS(ReadOnlyFS(lower), HostDirectory(tmp_path, writable=True))
    assert tree(again) == shown == {"/data/deep/c": "c", "/data/line\nend \udc80": "alpha"}
    assert again.removed_paths() == first.removed_paths() == ["/data/a.txt", "/top"]
    assert again.opaque_paths() == ["/data/deep"]
    again.remove("data/deep/c")
    assert tree(OverlayFS(ReadOnlyFS(lower), HostDirectory(tmp_path, writable=True))) == tree(again)


def test_without_a_record_upper_holds_nothing_else(lower):
    upper = MemoryFS()
    change(OverlayFS(ReadOnlyFS(lower), upper))
    assert sorted(upper.walk.files()) == ["/data/deep/c", "/data/line\nend \udc80"]


@pytest.mark.parametrize("rest", [b'"/data/a.t', b"nonsense", b"\xff\xfe", b'["/data"]', b'"data"'])
def test_a_record_cut_off_in_the_middle(lower, rest):
    upper = MemoryFS()
    OverlayFS(ReadOnlyFS(lower), upper, persistent=True).remove("top")
    upper.appendbytes(".vlua-overlay/removed", rest)
    again = OverlayFS(ReadOnlyFS(lower), upper)
    assert tree(again) == {"/data/a.txt": "alpha", "/data/deep/b.txt": "beta"}
    again.remove("data/a.txt")
    assert tree(OverlayFS(ReadOnlyFS(lower), upper)) == {"/data/deep/b.txt": "beta"}


@pytest.mark.parametrize("persistent", [False, True])
def test_the_reserved_name_is_out_of_reach(lower, persistent):
    lower.writetext(".vlua-overlay", "below")
    overlay = OverlayFS(ReadOnlyFS(lower), MemoryFS(), persistent=persistent)
    overlay.remove("top")
    overlay.writetext("other", "x")
    assert sorted(overlay.listdir("/")) == ["data", "other"]
    for path in (".vlua-overlay", "/.vlua-overlay/removed", "data/../.vlua-overlay/x", ".vlua-overlay/partial"):
        assert not overlay.exists(path)
        with pytest.raises(errors.ResourceNotFound):
            overlay.openbin(path)
        with pytest.raises(errors.ResourceNotFound):
            overlay.remove(path)
        with pytest.raises(errors.PermissionDenied):
            overlay.openbin(path, "w")
        with pytest.raises(errors.PermissionDenied):
            overlay.makedir(path)
        with pytest.raises(errors.PermissionDenied):
            overlay.move("other", path)
        with pytest.raises(errors.FSError):
            overlay.setinfo(path, {})
    overlay.writetext(".vlua-overlays", "another name")
    overlay.makedir("data/.vlua-overlay")
    overlay.removetree("/")
    assert overlay.listdir("/") == []
    assert not overlay.exists("top")


# Copying up


class Faulty(LayerFS):
    """A filesystem whose ``fuse``-th operation that writes fails; without one they are counted."""

    def __init__(self, below, fuse=None):
        super().__init__(below)
        self.fuse, self.count, self.largest = fuse, 0, 0

    def step(self):
        self.count += 1
        if self.count == self.fuse:
            raise errors.InsufficientStorage("fuse")

    def openbin(self, path, mode="r", buffering=-1, **options):
        wanted = Mode(mode)
        if wanted.writing:
            self.step()
        return FaultyFile(self, self.below.openbin(path, mode, 0), wanted, path)

    def makedir(self, path, permissions=None, recreate=False):
        self.step()
        return super().makedir(path, permissions, recreate)

    def remove(self, path):
        self.step()
        super().remove(path)

    def removedir(self, path):
        self.step()
        super().removedir(path)

    def setinfo(self, path, info):
        self.step()
        super().setinfo(path, info)

    def move(self, src_path, dst_path, overwrite=False, preserve_time=False):
        self.step()
        super().move(src_path, dst_path, overwrite, preserve_time)


class FaultyFile(LayerFile):
    def __init__(self, owner, *arguments):
        super().__init__(*arguments)
        self.owner = owner

    def write(self, data):
        self.owner.step()
        return super().write(data)

    def read(self, size=-1):
        self.owner.largest = max(self.owner.largest, size if size >= 0 else 10**12)
        return super().read(size)


OPERATIONS = {
    "append": lambda fs: fs.appendtext("data/big", "more"),
    "move": lambda fs: fs.move("data/big", "data/deep/moved"),
    "move over": lambda fs: fs.move("data/big", "top", overwrite=True),
    "move over an upper file": lambda fs: fs.move("data/big", "mine", overwrite=True),
    "copy over": lambda fs: fs.copy("data/big", "mine", overwrite=True),
    "move of an upper file": lambda fs: fs.move("mine", "data/mine"),
    "move of a directory": lambda fs: fs.movedir("data", "other/moved", create=True),
    "setinfo": lambda fs: fs.setinfo("data/big", {"details": {"modified": 7}}),
    "setinfo of a directory": lambda fs: fs.setinfo("data/deep", {"details": {"modified": 7}}),
    "remove": lambda fs: fs.remove("data/big"),
    "removetree": lambda fs: fs.removetree("data"),
    "makedir": lambda fs: fs.makedirs("data/deep/new"),
}


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_failure_loses_nothing(lower, operation, persistent):
    """Whatever write fails, every file has its old or its new contents, in the old or the new place."""
    big = "0123456789" * 60_000  # more than two chunks
    lower.writetext("data/big", big)
    lower.makedir("other")

    def attempt(fuse):
        upper = Faulty(MemoryFS())
        overlay = OverlayFS(ReadOnlyFS(lower), upper, persistent=persistent)
        overlay.writetext("mine", "mine")
        upper.count, upper.fuse = 0, fuse
        try:
            OPERATIONS[operation](overlay)
            failed = False
        except errors.FSError:
            failed = True
        upper.fuse = None
        return upper, overlay, failed

    upper, overlay, failed = attempt(None)
    assert not failed
    contents_after, before = tree(overlay), tree(lower)
    for fuse in range(1, upper.count + 1):
        upper, overlay, failed = attempt(fuse)
        shown = tree(overlay)
        whole = {"alpha", "beta", "top", "mine", big, big + "more"}
        assert set(shown.values()) <= whole, fuse
        if operation in ("append", "copy over", "setinfo", "setinfo of a directory", "makedir") and failed:
            assert shown in ({**before, "/mine": "mine"}, contents_after), fuse
        if "remove" not in operation:
            lost = {"alpha", "beta", "top", "mine"} - set(shown.values())
            assert lost <= {"alpha", "beta", "top", "mine"} - set(contents_after.values()), fuse
            assert big in shown.values() or big + "more" in shown.values(), fuse
        assert set(upper.below.walk.files()) - {"/.vlua-overlay/removed"} == set(overlay.changed_paths()), fuse
        if persistent:
            assert tree(OverlayFS(ReadOnlyFS(lower), upper.below)) == shown
        if overlay.exists("data/big"):
            OPERATIONS["append"](overlay)  # it still works
    assert tree(lower) == before


def test_an_interrupt_leaves_no_half_file(lower):
    class Interrupted(Faulty):
        def step(self):
            self.count += 1
            if self.count == self.fuse:
                raise KeyboardInterrupt

    upper = Interrupted(MemoryFS(), fuse=4)  # the directory, opening, one write, this
    lower.writetext("data/big", "0123456789" * 60_000)
    overlay = OverlayFS(ReadOnlyFS(lower), upper)
    before = tree(overlay)
    with pytest.raises(KeyboardInterrupt):
        overlay.openbin("data/big", "a")
    assert list(upper.below.walk.files()) == []
    assert tree(overlay) == before


def test_large_files_are_copied_in_pieces(lower):
    lower.writebytes("data/big", bytes(5_000_000))
    spy = Faulty(lower)
    overlay = OverlayFS(spy)
    overlay.openbin("data/big", "r+").close()
    assert overlay.getsize("data/big") == 5_000_000
    assert 0 < spy.largest <= 1 << 20
    assert spy.count == 0


def test_metadata_is_kept(tmp_path):
    (tmp_path / "lower" / "dir").mkdir(parents=True)
    (tmp_path / "upper").mkdir()
    for name, mode in (("script", 0o750), ("other", 0o640), ("third", 0o600)):
        (tmp_path / "lower" / "dir" / name).write_text("x")
        (tmp_path / "lower" / "dir" / name).chmod(mode)
    (tmp_path / "lower" / "dir").chmod(0o711)
    lower = HostDirectory(tmp_path / "lower")
    overlay = OverlayFS(lower, HostDirectory(tmp_path / "upper", writable=True))
    times = {"details": {"accessed": 1e9, "modified": 1.1e9}}
    HostDirectory(tmp_path / "lower", writable=True).setinfo("dir/script", times)
    overlay.move("dir/script", "dir/moved")
    overlay.appendtext("dir/other", "more")
    overlay.writetext("dir/third", "new")
    info = overlay.getinfo("dir/moved", ["details", "access"])
    assert (info.get("details", "modified"), info.permissions.mode) == (1.1e9, 0o750)
    assert overlay.getinfo("dir/other", ["access"]).permissions.mode == 0o640
    assert overlay.getinfo("dir/third", ["access"]).permissions.mode == 0o600
    assert overlay.getinfo("dir", ["access"]).permissions.mode == 0o711
    assert overlay.upper.getinfo("dir", ["access"]).permissions.mode == 0o711
    overlay.setinfo("dir/other", {"access": {"permissions": Permissions(mode=0o604).dump()}})
    assert overlay.getinfo("dir/other", ["access"]).permissions.mode == 0o604
    assert lower.getinfo("dir/other", ["access"]).permissions.mode == 0o640


def test_times_of_a_lower_file_can_be_changed(overlay):
    assert overlay.getinfo("top", ["details"]).is_writeable("details", "modified")
    overlay.setinfo("top", {"details": {"modified": 5.0}})
    overlay.setinfo("data", {"details": {"modified": 6.0}})
    overlay.setinfo("/", {"details": {"modified": 7.0}})
    assert overlay.getinfo("top", ["details"]).get("details", "modified") == 5.0
    assert overlay.getinfo("data", ["details"]).get("details", "modified") == 6.0
    assert sorted(overlay.listdir("data")) == ["a.txt", "deep"]


# Handles


@pytest.mark.parametrize("buffering", [-1, 0])
def test_readers_see_what_is_written_later(overlay, buffering):
    with overlay.openbin("data/a.txt", "r", buffering=buffering) as reader:
        assert reader.read(2) == b"al"
        overlay.appendtext("data/a.txt", "bet")
        assert reader.read() == b"phabet"
        overlay.writetext("data/a.txt", "0123456789")
        assert reader.read() == b"89"


def test_readers_see_a_file_being_emptied(overlay):
    with overlay.openbin("top", "r", buffering=0) as reader:
        overlay.create("top", wipe=True)
        assert reader.read() == b""


def test_readers_follow_a_file_that_moves(overlay):
    with overlay.openbin("top", "r", buffering=0) as reader:
        overlay.move("top", "data/top")
        overlay.appendtext("data/top", "most")
        assert reader.read() == b"topmost"


def test_readers_keep_a_file_that_is_removed(overlay):
    with overlay.openbin("top", "r") as reader:
        overlay.remove("top")
        overlay.writetext("top", "another")
        assert reader.read() == b"top"


def test_handles_of_many_lower_files_are_forgotten(lower):
    for number in range(3000):
        lower.touch(f"data/{number}")
    overlay = OverlayFS(lower)
    for number in range(3000):
        overlay.openbin(f"data/{number}").close()
    assert len(overlay._readers) < 2000


# Traps of fs


def test_moves_onto_itself(overlay):
    for path in ("top", "./top", "data/../top"):
        overlay.move("top", path, overwrite=True)
        overlay.copy("top", path, overwrite=True)
        with pytest.raises(errors.DestinationExists):
            overlay.move("top", path)
    overlay.movedir("data", "data/./", create=True)
    assert tree(overlay) == {"/data/a.txt": "alpha", "/data/deep/b.txt": "beta", "/top": "top"}


def test_a_directory_does_not_move_into_itself(overlay):
    before = tree(overlay)
    for target in ("data/deep", "data/deep/new", "data/new"):
        with pytest.raises(errors.FSError):
            overlay.movedir("data", target, create=True)
    assert tree(overlay) == before


def test_a_directory_moves_into_another_one(overlay):
    overlay.makedirs("other/deep")
    overlay.writetext("other/deep/mine", "mine")
    overlay.movedir("data", "other")
    assert tree(overlay) == {
        "/other/a.txt": "alpha",
        "/other/deep/b.txt": "beta",
        "/other/deep/mine": "mine",
        "/top": "top",
    }
    assert not overlay.exists("data")
    overlay.movedir("other/deep", "data", create=True)
    assert sorted(overlay.listdir("data")) == ["b.txt", "mine"]
    assert not overlay.exists("data/a.txt")


def test_preserving_time(overlay):
    overlay.writetext("new", "x")
    overlay.setinfo("new", {"details": {"modified": 5.0}})
    overlay.move("new", "newer", preserve_time=True)
    assert overlay.getinfo("newer", ["details"]).get("details", "modified") == 5.0


def test_files_are_no_directories(overlay):
    for make in (
        lambda: overlay.makedir("top/inner"),
        lambda: overlay.writetext("top/inner", "x"),
        lambda: overlay.move("data/a.txt", "top/inner"),
    ):
        with pytest.raises(errors.ResourceNotFound):
            make()
    with pytest.raises(errors.FileExpected):
        overlay.move("top", "data", overwrite=True)
    with pytest.raises(errors.DirectoryExpected):
        overlay.movedir("data", "top")


def test_it_cannot_be_unwrapped(overlay):
    from fs.move import move_file

    assert not overlay.hassyspath("top")
    with pytest.raises(errors.NoURL):
        overlay.geturl("top", "fs")
    target = MemoryFS()
    move_file(overlay, "top", target, "top")
    assert target.readtext("top") == "top"
    assert overlay.lower.readtext("top") == "top"
    assert not hasattr(overlay, "delegate_fs")


def test_threads(overlay):
    """Many threads at once: each sees its own files whole, and what lies below is as it was."""
    failures = []

    def work(number):
        try:
            for turn in range(30):
                overlay.appendtext("data/a.txt", ".")
                overlay.writetext(f"data/{number}", str(turn) * 100)
                overlay.move(f"data/{number}", f"data/deep/{number}", overwrite=True)
                assert overlay.readtext(f"data/deep/{number}") == str(turn) * 100
                list(overlay.walk.info("/", namespaces=["details"])) if turn % 10 == 0 else None
                if turn == 15 and number == 0:
                    overlay.remove("data/deep/b.txt")
        except errors.ResourceNotFound:
            pass  # a walk may come upon what another thread just moved
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert overlay.lower.readtext("data/a.txt") == "alpha"
    assert overlay.readtext("data/a.txt").startswith("alpha.")
