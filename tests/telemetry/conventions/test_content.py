"""Inputs and outputs as clients record them, made readable."""

from __future__ import annotations

from collections import Counter

import pytest

from telemetry import conventions
from telemetry.conventions.content import parsed, tool_result
from tests.telemetry.span_builders import CLIENTS, captured, make_span


def test_a_tool_result_comes_out_of_the_frameworks_envelopes() -> None:
    results = Counter(
        str(capture.output.get("error"))
        for client in CLIENTS
        for span in captured(client)
        if (capture := conventions.capture_of(span))
        and capture.unit == "tool_call"
        and isinstance(capture.output, dict)
    )

    assert results["carrier_unavailable"] == 42


def test_numbered_messages_become_a_list_in_order() -> None:
    attributes = {
        "llm.request.type": "chat",
        "gen_ai.prompt.10.content": "last",
        "gen_ai.prompt.2.content": "middle",
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.0.content": "first",
    }

    capture = conventions.capture_of(make_span(attributes=attributes))

    assert capture is not None
    assert capture.input == [
        {"role": "system", "content": "first"},
        {"content": "middle"},
        {"content": "last"},
    ]


def test_what_is_no_data_stays_as_it_was_sent() -> None:
    assert [tool_result(text) for text in ("{", "plain", "[1, 2", "")] == ["{", "plain", "[1, 2", ""]


def test_a_python_repr_is_read_as_the_json_it_stands_for() -> None:
    assert parsed("{'a': (1, None, True), 2: 'b'}") == {"a": [1, None, True], "2": "b"}


@pytest.mark.parametrize(
    "text",
    [
        "[{1, 2}]",
        "[1j]",
        "{(1, 2): 3}",
        "[...]",
        "[b'x']",
        r"['\ud800']",
        r'{"a": "\ud800"}',
        f"[{'9' * 400}, b'']",
    ],
)
def test_a_python_repr_that_json_cannot_hold_stays_text(text: str) -> None:
    assert parsed(text) == text
