"""Rules are obeyed by every operation of a filesystem, and patterns mean what they say, in bounded time."""

from __future__ import annotations

import fnmatch
import io
import tempfile
import unittest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlua.vfs.failure import EACCES, failure_of
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import OSFS, MemoryFS, errors, read_only
from vlua.vfs.quota import QuotaFS
from vlua.vfs.rules import OPERATIONS, Pattern, Rule, RuleFS, Rules

test = pytest.importorskip("fs.test")

ELSEWHERE = [Rule("/never/**", deny=OPERATIONS), Rule("*.never", deny=["read"])]


class TestWithoutRules(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return RuleFS(MemoryFS(), [])


class TestOverMemory(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return RuleFS(MemoryFS(), ELSEWHERE)


class TestAllowedAgain(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return RuleFS(MemoryFS(), [Rule("/**", deny=OPERATIONS), Rule("**", allow=OPERATIONS)])


class TestOverOverlay(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return RuleFS(OverlayFS(read_only(MemoryFS()), MemoryFS()), ELSEWHERE)


class TestOverDirectory(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return RuleFS(OSFS(folder.name), ELSEWHERE)


class TestOverQuota(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return RuleFS(QuotaFS(OverlayFS(read_only(MemoryFS()), MemoryFS()), bytes=1 << 26, files=1000), ELSEWHERE)


class TestUnderQuota(test.FSTestCases, unittest.TestCase):
    def make_fs(self):
        return QuotaFS(RuleFS(MemoryFS(), ELSEWHERE), bytes=1 << 26, files=1000)


# Patterns


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("/", "/", "/a"),
        ("/a", "/a", "/ /b /a/b /b/a /aa /A"),
        ("/a/b", "/a/b", "/a /b /a/b/c /c/a/b"),
        ("a", "/a /b/a /b/c/a", "/ /a/b /aa"),
        ("a/b", "/a/b /c/a/b", "/a /b /a/c/b"),
        ("*", "/a /a/b /.hidden", "/"),
        ("/*", "/a /.hidden", "/ /a/b"),
        ("/*.txt", "/a.txt /.txt", "/a.text /a.txt.bak /b/a.txt"),
        ("*.txt", "/a.txt /b/a.txt", "/a.txt/b"),
        ("/a*c", "/ac /abc /abcc", "/ab /a/c /acb"),
        ("/*a*b*", "/ab /xaxbx", "/ba"),
        ("/a?c", "/abc /a?c", "/ac /abbc /a/c"),
        ("/[abc]", "/a /c", "/d /ab /[abc]"),
        ("/[a-c-]x", "/ax /bx /-x", "/dx"),
        ("/[!a-c]", "/d /! /-", "/a /b"),
        ("/[]]", "/]", "/["),
        ("/[!]]", "/[ /a", "/]"),
        ("/[[]", "/[", "/]"),
        ("/[*?]", "/* /?", "/a"),
        ("/[.]", "/.", "/a"),
        ("/**", "/ /a /a/b", ""),
        ("**", "/ /a /a/b", ""),
        ("/a/**", "/a /a/b /a/b/c", "/ /b /ab /b/a"),
        ("a/**", "/a /a/b /b/a /b/a/c", "/ /b /ab"),
        ("/**/a", "/a /b/a /b/c/a", "/ /a/b"),
        ("/a/**/b", "/a/b /a/c/b /a/c/d/b /a/b/b", "/a /b /a/b/c"),
        ("/a/**/**/b", "/a/b /a/c/b", "/a"),
        ("/**/a/**/b/**", "/a/b /x/a/y/b/z /a/b/a/b", "/b/a /a"),
        ("/a\\b", "/a\\b", "/ab"),
        ("/é*", "/é /éa", "/e"),
    ],
)
def test_patterns(pattern, yes, no):
    compiled = Pattern(pattern)
    assert {path: compiled.matches(path) for path in yes.split()} == dict.fromkeys(yes.split(), True)
    assert {path: compiled.matches(path) for path in no.split()} == dict.fromkeys(no.split(), False)


@pytest.mark.parametrize(
    "pattern",
    "  // /a//b /a/ a/ /a/../b . .. /. /a** /**a/b /*** /[ /[a /[] /[!] /[z-a] /a[b/c] /a\0b".split(" "),
)
def test_wrong_patterns_are_named(pattern):
    with pytest.raises(ValueError) as caught:
        Rule(pattern)
    assert not pattern or repr(pattern) in str(caught.value)


@given(st.text("ab*?", max_size=8).filter(lambda pattern: pattern and "**" not in pattern), st.text("abc", max_size=8))
def test_names_match_as_fnmatch_says(pattern, name):
    assert name == "" or Pattern("/" + pattern).matches("/" + name) == fnmatch.fnmatchcase(name, pattern)


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(["a", "b", "*", "**"]), min_size=1, max_size=6),
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=7),
)
def test_stars_between_slashes_match_as_they_are_defined(pattern, path):
    def defined(tokens, names):
        if not tokens:
            return not names
        if tokens[0] == "**":
            return any(defined(tokens[1:], names[count:]) for count in range(len(names) + 1))
        return bool(names) and tokens[0] in ("*", names[0]) and defined(tokens[1:], names[1:])

    assert Pattern("/" + "/".join(pattern)).matches("/" + "/".join(path)) == defined(pattern, path)


def test_matching_takes_bounded_time():
    steps = 0

    class Counted(str):
        __slots__ = ()

        def __eq__(self, other):
            nonlocal steps
            steps += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    from vlua.vfs.rules import _character_matches, _matches

    name, tokens = [Counted("a")] * 300, ["a", None] * 150 + ["b"]
    assert not _matches(name, tokens, _character_matches)
    assert 0 < steps <= 300 * 301
    assert not Pattern("/" + "*a" * 100 + "b").matches("/" + "a" * 255)
    assert not Pattern("/" + "**/a/" * 100 + "b").matches("/a" * 1000)


# Rules


def test_rules_check_what_they_are_given():
    rule = Rule("/a", allow=["read"], deny="list")
    assert (rule.allow, rule.deny) == (frozenset({"read"}), frozenset({"list"}))
    assert rule == Rule("/a", {"read"}, {"list"})
    assert len({rule, Rule("/a", {"read"}, {"list"})}) == 1
    with pytest.raises(AttributeError):
        rule.pattern = "/b"
    for wrong in (
        lambda: Rule("/a", deny=["look"]),
        lambda: Rule("/a", deny="readwrite"),
        lambda: Rule("/a", deny=3),
        lambda: Rule(3),
        lambda: Rule("/a", allow=["read"], deny=["read"]),
        lambda: RuleFS(MemoryFS(), ["/a"]),
    ):
        with pytest.raises((TypeError, ValueError)):
            wrong()


def test_the_last_rule_that_mentions_the_operation_decides():
    first = Rule("/**", deny=OPERATIONS)
    second = Rule("/open/**", allow={"read", "list"})
    third = Rule("/open/not", deny={"read"})
    rules = Rules([first, second, third])
    assert rules.decide("read", "/a") == (False, first)
    assert rules.decide("read", "/open/a") == (True, second)
    assert rules.decide("write", "/open/a") == (False, first)
    assert rules.decide("read", "/open/not") == (False, third)
    assert rules.decide("list", "/open/not") == (True, second)
    assert Rules([second, first]).decide("read", "/open/a") == (False, first)
    assert Rules([]).decide("delete", "/") == (True, None)


def test_rules_ignore_case_where_the_filesystem_does():
    class Insensitive(MemoryFS):
        def getmeta(self, namespace="standard"):
            return {**super().getmeta(namespace), "case_insensitive": True}

    fs = RuleFS(Insensitive(), [Rule("/Secret/[A-C]*", deny={"read"})])
    for path in ("/secret/a", "/SECRET/Bx"):
        with pytest.raises(errors.PermissionDenied):
            fs.getinfo(path)
    assert not fs.exists("/secret/d")


# Enforcement


@pytest.fixture
def memory():
    memory = MemoryFS()
    memory.makedirs("secret/deep")
    memory.writebytes("secret/key", b"key")
    memory.writebytes("secret/deep/key", b"deep")
    memory.makedirs("open")
    memory.writebytes("open/a", b"a")
    return memory


def tree(fs):
    return {path: None if info.is_dir else fs.readbytes(path) for path, info in fs.walk.info()}


def uses(path):
    """Every way to touch ``path``, by name."""
    return {
        "getinfo": lambda fs: fs.getinfo(path),
        "getdetails": lambda fs: fs.getinfo(path, ["details"]),
        "gettype": lambda fs: fs.gettype(path),
        "getsize": lambda fs: fs.getsize(path),
        "readbytes": lambda fs: fs.readbytes(path),
        "readtext": lambda fs: fs.readtext(path),
        "open": lambda fs: fs.open(path),
        "openbin": lambda fs: fs.openbin(path, "rb"),
        "open r+": lambda fs: fs.openbin(path, "r+"),
        "open w": lambda fs: fs.openbin(path, "w"),
        "open w+": lambda fs: fs.openbin(path, "w+"),
        "open a": lambda fs: fs.openbin(path, "a"),
        "open a+": lambda fs: fs.openbin(path, "a+"),
        "open x": lambda fs: fs.openbin(path, "x"),
        "writebytes": lambda fs: fs.writebytes(path, b""),
        "writetext": lambda fs: fs.writetext(path, ""),
        "appendbytes": lambda fs: fs.appendbytes(path, b"x"),
        "upload": lambda fs: fs.upload(path, io.BytesIO(b"x")),
        "download": lambda fs: fs.download(path, io.BytesIO()),
        "touch": lambda fs: fs.touch(path),
        "create": lambda fs: fs.create(path),
        "create wipe": lambda fs: fs.create(path, wipe=True),
        "hash": lambda fs: fs.hash(path, "md5"),
        "setinfo": lambda fs: fs.setinfo(path, {"details": {"modified": 1.0}}),
        "listdir": lambda fs: fs.listdir(path),
        "scandir": lambda fs: list(fs.scandir(path)),
        "filterdir": lambda fs: list(fs.filterdir(path)),
        "isempty": lambda fs: fs.isempty(path),
        "opendir": lambda fs: fs.opendir(path),
        "makedir": lambda fs: fs.makedir(path),
        "makedir again": lambda fs: fs.makedir(path, recreate=True),
        "remove": lambda fs: fs.remove(path),
        "removedir": lambda fs: fs.removedir(path),
        "removetree": lambda fs: fs.removetree(path),
        "move from": lambda fs: fs.move(path, "/open/new"),
        "move to": lambda fs: fs.move("/open/a", path),
        "move over": lambda fs: fs.move("/open/a", path, overwrite=True),
        "copy from": lambda fs: fs.copy(path, "/open/new"),
        "copy to": lambda fs: fs.copy("/open/a", path),
        "copy over": lambda fs: fs.copy("/open/a", path, overwrite=True),
        "movedir from": lambda fs: fs.movedir(path, "/open/new", create=True),
        "movedir to": lambda fs: fs.movedir("/open", path, create=True),
        "copydir from": lambda fs: fs.copydir(path, "/open/new", create=True),
        "copydir to": lambda fs: fs.copydir("/open", path, create=True),
        "settimes": lambda fs: fs.settimes(path),
        "a part": lambda fs: fs.opendir("/").opendir("secret").openbin(path.rpartition("/")[2]),
        "dots": lambda fs: fs.openbin("/open/.." + path),
    }


PATHS = ["/secret", "/secret/key", "/secret/deep", "/secret/none", "/secret/none/none", "/secret/key/none"]


@pytest.mark.parametrize("name", uses(""))
def test_what_is_denied_is_denied_whether_or_not_it_is_there(memory, name):
    before = tree(memory)
    fs = RuleFS(memory, [Rule("/secret/**", deny=OPERATIONS)])
    for path in PATHS:
        with pytest.raises(errors.PermissionDenied) as caught:
            uses(path)[name](fs)
        assert failure_of(caught.value).errno == EACCES
        assert tree(memory) == before
        assert not fs.exists(path)
        assert not fs.isdir(path)
        assert not fs.isfile(path)


READING_ALONE = {"open w", "open a", "writebytes", "writetext", "appendbytes", "upload", "create wipe", "copy over"} | {
    "listdir",
    "scandir",
    "filterdir",
    "isempty",
}


@pytest.mark.parametrize("name", sorted(set(uses("")) - READING_ALONE - {"movedir to", "copydir to"}))
def test_denied_reading_alone_hides_what_is_there(memory, name):
    before = tree(memory)
    fs = RuleFS(memory, [Rule("/secret/**", deny={"read"})])
    for path in PATHS:
        with pytest.raises(errors.PermissionDenied):
            uses(path)[name](fs)
        assert tree(memory) == before


def test_what_may_not_be_read_can_be_written_blindly(memory):
    fs = RuleFS(memory, [Rule("/secret/**", deny={"read"})])
    fs.appendbytes("secret/key", b"!")
    fs.appendbytes("secret/new", b"!")
    with fs.openbin("secret/key", "w") as file:
        file.write(b"written")
        with pytest.raises(OSError):
            file.read()
        with pytest.raises(OSError):
            list(file)
    assert memory.readbytes("secret/key") == b"written"
    fs = RuleFS(memory, [Rule("/secret/**", deny={"read", "create"})])
    for path in ("secret/key", "secret/none"):  # whether it is there must not decide
        with pytest.raises(errors.PermissionDenied):
            fs.appendbytes(path, b"!")


def test_listing_shows_what_may_not_be_read_by_name_alone(memory):
    fs = RuleFS(memory, [Rule("/secret/key", deny={"read"})])
    assert sorted(fs.listdir("secret")) == ["deep", "key"]
    shown = {info.name: info.raw for info in fs.scandir("secret", namespaces=["details"])}
    assert "details" in shown["deep"]
    assert shown["key"] == {"basic": {"name": "key", "is_dir": False}}
    assert sorted(fs.walk.files()) == ["/open/a", "/secret/deep/key", "/secret/key"]


def test_listing_leaves_out_what_may_be_neither_read_nor_listed(memory):
    fs = RuleFS(memory, [Rule("/secret/**", deny={"read", "list"})])
    assert fs.listdir("/") == ["open"]
    assert [info.name for info in fs.scandir("/", page=(0, 5))] == ["open"]
    assert sorted(fs.walk.files()) == ["/open/a"]
    fs = RuleFS(memory, [Rule("/secret/**", deny={"list"})])
    assert sorted(fs.listdir("/")) == ["open", "secret"]
    assert fs.readbytes("secret/key") == b"key"
    with pytest.raises(errors.PermissionDenied):
        fs.listdir("secret")


@pytest.mark.parametrize(
    ("denied", "refused"),
    [
        ("write", {"write", "append", "update", "touch", "replace", "over"}),
        ("create", {"new", "exclusive", "makedir", "copy", "rename"}),
        ("delete", {"remove", "removetree", "rename", "over"}),
        ("list", {"list", "removetree"}),
        ("read", {"read", "update", "remove", "removetree", "rename", "over", "copy", "touch", "exclusive", "makedir"}),
    ],
)
def test_each_operation_by_itself(memory, denied, refused):
    deeds = {
        "read": lambda fs: fs.readbytes("open/a"),
        "list": lambda fs: fs.listdir("open"),
        "write": lambda fs: fs.writebytes("open/a", b"new"),
        "append": lambda fs: fs.appendbytes("open/a", b"new"),
        "update": lambda fs: fs.openbin("open/a", "r+").close(),
        "touch": lambda fs: fs.touch("open/a"),
        "replace": lambda fs: fs.copy("secret/key", "open/a", overwrite=True),
        "over": lambda fs: fs.move("open/a", "open/b", overwrite=True),
        "new": lambda fs: fs.writebytes("open/new", b""),
        "exclusive": lambda fs: fs.openbin("open/new", "x").close(),
        "makedir": lambda fs: fs.makedir("open/new"),
        "copy": lambda fs: fs.copy("open/a", "open/new"),
        "rename": lambda fs: fs.move("open/a", "open/new"),
        "remove": lambda fs: fs.remove("open/a"),
        "removetree": lambda fs: fs.removetree("open"),
    }
    outcomes = set()
    for name, deed in deeds.items():
        copy = MemoryFS()
        for path, contents in tree(memory).items():
            copy.makedirs(path, recreate=True) if contents is None else copy.writebytes(path, contents)
        copy.writebytes("open/b", b"b")
        before = tree(copy)
        try:
            deed(RuleFS(copy, [Rule("/open/**", deny={denied})]))
        except errors.PermissionDenied:
            outcomes.add(name)
            assert tree(copy) == before
    if denied == "read":
        outcomes -= {"list"}
    assert outcomes == refused


def test_a_tree_is_judged_before_it_is_touched(memory):
    memory.writebytes("open/z", b"z")
    before = tree(memory)
    for rules in ([Rule("/open/a", deny={"delete"})], [Rule("/open/a", deny={"read", "list"})]):
        fs = RuleFS(memory, rules)
        for deed in (
            lambda fs: fs.removetree("open"),
            lambda fs: fs.removetree("/"),
            lambda fs: fs.movedir("open", "moved", create=True),
            lambda fs: fs.movedir("open", "secret"),
        ):
            with pytest.raises(errors.PermissionDenied):
                deed(fs)
            assert tree(memory) == before
    for rule in (Rule("/moved/**", deny={"create"}), Rule("/moved/a", deny={"create"}), Rule("/moved", deny={"read"})):
        with pytest.raises(errors.PermissionDenied):
            RuleFS(memory, [rule]).movedir("open", "moved", create=True)
        assert tree(memory) == before
    RuleFS(memory, [Rule("/other", deny=OPERATIONS)]).movedir("open", "moved", create=True)
    assert memory.readbytes("moved/z") == b"z"
    RuleFS(memory, [Rule("/other", deny=OPERATIONS)]).removetree("/")
    assert tree(memory) == {}


def test_handles_are_judged_when_they_are_opened(memory):
    decided = []
    fs = RuleFS(memory, [Rule("/open/b", deny=OPERATIONS)], lambda *event: decided.append(event))
    with fs.openbin("open/a", "r+") as file:
        assert decided == [("read", "/open/a", True, None), ("write", "/open/a", True, None)]
        file.write(b"x")
        file.seek(0)
        assert file.read() == b"x"
    assert len(decided) == 2
    with fs.openbin("open/a", "r") as file:
        for change in (lambda: file.write(b"y"), file.truncate, lambda: file.truncate(100)):
            with pytest.raises(io.UnsupportedOperation):
                change()
    assert memory.readbytes("open/a") == b"x"


def test_events_tell_of_each_decision(memory):
    rule = Rule("/secret/**", deny={"read"})
    events = []
    fs = RuleFS(memory, [rule], lambda *event: events.append(event))
    fs.readbytes("open/../open/a")
    with pytest.raises(errors.PermissionDenied):
        fs.readbytes("secret/key")
    fs.listdir("secret")
    fs.move("open/a", "open/b")
    assert events == [
        ("read", "/open/a", True, None),
        ("read", "/secret/key", False, rule),
        ("list", "/secret", True, None),
        ("read", "/open/a", True, None),
        ("delete", "/open/a", True, None),
        ("read", "/open/b", True, None),
        ("create", "/open/b", True, None),
    ]


def test_what_an_event_raises_prevents_the_operation(memory):
    def refuse(operation, path, allowed, rule):
        if operation == "delete":
            raise RuntimeError(path)

    with pytest.raises(RuntimeError, match="/open/a"):
        RuleFS(memory, [], refuse).remove("open/a")
    assert memory.exists("open/a")


def test_nothing_hands_out_what_is_below(memory):
    fs = RuleFS(memory, [Rule("/secret/**", deny=OPERATIONS)])
    part = fs.opendir("open")
    assert part.delegate_fs() is fs
    with pytest.raises(errors.IllegalBackReference):
        part.openbin("../secret/key")
    assert not fs.hassyspath("/open/a")
    assert not fs.hasurl("/open/a")


def test_moves_that_would_lose_files_are_refused(memory):
    before = tree(memory)
    fs = RuleFS(memory, [])
    fs.move("open/a", "open/a", overwrite=True)
    fs.copy("open/a", "open/a", overwrite=True)
    fs.movedir("open", "open")
    for wrong in (
        lambda: fs.move("open/a", "secret", overwrite=True),
        lambda: fs.move("open/a", "secret/key/x"),
        lambda: fs.movedir("secret", "secret/deep/er", create=True),
        lambda: fs.copydir("secret", "secret/deep"),
        lambda: fs.makedir("open/a/x"),
    ):
        with pytest.raises(errors.FSError):
            wrong()
    assert tree(memory) == before


def test_a_directory_is_moved_into_one_that_is_there(memory):
    RuleFS(memory, []).movedir("secret", "open")
    assert tree(memory) == {"/open": None, "/open/a": b"a", "/open/deep": None, "/open/key": b"key"} | {
        "/open/deep/key": b"deep"
    }
