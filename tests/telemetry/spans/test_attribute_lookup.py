"""Ids of sessions and users, and what redaction leaves in their place."""

from __future__ import annotations

import time

import pytest

from telemetry.conventions.facts import extract_general_facts
from telemetry.spans.attribute_lookup import first_id
from tests.telemetry.span_builders import make_span

NAMES = ("session.id", "session_id")


@pytest.mark.parametrize(
    "left",
    [
        "[Scrubbed due to 'session']",
        "[redacted]",
        "[Filtered]",
        "<redacted>",
        "<anonymous>",
        "***",
        "********",
    ],
)
def test_a_placeholder_of_redaction_is_no_id(left: str) -> None:
    assert first_id({"session.id": left}, NAMES) == ""
    assert first_id({"session.id": left, "session_id": "s-1"}, NAMES) == "s-1"
    assert first_id({"session.id": left, "session_id": left}, NAMES) == ""
    span = make_span(attributes={"session.id": left, "user.id": left, "session_id": "s-1"})
    assert extract_general_facts(span).session_id == "s-1"


@pytest.mark.parametrize("value", ["s-1", "[2001:db8::1]:443", "<a> and <b>", "*7", "a***", "[", ""])
def test_other_values_are_ids(value: str) -> None:
    assert first_id({"session.id": value}, NAMES) == value


def test_a_long_placeholder_takes_no_time() -> None:
    started = time.process_time()

    first_id({"session.id": "[" * 100_000}, NAMES)

    assert time.process_time() - started < 0.5
