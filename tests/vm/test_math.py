"""The math library against PUC Lua."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import lupa.lua53
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlua.vm.call import values
from vlua.vm.errors import LuaError
from vlua.vm.lib.math import open_math
from vlua.vm.state import State

FLOATS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.0, 2.5, -2.5, 1e15, 1e300, -1e300, 2.0**53 + 2, 2.0**63, -(2.0**63)]
SPECIAL = [math.inf, -math.inf, math.nan]
INTEGERS = [0, 1, -1, 3, -7, 10, 2**53, 2**63 - 1, -(2**63)]
UNARY = "abs acos asin atan ceil cos deg exp floor log modf rad sin sqrt tan tointeger type".split()


@pytest.fixture(scope="module")
def puc() -> Callable[..., Any]:
    runtime = lupa.lua53.LuaRuntime(unpack_returned_tuples=True)
    return runtime.eval("function(name, ...) return math[name](...) end")  # type: ignore[no-any-return]


@pytest.fixture
def library() -> dict[Any, Any]:
    return open_math(State()).hash


def same(left: Any, right: Any) -> bool:
    """Equal in type, value and sign; any NaN equals any NaN."""
    if type(left) is not type(right):
        return False
    if type(left) is float and left != left:
        return bool(right != right)
    return left == right and (type(left) is not float or math.copysign(1, left) == math.copysign(1, right))


def agree(mine: Any, theirs: Any) -> bool:
    mine = values(mine)
    theirs = theirs if type(theirs) is tuple else (theirs,)
    return len(mine) == len(theirs) and all(map(same, mine, theirs))


@pytest.mark.parametrize("name", UNARY)
def test_one_argument(name: str, library: dict[Any, Any], puc: Callable[..., Any]) -> None:
    for value in [*FLOATS, *SPECIAL, *INTEGERS, "12", "0x10", "1.5"]:
        assert agree(library[name](value), puc(name, value)), value


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    """The result, or what an error says in parentheses."""
    try:
        return function(*args)
    except (LuaError, lupa.lua53.LuaError) as error:
        return str(error).splitlines()[0].partition("(")[2]


@pytest.mark.parametrize("name", ["atan", "fmod", "log", "ult", "max", "min"])
def test_two_arguments(name: str, library: dict[Any, Any], puc: Callable[..., Any]) -> None:
    for left in [*FLOATS, *SPECIAL, *INTEGERS]:
        for right in [*FLOATS, *SPECIAL, *INTEGERS]:
            assert agree(outcome(library[name], left, right), outcome(puc, name, left, right)), (left, right)


@given(st.floats(), st.floats())
def test_deprecated_functions_never_raise(x: float, y: float) -> None:
    library = open_math(State()).hash
    for name in ("cosh", "sinh", "tanh", "frexp", "log10", "pow"):
        library[name](x, y)
    library["ldexp"](x, 5000)
    library["ldexp"](x, -5000)


def test_pow_special_cases(library: dict[Any, Any]) -> None:
    power = library["pow"]
    assert power(2, 10) == 1024.0
    assert power(-10.0, 400.0) == math.inf
    assert power(-10.0, 401.0) == -math.inf
    assert power(-0.0, -1.0) == -math.inf
    assert power(0.0, -2.0) == math.inf
    assert math.isnan(power(-8.0, 1 / 3))


def test_random_is_that_of_the_c_library(library: dict[Any, Any]) -> None:
    assert [library["random"]() for _ in range(2)] == [0.84018771676346660, 0.39438292663544416]
    library["randomseed"](42)
    assert library["random"]() == 0.3299642074853182
    library["randomseed"](-3.7)
    assert library["random"]() == 0.7306091492064297


@pytest.mark.parametrize("seed", [0, 2**63 - 1, -(2**63), 1e300, -1e300, math.inf, math.nan, "12"])
def test_any_seed(library: dict[Any, Any], seed: Any) -> None:
    library["randomseed"](seed)
    assert 0 <= library["random"]() < 1


def test_runtimes_have_their_own_generators() -> None:
    one, two = open_math(State()).hash, open_math(State()).hash
    one["randomseed"](7)
    assert two["random"]() == 0.84018771676346660


@pytest.mark.parametrize(
    ("low", "high"),
    [(1, 1), (-5, 5), (0, 2**63 - 1), (-(2**63), -1), (2**63 - 4, 2**63 - 1), (-(2**63), -(2**63) + 9)],
)
def test_random_stays_in_its_interval(library: dict[Any, Any], low: int, high: int) -> None:
    found = {library["random"](low, high) for _ in range(200)}
    assert all(low <= item <= high for item in found)
    assert all(type(item) is int for item in found)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((0,), "interval is empty"),
        ((2, 1), "interval is empty"),
        ((-(2**63), 0), "interval too large"),
        ((-1, 2**63 - 1), "interval too large"),
        ((1, 2, 3), "wrong number of arguments"),
        ((1.5,), "number has no integer representation"),
        ((1, "x"), "bad argument #2"),
    ],
)
def test_random_errors(library: dict[Any, Any], args: tuple[Any, ...], message: str) -> None:
    with pytest.raises(LuaError, match=message):
        library["random"](*args)


def test_max_and_min_compare_strings_but_no_mixtures(library: dict[Any, Any]) -> None:
    assert library["max"]("a", "b") == "b"
    assert library["min"]("b", "a") == "a"
    with pytest.raises(LuaError, match="attempt to compare"):
        library["max"](1, "2")
    with pytest.raises(LuaError, match="value expected"):
        library["max"]()


def test_constants(library: dict[Any, Any]) -> None:
    assert library["maxinteger"] == 2**63 - 1
    assert library["mininteger"] == -(2**63)
    assert library["huge"] == math.inf
    assert library["pi"] == math.pi
