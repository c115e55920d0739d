"""The shell of a room: command lines, redirections, pipelines, exit results (manual §6.9)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlua.vfs import Room
from vlua.vfs.programs.command import execute
from vlua.vfs.programs.command_line import Command, CommandSyntaxError, Redirection, Variable, Word, parse


class Sink:
    """A binary stream that keeps what is written."""

    def __init__(self):
        self.data = b""

    def write(self, data):
        self.data += data


class Session:
    def __init__(self, files=None, **options):
        self.out, self.err = Sink(), Sink()
        self.room = Room(files or {}, stdout=self.out, stderr=self.err, **options)

    def run(self, line):
        """Status, output and errors of a line."""
        status = execute(self.room, line, 0)
        result = (tuple(status), self.out.data.decode("latin-1"), self.err.data.decode("latin-1"))
        self.out.data = self.err.data = b""
        return result

    def text(self, path):
        return self.room.filesystem.readbytes(path).decode("latin-1")


@pytest.fixture
def session():
    return Session({"f": "one\ntwo\n", "dir/g": "gee"})


def ok(output):
    return (("exit", 0), output, "")


def words_of(line):
    return [
        "".join(part if isinstance(part, str) else f"<{part.name}>" for part in word.parts)
        for item in parse(line)
        for _, commands in item.pipelines
        for command in commands
        for word in command.words
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("  \t ", []),
        ("# all comment", []),
        ("a b  c", ["a", "b", "c"]),
        ("a 'b c' d", ["a", "b c", "d"]),
        ("a\"b c\"'d'e", ["ab cde"]),
        ("a '' \"\"", ["a", "", ""]),
        ("'a\\n$x`'", ["a\\n$x`"]),
        ('"a\\n\\$x\\"\\\\\\`"', ['a\\n$x"\\`']),
        ("a\\ b\\;c", ["a b;c"]),
        ("a\\\nb", ["ab"]),
        ('"a\\\nb"', ["ab"]),
        ("a \\\n b", ["a", "b"]),
        ("a#b #c", ["a#b"]),
        ("'new\nline'", ["new\nline"]),
        ("$a${b}c $$ $! $? $ $1", ["<a><b>c", "<$>", "<!>", "<?>", "$", "$1"]),
        ("\"$a\" '$a'", ["<a>", "$a"]),
        ("\\", ["\\"]),
        ("a*b ~ [c]", ["a*b", "~", "[c]"]),
    ],
)
def test_words(line, expected):
    assert words_of(line) == expected


def test_tree():
    first, second = parse("X=1 Y=a$b cmd Z=2 <in >out 2>&1 | other && third & last >> log")
    assert first.background
    assert not second.background
    (none, (command, other)), (and_, (third,)) = first.pipelines
    assert (none, and_) == ("", "&&")
    assert command == Command(
        (("X", Word(("1",), True)), ("Y", Word(("a", Variable("b")), True))),
        (Word(("cmd",), False), Word(("Z=2",), False)),
        (
            Redirection(0, "<", Word(("in",), False)),
            Redirection(1, ">", Word(("out",), False)),
            Redirection(2, ">&", Word(("1",), False)),
        ),
    )
    assert other.words == (Word(("other",), False),)
    assert third.words == (Word(("third",), False),)
    assert second.pipelines[0][1][0].redirections == (Redirection(1, ">>", Word(("log",), False)),)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("'a", "Unterminated quoted string"),
        ('a "b', "Unterminated quoted string"),
        ('"\\', "Unterminated quoted string"),
        ("a &&", "end of file unexpected"),
        ("a |", "end of file unexpected"),
        (";", '";" unexpected'),
        ("a ;; b", '";;" unexpected'),
        ("& a", '"&" unexpected'),
        ("| a", '"|" unexpected'),
        ("a || && b", '"&&" unexpected'),
        ("(a)", '"(" unexpected'),
        ("a )", '")" unexpected'),
        ("a <<x", '"<<" unexpected'),
        ("a <>x", '"<>" unexpected'),
        ("a >", "end of file unexpected"),
        ("a > ; b", '";" unexpected'),
        ("a > \n b", "newline unexpected"),
        ("`a`", '"`a" unexpected'),
        ("$(a)", '"$(" unexpected'),
        ('"${a:-b}"', '"${" unexpected'),
    ],
)
def test_what_is_not_understood_is_refused(session, line, message):
    with pytest.raises(CommandSyntaxError):
        parse(line)
    assert session.run(line) == (("exit", 2), "", f"sh: 1: Syntax error: {message}\n")


@pytest.mark.parametrize(
    ("line", "status", "output"),
    [
        ("", 0, ""),
        ("true", 0, ""),
        ("false", 1, ""),
        ("exit 3", 3, ""),
        ("exit 300", 44, ""),
        ("false; exit", 1, ""),
        ("exit x", 2, ""),
        ("true && echo a", 0, "a\n"),
        ("false && echo a", 1, ""),
        ("false || echo a", 0, "a\n"),
        ("true || echo a", 0, ""),
        ("false && echo a || echo b", 0, "b\n"),
        ("true || echo a && echo b", 0, "b\n"),
        ("echo a; echo b\necho c", 0, "a\nb\nc\n"),
        ("echo a; exit 2; echo b", 2, "a\n"),
        ("echo a | exit 2; echo $?", 0, "2\n"),
        ("exit 4 | true", 0, ""),
        ("false; echo $?; echo $?", 0, "1\n0\n"),
        ("X=5; echo $X", 0, "5\n"),
        ("X=5 true; echo [$X]", 0, "[]\n"),
        ("X=a Y=$X true; echo -n x", 0, "x"),
        ("echo $none '' a", 0, " a\n"),
        ("/bin/echo a; /usr/bin/true", 0, "a\n"),
        ("sh -c 'exit 5'", 5, ""),
        ("sh -c 'echo $X' ", 0, "\n"),
        ("X=1 sh -c 'echo $X' ", 0, "1\n"),
        ("echo 'echo hi; exit 6' | sh", 6, "hi\n"),
        ("echo 'echo file' > s; sh s", 0, "file\n"),
        ("kill -0 $$", 0, ""),
        ("sh -c 'kill -s HUP $$'", 129, ""),
        ("sh -c 'kill $$'; echo $?", 0, "143\n"),
        ("kill -s HUP $$ | true", 0, ""),
        ("echo a & wait; echo b", 0, "a\nb\n"),
        ("echo a & echo b", 0, "b\na\n"),
        ("cat & ", 0, ""),
        ("false & echo $?", 0, "0\n"),
    ],
)
def test_results(session, line, status, output):
    if line.startswith("kill -s HUP"):
        assert session.run(line)[0] == ("signal", 1)
    else:
        assert session.run(line) == (("exit", status), output, "")


def test_signals_end_the_shell(session):
    assert session.run("kill -s HUP $$")[0] == ("signal", 1)
    assert session.run("kill -KILL $$; echo never") == (("signal", 9), "", "")
    assert session.run("kill -15 $$")[0] == ("signal", 15)
    assert session.run("kill 99999 1 x") == (
        ("exit", 1),
        "",
        "".join(f"kill: ({word}) - No such process\n" for word in ("99999", "1", "x")),
    )
    assert session.run("kill -FOO 1")[0] == ("exit", 2)


def test_unknown_commands(session):
    assert session.run("nope -x") == (("exit", 127), "", "sh: 1: nope: not found\n")
    assert session.run("nope 2> /dev/null") == (("exit", 127), "", "")
    assert session.run("./f") == (("exit", 126), "", "sh: 1: ./f: Permission denied\n")
    assert session.run("./nope") == (("exit", 127), "", "sh: 1: ./nope: not found\n")
    assert session.run("env nope")[0] == ("exit", 127)
    assert session.run("if true; then echo a; fi")[0] == ("exit", 127)


def test_redirections(session):
    assert session.run("cat < f") == ok("one\ntwo\n")
    assert session.run("echo a > new; echo b >> new; cat new") == ok("a\nb\n")
    assert session.run("> empty; cat empty") == ok("")
    assert session.run("nope > log 2>&1")[1:] == ("", "")
    assert session.text("log") == "sh: 1: nope: not found\n"
    # the order counts: stderr goes where stdout went before
    assert session.run("nope 2>&1 > log")[1:] == ("sh: 1: nope: not found\n", "")
    assert session.text("log") == ""
    assert session.run("echo a >&2") == (("exit", 0), "", "a\n")
    assert session.run("echo a 1>&2 2>log") == (("exit", 0), "", "a\n")
    assert session.run("cat nope f 2>err > out; cat err out") == ok("cat: nope: No such file or directory\none\ntwo\n")
    assert session.run("echo 2>x; cat x") == ok("\n")
    assert session.run("cat < nope; echo $?") == (
        ("exit", 0),
        "2\n",
        "sh: 1: cannot open nope: No such file or directory\n",
    )
    assert session.run("echo a > no/where")[::2] == (
        ("exit", 2),
        "sh: 1: cannot create no/where: No such file or directory\n",
    )
    assert session.run("echo a > dir")[::2] == (("exit", 2), "sh: 1: cannot create dir: Is a directory\n")
    assert session.run("echo a >&7")[::2] == (("exit", 2), "sh: 1: 7: Bad file descriptor\n")
    assert session.run("echo gone > /dev/null; cat /dev/null") == ok("")


def test_pipelines(session):
    assert session.run("cat f | cat | cat - dir/g") == ok("one\ntwo\ngee")
    assert session.run("nope | cat")[0] == ("exit", 0)
    assert session.run("nope 2>&1 | cat") == ok("sh: 1: nope: not found\n")
    assert session.run("echo a | echo b") == ok("b\n")
    assert session.run("cat | cat") == ok("")


def test_a_long_pipeline_is_refused_and_a_long_list_is_not(session):
    assert session.run(" | ".join(["echo deep"] + ["cat"] * 15)) == ok("deep\n")
    assert session.run(" | ".join(["cat"] * 1000)) == (("exit", 2), "", "sh: 1: Cannot fork\n")
    assert session.run("true;" * 3000) == ok("")
    assert session.run("true & " * 3000)[0] == ("exit", 2)
    assert session.run("true") == ok("")


def test_endless_writers_end_with_their_reader():
    def flood(args, stdin, stdout, stderr):
        while True:
            stdout.write("y\n" * 1000)

    def head(args, stdin, stdout, stderr):
        stdout.write(stdin.readline())

    session = Session(commands={"yes": flood, "head": head})
    assert session.run("yes | head; echo done") == ok("y\ndone\n")
    assert session.run("yes | cat | head") == ok("y\n")


def test_bytes_pass_unchanged(session):
    everything = "".join(map(chr, range(1, 256)))
    quoted = "'" + everything.replace("'", "'\\''") + "'"
    assert session.run(f"echo -n {quoted} | cat | cat > all; cat all") == ok(everything)
    assert session.text("all") == everything


LINES = st.lists(
    st.sampled_from(
        "echo cat ls rm -r -f mkdir -p true false exit wait env -i kill -9 $$ $! $? sh -c f dir nope x=1 $x /dev/null 1"
        " ' \" \\ ; & && || | < > >> 2> 2>&1 >&2 # ( ) $( ` \n \0 \xff ${x} lua".split(" ")
    ),
    max_size=12,
)


@settings(max_examples=400, deadline=None)
@given(LINES, st.sampled_from([" ", ""]))
def test_whatever_the_line_it_has_a_status(words, blank):
    session = Session({"f": "one\n", "dir/g": ""}, stdin="in\n")
    (what, code), _, _ = session.run(blank.join(words))
    assert what in ("exit", "signal")
    assert 0 <= code <= 255
    assert not session.room.processes.living
    assert session.room.processes.current is None
