"""What one span may hold: long values are cut and say so, further items are dropped and counted."""

from __future__ import annotations

from typing import Any

from telemetry.otlp.values import python_value
from telemetry.scrubbing import limits
from tests.telemetry.factory import any_value
from tests.telemetry.scrubbing.sent import scrubbed, sent, span_of, values_of


def test_a_value_that_is_too_long_is_cut_with_a_mark_at_a_whole_character(settings: Any) -> None:
    settings.LOOPKIT_MAX_VALUE_BYTES = 101
    message = sent({"long": "é" * 100, "list": ["é" * 100], "short": "é" * 50}, name="n" * 200)

    counted = scrubbed(message)

    kept = values_of(message)
    assert counted == {"trimmed_value": 3}
    assert kept["long"] == "é" * 35 + "... [trimmed, it was 200 bytes]"
    assert kept["list"].startswith('["éé')
    assert kept["list"].endswith("... [trimmed, it was 204 bytes]")
    assert kept["short"] == "é" * 50
    assert max(len(text.encode()) for text in kept.values()) <= 101
    assert len(span_of(message).name) == 101


def test_items_beyond_the_limit_are_dropped_from_the_end_and_the_span_says_so() -> None:
    many = limits.MAX_ITEMS + 3
    event = {"name": "e", "timeUnixNano": "1"}
    message = sent({f"a{number}": 1 for number in range(many)}, events=[event] * many)

    counted = scrubbed(message)

    span = span_of(message)
    assert counted == {"trimmed_item": 6}
    assert (len(span.attributes), span.dropped_attributes_count) == (limits.MAX_ITEMS, 3)
    assert (len(span.events), span.dropped_events_count) == (limits.MAX_ITEMS, 3)
    assert span.attributes[-1].key == f"a{limits.MAX_ITEMS - 1}"


def test_a_span_of_usual_size_is_not_trimmed() -> None:
    message = sent({"prompt": "word " * 200_000, "n": any_value(1)})

    assert scrubbed(message) == {}
    assert python_value(span_of(message).attributes[0].value) == "word " * 200_000
