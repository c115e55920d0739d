"""Jobs in, results out: what comes back of programs that behave, fail, or go on for too long."""

from __future__ import annotations

import io
import math
import time
from pathlib import Path

import pytest

from vlua import LimitExceeded, LuaError, LuaExit, LuaSyntaxError, Policy, PolicyError
from vlua.isolate import Isolate, Job, WorkerDied
from vlua.isolate.wire import WireError

MIB = 1 << 20


def test_results_come_back_as_plain_data(isolate: Isolate) -> None:
    source = "return ..., nil, true, 2^53, math.mininteger, 'é', '\\xff', {1, {2}, 'x'}, {a = {b = 1}, [3] = 4}, {}"
    result = isolate.run(Job(source=source, args=["x"]))
    assert result.ok
    assert result.ending == "answered"
    assert result.values == (
        *("x", None, True, 2.0**53, -(2**63), "é", b"\xff", [1, [2], "x"], {"a": {"b": 1}, 3: 4}, {}),
    )
    assert isolate.run(Job(source="return 0/0, 1/0")).values[1] == math.inf
    assert isolate.run(Job(source="return 0/0")).value() != isolate.run(Job(source="return 0/0")).value()


def test_no_result_one_and_several(isolate: Isolate) -> None:
    assert isolate.run(Job(source="")).value() is None
    assert isolate.run(Job(source="return 1")).value() == 1
    assert isolate.run(Job(source="return 1, 2")).value() == (1, 2)


@pytest.mark.parametrize(
    "value",
    [
        "print",
        "coroutine.create(print)",
        "io.stdout",
        "{print}",
        "{[{}] = 1}",
        "{[true] = 1, [1] = 1}",
        "(function() local t = {} t.t = t return t end)()",
        "(function() local t = {} for i = 1, 150 do t = {t} end return t end)()",
    ],
)
def test_what_is_no_plain_data_cannot_leave(isolate: Isolate, value: str) -> None:
    result = isolate.run(Job(source=f"io.write('before') return {value}", name="this one"))
    assert result.error is not None
    assert result.error.kind == "refused"
    assert result.stdout == b"before"
    with pytest.raises(WorkerDied):
        result.value()


def test_a_job_has_all_that_a_runtime_has(isolate: Isolate) -> None:
    job = Job(
        source="""
        io.write(io.read("l"), "|", io.read("a"), "|", os.getenv("NAME"), "|", extra.x[2])
        io.stderr:write("to stderr")
        return require("m").answer, io.open("/f"):read("a"), ...
        """,
        args=(1, {"k": [1, 2]}),
        files={"/f": "text"},
        modules={"m": "return {answer = 42}"},
        env={"NAME": "value"},
        globals={"extra": {"x": [5, 6]}},
        stdin="line\nrest",
    )
    result = isolate.run(job)
    assert result.values == (42, "text", 1, {"k": [1, 2]})
    assert result.stdout == b"line|rest|value|6"
    assert result.stderr == b"to stderr"


def test_changed_files_come_back(isolate: Isolate) -> None:
    source = """
    local function write(path, text) local f = assert(io.open(path, "w")) f:write(text) f:close() end
    write("/changed", "after") write("/same", "as before") write("/new", "\\xff\\0") os.remove("/gone")
    io.open("/unclosed", "w"):write("kept")
    """
    files = {"/changed": "before", "/same": "as before", "gone": "x", "/untouched": "x"}
    expected = {"/changed": b"after", "/new": b"\xff\0", "/gone": None, "/unclosed": b"kept"}
    assert isolate.run(Job(source=source, files=files)).changes == expected
    failed = isolate.run(Job(source=source + "error('x')", files=files))
    assert failed.error is not None
    assert failed.changes == expected


def test_mounted_folders_are_read_and_never_written(isolate: Isolate, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("of the host")
    source = """
    local text = io.open("/m/own.txt"):read("a")
    local f = assert(io.open("/m/own.txt", "w")) f:write("of the script") f:close()
    return text
    """
    result = isolate.run(Job(source=source, mounts=[(str(tmp_path), "/m", "overlay")]))
    assert result.value() == "of the host"
    assert result.changes == {"/m/own.txt": b"of the script"}
    assert (tmp_path / "own.txt").read_text() == "of the host"
    read_only = isolate.run(Job(source="return (io.open('/m/own.txt', 'w'))", mounts=[f"{tmp_path}:/m:ro"]))
    assert read_only.value() is None
    with pytest.raises(ValueError, match="read-write"):
        Job(source="", mounts=[f"{tmp_path}:/m:rw"])


def test_errors_are_the_runtimes_own(isolate: Isolate) -> None:
    result = isolate.run(Job(source="local x = nil\nx.y = 1", chunkname="@main.lua"))
    with pytest.raises(LuaError, match="main.lua:2: attempt to index a nil value") as caught:
        result.value()
    assert "main.lua:2" in str(caught.value.traceback)
    with pytest.raises(LuaSyntaxError):
        isolate.run(Job(source="x x")).value()
    with pytest.raises(LuaExit) as left:
        isolate.run(Job(source="os.exit(7)")).value()
    assert left.value.status == 7
    limited = isolate.run(Job(source="while true do end", policy=Policy(instructions=1000)))
    with pytest.raises(LimitExceeded) as stopped:
        limited.value()
    assert (stopped.value.limit, stopped.value.allowed) == ("instructions", 1000)
    assert limited.usage["instructions"] >= 1000


def test_the_policy_holds(isolate: Isolate) -> None:
    refused = isolate.run(Job(source="return io.open('/f')", policy="refuse"))
    assert refused.error is not None
    assert "sandboxed" in refused.error.message
    with Isolate(1, "refuse") as strict:
        assert not strict.run(Job(source="return io.open('/f')")).ok
        assert strict.run(Job(source="return (io.open('/f'))", policy="virtual")).ok
    with pytest.raises(PolicyError):
        Isolate(1, "no such policy")


def test_the_deadline_is_the_parents(isolate: Isolate) -> None:
    result = isolate.run(Job(source="io.write('begun') while true do end", deadline=0.3, name="slow one"))
    assert result.error is not None
    assert result.error.kind == "deadline"
    assert "slow one" in result.error.message
    assert result.stdout == b"begun"
    assert result.ending == "killed at the deadline"


@pytest.mark.parametrize(
    "hog",
    [
        "local t = {} while true do t[#t + 1] = ('x'):rep(1000000) end",
        "local t = {} while true do t[#t + 1] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "while true do pcall(function() local t = {} while true do t[#t + 1] = ('x'):rep(1000000) end end) end",
    ],
)
def test_memory_is_limited_by_the_system(isolate: Isolate, hog: str) -> None:
    result = isolate.run(Job(source=hog, memory=64 * MIB, deadline=5))
    assert result.error is not None
    assert result.error.kind in ("error", "memory", "deadline", "crash")
    assert result.usage.get("peak_process_bytes", 0) < 200 * MIB
    assert isolate.run(Job(source="return 1")).value() == 1


def test_output_and_answer_are_limited(isolate: Isolate) -> None:
    talker = isolate.run(Job(source="while true do io.write(('x'):rep(1000)) end", output=50_000))
    assert talker.error is not None
    assert (talker.error.kind, talker.error.limit) == ("limit", "output")
    assert len(talker.stdout) <= 50_000
    big = isolate.run(Job(source="return ('x'):rep(1000000)", answer=10_000))
    assert big.error is not None
    assert big.error.kind == "protocol"


def test_streams_of_the_host_take_the_place_of_bytes(isolate: Isolate) -> None:
    out, err = io.BytesIO(), io.BytesIO()
    result = isolate.run(
        Job(source="for line in io.lines() do print(line:upper()) end io.stderr:write('e')"),
        stdin=io.BytesIO(b"one\ntwo\n"),
        stdout=out,
        stderr=err,
    )
    assert result.ok
    assert (out.getvalue(), err.getvalue()) == (b"ONE\nTWO\n", b"e")
    assert (result.stdout, result.stderr) == (b"", b"")


def test_many_jobs_in_parallel(isolate: Isolate) -> None:
    results = list(isolate.map(Job(source="return ... * 2", args=[n], name=str(n)) for n in range(12)))
    assert [result.value() for result in results] == [2 * n for n in range(12)]
    assert [result.job.name for result in results] == [str(n) for n in range(12)]
    future = isolate.submit(Job(source="return 'later'"))
    assert future.result(timeout=60).value() == "later"


def test_every_job_has_a_runtime_of_its_own() -> None:
    with Isolate(1, jobs_per_worker=3) as pool:
        for _ in range(5):
            assert pool.run(
                Job(source="n = (n or 0) + 1 string.x = (string.x or 0) + 1 return n, string.x")
            ).value() == (
                1,
                1,
            )
        assert pool.run(Job(source="while true do end", deadline=0.3)).ending == "killed at the deadline"
        assert pool.run(Job(source="return 1")).value() == 1


def test_a_closed_pool_takes_no_jobs() -> None:
    pool = Isolate(1)
    pool.close()
    with pytest.raises(RuntimeError):
        pool.run(Job(source=""))
    with pytest.raises(RuntimeError):
        pool.submit(Job(source=""))
    pool.close()


def test_leaving_by_an_exception_kills_what_runs() -> None:
    pool = Isolate(1)
    running = pool.submit(Job(source="while true do end", deadline=300))
    waiting = pool.submit(Job(source="return 1"))
    while not pool._busy:
        time.sleep(0.01)
    pool.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    try:
        assert not running.result(timeout=60).ok
    except RuntimeError:
        pass  # its worker had not loaded yet
    assert waiting.cancelled() or waiting.exception(timeout=60) is not None or waiting.done()


def test_wrong_jobs_are_refused_before_they_start(isolate: Isolate) -> None:
    for fields in ({"deadline": 0}, {"memory": -1}, {"output": "much"}):
        with pytest.raises(ValueError):
            Job(source="", **fields)
    for fields in ({"source": 1}, {"source": "", "files": {"/f": 1}}, {"source": "", "stdin": 5}):
        with pytest.raises(TypeError):
            Job(**fields)
    for argument in (print, object(), 2**64, {1, 2}):
        with pytest.raises(WireError):
            isolate.run(Job(source="", args=[argument]))
    with pytest.raises(ValueError):
        Isolate(0)
    assert isolate.run(Job(source="return 1")).value() == 1
