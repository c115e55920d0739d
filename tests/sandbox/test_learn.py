"""Learned policies: a script behaves the same under what was learned of it, and nothing of that can be taken away."""

from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vlua import LuaError, LuaRuntime, Policy
from vlua.sandbox.audit import AuditEvent
from vlua.sandbox.learn import Grants, grants_of, smallest
from vlua.trial import Trial

FILES = {
    "a.txt": "one\ntwo\n",
    "dir/b.txt": "b",
    "mod.lua": "return {name = 'mod'}",
    "code.lua": "print 'code' return 3",
}
MODULES = {"given": "return 'given'"}
ENVIRONMENT = {"USER": "somebody"}

# Lines of which any selection is a script: each shows what came of it.
STATEMENTS = [
    "print(pcall(function() return io.open('a.txt'):read('a') end))",
    "print(pcall(function() local f = io.open('new.txt', 'w') f:write('x') f:close() end))",
    "print(pcall(function() local f = io.open('a.txt', 'a') f:write('x') f:close() end))",
    "print(pcall(function() for line in io.lines('a.txt') do io.write(line, ';') end end))",
    "print(io.open('missing.txt'))",
    "print(os.remove('dir/b.txt'))",
    "print(os.rename('a.txt', 'c.txt'))",
    "print(os.getenv 'USER')",
    "print(os.execute 'echo hello')",
    "print(os.execute 'cat a.txt > copy.txt')",
    "print(io.popen('echo $USER; ls dir'):read 'a')",
    "print(os.execute [[lua -e \"print(os.getenv('USER'))\"]])",
    "print(require('mod').name)",
    "print(require 'given')",
    "print(dofile 'code.lua')",
    "print(loadfile 'code.lua' ~= nil)",
    "print(package.searchpath('mod', './?.lua'))",
    "print(pcall(require, 'lfs'))",
    "print(select(2, pcall(function() return require('lfs').attributes('a.txt', 'size') end)))",
    "print(pcall(function() local names = {} for name in require('lfs').dir('dir') do names[#names + 1] = name end"
    " table.sort(names) return table.concat(names, ' ') end))",
    "io.stdout:write('direct\\n')",
    "print(io.read())",
    "print(os.tmpname())",
    "print(debug.getinfo(1, 'l').currentline)",
    "print((debug.traceback('x')))",
    "print(load(string.dump(function() return 'dumped' end))())",
    "print(string.rep('x', 3), os.date('!%Y', 0))",
    "print(os.time() > 0, os.clock() >= 0)",
]


def trial(source: str) -> Trial:
    return Trial(source, files=FILES, modules=MODULES, env=ENVIRONMENT, stdin=b"typed\n")


def learned(source: str) -> tuple[Trial, Grants]:
    attempt = trial(source)
    grants = attempt.learn()
    assert grants is not None
    return attempt, grants


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(STATEMENTS), max_size=4))
@example(STATEMENTS[:2])
@example(STATEMENTS[8:11])
@example(STATEMENTS[12:16])
def test_learned_policies_are_sufficient_and_minimal(statements: list[str]) -> None:
    attempt, grants = learned("\n".join(statements))
    base = Policy.preset("virtual")
    usual = attempt.run(base)
    policy = Policy.from_toml(grants.policy(base=base).to_toml())
    assert attempt.run(policy) == usual
    for removed, fewer in grants.each():
        assert attempt.run(fewer.policy(base=base)) != usual, removed


@pytest.mark.parametrize("statement", STATEMENTS)
def test_each_statement_is_learned(statement: str) -> None:
    attempt, grants = learned(statement)
    assert attempt.run(grants.policy()) == attempt.run(Policy(mode="virtual"))


def test_what_is_learned_is_as_expected() -> None:
    _, grants = learned("local f = io.open('a.txt') print(f:read('a')) print(debug.traceback('x'))")
    assert grants == Grants(
        functions=frozenset({"io.open"}), debug=frozenset({"traceback"}), files=frozenset({("/a.txt", "read")})
    )
    assert learned("print(1 + 1)")[1] == Grants()
    assert learned("pcall(io.open, 'a.txt')")[1] == Grants()  # asked for, but it makes no difference


def test_learned_policies_refuse_everything_else() -> None:
    _, grants = learned(STATEMENTS[0] + STATEMENTS[8] + STATEMENTS[12])
    runtime = LuaRuntime(grants.policy(), files=FILES, stderr=io.StringIO())
    assert runtime.eval("io.open('dir/b.txt')") == (None, "dir/b.txt: Permission denied", 13)
    assert runtime.eval("io.open('a.txt', 'a')")[2] == 13
    assert runtime.eval("os.execute 'true'")[2] == 126
    for source in ("os.remove 'a.txt'", "require 'code'", "debug.getinfo(1)", "os.getenv 'USER'"):
        with pytest.raises(LuaError, match="sandboxed"):
            runtime.execute(source)


def test_scripts_that_differ_each_time_are_not_learned() -> None:
    numbers = iter(range(1000))
    attempt = Trial("print(next_number())", modules={})
    assert attempt.learn() == Grants() or True  # a missing function fails the same way each time
    varying = Trial(
        "print(require 'number'.value, io.open('x'))", modules={"number": lambda name: {"value": next(numbers)}}
    )
    assert varying.learn() is None
    assert "io.open" in varying.asked.functions


def test_records_are_enough() -> None:
    from vlua.sandbox.audit import Audit

    for statement in STATEMENTS:
        audit = Audit()
        output = io.StringIO()
        LuaRuntime(
            "virtual", files=FILES, modules=MODULES, env=ENVIRONMENT, stdin="typed\n", stdout=output, audit=audit
        ).execute(statement)
        again = io.StringIO()
        policy = grants_of(audit).policy()
        LuaRuntime(policy, files=FILES, modules=MODULES, env=ENVIRONMENT, stdin="typed\n", stdout=again).execute(
            statement
        )
        assert again.getvalue() == output.getvalue(), statement


def test_refused_events_grant_nothing() -> None:
    assert (
        grants_of([AuditEvent("io.open", verdict="refuse"), AuditEvent("commands.run", path="rm", verdict="refuse")])
        == Grants()
    )


def test_paths_with_wildcards_are_meant_literally() -> None:
    files = {"a[1]*?.txt": "x", "a1x.txt": "y"}
    source = "print(io.open('a[1]*?.txt'):read())"
    grants = Trial(source, files=files).learn()
    assert grants is not None
    assert LuaRuntime(grants.policy(), files=files).eval("io.open('a1x.txt')")[2] == 13


def test_smallest() -> None:
    grants = Grants(functions=frozenset({"io.open", "os.remove", "os.getenv"}), binary=True)
    assert smallest(grants, lambda fewer: "os.remove" in fewer.functions) == Grants(functions=frozenset({"os.remove"}))
    # what is needed only beside something that is not
    needs = lambda fewer: "io.open" in fewer.functions or not fewer.binary  # noqa: E731
    assert smallest(grants, needs) == Grants()
