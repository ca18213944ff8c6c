"""Real clients with known faults: each fault is one cluster, whatever ids, amounts and names vary in it."""

from __future__ import annotations

from collections import defaultdict

import pytest

from telemetry.grouping.attribution import attribute
from telemetry.grouping.versions import NEWEST
from telemetry.normalise import normalise
from telemetry.spans.failing_record import FailingRecord
from telemetry.spans.span import Span
from tests.telemetry.joined_recordings import captured_with_logs
from tests.telemetry.span_builders import CLIENTS, captured, labels

# An MCP server says no more than that the tool failed.
INDISTINCT = {("invalid arguments (missing field)", "tool_error: RefundLimitExceeded")}


def failing(span: Span) -> FailingRecord | None:
    """The span as a diagnosis reads it; None if it is fine or only a user says otherwise."""
    row = normalise(span, NEWEST)
    if row.fingerprint is None or row.signal_type == "user_signal":
        return None
    return FailingRecord(
        row.trace_id, row.span_id, row.parent_span_id, row.start_time_unix_nano, row.service, row.operation, "",
        row.unit, row.tool, row.model, row.signal_type, row.severity, row.error_type, row.failure_message,
        row.fingerprint, scope_id=row.scope_id, kind=row.kind,
    )  # fmt: skip


def clusters(spans: list[Span]) -> set[int]:
    """The fingerprints of what is charged in these traces."""
    failures = [found for span in spans if (found := failing(span))]
    parents = {(span.trace_id, span.span_id): span.parent_span_id for span in spans}
    return {item.primary.fingerprint for item in attribute(failures, parents)}


# Kinds that no span and no log event shows: what users think, what only the whole run shows, and what is not recorded.
NOT_SHOWN = ("unhelpful_refusal", "repeated_identical_tool_call")
NOT_RECORDED = {
    "node-claude-code-beta": ("model_called_unknown_tool", "model_sent_malformed_tool_arguments"),
    "node-mastra": ("llm_client_timeout", "model_called_unknown_tool"),
    "py-logfire-agents": ("answer_cut",),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_each_injected_kind_is_found_and_nothing_in_good_turns(client: str) -> None:
    kinds = {trace_id: row["kind"] or "good" for trace_id, row in labels(client).items()}
    failures = [found for span in captured_with_logs(client) if (found := failing(span))]

    found = {kinds.get(one.trace_id.hex(), "good") for one in failures}

    left_out = (*NOT_SHOWN, *NOT_RECORDED.get(client, ()), "good")
    injected = {kind for kind in kinds.values() if "not an error" not in kind}
    assert {kind for kind in injected - found if not kind.startswith(left_out)} == set()
    assert "good" not in found


@pytest.mark.parametrize("client", CLIENTS)
def test_each_injected_kind_is_one_cluster_and_shares_it_with_none(client: str) -> None:
    traces: dict[str, list[Span]] = defaultdict(list)
    for span in captured_with_logs(client):
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
