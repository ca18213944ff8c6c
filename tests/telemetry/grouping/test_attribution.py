"""One failure, one issue: the innermost failing span is the primary failure, the outer ones are downstream of it."""

from __future__ import annotations

import pytest

from telemetry.grouping.attribution import attribute
from tests.diagnosis.failing_records import failing, parents


def names(attributed: list) -> list[tuple[str, list[str]]]:
    """(primary failure, those downstream of it) by name."""

    def name(record):
        return record.span_id.decode().rstrip(".")

    return [(name(item.primary), [name(span) for span in item.downstream]) for item in attributed]


def test_the_innermost_failing_span_is_charged() -> None:
    spans = [failing("root"), failing("agent", parent="root"), failing("tool", parent="agent")]

    charged = attribute(spans, parents(("agent", "root"), ("tool", "agent")))

    assert names(charged) == [("tool", ["agent", "root"])]


def test_the_order_of_the_records_does_not_matter() -> None:
    spans = [failing("tool", parent="agent"), failing("root"), failing("agent", parent="root")]

    charged = attribute(spans, parents(("agent", "root"), ("tool", "agent")))

    assert names(charged) == [("tool", ["agent", "root"])]


def test_a_downstream_failure_is_found_across_a_span_that_did_not_fail() -> None:
    spans = [failing("root"), failing("tool", parent="healthy")]

    charged = attribute(spans, parents(("tool", "healthy"), ("healthy", "root")))

    assert names(charged) == [("tool", ["root"])]


def test_two_failures_side_by_side_are_both_charged() -> None:
    spans = [failing("root"), failing("one", parent="root"), failing("two", parent="root")]

    charged = attribute(spans, parents(("one", "root"), ("two", "root")))

    assert names(charged) == [("one", ["root"]), ("two", ["root"])]


def test_a_soft_signal_does_not_make_the_span_around_it_downstream() -> None:
    spans = [failing("root"), failing("said", parent="root", signal_type="user_signal")]

    charged = attribute(spans, parents(("said", "root")))

    assert names(charged) == [("root", []), ("said", [])]


def test_failures_of_different_traces_do_not_meet() -> None:
    spans = [failing("root", trace="one"), failing("tool", trace="two", parent="root")]

    charged = attribute(spans, {})

    assert names(charged) == [("root", []), ("tool", [])]


def test_failures_that_are_each_others_parents_are_each_charged() -> None:
    spans = [failing("one", parent="two"), failing("two", parent="one"), failing("own", parent="own")]

    charged = attribute(spans, parents(("one", "two"), ("two", "one"), ("own", "own")))

    assert sorted(names(charged)) == [("one", []), ("own", []), ("two", [])]


def test_in_a_longer_circle_with_healthy_spans_each_failure_is_charged() -> None:
    circle = [("one", "healthy"), ("healthy", "two"), ("two", "three"), ("three", "one")]

    charged = attribute(
        [failing(name, parent=parent) for name, parent in circle if name != "healthy"], parents(*circle)
    )

    assert sorted(names(charged)) == [("one", []), ("three", []), ("two", [])]


def test_a_failure_inside_a_circle_of_failures_is_charged_for_all_of_them() -> None:
    spans = [failing("one", parent="two"), failing("two", parent="one"), failing("inner", parent="one")]

    charged = attribute(spans, parents(("one", "two"), ("two", "one"), ("inner", "one")))

    assert names(charged) == [("inner", ["one", "two"])]


def test_two_circles_and_a_plain_failure_in_one_trace_are_told_apart() -> None:
    links = [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"), ("inner", "c"), ("alone", "root")]

    charged = attribute([failing(name, parent=parent) for name, parent in links], parents(*links))

    assert sorted(names(charged)) == [("a", []), ("alone", []), ("b", []), ("inner", ["c", "d"])]


def test_a_parent_that_never_arrived_leaves_the_span_innermost() -> None:
    charged = attribute([failing("tool", parent="lost")], {})

    assert names(charged) == [("tool", [])]


def test_a_tool_that_fails_because_the_model_asked_for_the_impossible_is_downstream() -> None:
    asked = failing(
        "chat",
        at=1,
        signal_type="malformed_output",
        message="the model called the tool fly, which was not offered",
    )
    spans = [asked, failing("tool", at=2, tool="fly")]

    charged = attribute(spans, {})

    assert names(charged) == [("chat", ["tool"])]


def test_a_call_of_a_tool_that_nobody_has_is_charged_once() -> None:
    unmade = {"signal_type": "malformed_output", "error_type": "unknown_tool", "fingerprint": 9}
    asked = failing("chat", at=1, parent="agent", unit="llm_call", **unmade)
    call = failing("tool", at=2, parent="agent", **unmade)

    charged = attribute([asked, call, failing("agent")], parents(("chat", "agent"), ("tool", "agent")))

    assert names(charged) == [("chat", ["tool", "agent"])]


def test_a_tool_that_fails_for_its_own_reasons_is_not() -> None:
    asked = failing(
        "chat",
        at=1,
        signal_type="malformed_output",
        message="the model called the tool fly, which was not offered",
    )

    charged = attribute([asked, failing("tool", at=2, tool="pay")], {})

    assert names(charged) == [("chat", []), ("tool", [])]


@pytest.mark.parametrize(
    ("message", "charged"),
    [
        ("Error while parsing tool call from model output: no JSON blob", [("llm", ["step"])]),
        ("Failed to decode the JSON of the answer", [("llm", ["step"])]),
        ("Unterminated string starting at: line 1 column 5", [("llm", ["step"])]),
        ("the request reached its max_tokens", [("llm", ["step"])]),
        ("the stock of parsley is empty", [("step", []), ("llm", [])]),
        ("the order was not found", [("step", []), ("llm", [])]),
    ],
)
def test_a_step_that_cannot_read_a_cut_answer_fails_because_it_was_cut(
    message: str, charged: list[tuple[str, list[str]]]
) -> None:
    cut = {
        "signal_type": "output_truncated",
        "unit": "llm_call",
        "message": "the model stopped early: length",
    }
    step = failing("step", unit="graph_node", signal_type="error", message=message, fingerprint=1)
    answer = failing("llm", parent="step", at=1, fingerprint=2, **cut)

    assert names(attribute([step, answer], parents(("llm", "step")))) == charged
