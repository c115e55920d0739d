"""A worker that was taken over can harm nobody: not the host, not its parent, not the next job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vlua.isolate import Isolate, Job, process
from vlua.isolate.process import WorkerProcess

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("deed", "kind", "ending"),
    [
        ("segfault()", "crash", "SIGSEGV"),
        ("kill(9)", "crash", "SIGKILL"),
        ("kill(15)", "crash", "SIGTERM"),
        ("kill(24)", "deadline", "SIGXCPU"),
        ("exit(0)", "crash", "exit status 0"),
        ("exit(77)", "crash", "exit status 77"),
        ("raise()", "crash", "exit status 5"),
    ],
)
def test_a_crash_is_told_and_survived(armed: Isolate, deed: str, kind: str, ending: str) -> None:
    result = armed.run(Job(source=f"io.write('last words') {deed} return 1", name="the bad one"))
    assert result.error is not None
    assert result.error.kind == kind
    assert ending in result.ending
    assert "the bad one" in result.error.message
    assert result.stdout == b"last words"
    assert result.values == ()
    assert armed.run(Job(source="return 'alive'")).value() == "alive"


def test_a_worker_that_closes_its_pipes_is_killed(armed: Isolate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "END_SECONDS", 0.2)
    result = armed.run(Job(source="close()"))
    assert result.error is not None
    assert result.error.kind == "protocol"


def test_a_worker_that_sleeps_is_killed_at_the_deadline(armed: Isolate) -> None:
    assert armed.run(Job(source="sleep(60)", deadline=0.3)).ending == "killed at the deadline"


def test_a_worker_sees_nothing_of_the_host(armed: Isolate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLUA_TEST_SECRET", "of the host")
    with open(ROOT / "pyproject.toml") as kept_open, Isolate(1) as pool:
        os.set_inheritable(kept_open.fileno(), True)
        world = pool.run(Job(source="return world()", deadline=5, memory=1 << 28)).value()
    assert set(world["environment"]) <= {"LC_CTYPE"}  # Python sets this one itself where there is no other
    assert world["directory"] == "/"
    assert world["session"] == world["pid"]
    others = {target for target in world["descriptors"].values() if target not in ("/dev/null", "pipe")}
    assert all(target.startswith(f"/proc/{world['pid']}/") for target in others)  # what it knows of itself
    assert sum(1 for target in world["descriptors"].values() if target == "pipe") == 2
    limits = world["limits"]
    assert limits["CORE"] == limits["FSIZE"] == limits["NPROC"] == [0, 0]
    assert limits["NOFILE"] == [64, 64]
    assert limits["AS"][0] == limits["AS"][1] < (1 << 28) + (1 << 30)
    assert 5 < limits["CPU"][0] == limits["CPU"][1] < 5 + 60


def test_a_worker_can_neither_write_nor_grow(armed: Isolate, tmp_path: Path) -> None:
    assert armed.run(Job(source="return write_file(...)", args=[str(tmp_path / "file")])).value() == "OSError 27"
    assert armed.run(Job(source="return allocate(1 << 30)", memory=1 << 26)).value() == "refused"


def test_a_worker_starts_no_process(armed: Isolate) -> None:
    assert armed.run(Job(source="return fork()")).value() == "refused"


LIES = {
    "no frame": "send_raw('hello, this is no frame')",
    "endless frame": "send_raw('A\\xff\\xff\\xff\\xff')",
    "long output": "send_raw('O\\x7f\\xff\\xff\\xff')",
    "frame to the worker": "send('J', 1)",
    "ready again": "send('R', 1)",
    "no answer": "send('A', 1)",
    "empty answer": "send('A', {})",
    "half an answer": "send('A', {values = {1}})",
    "no list": "send('A', {values = 1, changes = {}, usage = {}})",
    "file outside": "send('A', {values = {[1.5] = 1}, changes = {['/../etc/passwd'] = 'x'}, usage = {}, error = 1})",
    "unknown tag": "send_raw('A\\0\\0\\0\\1Z')",
    "pickle": "send_raw('A\\0\\0\\0\\x21cos\\nsystem\\n(S\\'touch /tmp/x\\'\\ntR.     ')",
    "many items": "send_raw('A\\0\\0\\0\\5L\\xff\\xff\\xff\\xff')",
    "deep": "send_raw('A\\0\\0\\x0f\\xa0' .. ('L\\0\\0\\0\\1'):rep(800))",
    "no text": "send_raw('A\\0\\0\\0\\6S\\0\\0\\0\\1\\xff')",
    "rest": "send_raw('A\\0\\0\\0\\2NN')",
    "input that is not wanted": "send('W', 10)",
    "negative input": "send('W', -1)",
    "long wish": "send_raw('W\\0\\1\\0\\0')",
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_seen_through(armed: Isolate, lie: str) -> None:
    result = armed.run(Job(source=f"{LIES[lie]} sleep(20)", deadline=10))
    assert result.error is not None
    assert result.error.kind == "protocol", result
    assert armed.run(Job(source="return 1")).value() == 1


def test_output_without_end_is_stopped(armed: Isolate) -> None:
    result = armed.run(Job(source="while true do send_raw('O\\0\\0\\0\\4xxxx') end", output=10_000))
    assert result.error is not None
    assert result.error.limit == "output"


def test_a_worker_killed_while_idle_is_replaced() -> None:
    with Isolate(1) as pool:
        assert pool.run(Job(source="return 1")).value() == 1
        for worker in pool._spare:
            os.kill(worker.pid, signal.SIGKILL)
            os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)  # dead, and still the pool's to notice
        assert pool.run(Job(source="return 2")).value() == 2


def test_no_worker_is_left_behind() -> None:
    with Isolate(2) as pool:
        pool.run(Job(source="return 1"))
        pids = [worker.pid for worker in pool._spare]
    assert len(pids) >= 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_workers_end_when_their_parent_dies() -> None:
    script = """
import os, threading
from vlua.isolate import Isolate, Job
pool = Isolate(1)
pool.run(Job(source="return 1"))
threading.Thread(target=pool.run, args=(Job(source="while true do end", deadline=1),), daemon=True).start()
while not pool._busy: pass
import time; time.sleep(0.5)
print(*[worker.pid for worker in [*pool._spare, *pool._busy]], flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) >= 2, done.stderr
    until = time.monotonic() + 60
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < until, "a worker outlives its parent"
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_what_a_worker_sends_is_never_unpickled() -> None:
    import ast

    import vlua.isolate

    for path in Path(vlua.isolate.__file__).parent.glob("*.py"):
        names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert not names & {"loads", "load", "Unpickler"} - {"load"} or path.name == "worker.py", path
    assert not hasattr(WorkerProcess, "loads")
