"""The journal passes PyFilesystem2's own conformance suite, and remembers what was."""

from __future__ import annotations

import gc
import tempfile
import threading
import unittest
import weakref

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from vlua.vfs.directory import HostDirectory
from vlua.vfs.journal import JournalFS
from vlua.vfs.mounts import MountTable
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import OSFS, MemoryFS, errors, read_only

test = pytest.importorskip("fs.test")


class TestOverMemory(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return JournalFS(MemoryFS())


class TestOverDirectory(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        return JournalFS(OSFS(self.folder.name))


class TestOverMountedOverlay(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        table = MountTable(MemoryFS())
        table.mount("/m", OverlayFS(read_only(MemoryFS()), MemoryFS()))
        return JournalFS(table).opendir("/m")


class TestOverOverlaidDirectory(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        return JournalFS(OverlayFS(HostDirectory(self.folder.name)))


def dump(fs):
    """Everything in ``fs``: contents and times by path."""
    result = {}
    for path, info in fs.walk.info(namespaces=["details"]):
        result[path] = (None if info.is_dir else fs.readbytes(path), info.raw["details"]["modified"])
    return result


def contents(state):
    return {path: held for path, (held, _) in state.items()}


@pytest.fixture
def below():
    below = MemoryFS()
    below.makedirs("data/deep")
    below.writetext("data/a", "alpha")
    below.writetext("data/deep/b", "beta")
    below.writetext("top", "top")
    return below


@pytest.fixture
def journal(below):
    return JournalFS(below)


def paths(changes):
    return (
        [change.path for change in changes.added],
        [change.path for change in changes.removed],
        [change.path for change in changes.changed],
        [(change.old_path, change.path) for change in changes.renamed],
    )


def test_nothing_changed(journal):
    assert not journal.changes()
    assert not journal.snapshot().changes()


def test_added_removed_changed(journal):
    journal.writetext("/new", "12 bytes....")
    journal.makedir("/data/d")
    journal.remove("/data/a")
    journal.writetext("/top", "other")
    changes = journal.changes()
    assert paths(changes) == (["/data/d", "/new"], ["/data/a"], ["/top"], [])
    assert [(change.old_size, change.new_size) for change in changes] == [(5, None), (None, None), (None, 12), (3, 5)]
    assert changes.report() == "D /data/a (5 bytes)\nA /data/d/\nA /new (12 bytes)\nM /top (3 bytes -> 5 bytes)\n"


def test_what_is_gone_again_leaves_nothing(journal):
    for number in range(50):
        journal.writetext(f"/temporary{number}", "x")
        journal.remove(f"/temporary{number}")
        journal.makedir(f"/d{number}")
        journal.removedir(f"/d{number}")
        with pytest.raises(errors.ResourceNotFound):
            journal.open(f"/nowhere{number}/x", "w")
        with pytest.raises(errors.ResourceNotFound):
            journal.makedir(f"/nowhere{number}/x")
    assert not journal.changes()
    assert not journal._latest.states
    assert not journal._latest.origins


def test_what_is_the_same_again_did_not_change(journal):
    journal.writetext("/top", "other")
    journal.writetext("/top", "top")
    journal.remove("/data/a")
    journal.writetext("/data/a", "alpha")
    journal.settimes("/top")
    assert not journal.changes()


def test_reading_keeps_nothing(journal):
    journal.readtext("/top")
    with journal.openbin("/top", "r+") as file:
        file.read()
    with journal.openbin("/top", "a"):
        pass
    journal.listdir("/")
    assert set(journal._latest.states) <= {"/top"}
    assert not journal.changes()


def test_rename(journal):
    journal.move("/data/a", "/data/z")
    assert paths(journal.changes()) == ([], [], [], [("/data/a", "/data/z")])
    journal.appendtext("/data/z", "!")
    (change,) = journal.changes().renamed
    assert (change.before, change.after) == (b"alpha", b"alpha!")
    journal.move("/data/z", "/data/y")
    assert paths(journal.changes()) == ([], [], [], [("/data/a", "/data/y")])
    journal.move("/data/y", "/data/a")
    journal.writetext("/data/a", "alpha")
    assert not journal.changes()


def test_rename_across_snapshots(journal):
    journal.move("/top", "/one")
    mark = journal.snapshot()
    journal.move("/one", "/two")
    journal.writetext("/two", "quite different")
    assert paths(mark.changes()) == ([], [], [], [("/one", "/two")])
    assert paths(journal.changes()) == ([], [], [], [("/top", "/two")])
    del mark
    assert paths(journal.changes()) == ([], [], [], [("/top", "/two")])
    assert len(journal._epochs) == 1


def test_new_file_in_place_of_a_moved_one_is_no_rename(journal):
    journal.move("/top", "/moved")
    journal.writetext("/top", "new")
    assert paths(journal.changes()) == (["/moved"], [], ["/top"], [])


def test_replaced_by_way_of_another_name(journal):
    journal.writetext("/top.tmp", "safely written")
    journal.move("/top.tmp", "/top", overwrite=True)
    assert paths(journal.changes()) == ([], [], ["/top"], [])


def test_swapped(journal):
    journal.move("/top", "/t")
    journal.move("/data/a", "/top")
    journal.move("/t", "/data/a")
    assert paths(journal.changes()) == ([], [], ["/data/a", "/top"], [])


def test_copied_and_removed_is_a_rename(journal):
    journal.copy("/data/a", "/copy")
    journal.remove("/data/a")
    assert paths(journal.changes()) == ([], [], [], [("/data/a", "/copy")])


def test_removed_and_made_anew_is_no_rename(journal):
    journal.remove("/top")
    journal.writetext("/top", "made anew")
    journal.move("/top", "/else")
    assert paths(journal.changes()) == (["/else"], ["/top"], [], [])


def test_directory_renamed(journal, below):
    with journal.openbin("/data/deep/b", "r+") as file:
        journal.movedir("/data", "/renamed", create=True)
        file.write(b"B")
    assert below.readtext("/renamed/deep/b") == "Beta"
    assert paths(journal.changes()) == (
        [],
        [],
        [],
        [
            ("/data", "/renamed"),
            ("/data/a", "/renamed/a"),
            ("/data/deep", "/renamed/deep"),
            ("/data/deep/b", "/renamed/deep/b"),
        ],
    )
    assert journal.changes().report().splitlines()[0] == "R /data/ -> /renamed/"
    journal.restore()
    assert below.readtext("/data/deep/b") == "beta"
    assert not below.exists("/renamed")
    with pytest.raises(errors.FSError):
        journal.movedir("/data", "/data/deep/inside", create=True)


def test_kind_changed(journal, below):
    before = dump(below)
    journal.remove("/top")
    journal.makedir("/top")
    journal.writetext("/top/x", "x")
    journal.removetree("/data")
    journal.writetext("/data", "a file")
    changes = journal.changes()
    assert paths(changes) == (
        ["/data", "/top", "/top/x"],
        ["/data", "/data/a", "/data/deep", "/data/deep/b", "/top"],
        [],
        [],
    )
    journal.restore()
    assert dump(below) == before


def test_restore_brings_back_everything(journal, below):
    before = dump(below)
    journal.removetree("/")
    journal.writetext("/x", "x")
    assert contents(dump(below)) == {"/x": b"x"}
    journal.restore()
    assert dump(below) == before
    assert not journal.changes()


def test_restore_is_a_change_too(journal, below):
    """Later snapshots stay usable: going back can be undone."""
    first = journal.snapshot()
    journal.writetext("/top", "second")
    journal.move("/data/a", "/data/A")
    second, state = journal.snapshot(), dump(below)
    first.restore()
    assert below.readtext("/top") == "top"
    assert paths(second.changes()) == ([], [], ["/top"], [("/data/A", "/data/a")])
    second.restore()
    assert dump(below) == state
    first.restore()
    assert not journal.changes()


def test_snapshot_of_another_filesystem(journal):
    mark = JournalFS(MemoryFS()).snapshot()
    with pytest.raises(ValueError, match="another filesystem"):
        journal.restore(mark)
    with pytest.raises(ValueError, match="another filesystem"):
        journal.changes(mark)


def test_handle_opened_before_the_snapshot(journal, below):
    with journal.openbin("/top", "r+") as file:
        file.write(b"1")
        mark = journal.snapshot()
        file.write(b"2")
        file.write(b"3")
        assert paths(mark.changes()) == ([], [], ["/top"], [])
        mark.restore()
        assert below.readtext("/top") == "1op"
        file.write(b"4")
        assert below.readtext("/top") == "1op4"
        assert [(change.before, change.after) for change in mark.changes()] == [(b"1op", b"1op4")]
        mark.restore()
        file.truncate(1)
        assert [(change.before, change.after) for change in mark.changes()] == [(b"1op", b"1")]


def test_handle_that_was_moved_before_the_snapshot(journal, below):
    with journal.openbin("/top", "r+") as file:
        journal.move("/top", "/moved")
        mark = journal.snapshot()
        file.write(b"T")
        assert [(change.path, change.before) for change in mark.changes()] == [("/moved", b"top")]


def test_what_a_buffer_below_held_belongs_to_the_snapshot(tmp_path):
    (tmp_path / "f").write_bytes(b"old")
    journal = JournalFS(OSFS(str(tmp_path)))
    with journal.openbin("/f", "r+") as file:
        file.write(b"NEW")  # OSFS buffers it
        mark = journal.snapshot()
        assert not mark.changes()
        file.write(b"!")
        assert [(change.before, change.after) for change in mark.changes()] == [(b"NEW", b"NEW!")]
    assert [(change.before, change.after) for change in mark.changes()] == [(b"NEW", b"NEW!")]


def test_snapshots_copy_nothing(below):
    reads = []
    read = below.readbytes
    below.readbytes = lambda path: reads.append(path) or read(path)
    journal = JournalFS(below)
    marks = [journal.snapshot() for _ in range(100)]
    journal.writetext("/new", "x")
    with journal.openbin("/top", "a") as file:
        file.write(b"1")
        file.write(b"2")
    assert reads == ["/top"]
    assert sum(len(epoch.states) for epoch in journal._epochs) == 2
    assert paths(marks[0].changes())[2] == ["/top"]


def test_dropped_snapshots_are_forgotten(journal, below):
    kept = journal.snapshot()
    for number in range(20):
        mark = journal.snapshot()
        journal.writetext(f"/new{number}", "x")
        journal.writetext("/top", str(number))
        del mark
    middle, state = journal.snapshot(), dump(below)
    for number in range(20):
        mark = journal.snapshot()
        journal.remove(f"/new{number}")
        del mark
    assert len(journal.changes(kept)) == 1
    assert len(journal._epochs) == 3
    assert len(journal._latest.states) == 20
    middle.restore()
    assert dump(below) == state
    del middle
    journal.changes()
    assert len(journal._epochs) == 2
    kept.restore()
    assert not journal.changes()


def test_created_in_one_dropped_epoch_and_removed_in_the_next(journal):
    for number in range(10):
        mark = journal.snapshot()
        journal.writetext(f"/t{number}", "x")
        mark = journal.snapshot()
        journal.remove(f"/t{number}")
        del mark
    assert not journal.changes()
    assert not journal._latest.states


def test_journal_and_marks_die_without_the_collector(below):
    gc.disable()
    try:
        journal = JournalFS(below)
        mark = journal.snapshot()
        journal.snapshot()
        file = journal.openbin("/top", "r+")
        file.close()
        watches = [weakref.ref(journal), *map(weakref.ref, journal._epochs)]
        assert len(watches) == 4
        del journal, mark, file
        assert [watch() for watch in watches] == [None] * 4
    finally:
        gc.enable()


def test_abandoned_handle_does_not_wait_for_the_lock(journal, below):
    file = journal.openbin("/top", "r+")
    file.write(b"T")
    inner = file.file
    locked, done = threading.Event(), threading.Event()

    def hold():
        with journal._guard:
            locked.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(10)
    del file  # would wait for ever
    done.set()
    thread.join(10)
    journal.snapshot()
    assert inner.closed


class Failing(MemoryFS):
    """Fails at the n-th call that changes something."""

    countdown = -1

    def fail(self, path):
        self.countdown -= 1
        if self.countdown == 0:
            raise errors.InsufficientStorage(path)

    def openbin(self, path, mode="r", buffering=-1, **options):
        if mode.rstrip("b") != "r":
            self.fail(path)
        return super().openbin(path, mode, buffering, **options)

    def makedir(self, path, permissions=None, recreate=False):
        self.fail(path)
        return super().makedir(path, permissions, recreate)

    def remove(self, path):
        self.fail(path)
        super().remove(path)

    def removedir(self, path):
        self.fail(path)
        super().removetree(path)

    def move(self, src_path, dst_path, overwrite=False, preserve_time=False):
        self.fail(src_path)
        super().move(src_path, dst_path, overwrite, preserve_time)


@pytest.mark.parametrize("countdown", range(1, 22))
def test_failing_filesystem(countdown):
    """Whatever fails, going back is possible once nothing fails any more, and changes tell the truth."""
    below = Failing()
    below.makedirs("data/deep")
    below.writetext("data/a", "alpha")
    below.writetext("data/deep/b", "beta")
    journal = JournalFS(below)
    before = dump(below)
    below.countdown = countdown
    works = [
        lambda: journal.writetext("/data/a", "other"),
        lambda: journal.makedir("/new"),
        lambda: journal.writetext("/new/x", "x"),
        lambda: journal.movedir("/data", "/new/data", create=True),
        lambda: journal.remove("/new/x"),
        lambda: journal.removetree("/new"),
        lambda: journal.restore(),
    ]
    for work in works:
        try:
            work()
        except errors.FSError:
            pass
    below.countdown = -1
    now = dump(below)
    added, removed, _, renamed = paths(journal.changes())
    assert {*added, *(new for _, new in renamed)} == now.keys() - before.keys()
    assert {*removed, *(old for old, _ in renamed)} == before.keys() - now.keys()
    journal.restore()
    assert dump(below) == before


def test_threads(journal, below):
    """Snapshots while others write: what is gone back to is what each file held at one moment."""
    failures = []
    stop = threading.Event()

    def write(name):
        try:
            number = 0
            while not stop.is_set():
                number += 1
                with journal.openbin(f"/{name}", "w") as file:
                    file.write(b"%d" % number)
                journal.move(f"/{name}", f"/{name}.moved", overwrite=True)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    try:
        marks = []
        for _ in range(100):
            marks.append(journal.snapshot())
            marks[-1].changes()
            if len(marks) > 3:
                marks.pop(0)
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)
    assert not failures
    for mark in reversed(marks):
        mark.restore()
        assert not mark.changes()
    journal.restore()
    assert sorted(below.walk.files("/")) == ["/data/a", "/data/deep/b", "/top"]


NAMES = st.sampled_from(["/a", "/b", "/d", "/d/a", "/d/b", "/d/e", "/d/e/a", "/e", "/e/a"])
DATA = st.sampled_from([b"", b"1", b"22", b"1\n2\n", b"long" * 50])


class Machine(RuleBasedStateMachine):
    """Random operations; the model of a snapshot is a copy of everything."""

    @initialize(over=st.sampled_from(["memory", "overlay"]))
    def start(self, over):
        memory = MemoryFS()
        memory.makedir("/d")
        memory.writebytes("/a", b"first")
        memory.writebytes("/d/a", b"second")
        self.below = memory if over == "memory" else OverlayFS(read_only(memory), MemoryFS())
        self.journal = JournalFS(self.below)
        self.marks = [(None, dump(self.below))]
        self.handles = []

    def attempt(self, work, *arguments, **options):
        try:
            return work(*arguments, **options)
        except errors.FSError:
            return None

    @rule(path=NAMES, mode=st.sampled_from(["w", "a", "x", "r+", "w+"]), data=DATA)
    def write(self, path, mode, data):
        file = self.attempt(self.journal.openbin, path, mode)
        if file is not None:
            with file:
                file.write(data)

    @rule(path=NAMES, mode=st.sampled_from(["w", "a", "r+"]))
    def open(self, path, mode):
        file = self.attempt(self.journal.openbin, path, mode)
        if file is not None:
            self.handles.append(file)

    @precondition(lambda self: self.handles)
    @rule(data=st.data(), contents=DATA, deed=st.sampled_from(["write", "truncate", "close"]))
    def use(self, data, contents, deed):
        index = data.draw(st.integers(0, len(self.handles) - 1))
        if deed == "write":
            self.handles[index].write(contents)
        elif deed == "truncate":
            self.handles[index].truncate(len(contents) % 3)
        else:
            self.handles.pop(index).close()

    @rule(path=NAMES)
    def makedir(self, path):
        self.attempt(self.journal.makedir, path)

    @rule(path=NAMES)
    def remove(self, path):
        self.attempt(self.journal.remove, path)

    @rule(path=NAMES)
    def removetree(self, path):
        self.attempt(self.journal.removetree, path)

    @rule(path=NAMES)
    def settimes(self, path):
        self.attempt(self.journal.setinfo, path, {"details": {"modified": 1000.0}})

    @rule(old=NAMES, new=NAMES, overwrite=st.booleans())
    def move(self, old, new, overwrite):
        self.attempt(self.journal.move, old, new, overwrite=overwrite)

    @rule(old=NAMES, new=NAMES, create=st.booleans())
    def movedir(self, old, new, create):
        self.attempt(self.journal.movedir, old, new, create=create)

    @rule(old=NAMES, new=NAMES)
    def copy(self, old, new):
        self.attempt(self.journal.copy, old, new, overwrite=True)

    @rule()
    def snapshot(self):
        self.marks.append((self.journal.snapshot(), dump(self.below)))

    @precondition(lambda self: len(self.marks) > 1)
    @rule(data=st.data())
    def drop(self, data):
        self.marks.pop(data.draw(st.integers(1, len(self.marks) - 1)))

    @rule(data=st.data())
    def restore(self, data):
        mark, state = data.draw(st.sampled_from(self.marks))
        self.journal.restore(mark)
        assert dump(self.below) == state
        assert not self.journal.changes(mark)

    @invariant()
    def changes_tell_the_truth(self):
        if not hasattr(self, "marks"):
            return
        now = contents(dump(self.below))
        for mark, state in self.marks:
            before = contents(state)
            changes = self.journal.changes(mark)
            assert bool(changes) == (before != now)
            assert len(list(changes)) == len(changes)
            gone = {(change.path, change.before) for change in changes.removed}
            gone |= {(change.old_path, change.before) for change in changes.renamed}
            come = {(change.path, change.after) for change in changes.added}
            come |= {(change.path, change.after) for change in changes.renamed}
            other = {
                path for path in before if path in now and (before[path] is None) != (now[path] is None)
            }  # a file where a directory was, or the other way round
            assert gone == {(path, held) for path, held in before.items() if path not in now or path in other}
            assert come == {(path, held) for path, held in now.items() if path not in before or path in other}
            assert {(change.path, change.before, change.after) for change in changes.changed} == {
                (path, before[path], now[path])
                for path in before
                if path in now and path not in other and before[path] != now[path]
            }

    def teardown(self):
        for file in getattr(self, "handles", ()):
            file.close()


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestMachine = Machine.TestCase
