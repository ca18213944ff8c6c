"""Record ids: one way to write them, one way to read them."""

from __future__ import annotations

import pytest

from telemetry.models import Record
from telemetry.spans.record_ids import parse_record_id, record_id, trace_id
from telemetry.spans.span import Span

TRACE, SPAN = bytes(range(16)), bytes(range(8))
WRITTEN = "rec_000102030405060708090a0b0c0d0e0f0001020304050607"


def test_an_id_is_made_of_trace_and_span() -> None:
    assert record_id(TRACE, SPAN) == WRITTEN
    assert parse_record_id(WRITTEN) == (TRACE, SPAN)
    assert parse_record_id("rec_" + WRITTEN[4:].upper()) == (TRACE, SPAN)


def test_rows_and_spans_have_the_same_id() -> None:
    row = Record(trace_id=memoryview(TRACE), span_id=memoryview(SPAN))
    span = Span(TRACE, SPAN, b"", "", 0, 0, 0, 0, "", {}, [], origin=None, content=b"", form={})  # type: ignore[arg-type]

    assert str(row) == span.record_id == WRITTEN


@pytest.mark.parametrize(
    "text",
    ["", "rec_", WRITTEN[:-1], WRITTEN + "0", WRITTEN[4:], "REC_" + WRITTEN[4:], "rec_" + "g" * 48,
     "rec_ " + WRITTEN[5:], "rec_" + "00 " * 16, "rec_" + "٣" * 48],
)  # fmt: skip
def test_another_text_is_no_id(text: str) -> None:
    assert parse_record_id(text) is None


def test_a_trace_id_is_32_hex_digits() -> None:
    assert trace_id(TRACE.hex().upper()) == TRACE
    assert [trace_id(text) for text in ("", "0" * 31, "0" * 33, "x" * 32, " " + "0" * 31)] == [None] * 5
