"""Requests in the form of OTLP/JSON with odd times, numbers, texts, ids, shapes and fields that come twice."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.mutations import HARD, NUMBERS, SHAPES, TEXTS

TIMES = (0, 1, 1_780_000_000_000_000_000, "1780000000000000000", (1 << 64) - 1)


def in_list(value: Any) -> dict[str, Any]:
    """An arrayValue of it."""
    return {"arrayValue": {"values": [value, value]}}


def in_object(value: Any) -> dict[str, Any]:
    """A kvlistValue of it."""
    return {"kvlistValue": {"values": [{"key": "a", "value": value}, {"key": "a", "value": value}]}}


finite = st.floats(allow_nan=False, allow_infinity=False)
numbers = st.sampled_from(NUMBERS) | st.integers() | st.integers().map(str) | finite
texts = st.sampled_from(HARD) | st.sampled_from(TEXTS) | st.text(max_size=20)
scalars = st.one_of(
    texts.map(lambda text: {"stringValue": text}),
    numbers.map(lambda number: {"intValue": number}),
    numbers.map(lambda number: {"doubleValue": number}),
    st.sampled_from([shape for shape in SHAPES if isinstance(shape, dict)]),
)
values = st.recursive(scalars, lambda inner: inner.map(in_list) | inner.map(in_object), max_leaves=4)
times = numbers | st.sampled_from(TIMES)


def odd_requests(words: list[str]) -> st.SearchStrategy[bytes]:
    """Bodies of some spans, one of them twice; the words are keys and scopes that mean something."""
    pairs = st.fixed_dictionaries({"key": st.sampled_from(words) | texts, "value": values})
    attributes = st.lists(pairs, max_size=6)
    events = st.fixed_dictionaries(
        {"name": st.sampled_from(["exception", "gen_ai.content.prompt"]) | texts, "attributes": attributes},
        optional={"timeUnixNano": times},
    )
    spans = st.fixed_dictionaries(
        {
            "traceId": st.sampled_from(["ab" * 16, "AB" * 16, "cd" * 16, "Ab" * 16, "00" * 16, "ab"]),
            "spanId": st.just("cd" * 8),
        },
        optional={
            "parentSpanId": st.sampled_from(["ef" * 8, "00" * 8, "ef", None]),
            "name": texts,
            "kind": st.sampled_from([0, 3, 99, -1, "SPAN_KIND_CLIENT"]),
            "startTimeUnixNano": times,
            "endTimeUnixNano": times,
            "attributes": attributes,
            "events": st.lists(events, max_size=2),
            "links": st.lists(st.fixed_dictionaries({"attributes": attributes}), max_size=1),
            "status": st.fixed_dictionaries(
                {"code": st.sampled_from([0, 1, 2, 3, 1 << 40])}, optional={"message": texts}
            ),
            "flags": numbers,
        },
    )
    scopes = st.fixed_dictionaries({"name": st.sampled_from(words), "attributes": attributes})
    return st.builds(written, st.lists(spans, min_size=1, max_size=3), attributes, scopes)


def written(spans: Any, resource: Any, scope: Any) -> bytes:
    """An OTLP/JSON body, with a twin of each field that comes later, as JSON allows."""
    group = {
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": scope, "spans": [*spans, spans[0]]}],
    }
    return json.dumps({"resourceSpans": [group]}).replace('"name"', '"name": "twin", "name"', 1).encode()
