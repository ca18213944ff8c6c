"""
The attribution of failures, kept up to date while the spans of a trace arrive: see telemetry/grouping/attribution.py.

A diagnosis of a month counts and ranks clusters from these rows; it reads records only as evidence and samples. Spans
come in any order, so that the innermost failure of now may later be found downstream of another one, and the session
may be named last. So when more of a trace comes, its rows are made anew from all of it, and do not depend on the order
in which it came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from telemetry.grouping.attribution import attribute
from telemetry.grouping.shared_places import SharingSpan, relinked
from telemetry.grouping.versions import GroupingRules
from telemetry.hashing import hash64_of_texts
from telemetry.spans.failing_record import COLUMNS, FailingRecord, from_columns
from telemetry.store.counts.rollups import MAX_SUM
from telemetry.store.row import RecordRow
from telemetry.store.sql import fetch, id_chunks, id_placeholders, write_many
from telemetry.store.traces import GrownTrace, TraceSummary

# Of a trace; a larger one is a runaway loop. In it every failure is a primary one, and is not looked at again.
MOST_RECORDS, MOST_FAILURES = 10_000, 1_000
OF_STORE = ("segment_id", "position")  # the columns of a failing record that a span gets by being stored
INSERT = """
    INSERT INTO telemetry_attribution
        (trace_id, span_id, fingerprint, is_downstream, start_time_unix_nano, service, operation, release,
         environment, model, severity, message_key, session_key, user_key, trace_tokens)
    VALUES {rows}
"""
UPDATE_TRACES = """
    WITH changed (trace_id, session_key, user_key, trace_tokens) AS (VALUES {rows})
    UPDATE telemetry_attribution
    SET session_key = changed.session_key, user_key = changed.user_key, trace_tokens = changed.trace_tokens
    FROM changed
    WHERE telemetry_attribution.trace_id = changed.trace_id
      AND (telemetry_attribution.session_key <> changed.session_key
           OR telemetry_attribution.user_key <> changed.user_key
           OR telemetry_attribution.trace_tokens <> changed.trace_tokens)
"""
SUMMARIES = f"SELECT {', '.join(TraceSummary._fields)} FROM telemetry_trace WHERE trace_id IN "  # noqa: S608  (constants)
DELETE = "DELETE FROM telemetry_attribution WHERE trace_id IN "
FAILED = (
    f"SELECT {', '.join(COLUMNS)} FROM telemetry_record "  # noqa: S608  (constants)
    "WHERE fingerprint IS NOT NULL AND trace_id IN "
)
PARENTS = (
    "SELECT trace_id, span_id, parent_span_id FROM telemetry_record "
    "WHERE parent_span_id IS NOT NULL AND trace_id IN "
)
SHARING = """
    SELECT DISTINCT shared.trace_id, sent_span_id, record.span_id, kind, start_time_unix_nano
    FROM telemetry_sharedspan AS shared JOIN telemetry_record AS record
      ON record.trace_id = shared.trace_id AND record.span_id IN (shared.span_id, sent_span_id)
    WHERE shared.trace_id IN"""
AttributionRow = tuple[Any, ...]  # the values of INSERT
TraceFacts = tuple[int, int, int]  # the keys of session and user, and the tokens of the trace
Parents = dict[tuple[bytes, bytes], bytes]  # the parent's span id by trace id and span id

of_row = itemgetter(*(RecordRow._fields.index(name) for name in COLUMNS if name not in OF_STORE))


def add_attributions(traces: Iterable[GrownTrace], rules: GroupingRules) -> None:
    """Attribute the failures in these traces, of which rows were just inserted, by the project's rules."""
    fresh: list[AttributionRow] = []
    changed: list[TraceSummary] = []
    with_other_facts: list[TraceSummary] = []
    for trace in traces:
        if not trace.now.failures:
            continue
        if not is_read_again(trace):
            fresh += attributions(trace.now, *whole_trace(trace.inserted), rules)
        elif trace.now.failures > 1 or any(row.fingerprint is not None for row in trace.inserted):
            changed.append(trace.now)
        else:
            with_other_facts.append(trace.now)
    write_many(UPDATE_TRACES, [(trace.trace_id, *trace_facts(trace)) for trace in with_other_facts])
    write_many(INSERT, [*fresh, *replace_attributions(changed, rules)])


def is_read_again(trace: GrownTrace) -> bool:
    """Whether earlier spans of the trace are read again, because some came: unless it was too large before them."""
    return trace.earlier_records > 0 and not is_runaway(before(trace))


def renew(trace_ids: Sequence[bytes], rules: GroupingRules) -> None:
    """Attribute the failures in these traces anew by the rules, after their fingerprints changed."""
    for chunk in id_chunks(trace_ids):
        rows = fetch(f"{SUMMARIES}{id_placeholders(chunk)}", chunk)
        traces = [TraceSummary(bytes(trace_id), *others) for trace_id, *others in rows]
        write_many(INSERT, list(replace_attributions(traces, rules)))


def whole_trace(rows: Sequence[RecordRow]) -> tuple[list[FailingRecord], Parents]:
    """The failing records and the parents of a trace that came at once."""
    failures = [from_columns(of_row(row)) for row in rows if row.fingerprint is not None]
    parents = {row[:2]: row.parent_span_id for row in rows if row.parent_span_id}
    shared_ids = {row.sent_span_id for row in rows if row.span_id != row.sent_span_id}
    if not shared_ids:
        return failures, parents
    return relinked(failures, parents, [sharing_span(row) for row in rows if row.sent_span_id in shared_ids])


def sharing_span(row: RecordRow) -> SharingSpan:
    """A row as one of the spans that were sent with its ids."""
    return SharingSpan(row.trace_id, row.sent_span_id, row.span_id, row.kind, row.start_time_unix_nano)


def replace_attributions(traces: Iterable[TraceSummary], rules: GroupingRules) -> Iterator[AttributionRow]:
    """Delete the rows that these traces had, and yield their new ones."""
    by_id = {trace.trace_id: trace for trace in traces}
    for chunk in id_chunks(by_id):
        fetch(f"{DELETE}{id_placeholders(chunk)}", chunk)
        with_parents = [trace_id for trace_id in chunk if needs_parents(by_id[trace_id])]
        for trace_id, failures, parents in linked_failures(chunk, with_parents):
            yield from attributions(by_id[trace_id], failures, parents, rules)


def linked_failures(
    trace_ids: Sequence[bytes], with_parents: Sequence[bytes]
) -> Iterator[tuple[bytes, Sequence[FailingRecord], Parents]]:
    """Yield each of these stored traces that has failing records, with them, and the parents of those asked for."""
    failures: dict[bytes, list[FailingRecord]] = defaultdict(list)
    for values in fetch(f"{FAILED}{id_placeholders(trace_ids)}", trace_ids):
        failure = from_columns(values)
        failures[failure.trace_id].append(failure)
    parents = read_parents(with_parents) if with_parents else {}
    sharing = read_sharing(with_parents) if with_parents else {}
    of_sharing: dict[bytes, Parents] = {trace_id: {} for trace_id in sharing}
    for key, parent in parents.items() if sharing else ():
        if key[0] in of_sharing:
            of_sharing[key[0]][key] = parent
    for trace_id, of_trace in failures.items():
        if trace_id in sharing:
            yield trace_id, *relinked(of_trace, of_sharing[trace_id], sharing[trace_id])
        else:
            yield trace_id, of_trace, parents


def read_sharing(trace_ids: Sequence[bytes]) -> dict[bytes, list[SharingSpan]]:
    """The spans of these traces that were sent with the id of another, and those others, by trace."""
    sharing: dict[bytes, list[SharingSpan]] = defaultdict(list)
    for trace_id, sent, span_id, kind, start in fetch(f"{SHARING}{id_placeholders(trace_ids)}", trace_ids):
        sharing[bytes(trace_id)].append(
            SharingSpan(bytes(trace_id), bytes(sent), bytes(span_id), kind, start)
        )
    return sharing


def read_parents(trace_ids: Sequence[bytes]) -> Parents:
    """The parent of every span of these traces but the roots."""
    rows = fetch(f"{PARENTS}{id_placeholders(trace_ids)}", trace_ids)
    return {(bytes(trace_id), bytes(span_id)): bytes(parent) for trace_id, span_id, parent in rows}


def needs_parents(trace: TraceSummary) -> bool:
    """Whether attribution depends on the parents, and the trace is small enough to read it while the store waits."""
    return trace.failures > 1 and not is_runaway(trace)


def is_runaway(trace: TraceSummary) -> bool:
    """Whether the trace is too large to attribute its failures to each other."""
    return trace.records > MOST_RECORDS or trace.failures > MOST_FAILURES


def before(trace: GrownTrace) -> TraceSummary:
    """The trace with the counts that it had before its rows came."""
    failures = sum(row.fingerprint is not None for row in trace.inserted)
    return trace.now._replace(records=trace.earlier_records, failures=trace.now.failures - failures)


def attributions(
    trace: TraceSummary, failures: Sequence[FailingRecord], parents: Parents, rules: GroupingRules
) -> Iterator[AttributionRow]:
    """The rows for the failures of one trace. Pure."""
    facts = trace_facts(trace)
    if is_runaway(trace):
        yield from (attribution(failure, failure.fingerprint, False, facts) for failure in failures)
        return
    attributed = attribute(failures, parents, rules)
    yield from (attribution(item.primary, item.primary.fingerprint, False, facts) for item in attributed)
    downstream = {
        (item.primary.fingerprint, failure.span_id): failure
        for item in attributed
        for failure in item.downstream
    }
    yield from (
        attribution(failure, fingerprint, True, facts) for (fingerprint, _), failure in downstream.items()
    )


def attribution(
    failure: FailingRecord, fingerprint: int, is_downstream: bool, facts: TraceFacts
) -> AttributionRow:
    """One row: the failure counts for the cluster of that fingerprint."""
    place = failure.service, failure.operation, failure.release, failure.environment
    return (
        failure.trace_id,
        failure.span_id,
        fingerprint,
        is_downstream,
        failure.start_time_unix_nano,
        *place,
        failure.model,
        failure.severity,
        text_key(failure.message),
        *facts,
    )


def trace_facts(trace: TraceSummary) -> TraceFacts:
    """The keys of the trace's session and user, and its tokens."""
    tokens = min(trace.input_tokens + trace.output_tokens, MAX_SUM)
    return text_key(trace.session_id or trace.trace_id.hex()), text_key(trace.user_id), tokens


@lru_cache(maxsize=4096)
def text_key(text: str) -> int:
    """A number that stands for the text; 0 for none."""
    return hash64_of_texts(text) if text else 0
