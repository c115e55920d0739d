"""What changed, told to people: reports, and diffs that ``patch`` understands."""

from __future__ import annotations

import shutil
import subprocess

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlua.vfs import difference
from vlua.vfs.changes import Change, Changes, State, compare, printable
from vlua.vfs.difference import split_lines, unified_diff


def file(contents):
    return State(contents)


DIRECTORY = State(None)


def test_nothing():
    changes = Changes()
    assert not changes
    assert list(changes) == []
    assert len(changes) == 0
    assert changes.report() == changes.diff() == ""


def test_frozen():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Changes().added = ()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Change("/x").path = "/y"


def test_compare():
    before = {"/a": file(b"a"), "/b": None, "/c": file(b"c"), "/d": DIRECTORY, "/e": file(b"e"), "/f": DIRECTORY}
    after = {"/a": file(b"A!"), "/b": file(b"b"), "/c": None, "/d": DIRECTORY, "/e": DIRECTORY, "/f": None}
    changes = compare(before, after)
    assert [(letter, change.path, change.kind) for letter, change in changes.lettered()] == [
        ("M", "/a", "file"),
        ("A", "/b", "file"),
        ("D", "/c", "file"),
        ("D", "/e", "file"),
        ("A", "/e", "directory"),
        ("D", "/f", "directory"),
    ]
    assert [change.path for change in changes] == ["/a", "/b", "/c", "/e", "/e", "/f"]
    assert changes.report() == ("M /a (1 byte -> 2 bytes)\nA /b (1 byte)\nD /c (1 byte)\nD /e (1 byte)\nA /e/\nD /f/\n")


def test_same_contents_are_a_rename():
    before = {"/x/same": file(b"s"), "/y/same": file(b"s"), "/z": file(b""), "/n": None, "/q/same": None, "/e": None}
    after = {"/x/same": None, "/y/same": None, "/z": None, "/n": file(b"s"), "/q/same": file(b"s"), "/e": file(b"")}
    changes = compare(before, after)
    # empty files tell nothing
    assert [change.path for change in changes.added] == ["/e"]
    assert [change.path for change in changes.removed] == ["/z"]
    assert {change.path for change in changes.renamed} == {"/n", "/q/same"}
    assert {change.old_path for change in changes.renamed} == {"/x/same", "/y/same"}


def test_a_file_of_the_same_name_is_preferred():
    before = {"/a": file(b"s"), "/dir/b": file(b"s"), "/new/b": None}
    after = {"/a": None, "/dir/b": None, "/new/b": file(b"s")}
    (change,) = compare(before, after).renamed
    assert change.old_path == "/dir/b"


def test_moves_come_before_equal_contents():
    before = {"/a": file(b"s"), "/b": file(b"t"), "/x": None, "/y": None}
    after = {"/a": None, "/b": None, "/x": file(b"t"), "/y": file(b"s")}
    changes = compare(before, after, {"/x": "/a"})
    assert [(change.old_path, change.path, change.before, change.after) for change in changes.renamed] == [
        ("/a", "/x", b"s", b"t")
    ]
    assert changes.report() == "D /b (1 byte)\nR /a -> /x (1 byte -> 1 byte)\nA /y (1 byte)\n"


def diff_of(before, after, **options):
    return Change("/f", before=before, after=after).diff(**options)


def test_diff():
    before = b"".join(b"%d\n" % number for number in range(1, 21))
    after = before.replace(b"\n2\n", b"\ntwo\n").replace(b"\n20\n", b"\n20\n21\n")
    assert diff_of(before, after) == (
        "--- a/f\n+++ b/f\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -18,3 +18,4 @@\n 18\n 19\n 20\n+21\n"
    )


def test_diff_without_newline_at_the_end():
    no = "\\ No newline at end of file\n"
    assert diff_of(b"a", b"a\n") == f"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n{no}+a\n"
    assert diff_of(b"a\n", b"a\nb") == f"--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n a\n+b\n{no}"
    assert diff_of(b"a\nx", b"b\nx") == f"--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a\n+b\n x\n{no}"


def test_diff_of_new_and_old_files():
    assert diff_of(None, b"a\nb\n") == "--- /dev/null\n+++ b/f\n@@ -0,0 +1,2 @@\n+a\n+b\n"
    assert diff_of(b"a\n", None) == "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
    assert diff_of(None, b"") == "Empty file b/f added\n"
    assert diff_of(b"", None) == "Empty file a/f removed\n"
    assert diff_of(b"", b"a\n") == "--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+a\n"


def test_diff_of_renamed_files():
    assert Change("/new", old_path="/old", before=b"a\n", after=b"a\n").diff() == ""
    assert Change("/new", old_path="/old", before=b"a\n", after=b"b\n").diff().startswith("--- a/old\n+++ b/new\n@@")


def test_diff_of_what_is_no_text():
    assert diff_of(b"\xff", b"a") == "Binary files a/f and b/f differ (1 byte -> 1 byte)\n"
    assert diff_of(None, b"nul\0") == "Binary files /dev/null and b/f differ (none -> 4 bytes)\n"
    assert diff_of(b"a" * 11, b"b", largest=10) == "Large files a/f and b/f differ (11 bytes -> 1 byte)\n"
    assert Change("/d", "directory").diff() == ""


def test_only_newlines_end_lines():
    text = "a\x0bb\x0cc\x1cd\x85e\u2028f\rg"
    assert split_lines(text) == [text]
    assert split_lines("a\n\nb") == ["a\n", "\n", "b"]
    assert split_lines("a\n") == ["a\n"]
    assert split_lines("") == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/plain name", "/plain name"),
        ("/Grüße", "/Grüße"),
        ("/new\nline", '"/new\\012line"'),
        ("/\x1b[31m", '"/\\033[31m"'),
        ("/latin \udcff", '"/latin \\377"'),
        ("/\u202egnp.exe", '"/\\342\\200\\256gnp.exe"'),
        ('/"', '"/\\""'),
        ("/\\n", '"/\\\\n"'),
        ("/\x7f\x9b", '"/\\177\\302\\233"'),
        ("/\ud800", '"/\\355\\240\\200"'),
    ],
)
def test_printable(name, shown):
    assert printable(name) == shown
    assert printable(name).isprintable()


def apply_hunks(before, hunks):
    """What ``patch`` does, strictly: every line of a hunk must be where it says."""
    lines = "".join(hunks).split("\n")[:-1]
    result, position, index = [], 0, 0
    while index < len(lines):
        old, new = (part[1:].split(",") for part in lines[index].split()[1:3])
        count_old, count_new = (int(part[1]) if len(part) > 1 else 1 for part in (old, new))
        start = int(old[0]) - (count_old > 0)
        assert start >= position
        result += before[position:start]
        position = start
        assert len(result) == int(new[0]) - (count_new > 0)
        index += 1
        while count_old or count_new or index < len(lines) and lines[index][0] == "\\":
            mark, line = lines[index][0], lines[index][1:] + "\n"
            index += 1
            if index < len(lines) and lines[index][0] == "\\":
                line = line[:-1]
                index += 1
            if mark in " -":
                assert before[position] == line
                position += 1
                count_old -= 1
            if mark in " +":
                result.append(line)
                count_new -= 1
    return result + before[position:]


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", "d"]), max_size=30).map("\n".join)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_diffs_lead_from_one_to_the_other(before, after):
    before, after = split_lines(before), split_lines(after)
    hunks = list(unified_diff(before, after))
    assert apply_hunks(before, hunks) == after
    assert bool(hunks) == (before != after)


def edits(hunks):
    return sum(line[0] in "+-" for line in "".join(hunks).split("\n")[:-1])


def shortest(before, after):
    """The number of edits, by the longest common subsequence."""
    row = [0] * (len(after) + 1)
    for line in before:
        above = row[:]
        for index, other in enumerate(after):
            row[index + 1] = above[index] + 1 if line == other else max(row[index], above[index + 1])
    return len(before) + len(after) - 2 * row[-1]


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_diffs_are_the_shortest(before, after):
    before, after = split_lines(before), split_lines(after)
    assert edits(unified_diff(before, after)) == shortest(before, after)


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS, st.integers(0, 4), st.integers(0, 50))
def test_limited_work_still_makes_right_diffs(before, after, distance, work):
    before, after = split_lines(before), split_lines(after)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(difference, "LARGEST_DISTANCE", distance)
        patch.setattr(difference, "LARGEST_WORK", work)
        assert apply_hunks(before, unified_diff(before, after)) == after


class Line(str):
    """Counts how often lines are compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other):
        Line.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


@pytest.mark.parametrize("lines", [["a\n", "b\n"], ["a\n"]])
def test_hostile_text_takes_bounded_work(lines, monkeypatch):
    monkeypatch.setattr(difference, "LARGEST_WORK", 20_000)
    before = [Line(lines[number * number // 7 % len(lines)]) for number in range(3000)] + [Line("x\n")]
    after = [Line("y\n")] + [Line(lines[number * number // 11 % len(lines)]) for number in range(2000)] + [Line("z\n")]
    Line.compared = 0
    assert list(unified_diff(before, after))
    # one more round of diagonals may follow when the work is used up, each as long as the text
    assert Line.compared < 20_000 + 2 * (len(before) + len(after)) + 2 * difference.LARGEST_DISTANCE * 20


@pytest.mark.skipif(shutil.which("patch") is None, reason="no patch here")
def test_patch_understands(tmp_path):
    before = b"".join(b"line %d\n" % number for number in range(50))
    after = before.replace(b"line 7\n", b"").replace(b"line 30\n", b"line 30\nnew\n") + b"end"
    changes = compare({"/f": file(before), "/n": None}, {"/f": file(after), "/n": file(b"new\n")})
    (tmp_path / "f").write_bytes(before)
    subprocess.run(["patch", "-p1", "-s"], input=changes.diff().encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "f").read_bytes() == after
    assert (tmp_path / "n").read_bytes() == b"new\n"
