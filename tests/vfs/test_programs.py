"""Virtual programs from Lua: ``os.execute``, ``io.popen``, the program ``lua`` and commands of the host."""

from __future__ import annotations

import gc
import io
import threading
import weakref

import pytest

from vlua import LimitExceeded, LuaError, LuaExit, LuaRuntime, Policy


def runtime(files=None, **options):
    options.setdefault("stdout", io.BytesIO())
    options.setdefault("stderr", io.BytesIO())
    return LuaRuntime(options.pop("policy", None), files=files or {}, encoding="latin-1", **options)


class Session:
    """A runtime with what it has written."""

    def __init__(self, files=None, **options):
        self.out, self.err = io.BytesIO(), io.BytesIO()
        self.lua = runtime(files, stdout=self.out, stderr=self.err, **options)

    def run(self, line):
        """The results of ``os.execute``, output and errors."""
        status = self.lua.eval("os.execute(...)", line)
        result = (status, self.out.getvalue().decode("latin-1"), self.err.getvalue().decode("latin-1"))
        for stream in (self.out, self.err):
            stream.seek(0)
            stream.truncate()
        return result

    def output(self, line):
        """The output of a line that must go well and without a word on stderr."""
        status, out, err = self.run(line)
        assert (status, err) == ((True, "exit", 0), "")
        return out

    def error(self, line):
        """What a line that must fail writes on stderr."""
        status, _, err = self.run(line)
        assert status == (None, "exit", 1)
        return err


@pytest.fixture
def session():
    return Session()


# os.execute and io.popen


def test_execute(session):
    assert session.lua.eval("os.execute()") is True
    assert session.lua.eval("os.execute(nil)") is True
    assert session.run("true") == ((True, "exit", 0), "", "")
    assert session.run("exit 3")[0] == (None, "exit", 3)
    assert session.run("kill -9 $$")[0] == (None, "signal", 9)
    assert session.run("echo a\0b")[1] == "a\n"
    with pytest.raises(LuaError, match="bad argument #1 to 'execute' \\(string expected, got table\\)"):
        session.lua.execute("os.execute({})")


def test_popen_reads():
    lua = runtime({"f": "one\ntwo\n12 0x1F"})
    assert lua.eval("io.popen('cat f'):read('a')") == "one\ntwo\n12 0x1F"
    assert lua.eval("io.popen('cat f', 'r'):read('l', 'L', 'n', 3, 'a')") == ("one", "two\n", 12, " 0x", "1F")
    assert lua.eval("io.popen('true'):read()") is None
    assert lua.eval("io.popen('true'):read('a')") == ""
    assert lua.eval("io.popen('echo a b c'):read(2, 2, 2, 2)") == ("a ", "b ", "c\n", None)
    lua.execute("t = {} for line in io.popen('cat f'):lines() do t[#t + 1] = line end")
    assert list(lua.globals()["t"].values()) == ["one", "two", "12 0x1F"]
    assert lua.eval("io.type(io.popen('true'))") == "file"
    assert lua.eval("io.popen('echo x'):write('a')") == (None, "Bad file descriptor", 9)
    assert lua.eval("io.popen('echo x'):seek()") == (None, "Illegal seek", 29)


@pytest.mark.parametrize("line", ["true", "false", "exit 3", "nope", "kill -s HUP $$", "lua -e 'os.exit(20, true)'"])
def test_closing_tells_how_the_command_ended(line):
    lua = runtime()
    assert lua.eval("io.popen(...):close()", line) == lua.eval("os.execute(...)", line)
    assert lua.eval("io.popen(..., 'w'):close()", line) == lua.eval("os.execute(...)", line)


def test_popen_writes():
    session = Session()
    lua = session.lua
    lua.execute("f = io.popen('cat; exit 4', 'w') f:write('a', 1, '\\n') f:flush()")
    assert session.out.getvalue() == b""
    assert lua.eval("f:close()") == (None, "exit", 4)
    assert session.out.getvalue() == b"a1\n"
    assert lua.eval("io.popen('cat > new', 'w'):write('text'):close()") == (True, "exit", 0)
    assert lua.fs.readtext("/new") == "text"
    assert lua.eval("io.popen('cat', 'w'):read()") == (None, "Bad file descriptor", 9)
    with pytest.raises(LuaError, match="attempt to use a closed file"):
        lua.execute("f:write('x')")


def test_popen_checks_its_mode():
    lua = runtime()
    for mode in ("rw", "a", "", "rb", "r+"):
        with pytest.raises(LuaError, match="bad argument #2 to 'popen' \\(invalid mode\\)"):
            lua.execute("io.popen('true', ...)", mode)


def test_output_comes_as_it_is_read():
    def count(args, stdin, stdout, stderr):
        for number in range(10**9):
            reached[0] = number
            stdout.write(f"{number}\n")

    reached = [0]
    lua = runtime(commands={"count": count})
    lua.execute("f = io.popen('count')")
    begun = reached[0]
    assert 1000 < begun < 50_000
    assert lua.eval("f:read(), f:read()") == ("0", "1")
    assert reached[0] == begun
    lua.execute("for i = 1, 20000 do last = f:read() end")
    assert lua.globals()["last"] == "20001"
    assert lua.eval("f:close()") == (None, "exit", 141)  # as the shell tells of a child that wrote to nobody


def test_jobs_in_the_background_have_their_turn_when_somebody_waits():
    lua = runtime()
    script = "print(1) print(2) io.open('done', 'w'):close()"
    lua.execute(f"""f = io.popen([[lua -e "{script}" & echo $!]]) pid = f:read()""")
    assert int(lua.globals()["pid"]) > 100
    assert not lua.fs.exists("/done")
    assert lua.eval("f:read(), f:read(), f:read()") == ("1", "2", None)
    assert lua.fs.exists("/done")
    assert lua.eval("f:close()") == (True, "exit", 0)
    lua.fs.remove("/done")
    assert lua.eval("""io.popen([[lua -e "io.open('done', 'w'):close()" & ]]):close()""") == (True, "exit", 0)
    assert lua.fs.exists("/done")


def test_interrupts():
    lua = runtime()
    lua.execute("""
      f = io.popen([[lua -e "print(pcall(function () print(1) while true do end end)) print(2)" & echo $!]])
      pid = f:read()
      assert(f:read() == "1")
      assert(os.execute("kill -INT " .. pid))
      assert(f:read() == "false\\t(command line):1: interrupted!")
      assert(f:read() == "2" and f:read() == nil)
      assert(not os.execute("kill -INT " .. pid .. " 2> /dev/null"))
      f = io.popen([[lua -e "print(1) while true do end" & echo $!]])
      pid = f:read()
      assert(f:read() == "1")
      assert(os.execute("kill -INT " .. pid) and os.execute("kill -INT " .. pid))
      assert(not os.execute("kill -INT " .. pid .. " 2> /dev/null"))
      assert(f:read() == nil and f:close())
      f = io.popen([[lua -e "print(1)" & echo $!]])  -- one that has not begun
      assert(os.execute("kill " .. f:read()))
      assert(f:read() == nil)
    """)


def test_from_within_coroutines():
    lua = runtime({"worker.lua": "coroutine.wrap(function () for i = 1, 3 do print(i) end end)()"})
    lua.execute("""
      local make = coroutine.wrap(function ()
        local f = io.popen("lua worker.lua & ")
        while true do coroutine.yield(f:read()) end
      end)
      a, b = make(), make()
      local other = coroutine.create(function () return make() end)
      c = select(2, coroutine.resume(other))
      d = make()
    """)
    assert [lua.globals()[name] for name in "abcd"] == ["1", "2", "3", None]


def test_another_thread_of_the_host_cannot_wake_a_command():
    def slow(args, stdin, stdout, stderr):
        while True:
            stdout.write("y" * 1000)

    lua = runtime(commands={"slow": slow})
    lua.execute("f = io.popen('slow')")
    results = []
    thread = threading.Thread(target=lambda: results.append(lua.eval("f:read('a')")))
    thread.start()
    thread.join()
    assert results == [(None, "Input/output error", 5)]


def test_abandoned_commands_are_freed():
    def slow(args, stdin, stdout, stderr):
        try:
            while True:
                stdout.write("y" * 1000)
        finally:
            ended.append(True)

    ended: list[bool] = []
    lua = runtime(commands={"slow": slow})
    lua.execute("io.popen('slow | cat') io.popen('slow'):read(1)")
    lua.execute("collectgarbage()")
    gc.collect()
    assert ended == [True, True]
    lua.execute("f = io.popen('slow') g = io.popen('lua -e \"while true do print(1) end\"')")
    room = weakref.ref(lua._room)
    del lua
    gc.collect()
    gc.collect()  # once more for what the first round has ended
    assert ended == [True] * 3
    assert room() is None


def test_open_commands_count_as_open_files():
    lua = runtime()
    lua.execute(
        "t = {} for i = 1, 3000 do local f, m = io.popen('echo x') if not f then message = m break end t[i] = f end"
    )
    assert lua.globals()["message"] == "echo x: Too many open files"


# Files, environment, limits, policy


def test_a_child_shares_the_files_and_not_the_environment():
    session = Session({"sub.lua": "io.open('made', 'w'):write(os.getenv('A'), os.getenv('B') or '-')"}, env={"A": "1"})
    assert session.output("B=2 lua sub.lua; cat made") == "12"
    assert session.output("lua sub.lua; cat made") == "1-"
    assert session.output("X=5; lua -e 'print(X, os.getenv([[X]]))'") == "nil\t5\n"
    assert session.output("env -i A=3 lua sub.lua; cat made") == "3-"
    assert session.output("env") == "A=1\n"
    assert session.output("env " * 5000 + "X=1 env") == "A=1\nX=1\n"
    assert session.output("env Y=2 env -i Z=3 env echo done") == "done\n"
    assert session.lua.eval("os.getenv('X')") is None
    assert session.output("lua -e 'x = 1 string.rep = nil'; lua -e 'print(x, string.rep ~= nil)'") == "nil\ttrue\n"


def test_what_is_written_is_there_when_a_child_or_the_host_looks():
    session = Session()
    assert session.output("lua -e 'io.output([[a]]) io.write([[alo]])'; cat a") == "alo"
    assert session.output("lua -e 'f = io.open([[b]], [[w]]) f:write([[x]]) os.exit()'; cat b") == "x"
    session.lua.execute("f = io.open('c', 'w') f:write('kept open')")
    assert session.lua.fs.readtext("/c") == "kept open"
    with pytest.raises(LuaExit):
        session.lua.execute("g = io.popen('cat > d', 'w') g:write('piped') os.exit(0)")
    assert session.lua.fs.readtext("/d") == "piped"


def test_exit_ends_only_the_child(session):
    assert session.run("lua -e 'os.exit(7)'")[0] == (None, "exit", 7)
    assert session.run("lua -e 'coroutine.wrap(function () pcall(os.exit, false) end)()'")[0] == (None, "exit", 1)
    assert session.lua.eval("io.popen('lua -e \"os.exit(5)\"'):close()") == (None, "exit", 5)


@pytest.mark.parametrize(
    "line",
    [
        "lua -e 'while true do end'",
        "lua -e 'pcall(function () while true do end end)'",
        "lua -e 'while true do end' | cat",
        "cat < /dev/null | lua -e 'while true do end'",
        "lua -e 'while true do end' &",
        "lua again.lua",
        "sh -c \"lua -e 'while true do pcall(os.execute, [[lua -v > x]]) end'\"",
        "sleep 100000",
    ],
)
@pytest.mark.parametrize("call", ["os.execute(...)", "io.popen(...):read('a')", "io.popen(..., 'w'):close()"])
def test_limits_are_shared(line, call):
    again = "while true do os.execute('lua again.lua 2> x') end"
    policy = Policy.load("virtual").evolve(instructions=300_000, wall_time=20)
    lua = runtime({"again.lua": again}, policy=policy)
    with pytest.raises(LimitExceeded):
        lua.execute(f"return pcall(function (...) {call} end, ...)", line)


def test_nesting_has_an_end():
    session = Session({"deep.lua": "n = (tonumber(arg[1]) or 0) + 1 print(n) os.execute('lua deep.lua ' .. n)"})
    status, out, err = session.run("lua deep.lua")
    assert status == (True, "exit", 0)
    assert 5 < len(out.splitlines()) < 30
    assert err.endswith("Cannot fork\n")
    session = Session({"deep.lua": "local f = io.popen('lua deep.lua 2>&1') print(f:read('a'))"})
    assert "Cannot fork" in session.run("lua deep.lua")[1]
    session = Session()
    nested = "local function f(n) if n == 0 then return os.execute('true') end return select(2, pcall(f, n - 1)) end"
    assert session.lua.execute(f"{nested} return f(100)") == (True, "exit", 0)
    deep = (
        "local r local function deep(n) if n == 0 then r = {os.execute('lua -v')}"
        " else string.gsub('x', 'x', function () deep(n - 1) end) end end deep(...) return table.unpack(r)"
    )
    assert session.lua.execute(deep, 10) == (True, "exit", 0)
    assert session.lua.execute(deep, 185) == (None, "exit", 127)


def test_finalizers_run_at_the_end_of_a_child(session):
    mark = "setmetatable({}, {__gc = function () print([[gc]]) end})"
    assert session.output(f"lua -e 'x = {mark}'") == "gc\n"
    assert session.output(f"lua -e 'x = {mark} os.exit(0, true)'") == "gc\n"
    assert session.output(f"lua -e 'x = {mark} os.exit(0)'") == ""
    assert session.run(f"lua -e 'x = {mark} error()' 2> /dev/null")[1] == "gc\n"
    session.lua.execute(f'f = io.popen([[lua -e "x = {mark.replace("[[gc]]", "1")} while true do print(0) end"]])')
    session.lua.execute("f:read() f = nil collectgarbage()")
    assert session.out.getvalue() == b""
    assert session.lua._state.meter.alarms == []


def test_the_policy_holds_for_children():
    policy = Policy.load("virtual").evolve(deny=["os.remove", "debug"])
    session = Session(policy=policy)
    assert "os.remove(_) is sandboxed" in session.error("lua -e 'os.remove([[x]])'")
    assert "debug.getinfo(_) is sandboxed" in session.error("lua -e 'debug.getinfo(1)'")
    for name, call in (("os.execute", "os.execute('true')"), ("io.popen", "io.popen('true')")):
        lua = runtime(policy=Policy.load("virtual").evolve(deny=[name]))
        with pytest.raises(LuaError, match="sandboxed"):
            lua.execute(call)
    with pytest.raises(LuaError, match="sandboxed"):
        runtime(policy="refuse").execute("os.execute('true')")


def test_a_child_sees_nothing_of_its_parents_stack():
    session = Session(
        {"look.lua": "local n = 1 while debug.getinfo(n) do n = n + 1 end print(n) print(debug.traceback())"}
    )
    expected = "3\nstack traceback:\n\tlook.lua:1: in main chunk\n\t[C]: in ?\n"
    assert session.output("lua look.lua") == expected
    assert session.lua.eval("io.popen('lua look.lua'):read('a')") == expected


def test_no_process_of_the_host_is_started(monkeypatch):
    import sys

    events = []
    sys.addaudithook(
        lambda event, _: events.append(event) if event.startswith(("subprocess", "os.", "pty", "socket")) else None
    )
    session = Session()
    session.output("ls / | cat; mkdir a; rm -r a; lua -v; sh -c 'echo $$'; sleep 0")
    session.run("nope; kill $$")
    assert not [
        event for event in events if event.startswith(("subprocess", "os.exec", "os.fork", "os.kill", "os.sys"))
    ]


# The small programs


def test_echo_and_cat():
    session = Session({"f": "x" * 100_000})
    assert session.output("echo") == "\n"
    assert session.output("echo -n a  b") == "a b"
    assert session.output("echo 'a\\nb' -n") == "a\\nb -n\n"
    assert session.output("cat f - f < f") == "x" * 300_000
    assert session.output("cat -- f | cat") == "x" * 100_000
    assert session.error("cat nope /") == "cat: nope: No such file or directory\ncat: /: Is a directory\n"
    assert session.run("cat -x")[0] == (None, "exit", 2)


def test_ls():
    session = Session({"b": "", "a": "", ".hidden": "", "d/\u00fc": "", "d/c": ""})
    assert session.output("ls") == "a\nb\nd\n"
    assert session.output("ls -a") == ".hidden\na\nb\nd\n"
    assert session.output("ls d") == "c\n\xc3\xbc\n"
    assert session.output("ls -1 b d a") == "a\nb\n\nd:\nc\n\xc3\xbc\n"
    assert session.run("ls nope")[::2] == (
        (None, "exit", 2),
        "ls: cannot access 'nope': No such file or directory\n",
    )


def test_mkdir_and_rm():
    session = Session({"f": "", "d/e/f": "", "d/g": ""})
    assert session.output("mkdir new; mkdir -p x/y/z /x/y x; ls new x/y") == "new:\n\nx/y:\nz\n"
    assert session.error("mkdir new") == "mkdir: cannot create directory 'new': File exists\n"
    assert session.error("mkdir no/such") == "mkdir: cannot create directory 'no/such': No such file or directory\n"
    assert session.error("mkdir -p f") == "mkdir: cannot create directory 'f': File exists\n"
    assert session.error("mkdir -p f/g") == "mkdir: cannot create directory 'f/g': Not a directory\n"
    assert session.error("rm d nope") == (
        "rm: cannot remove 'd': Is a directory\nrm: cannot remove 'nope': No such file or directory\n"
    )
    assert session.output("rm f; rm -f nope; rm -rf d x; rm -f; ls") == "new\n"
    assert session.error("rm -r /") == "rm: cannot remove '/': Device or resource busy\n"
    assert session.run("rm")[0] == (None, "exit", 2)


def test_sleep():
    session = Session()
    assert session.output("sleep 0.01; sleep 0") == ""
    assert session.run("sleep x")[0] == (None, "exit", 2)
    assert session.run("sleep -1")[0] == (None, "exit", 2)
    assert session.run("sleep")[0] == (None, "exit", 2)


# lua


VERSION = "Lua 5.3.6  Copyright (C) 1994-2020 Lua.org, PUC-Rio\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lua -v", VERSION),
        ("lua -v -e 'print(1)'", VERSION + "1\n"),
        ("lua -e 'print(1)' -e'print(2)' -v", VERSION + "1\n2\n"),
        ("lua -e 'a = 1' -lmod -l mod -e 'print(mod.name, a)'", "mod\t1\n"),
        ("lua args.lua a 'b c'", "args.lua\tlua\t2\ta\tb c\n"),
        ("lua -e ' ' -- args.lua", "args.lua\t--\t0\n"),
        ("lua - x < args.lua", "-\tlua\t1\tx\n"),
        ("cat args.lua | lua", "lua\tnil\t0\n"),
        ("echo '#!/usr/bin/lua\nprint(debug.getinfo(1).currentline)' | lua", "2\n"),
        ("LUA_INIT='x = 1' lua -e 'print(x)'", "1\n"),
        ("LUA_INIT=@init.lua lua -e 'print(x)'", "from init\n"),
        ("LUA_INIT_5_3='x = 3' LUA_INIT='x = 1' lua -e 'print(x)'", "3\n"),
        ("LUA_INIT='error()' LUA_PATH=p LUA_CPATH=c lua -E -e 'print(package.path ~= \"p\")'", "true\n"),
        ("LUA_PATH='p;;' lua -e 'print(package.path:sub(1, 7))'", "p;./?.l\n"),
        ("LUA_CPATH_5_3=d LUA_CPATH=c lua -e 'print(package.cpath)'", "d\n"),
        ("lua -e 'io.write(io.read())' < init.lua", "x = 'from init'"),
        ("lua -e '' nothing.lua", ""),
    ],
)
def test_lua(line, expected):
    session = Session(
        {
            "mod.lua": "return {name = ...}",
            "args.lua": "print(arg[0], arg[-1], #arg, ...)",
            "init.lua": "x = 'from init'",
            "nothing.lua": "",
        }
    )
    assert session.output(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lua -e 'error(\"x\")'", "lua: (command line):1: x\nstack traceback:\n\t[C]: in function 'error'\n"),
        ("/usr/bin/lua -e 'error(\"x\", 0)'", "/usr/bin/lua: x\nstack traceback:\n"),
        ("lua -e 'error({})'", "lua: (error object is a table value)\nstack traceback:\n"),
        ("lua -e 'error(12)'", "lua: 12\nstack traceback:\n"),
        ("lua -e 'error(setmetatable({}, {__tostring = function () return [[me]] end}))'", "lua: me\n"),
        ("lua -e 'x ='", "lua: (command line):1: unexpected symbol near <eof>\n"),
        ("lua nope.lua", "lua: cannot open nope.lua: No such file or directory\n"),
        ("lua -l nope", "lua: module 'nope' not found:\n\tno field package.preload['nope']\n"),
        ("lua -h", "lua: unrecognized option '-h'\nusage: lua [options] [script [args]]\n"),
        ("lua -vv", "lua: unrecognized option '-vv'\n"),
        ("lua -e", "lua: '-e' needs argument\n"),
        ("lua -l -v", "lua: '-l' needs argument\n"),
        ("LUA_INIT='error(1, 0)' lua", "lua: 1\nstack traceback:\n"),
        ("LUA_INIT='x =' lua -v > /dev/null", "lua: LUA_INIT:1: unexpected symbol near <eof>\n"),
        ("lua -e 'arg = 1' - < /dev/null", "lua: 'arg' is not a table\n"),
    ],
)
def test_errors_of_lua(session, line, expected):
    assert session.error(line).startswith(expected)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", "> \n"),
        ("1 + 1", "> 2\n> \n"),
        ("=1, nil", "> 1\tnil\n> \n"),
        ("x = 1\nx", "> > 1\n> \n"),
        ("x =\n5\nx", "> >> > 5\n> \n"),
        ("for i = 1, 2 do\nprint(i)\nend", "> >> >> 1\n2\n> \n"),
        ("=[[a\nb]]", "> >> a\nb\n> \n"),
        ("_PROMPT = 'p' _PROMPT2 = 7\nx =\n1", "> p7p\n"),
        ("os.exit(0)\nprint(1)", "> "),
    ],
)
def test_conversation(lines, expected):
    session = Session({"lines": lines})
    assert session.output("lua -i < lines") == VERSION + expected


def test_errors_in_a_conversation():
    session = Session({"lines": "error('x')\nx =)\nprint = nil\n1\n[[a\nb]]\nfunction f("})
    status, out, err = session.run("lua -e '_PROMPT = [[]]' -i < lines")
    assert (status, out) == ((True, "exit", 0), VERSION + ">> >> \n")
    assert err == (
        "stdin:1: x\nstack traceback:\n\t[C]: in function 'error'\n\tstdin:1: in main chunk\n\t[C]: in ?\n"
        "stdin:1: unexpected symbol near ')'\n"
        "error calling 'print' (attempt to call a nil value)\n"
        "stdin:2: unexpected symbol near '[[a\nb]]'\n"
        "stdin:1: <name> or '...' expected near <eof>\n"
    )


def test_debug_debug():
    session = Session({"lines": "x = 1\nerror('e', 0)\nio.write(x)\ncont\nnever"})
    assert session.run("lua -e 'debug.debug()' < lines") == (
        (True, "exit", 0),
        "1",
        "lua_debug> lua_debug> e\nlua_debug> lua_debug> ",
    )


# Commands of the host


def test_host_commands():
    def upper(args, stdin, stdout, stderr):
        calls.append(args)
        for line in stdin:
            stdout.write(line.upper())
        stderr.write("done\u00fc")
        return len(args)

    calls: list[list[str]] = []
    session = Session({"f": "one\ntwo"}, commands={"upper": upper})
    assert session.run("upper a '\xc3\xbc b' < f") == ((None, "exit", 2), "ONE\nTWO", "done\xc3\xbc")
    assert session.run("echo x | upper 2> /dev/null | cat") == ((True, "exit", 0), "X\n", "")
    assert calls == [["a", "\u00fc b"], []]
    assert session.lua.eval("io.popen('echo y | upper 2>/dev/null'):read('a')") == "Y\n"
    assert session.lua.eval("io.popen('upper > new', 'w'):write('z'):close()") == (True, "exit", 0)
    assert session.lua.fs.readtext("/new") == "Z"


def test_host_commands_that_fail():
    def raises(args, stdin, stdout, stderr):
        raise FileNotFoundError(2, "No such file or directory", "/secret/path")

    session = Session(
        commands={
            "raises": raises,
            "divides": lambda *_: 1 // 0,
            "text": lambda *_: "text",
            "big": lambda *_: 257,
            "reads": lambda args, stdin, stdout, stderr: stdout.write(b"%d" % len(stdin.read(10))) and 0,
        }
    )
    assert session.error("raises") == "raises: No such file or directory\n"
    assert "zero" in session.error("divides")
    assert "not an exit code" in session.error("text")
    assert session.run("big")[0] == (None, "exit", 1)
    assert session.run("echo 123456789012345 | reads") == ((True, "exit", 0), "10", "")


def test_the_host_replaces_and_takes_away_programs():
    session = Session(commands={"echo": lambda args, *_: 9, "rm": None, "lua": None})
    assert session.run("echo")[0] == (None, "exit", 9)
    assert session.run("rm x")[0] == (None, "exit", 127)
    assert session.run("lua -v")[0] == (None, "exit", 127)
    assert session.run("/bin/ls")[0] == (True, "exit", 0)


@pytest.mark.parametrize(
    ("commands", "kind"), [({"a/b": print}, ValueError), ({"": print}, ValueError), ({"a": 1}, TypeError)]
)
def test_commands_that_cannot_be(commands, kind):
    with pytest.raises(kind):
        runtime(commands=commands)


def test_a_host_command_may_call_back_into_lua():
    def call(args, stdin, stdout, stderr):
        stdout.write(str(lua.eval(args[0])))

    out = io.BytesIO()
    lua = runtime(commands={"call": call}, stdout=out)
    assert lua.eval("os.execute('call 1+1')") == (True, "exit", 0)
    assert lua.eval("io.popen('call \"select(2, pcall(error, 5))\"'):read('a')") == "5"
    assert out.getvalue() == b"2"
