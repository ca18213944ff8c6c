"""Which calls of a trace are recorded twice, by the form of their spans, and which only look alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import permutations
from typing import Any

import pytest

from telemetry.grouping import same_call
from telemetry.grouping.same_call import CallSpan, is_same_model, repeated_calls
from tests.telemetry.work_counts import python_work

BASE = CallSpan(b"", None, 0, 100, "shop", "llm_call", "", "gpt-x", 100, 20, 1, False)


def call(name: str, inside: str = "", **fields: Any) -> CallSpan:
    """A model call of that name, inside another span."""
    if "tokens" in fields:
        fields["input_tokens"], fields["output_tokens"] = fields.pop("tokens")
    return BASE._replace(span_id=name.encode(), parent_span_id=inside.encode() or None, **fields)


def tool(name: str, inside: str = "", **fields: Any) -> CallSpan:
    """A tool call of that name."""
    return call(name, inside, unit="tool_call", tool="lookup", model="", tokens=(None, None), **fields)


def repeats(*calls: CallSpan) -> dict[str, str]:
    """What repeats what, the same in any order."""
    found = [repeated_calls(order) for order in permutations(calls)]
    assert all(each == found[0] for each in found)
    return {left_out.decode(): counted.decode() for left_out, counted in found[0].items()}


NONE = (None, None)


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([call("outer"), call("inner", "outer", scope_id=2)], {"outer": "inner"}),
        ([call("outer"), call("inner", "outer")], {"outer": "inner"}),  # one tracer records both
        ([call("outer"), call("inner", "outer", model="gpt-x-2026-01-01")], {"outer": "inner"}),
        ([call("outer", model=""), call("inner", "outer")], {"outer": "inner"}),
        ([call("outer", tokens=NONE), call("inner", "outer")], {"outer": "inner"}),
        ([call("outer"), call("inner", "outer", tokens=NONE)], {"outer": "inner"}),
        (
            [call("outer", tokens=(1_100, 20)), call("inner", "outer")],
            {"outer": "inner"},
        ),  # counts cached ones
        (
            [call("a"), call("b", "a", scope_id=2), call("c", "b", scope_id=3)],
            {"a": "c", "b": "c"},
        ),
        ([call("step", model="", tokens=NONE), call("chat", "step")], {"step": "chat"}),
        ([call("step", model="", tokens=NONE), call("chat", "step", failed=True)], {"step": "chat"}),
        (  # the parts of one call
            [call("chat"), *(call(name, "chat", model="", tokens=NONE) for name in ("one", "two"))],
            {"one": "chat", "two": "chat"},
        ),
        (  # two tries, of which the second succeeds
            [call("outer"), call("one", "outer", failed=True, tokens=NONE), call("two", "outer")],
            {"outer": "two"},
        ),
        (  # two parts with the sum outside
            [call("outer", tokens=(200, 40)), call("one", "outer"), call("two", "outer")],
            {"outer": "two"},
        ),
        (  # both failed
            [call("outer", failed=True, tokens=NONE), call("inner", "outer", failed=True, tokens=NONE)],
            {"outer": "inner"},
        ),
        (
            [call("outer", failed=True), call("inner", "outer")],
            {"inner": "outer"},
        ),  # its answer could not be read
        (  # beside each other
            [call("a", "step"), call("b", "step", scope_id=2, start_time_unix_nano=10, duration_nano=80)],
            {"a": "b"},
        ),
        ([tool("outer"), tool("inner", "outer", scope_id=2)], {"outer": "inner"}),
    ],
)
def test_one_call_is_found_behind_two_spans(calls: list[CallSpan], expected: dict[str, str]) -> None:
    assert repeats(*calls) == expected


@pytest.mark.parametrize(
    "calls",
    [
        [call("outer"), call("inner", "outer", model="other-y")],  # a router
        [call("outer", model="gpt-x"), call("inner", "outer", model="gpt-x-mini")],
        [call("outer", tokens=(100, 20)), call("inner", "outer", tokens=(90, 70))],
        [call("outer", model="", tokens=(100, 21)), call("inner", "outer")],
        [call("outer"), call("inner", "outer", service="proxy")],  # each service counts its own
        [call("outer"), call("inner", "agent between")],
        [call("one", "step"), call("two", "step", start_time_unix_nano=110)],  # tries beside each other
        [call("one", "step"), call("two", "step", start_time_unix_nano=5, duration_nano=50)],  # in parallel
        [
            call("one", "step"),
            call("two", "step", scope_id=2, start_time_unix_nano=50),
        ],  # overlapping, not within
        [
            call("one", "step"),
            call("two", "step", scope_id=2, start_time_unix_nano=5, duration_nano=50, tokens=(100, 21)),
        ],
        [call("step", model="", tokens=NONE), call("a", "step"), call("b", "step", start_time_unix_nano=110)],
        [call("step", model="", tokens=NONE), call("inner", "step", model="", tokens=NONE)],
        [call("step", model="", tokens=NONE), call("inner", "step", service="proxy")],
        [call("chat"), call("try", "chat", model="", tokens=NONE, failed=True)],
        [call("outer"), tool("inner", "outer")],
        [tool("outer"), call("inner", "outer")],  # a tool that calls a model
        [tool("outer"), tool("inner", "outer")],  # a tool that calls itself
        [tool("outer"), tool("inner", "outer", scope_id=2)._replace(tool="other")],
        [tool("outer"), tool("one", "outer", scope_id=2), tool("two", "outer", scope_id=2)],
    ],
)
def test_calls_that_only_look_alike_are_several(calls: list[CallSpan]) -> None:
    assert repeats(*calls) == {}


def test_in_parallel_each_call_is_found_once() -> None:
    calls = [
        call(
            f"{scope}{n}",
            "step",
            scope_id=scope,
            start_time_unix_nano=10 * n + scope,
            duration_nano=100 - 2 * scope,
        )
        for scope in (1, 2)
        for n in range(3)
    ]

    found = repeats(*calls)

    assert len(found) == 3
    assert {name[0] for name in found} == {"1"}
    assert len(set(found.values())) == 3


def test_calls_inside_each_other_in_a_circle_are_counted() -> None:
    found = repeats(call("a", "b"), call("b", "a"))

    assert len(found) == 1


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "openai/gpt-4o-2024-08-06", True),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet", True),
        ("us.anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku-20240307", True),
        ("models/gemini-2.5-flash", "gemini-2.5-flash-001", True),
        ("gpt-4", "gpt-4o", False),
        ("gpt-4", "gpt-4.1", False),
        ("gpt-4", "gpt-4-turbo", False),
        ("gpt-4", "gpt-4-32k", False),
        ("o1", "o1-mini", False),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-08-06", False),
    ],
)
def test_names_of_one_model(one: str, other: str, is_same: bool) -> None:
    assert is_same_model(one, other) == is_same_model(other, one) == is_same


def beside(number: int) -> list[CallSpan]:
    """Calls that one span called, all at the same time, with the same tokens, none of which is inside another one."""
    return [
        call(f"{each}", "step", start_time_unix_nano=each, duration_nano=10**6, scope_id=each % 2)
        for each in range(number)
    ]


def in_a_row(number: int) -> list[CallSpan]:
    """Calls that are each inside the one before."""
    return [call(f"{each}", f"{each - 1}", scope_id=each) for each in range(number)]


@pytest.mark.parametrize("calls", [beside, in_a_row])
def test_twice_as_many_calls_are_twice_the_work(
    calls: Callable[[int], list[CallSpan]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(same_call, "MOST_COMPARED", 5_000)

    once, twice = (python_work(partial(repeated_calls, calls(number))) for number in (300, 600))

    assert twice / once < 2.3


def test_calls_inside_each_other_are_counted_by_the_innermost_however_many() -> None:
    found = repeated_calls(in_a_row(500))

    assert found == {f"{each}".encode(): b"499" for each in range(499)}


def test_calls_that_run_one_after_the_other_are_compared_however_many() -> None:
    pairs = [
        call(f"{each} {name}", "step", start_time_unix_nano=each * 200 + inner, duration_nano=100 - 2 * inner,
             scope_id=inner)
        for each in range(500)
        for inner, name in enumerate(("outer", "inner"))
    ]  # fmt: skip

    found = repeated_calls(pairs)

    assert found == {f"{each} outer".encode(): f"{each} inner".encode() for each in range(500)}
