"""docs/clients.md says what is understood of the recorded clients."""

from __future__ import annotations

import pytest

from tests.telemetry import recorded_clients


def test_the_page_of_clients_is_what_the_recordings_show() -> None:
    kept = recorded_clients.FILE.read_text()

    assert recorded_clients.document() == kept, (
        "Read tests/telemetry/recorded_clients.py: it says how to go on."
    )


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, []),
        ({"in": 0}, ["the input of model calls"]),
        ({"in": 2, "tokens": 1}, ["the input of model calls in 1 of 3", "tokens of model calls in 2 of 3"]),
        ({"tools": 0, "results": 0, "users": 0}, ["spans of tools", "users"]),
        ({"results": 0}, ["input and output of tool calls"]),
    ],
)
def test_what_no_span_says_is_named_as_not_sent(changes: dict[str, int], missing: list[str]) -> None:
    whole = dict.fromkeys(
        ("calls", "in", "out", "tokens", "finish", "tools", "results", "sessions", "users"), 3
    )

    assert recorded_clients.not_sent(whole | changes) == missing
