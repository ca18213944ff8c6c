"""Real clients with known faults: each fault is one cluster, whatever ids, amounts and names vary in it."""

from __future__ import annotations

from collections import defaultdict

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.fingerprint import fingerprint
from telemetry.operation import operation
from telemetry.span import Span
from tests.telemetry.spans import CLIENTS, captured, labels

# An MCP server says no more than that the tool failed.
INDISTINCT = {("tool_error: RefundLimitExceeded", "invalid arguments (missing field)")}


def innermost(spans: list[Span]) -> set[int]:
    """Fingerprints of the failures below which nothing else failed."""
    found = {span.span_id: (span, conventions.read(span)) for span in spans}
    failed = {span_id: fault for span_id, pair in found.items() if (fault := failure(*pair))}
    failed = {span_id: fault for span_id, fault in failed.items() if fault.signal_type != "user_signal"}
    outer: set[bytes] = set()
    for span_id in failed:
        parent = found[span_id][0].parent_span_id
        while parent in found and parent not in outer:
            outer.add(parent)
            parent = found[parent][0].parent_span_id
    return {
        fingerprint(found[span_id][0].origin.service, operation(*found[span_id]), failed[span_id])
        for span_id in failed.keys() - outer
    }


@pytest.mark.parametrize("client", CLIENTS)
def test_each_injected_kind_is_one_fingerprint_and_shares_it_with_none(client: str) -> None:
    traces: dict[str, list[Span]] = defaultdict(list)
    for span in captured(client):
        traces[span.trace_id.hex()].append(span)

    by_kind: dict[str, set[int]] = defaultdict(set)
    for trace_id, row in labels(client).items():
        by_kind[row["kind"]] |= innermost(traces[trace_id])

    owners: dict[int, set[str]] = defaultdict(set)
    for kind, numbers in by_kind.items():
        for one in numbers:
            owners[one].add(kind)
    merged = {tuple(sorted(kinds)) for kinds in owners.values() if len(kinds) > 1}
    assert {kind: numbers for kind, numbers in by_kind.items() if len(numbers) > 1} == {}
    assert merged <= {tuple(sorted(kinds)) for kinds in INDISTINCT}
