"""A filesystem with a quota counts everything, refuses before it changes anything, and is a filesystem like others."""

from __future__ import annotations

import gc
import io
import tempfile
import threading
import unittest

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from vlua.vfs import Room
from vlua.vfs.failure import ENAMETOOLONG, ENOSPC, failure_of
from vlua.vfs.mounts import MountTable
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import OSFS, MemoryFS, errors, read_only
from vlua.vfs.quota import Quota, QuotaFS

test = pytest.importorskip("fs.test")

MEBIBYTE = 1 << 20


class TestOverMemory(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return QuotaFS(MemoryFS(), bytes=64 * MEBIBYTE, files=1000, depth=50, name_length=255)


class TestWithoutLimits(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return QuotaFS(MemoryFS())


class TestOverOverlay(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return QuotaFS(OverlayFS(read_only(MemoryFS()), MemoryFS()), bytes=64 * MEBIBYTE)


class TestOverDirectory(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return QuotaFS(OSFS(folder.name), bytes=64 * MEBIBYTE)


def real(fs):
    """The bytes and files that are there, by walking."""
    entries = [info for _, info in fs.walk.info(namespaces=["details"])]
    return sum(info.size for info in entries if not info.is_dir), len(entries)


def used(quota):
    return quota.used_bytes, quota.used_files


def assert_counted(quota, fs=None):
    figures = used(quota)
    assert figures == real(fs if fs is not None else quota.below)
    quota.recount()
    assert used(quota) == figures


@pytest.fixture
def memory():
    return MemoryFS()


@pytest.fixture
def quota(memory):
    return QuotaFS(memory, bytes=100, files=5)


# The figures themselves


@pytest.mark.parametrize("name", ["bytes", "files", "depth", "name_length"])
def test_limits_are_whole_numbers(name):
    assert getattr(Quota(**{name: 7}), name) == 7
    assert getattr(Quota(), name) is None
    for wrong in (-1, 1.5, "7", True):
        with pytest.raises((TypeError, ValueError), match=name):
            Quota(**{name: wrong})
        with pytest.raises((TypeError, ValueError), match=name):
            QuotaFS(MemoryFS(), **{name: wrong})


def test_a_quota_cannot_be_changed():
    with pytest.raises(AttributeError):
        Quota(bytes=1).bytes = 2


def test_what_stands_there_already_counts(memory):
    memory.makedirs("a/b")
    memory.writebytes("a/b/c", b"x" * 40)
    quota = QuotaFS(memory, bytes=50, files=4)
    assert used(quota) == (40, 3)
    with pytest.raises(errors.InsufficientStorage):
        quota.writebytes("d", b"x" * 11)
    quota.writebytes("d", b"x" * 10)
    with pytest.raises(errors.InsufficientStorage):
        quota.touch("e")
    assert_counted(quota)


def test_a_filesystem_that_holds_too_much_can_still_shrink(memory):
    memory.writebytes("big", b"x" * 200)
    quota = QuotaFS(memory, bytes=100)
    with pytest.raises(errors.InsufficientStorage):
        quota.appendbytes("big", b"x")
    with quota.openbin("big", "r+") as file:
        file.write(b"y" * 50)
        file.truncate(150)
        with pytest.raises(errors.InsufficientStorage):
            file.truncate(151)
    assert quota.used_bytes == 150
    quota.remove("big")
    assert used(quota) == (0, 0)


# Bytes


def test_a_write_that_does_not_fit_writes_nothing(quota, memory):
    with quota.openbin("a", "w") as file:
        assert file.write(b"x" * 60) == 60
        with pytest.raises(errors.InsufficientStorage) as caught:
            file.write(b"y" * 41)
        assert failure_of(caught.value).errno == ENOSPC
        assert failure_of(caught.value).message == "No space left on device"
        assert file.tell() == 60
        assert file.write(b"z" * 40) == 40
    assert memory.readbytes("a") == b"x" * 60 + b"z" * 40
    assert_counted(quota)


def test_overwriting_costs_nothing(quota):
    quota.writebytes("a", b"x" * 100)
    with quota.openbin("a", "r+") as file:
        for _ in range(3):
            file.seek(0)
            file.write(b"y" * 100)
        file.seek(60)
        with pytest.raises(errors.InsufficientStorage):
            file.write(b"z" * 41)
    assert quota.readbytes("a") == b"y" * 100
    assert_counted(quota)


@pytest.mark.parametrize("distance", [100, 101, 1 << 29, 1 << 60])
def test_holes_count(quota, memory, distance):
    with quota.openbin("a", "w") as file:
        file.seek(distance)
        with pytest.raises(errors.InsufficientStorage):
            file.write(b"x")
        assert memory.getsize("a") == 0
        file.seek(99)
        file.write(b"x")
    assert_counted(quota)
    assert quota.used_bytes == 100


def test_an_empty_write_makes_no_hole(quota):
    with quota.openbin("a", "w") as file:
        file.seek(1 << 40)
        assert file.write(b"") == 0
    assert_counted(quota)


def test_truncation_counts_both_ways(quota, memory):
    with quota.openbin("a", "w") as file:
        file.write(b"x" * 10)
        assert file.truncate(80) == 80
        assert quota.used_bytes == 80
        assert file.tell() == 10
        with pytest.raises(errors.InsufficientStorage):
            file.truncate(101)
        assert memory.getsize("a") == 80
        assert file.truncate() == 10
        assert quota.used_bytes == 10
        file.seek(1 << 40)
        assert file.truncate(30) == 30
        with pytest.raises(errors.InsufficientStorage):
            file.truncate()
        with pytest.raises(ValueError):
            file.truncate(-1)
    assert memory.readbytes("a") == b"x" * 10 + bytes(20)
    assert_counted(quota)


def test_a_reader_cannot_truncate_or_write(quota):
    quota.writebytes("a", b"x" * 10)
    with quota.openbin("a", "r") as file:
        with pytest.raises(io.UnsupportedOperation):
            file.truncate(1 << 40)
        with pytest.raises(io.UnsupportedOperation):
            file.write(b"y")
    assert_counted(quota)


def test_appends_go_to_the_end_whoever_else_writes(quota):
    with quota.openbin("a", "a") as first, quota.openbin("a", "a") as second:
        first.write(b"1" * 30)
        second.write(b"2" * 30)
        first.write(b"3" * 40)
        with pytest.raises(errors.InsufficientStorage):
            second.write(b"4")
    assert quota.readbytes("a") == b"1" * 30 + b"2" * 30 + b"3" * 40
    assert_counted(quota)


def test_two_handles_of_one_file_count_once(quota):
    with quota.openbin("a", "w") as first, quota.openbin("a", "r+") as second:
        first.write(b"x" * 70)
        second.write(b"y" * 80)
        assert quota.used_bytes == 80
        first.truncate(0)
        assert quota.used_bytes == 0
        second.write(b"z")  # where it stands: a hole of 80 bytes
        assert quota.used_bytes == 81
        with quota.openbin("a", "w"):
            assert quota.used_bytes == 0
        second.write(b"z")
        assert quota.used_bytes == 82
    assert_counted(quota)


def test_what_is_written_through_io_is_counted(quota):
    with quota.open("a", "w", encoding="utf-8", buffering=1 << 16) as file:
        file.write("é" * 20)
    with quota.open("a", "ab", buffering=0) as file:
        file.write(bytearray(10))
        file.writelines([b"1", b"2"])
    assert quota.used_bytes == 52
    assert_counted(quota)


def test_contents_that_do_not_fit_leave_the_old_ones(quota):
    quota.writebytes("a", b"old")
    for replace in (
        lambda: quota.writebytes("a", b"x" * 101),
        lambda: quota.writetext("a", "é" * 51),
        lambda: quota.appendbytes("a", b"x" * 98),
    ):
        with pytest.raises(errors.InsufficientStorage):
            replace()
        assert quota.readbytes("a") == b"old"
    quota.writetext("a", "a\nb", newline="\r\n")
    assert quota.readbytes("a") == b"a\r\nb"
    assert_counted(quota)


# Files


def test_files_and_directories_count(quota):
    quota.makedirs("a/b/c")
    quota.touch("a/d")
    quota.touch("e")
    for refused in (
        lambda: quota.makedir("f"),
        lambda: quota.touch("f"),
        lambda: quota.openbin("f", "a"),
        lambda: quota.openbin("f", "x"),
        lambda: quota.copy("e", "f"),
    ):
        with pytest.raises(errors.InsufficientStorage):
            refused()
        assert not quota.exists("f")
    assert quota.makedir("a", recreate=True)
    quota.touch("e")
    quota.removetree("a")
    assert used(quota) == (0, 1)
    assert_counted(quota)


def test_what_would_fail_anyway_fails_as_it_does(memory):
    quota = QuotaFS(memory, bytes=0, files=1)
    quota.touch("a")
    for error, wrong in (
        (errors.ResourceNotFound, lambda: quota.openbin("b", "r")),
        (errors.ResourceNotFound, lambda: quota.openbin("b", "r+")),
        (errors.ResourceNotFound, lambda: quota.openbin("b/c", "w")),
        (errors.ResourceNotFound, lambda: quota.openbin("a/c", "w")),
        (errors.ResourceNotFound, lambda: quota.makedir("b/c")),
        (errors.ResourceNotFound, lambda: quota.makedir("a/c")),
        (errors.ResourceNotFound, lambda: quota.remove("b")),
        (errors.FileExists, lambda: quota.openbin("a", "x")),
        (errors.FileExpected, lambda: quota.openbin("/", "w")),
        (errors.DirectoryExpected, lambda: quota.removedir("a")),
        (errors.DestinationExists, lambda: quota.copy("a", "a")),
        (errors.RemoveRootError, lambda: quota.removedir("/")),
        (ValueError, lambda: quota.openbin("a", "rt")),
    ):
        with pytest.raises(error):
            wrong()
    assert_counted(quota)


# Moves and copies


def test_a_move_over_a_file_frees_it(quota):
    quota.writebytes("a", b"x" * 40)
    quota.writebytes("b", b"y" * 60)
    quota.move("a", "b", overwrite=True)
    assert used(quota) == (40, 1)
    with pytest.raises(errors.DestinationExists):
        quota.copy("b", "b")
    quota.move("b", "b", overwrite=True)
    quota.copy("b", "b", overwrite=True)
    assert quota.readbytes("b") == b"x" * 40
    assert_counted(quota)


def test_moves_that_would_lose_files_are_refused(quota):
    quota.writebytes("a", b"a")
    quota.writebytes("f", b"f")
    quota.makedir("d")
    quota.writebytes("d/e", b"e")
    for wrong in (
        lambda: quota.move("a", "f/x"),
        lambda: quota.move("a", "d", overwrite=True),
        lambda: quota.move("a", "none/x"),
        lambda: quota.movedir("d", "d/inside", create=True),
        lambda: quota.movedir("d", "f", create=True),
        lambda: quota.movedir("d", "f/x", create=True),
        lambda: quota.movedir("d", "none"),
        lambda: quota.movedir("a", "other", create=True),
        lambda: quota.movedir("/", "other", create=True),
        lambda: quota.copydir("d", "d/inside", create=True),
        lambda: quota.copydir("d", "d"),
    ):
        with pytest.raises(errors.FSError):
            wrong()
    quota.movedir("d", "d")
    assert sorted(quota.walk.files()) == ["/a", "/d/e", "/f"]
    assert_counted(quota)


@pytest.mark.parametrize("existing", [False, True])
def test_a_directory_moves_with_its_open_files(quota, existing):
    quota.makedirs("d/s")
    with quota.openbin("d/s/f", "w") as file:
        file.write(b"x" * 10)
        if existing:
            quota.makedir("n")
        quota.movedir("d", "n", create=True)
        file.write(b"y" * 50)
        with pytest.raises(errors.InsufficientStorage):
            file.write(b"z" * 41)
        assert_counted(quota)
    assert quota.readbytes("n/s/f") == b"x" * 10 + b"y" * 50
    assert not quota.exists("d")
    assert_counted(quota)


def test_moving_keeps_the_time_when_asked(quota):
    quota.writebytes("a", b"x")
    quota.setinfo("a", {"details": {"modified": 1000.0}})
    quota.move("a", "b", preserve_time=True)
    assert quota.getinfo("b", ["details"]).raw["details"]["modified"] == 1000.0


def test_a_copy_that_does_not_fit_leaves_the_target(quota):
    quota.writebytes("a", b"x" * 60)
    quota.writebytes("b", b"y" * 10)
    with pytest.raises(errors.InsufficientStorage):
        quota.copy("a", "b", overwrite=True)
    with pytest.raises(errors.InsufficientStorage):
        quota.copy("a", "c")
    assert quota.readbytes("b") == b"y" * 10
    assert not quota.exists("c")
    assert_counted(quota)


# Handles that outlive their names


def test_a_removed_file_counts_until_it_is_closed(quota, memory):
    file = quota.openbin("a", "w")
    file.write(b"x" * 50)
    quota.remove("a")
    assert used(quota) == (50, 0)
    file.write(b"x" * 50)
    with pytest.raises(errors.InsufficientStorage):
        file.write(b"x")
    with pytest.raises(errors.InsufficientStorage):
        quota.writebytes("a", b"x")
    quota.recount()
    assert used(quota) == (100, 0)
    file.truncate(20)
    quota.writebytes("a", b"y" * 80)
    assert used(quota) == (100, 1)
    file.close()
    assert_counted(quota)
    assert quota.used_bytes == 80


def test_a_removed_file_counts_for_its_readers_too(quota):
    quota.writebytes("a", b"x" * 100)
    reader = quota.openbin("a", "r")
    quota.remove("a")
    assert used(quota) == (100, 0)
    assert reader.read() == b"x" * 100
    reader.close()
    assert used(quota) == (0, 0)


def test_a_replaced_file_counts_until_it_is_closed(quota):
    quota.writebytes("a", b"x" * 40)
    quota.writebytes("b", b"y" * 40)
    with quota.openbin("b", "r+") as file:
        quota.move("a", "b", overwrite=True)
        assert used(quota) == (80, 1)
        file.write(b"z" * 60)
        assert used(quota) == (100, 1)
        with pytest.raises(errors.InsufficientStorage):
            quota.appendbytes("b", b"z")
    assert used(quota) == (40, 1)
    assert quota.readbytes("b") == b"x" * 40


def test_a_handle_follows_its_file(quota):
    with quota.openbin("a", "w") as file:
        file.write(b"x" * 40)
        quota.move("a", "b")
        file.write(b"y" * 40)
        assert used(quota) == (80, 1)
        quota.writebytes("a", b"z" * 20)
        with pytest.raises(errors.InsufficientStorage):
            file.write(b"y")
        quota.remove("a")
        file.write(b"y")
    assert_counted(quota)


def test_a_forgotten_handle_is_closed(quota):
    file = quota.openbin("a", "w")
    file.write(b"x" * 100)
    quota.remove("a")
    del file
    gc.collect()
    assert used(quota) == (0, 0)


def test_a_handle_closed_while_the_figures_are_in_use_is_settled_later(quota):
    file = quota.openbin("a", "w")
    file.write(b"x" * 100)
    quota.remove("a")
    with quota._turn():
        file.close()
    thread = threading.Thread(target=file.close)
    thread.start()
    thread.join()
    assert used(quota) == (0, 0)


# Names


def test_long_names_and_deep_paths_are_refused(memory):
    quota = QuotaFS(memory, depth=2, name_length=4)
    quota.makedir("abcd")
    quota.touch("abcd/éé")
    for refused in (
        lambda: quota.makedir("abcde"),
        lambda: quota.touch("ééa"),
        lambda: quota.openbin("\udcff" * 5, "w"),
        lambda: quota.makedir("abcd/x").makedir("y"),
        lambda: quota.touch("abcd/x/y"),
        lambda: quota.move("abcd/éé", "abcde"),
        lambda: quota.copy("abcd/éé", "abcde"),
        lambda: quota.movedir("abcd", "abcde", create=True),
        lambda: quota.movedir("abcd", "n/n", create=True),
    ):
        with memory.lock():
            memory.makedir("n", recreate=True)
        with pytest.raises(errors.InvalidPath) as caught:
            refused()
        assert failure_of(caught.value).errno == ENAMETOOLONG
        assert "{path}" not in str(caught.value)
    quota.openbin("\udcff" * 4, "w").close()
    quota.recount()
    assert_counted(quota)


def test_names_that_are_there_already_can_be_used(memory):
    memory.makedirs("much/too/deep")
    memory.writebytes("much/too/deep/indeed", b"x")
    quota = QuotaFS(memory, depth=1, name_length=1)
    quota.appendbytes("much/too/deep/indeed", b"y")
    assert quota.readbytes("much/too/deep/indeed") == b"xy"
    quota.move("much/too/deep/indeed", "a")
    quota.removetree("much")
    assert_counted(quota)


# What lies below


@pytest.fixture
def lower():
    lower = MemoryFS()
    lower.makedirs("d/e")
    lower.writebytes("d/e/f", b"x" * 80)
    lower.writebytes("big", b"x" * 1000)
    return lower


@pytest.fixture
def overlay(lower):
    return OverlayFS(read_only(lower), MemoryFS())


def test_of_an_overlay_only_the_upper_layer_counts(overlay):
    quota = QuotaFS(overlay, bytes=100, files=10)
    assert used(quota) == (0, 0)
    quota.writebytes("new", b"x" * 10)
    assert used(quota) == (10, 1)
    assert_counted(quota, overlay.upper)
    quota.remove("big")
    assert_counted(quota, overlay.upper)


def test_copying_up_counts(overlay):
    quota = QuotaFS(overlay, bytes=100, files=3)
    for refused in (
        lambda: quota.openbin("big", "r+"),
        lambda: quota.openbin("big", "a"),
        lambda: quota.move("big", "bigger"),
    ):
        with pytest.raises(errors.InsufficientStorage):
            refused()
    with quota.openbin("big", "r") as reader:
        with quota.openbin("big", "w") as file:
            file.write(b"x" * 100)
        quota.remove("big")
        assert used(quota) == (100, 0)  # the reader has the copy open
        assert len(reader.read()) == 100
    assert_counted(quota, overlay.upper)
    quota.appendbytes("d/e/f", b"y" * 20)
    assert used(quota) == (100, 3)  # with the directories that the upper layer needs for it
    with pytest.raises(errors.InsufficientStorage):
        quota.touch("new")
    assert_counted(quota, overlay.upper)


def test_moving_a_lower_directory_copies_it_up(overlay):
    quota = QuotaFS(overlay, bytes=79)
    with pytest.raises(errors.InsufficientStorage):
        quota.movedir("d", "n", create=True)
    assert quota.getsize("d/e/f") == 80
    quota = QuotaFS(overlay, bytes=80)
    quota.movedir("d", "n", create=True)
    assert not quota.exists("d")
    assert quota.used_bytes == 80
    assert_counted(quota, overlay.upper)


def test_mounts_count_by_what_they_are(lower, overlay):
    table = MountTable(MemoryFS())
    table.mount("/read", read_only(lower))
    table.mount("/over", overlay)
    quota = QuotaFS(table, bytes=100)
    assert used(quota) == (0, 0)
    quota.writebytes("over/new", b"x" * 50)
    quota.writebytes("own", b"x" * 40)
    with pytest.raises(errors.InsufficientStorage):
        quota.appendbytes("over/d/e/f", b"x")
    with pytest.raises(errors.ResourceReadOnly):
        quota.writebytes("read/x", b"x" * 1000)
    assert quota.used_bytes == 90
    quota.move("over/new", "new")
    quota.recount()
    assert quota.used_bytes == 90
    quota.remove("own")
    assert quota.used_bytes == 50


def test_the_host_can_say_what_counts(memory):
    other = MemoryFS()
    table = MountTable(memory)
    table.mount("/other", other)
    quota = QuotaFS(table, bytes=10, counted={"/other": other})
    quota.writebytes("free", b"x" * 1000)
    quota.writebytes("other/a", b"x" * 10)
    with pytest.raises(errors.InsufficientStorage):
        quota.appendbytes("other/a", b"x")
    assert used(quota) == (10, 1)


def test_recount_sees_what_was_done_below(quota, memory):
    quota.writebytes("a", b"x" * 100)
    memory.writebytes("a", b"x")
    memory.writebytes("b", b"x" * 5)
    quota.recount()
    assert_counted(quota)


def test_files_that_are_fetched_count_from_then_on():
    room = Room({"made": lambda: b"x" * 80, "plain": b"y" * 10}, quota=Quota(bytes=100))
    quota = room.filesystem
    assert used(quota) == (10, 2)
    assert quota.readbytes("made") == b"x" * 80
    assert used(quota) == (90, 2)
    with pytest.raises(errors.InsufficientStorage):
        quota.appendbytes("made", b"x" * 11)
    quota.remove("made")
    assert used(quota) == (10, 1)
    assert_counted(quota)


# Threads


def test_threads_never_write_more_than_fits(memory):
    quota = QuotaFS(memory, bytes=10_000, files=1000)
    refused = []

    def work(number):
        for count in range(100):
            try:
                with quota.openbin(f"{number % 3}", "a") as file:
                    file.write(b"x" * 50)
                quota.writebytes(f"own{number}", b"y" * count)
                quota.move(f"own{number}", f"moved{number}", overwrite=True)
                quota.remove(f"moved{number}")
            except errors.InsufficientStorage:
                refused.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused
    assert quota.used_bytes <= 10_000
    assert_counted(quota)


def test_a_write_asks_below_nothing_but_its_position():
    calls = []

    class Watched(MemoryFS):
        def getinfo(self, path, namespaces=None):
            calls.append(path)
            return super().getinfo(path, namespaces)

        def scandir(self, path, namespaces=None, page=None):
            calls.append(path)
            return super().scandir(path, namespaces, page)

    quota = QuotaFS(Watched(), bytes=1000)
    with quota.openbin("a", "w") as file:
        calls.clear()
        for _ in range(20):
            file.write(b"x" * 10)
        assert calls == []


# Anything at all

PATHS = st.sampled_from(["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "f"])
SIZES = st.integers(0, 40)
LIMIT_BYTES, LIMIT_FILES = 100, 6


class AnyUse(RuleBasedStateMachine):
    """Random operations, handles kept open: the figures are always those of a walk, and never above the limit."""

    files = Bundle("files")

    @initialize(kind=st.sampled_from(["memory", "overlay"]))
    def start(self, kind):
        self.kept = MemoryFS()
        if kind == "overlay":
            lower = MemoryFS()
            lower.makedirs("d/e")
            lower.writebytes("d/a", b"l" * 30)
            lower.writebytes("b", b"l" * 30)
            self.quota = QuotaFS(OverlayFS(read_only(lower), self.kept), bytes=LIMIT_BYTES, files=LIMIT_FILES)
        else:
            self.quota = QuotaFS(self.kept, bytes=LIMIT_BYTES, files=LIMIT_FILES)
        self.handles = []

    def attempt(self, operation, *arguments, **options):
        try:
            return operation(*arguments, **options)
        except (errors.FSError, io.UnsupportedOperation):
            return None

    @rule(target=files, path=PATHS, mode=st.sampled_from(["r", "r+", "w", "w+", "a", "a+", "x"]))
    def open(self, path, mode):
        file = self.attempt(self.quota.openbin, path, mode)
        if file is None:
            return multiple()
        self.handles.append(file)
        return file

    @rule(file=files, size=SIZES)
    def write(self, file, size):
        if not file.closed:
            before = self.quota.used_bytes
            if self.attempt(file.write, b"x" * size) is None:
                assert self.quota.used_bytes == before

    @rule(file=files, position=st.integers(0, 150))
    def seek(self, file, position):
        if not file.closed:
            file.seek(position)

    @rule(file=files, size=st.none() | st.integers(0, 150))
    def truncate(self, file, size):
        if not file.closed:
            self.attempt(file.truncate, size)

    @rule(file=files)
    def close(self, file):
        file.close()

    @rule(path=PATHS)
    def make_directory(self, path):
        self.attempt(self.quota.makedir, path)

    @rule(path=PATHS)
    def remove(self, path):
        self.attempt(self.quota.remove, path)

    @rule(path=PATHS)
    def remove_directory(self, path):
        self.attempt(self.quota.removedir, path)

    @rule(path=PATHS)
    def remove_tree(self, path):
        self.attempt(self.quota.removetree, path)

    @rule(old=PATHS, new=PATHS, overwrite=st.booleans())
    def move(self, old, new, overwrite):
        self.attempt(self.quota.move, old, new, overwrite=overwrite)

    @rule(old=PATHS, new=PATHS)
    def move_directory(self, old, new):
        self.attempt(self.quota.movedir, old, new, create=True)

    @rule(old=PATHS, new=PATHS, overwrite=st.booleans())
    def copy(self, old, new, overwrite):
        self.attempt(self.quota.copy, old, new, overwrite=overwrite)

    @rule(old=PATHS, new=PATHS)
    def copy_directory(self, old, new):
        self.attempt(self.quota.copydir, old, new, create=True)

    @rule(path=PATHS, size=SIZES)
    def write_bytes(self, path, size):
        self.attempt(self.quota.writebytes, path, b"y" * size)

    @rule(path=PATHS)
    def touch(self, path):
        self.attempt(self.quota.touch, path)

    @invariant()
    @precondition(lambda self: hasattr(self, "quota"))
    def figures_are_those_of_a_walk(self):
        size, files = real(self.kept)
        nameless = {file._opened for file in self.handles if not file.closed and not file._opened.path}
        figures = used(self.quota)
        assert figures == (size + sum(opened.size for opened in nameless if opened.counts), files)
        assert figures[0] <= LIMIT_BYTES
        assert figures[1] <= LIMIT_FILES
        for file in self.handles:
            if not file.closed and file._opened.counts:
                position = file.tell()
                assert file.seek(0, 2) == file._opened.size
                file.seek(position)

    def teardown(self):
        if hasattr(self, "quota"):
            for file in self.handles:
                file.close()
            assert used(self.quota) == real(self.kept)


TestAnyUse = AnyUse.TestCase
TestAnyUse.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
