"""Expressions over every kind of operand: values, types and error messages."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests.differential.judge import Judge
from tests.differential.values import expressions, literals, numbers, strings

ARITHMETIC = "+ - * / // % ^".split()
BITWISE = "& | ~ << >>".split()
COMPARISON = "== ~= < <= > >=".split()


@pytest.mark.parametrize("operator", [*ARITHMETIC, *BITWISE, *COMPARISON])
@given(left=numbers, right=numbers)
def test_numbers(judge: Judge, operator: str, left: str, right: str) -> None:
    judge.same(f"local a, b = {left}, {right} return a {operator} b")


@given(left=literals, operator=st.sampled_from([*ARITHMETIC, *BITWISE, *COMPARISON, ".."]), right=literals)
def test_any_operands_in_locals(judge: Judge, left: str, operator: str, right: str) -> None:
    judge.same(f"local a, b = {left}, {right} return a {operator} b")


@given(left=literals, operator=st.sampled_from([*ARITHMETIC, *BITWISE, *COMPARISON, ".."]), right=literals)
def test_any_operands_in_fields_and_upvalues(judge: Judge, left: str, operator: str, right: str) -> None:
    judge.same(f"local t, u = {{field = {left}}}, {right} return (function() return t.field {operator} u end)()")


@given(left=strings, operator=st.sampled_from([*ARITHMETIC, *BITWISE]), right=st.one_of(numbers, strings))
def test_strings_as_numbers(judge: Judge, left: str, operator: str, right: str) -> None:
    judge.same(f"local a, b = {left}, {right} return a {operator} b")


@given(expression=expressions)
def test_nested(judge: Judge, expression: str) -> None:
    judge.same(f"return {expression}")


@given(expression=expressions, condition=expressions)
def test_as_conditions(judge: Judge, expression: str, condition: str) -> None:
    judge.same(f"if {condition} then return 1, {expression} elseif {expression} then return 2 else return 3 end")


@given(values=st.lists(numbers, min_size=1, max_size=3), step=numbers)
def test_numeric_for(judge: Judge, values: list[str], step: str) -> None:
    first, last = values[0], values[-1]
    judge.same(
        f"local n = 0 for i = {first}, {last}, {step} do print(math.type(i), i) n = n + 1 if n > 5 then break end end"
    )
