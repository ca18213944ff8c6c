"""Real clients with known faults: each fault is one cluster, whatever ids, amounts and names vary in it."""

from __future__ import annotations

from collections import defaultdict

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.grouping.attribution import attribute
from telemetry.grouping.fingerprint import fingerprint
from telemetry.grouping.versions import NEWEST
from telemetry.spans.failing_record import FailingRecord
from telemetry.spans.operation import operation
from telemetry.spans.span import Span
from tests.telemetry.span_builders import CLIENTS, captured, labels

# An MCP server says no more than that the tool failed.
INDISTINCT = {("invalid arguments (missing field)", "tool_error: RefundLimitExceeded")}


def failing(span: Span) -> FailingRecord | None:
    """The span as a diagnosis reads it; None if it is fine or only a user says otherwise."""
    meaning = conventions.read_meaning(span)
    work, found = operation(span, meaning), failure(span, meaning)
    if found is None or found.signal_type == "user_signal":
        return None
    service = span.origin.service
    return FailingRecord(
        span.trace_id, span.span_id, span.parent_span_id, span.start_time_unix_nano, service, work, "",
        meaning.unit, meaning.tool, meaning.model, found.signal_type, found.severity, found.error_type,
        found.message, fingerprint(service, work, found, NEWEST), scope_id=span.origin.scope_id, kind=span.kind,
    )  # fmt: skip


def clusters(spans: list[Span]) -> set[int]:
    """The fingerprints of what is charged in these traces."""
    failures = [found for span in spans if (found := failing(span))]
    parents = {(span.trace_id, span.span_id): span.parent_span_id for span in spans}
    return {item.primary.fingerprint for item in attribute(failures, parents)}


@pytest.mark.parametrize("client", CLIENTS)
def test_each_injected_kind_is_one_cluster_and_shares_it_with_none(client: str) -> None:
    traces: dict[str, list[Span]] = defaultdict(list)
    for span in captured(client):
        traces[span.trace_id.hex()].append(span)
    spans: dict[str, list[Span]] = defaultdict(list)
    for trace_id, row in labels(client).items():
        spans[row["kind"]] += traces[trace_id]

    by_kind = {kind: clusters(own) for kind, own in spans.items()}

    owners: dict[int, set[str]] = defaultdict(set)
    for kind, numbers in by_kind.items():
        for one in numbers:
            owners[one].add(kind)
    split = {(client, kind) for kind, numbers in by_kind.items() if len(numbers) > 1}
    merged = {tuple(sorted(kinds)) for kinds in owners.values() if len(kinds) > 1}
    assert not split
    assert merged <= INDISTINCT


def test_the_failures_of_tools_without_spans_are_found_in_what_the_model_was_told() -> None:
    kinds = {trace_id: row["kind"] for trace_id, row in labels("py-openlit").items()}

    found = {kinds[span.trace_id.hex()] for span in captured("py-openlit") if failing(span)}

    assert {kind for kind in kinds.values() if kind and kind.startswith("tool_")} <= found
    assert None not in found
