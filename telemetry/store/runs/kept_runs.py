"""
The runs of agents, counted and judged while the spans of a trace arrive: see telemetry/agent_runs.

A visit is a trace that called an operation; it is counted by the time and the release of its first such call. A visit
fails if a rule over runs finds a failure there. Spans come in any order, so when more of a trace comes, the visits that
it had are taken from the counts, those that it has now are added, and its failures are found anew: they do not depend
on the order in which it came. A diagnosis reads these rows, and no trace.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from telemetry.agent_runs import repeated_calls, told_calls, unfounded_answers
from telemetry.agent_runs.call_keys import whole_key
from telemetry.agent_runs.run_call import COLUMNS, CallColumns, RunCall, RunFailure, first_calls
from telemetry.agent_runs.run_overview import RunOverview
from telemetry.conventions import convention_of, output_of
from telemetry.store.counts.rollups import TABLES
from telemetry.store.row import RecordRow
from telemetry.store.runs.call_contents import read_spans
from telemetry.store.same_calls.counting import Recount, repeated_keys
from telemetry.store.sql import execute, fetch, id_chunks, id_placeholders, write_many
from telemetry.store.traces import GrownTrace
from telemetry.store.transactions import atomic
from telemetry.windows import MINUTE_NANO

CHUNK = 100  # traces a statement
# Records of a trace. What comes for a larger one, a runaway loop, is not looked at: reading it anew with every request
# would hold up the store.
MOST_RECORDS = 2_000
CALLS = (
    f"SELECT {', '.join(COLUMNS)} FROM telemetry_record "  # noqa: S608  (constants)
    "WHERE unit IN ('tool_call', 'retrieval', 'llm_call') AND trace_id IN "
)
ADD_VISITS = """
    INSERT INTO telemetry_visitcount AS kept (minutes, minute, service, operation, release, environment, count)
    VALUES {rows}
    ON CONFLICT (minutes, minute, service, operation, release, environment)
    DO UPDATE SET count = kept.count + excluded.count
"""
DELETE = "DELETE FROM telemetry_failingvisit WHERE trace_id IN "
INSERT = """
    INSERT INTO telemetry_failingvisit
        (trace_id, fingerprint, span_id, start_time_unix_nano, signal_type, service, operation, release, environment,
         model, severity, message)
    VALUES {rows}
"""
NOTE_LONG = """
    INSERT INTO telemetry_longtrace (trace_id, start_time_unix_nano) VALUES {rows} ON CONFLICT (trace_id) DO NOTHING
"""
PENDING = "SELECT trace_id FROM telemetry_pendingrun ORDER BY trace_id LIMIT %s"
DONE = "DELETE FROM telemetry_pendingrun WHERE trace_id IN "
NO_RECOUNT = Recount()
called_at = attrgetter("service", "operation", "release", "environment")
SpanKey = tuple[bytes, bytes]  # trace and span id
Visit = tuple[
    int, str, str, str, str
]  # minute, service, operation, release and environment of its first call


def add_runs(traces: Sequence[GrownTrace], recount: Recount = NO_RECOUNT) -> None:
    """
    Count and judge the runs of these traces, of which rows were just inserted.

    Args:
        recount: which calls of these traces are counted for another one from now on, or no more.
    """
    whole = [trace for trace in traces if not trace.earlier_records]
    grown = [trace for trace in traces if 0 < trace.earlier_records <= MOST_RECORDS]
    overview = RunOverview.of(counted_calls(whole, recount))
    read_again = overview.suspects | {call.trace_id for call in counted_calls(grown, recount)}
    visits = Counter(visit(call) for key, call in overview.first_calls.items() if key[0] not in read_again)
    if read_again:
        uncounted = {row[:2] for row in calls_of([*whole, *grown]) if row.trace_id in read_again}
        visits.update(replace_runs(read_again, uncounted, recount))
    add_visits(visits)
    note_long_traces(calls_of(trace for trace in traces if trace.earlier_records > MOST_RECORDS))


def calls_of(traces: Iterable[GrownTrace]) -> list[RecordRow]:
    """The calls of agents among the rows that were just inserted of these traces."""
    return [row for trace in traces for row in trace.inserted if row.call_key is not None]


def counted_calls(traces: Iterable[GrownTrace], recount: Recount) -> list[RecordRow]:
    """Those of them that are not counted for another one."""
    calls, doubled = calls_of(traces), recount.left_out_keys
    return [row for row in calls if row[:2] not in doubled] if doubled else calls


def note_long_traces(calls: Iterable[RecordRow]) -> None:
    """Store which traces these calls belong to, which are not looked at."""
    starts = {row.trace_id: row.start_time_unix_nano for row in calls}
    write_many(NOTE_LONG, list(starts.items()))


def replace_runs(
    trace_ids: Iterable[bytes], uncounted: Collection[SpanKey], recount: Recount = NO_RECOUNT
) -> Counter[Visit]:
    """
    Find the failures of these stored runs anew; returns by how much the counts of visits change.

    Args:
        uncounted: the calls that the counts do not have yet.
        recount: the calls that were counted until now and are left out, and those that were left out and are counted.
    """
    changes: Counter[Visit] = Counter()
    for chunk in id_chunks(trace_ids, CHUNK):
        execute(f"{DELETE}{id_placeholders(chunk)}", chunk)
        failing: list[tuple[Any, ...]] = []
        doubled = repeated_keys(chunk)
        doubled_before = doubled - recount.left_out_keys | recount.counted_again_keys
        for calls in read_runs(chunk):
            run = [call for call in calls if call[:2] not in doubled]
            before = [call for call in calls if call[:2] not in uncounted and call[:2] not in doubled_before]
            changes.update(map(visit, first_calls(run).values()))
            changes.subtract(map(visit, first_calls(before).values()))
            failing += failing_visits(run)
        write_many(INSERT, failing)
    return changes


def judge_pending() -> int:
    """
    Find the failures of the runs that a version without these rules stored; returns the number of these traces.

    A transaction for each CHUNK of them, so that others are not kept from writing, and that what is done stays done.
    """
    done = 0
    while trace_ids := [bytes(row[0]) for row in fetch(PENDING, [CHUNK])]:
        with atomic():
            replace_runs(trace_ids, ())
            execute(f"{DONE}{id_placeholders(trace_ids)}", trace_ids)
        done += len(trace_ids)
    return done


def read_runs(trace_ids: Sequence[bytes]) -> Iterator[list[RunCall]]:
    """The stored calls of each of these traces that has any, by time."""
    calls: dict[bytes, list[RunCall]] = defaultdict(list)
    for trace_id, span_id, *others in fetch(f"{CALLS}{id_placeholders(trace_ids)}", trace_ids):
        calls[bytes(trace_id)].append(RunCall(bytes(trace_id), bytes(span_id), *others))
    for run in calls.values():
        yield sorted(run, key=lambda call: (call.start_time_unix_nano, call.span_id))


def failing_visits(run: Sequence[RunCall]) -> Iterator[tuple[Any, ...]]:
    """The values of INSERT for the failures of a run, whose calls these are by time."""
    first = first_calls(run)
    for failure in run_failures(run):
        call, first_call = failure.call, first[failure.call.trace_id, *failure.call.place]
        yield (
            call.trace_id,
            failure.fingerprint,
            call.span_id,
            first_call.start_time_unix_nano,
            failure.signal_type,
            *call.place,
            first_call.release,
            first_call.environment,
            call.model,
            failure.severity,
            failure.message.replace("\x00", ""),
        )


def run_failures(run: Sequence[RunCall]) -> Iterator[RunFailure]:
    """The failures that the rules find in a run, whose calls these are by time; content is read where it is needed."""
    unread, answers = repeated_calls.calls_to_read(run), unfounded_answers.last_answers(run)
    spans = read_spans(list({call.span_id: call for call in [*unread, *answers]}.values()))
    keys = {
        call.span_id: whole_key(span, call.unit, convention_of(span))
        for call in unread
        if (span := spans.get(call.span_id))
    }
    repeated = list(
        repeated_calls.failures(
            [call._replace(call_key=keys.get(call.span_id, call.call_key)) for call in run]
        )
    )
    yield from repeated or told_calls.told_failures(run, spans)
    outputs = {
        answer.span_id: output_of(spans[answer.span_id]) for answer in answers if answer.span_id in spans
    }
    yield from unfounded_answers.failures(answers, outputs)


def visit(first_call: CallColumns) -> Visit:
    """The visit of a trace that begins with this call."""
    return first_call.start_time_unix_nano // MINUTE_NANO, *called_at(first_call)


def add_visits(changes: Mapping[Visit, int]) -> None:
    """Add to the counts of visits of each minute, hour and day."""
    counts: Counter[tuple[int, int, str, str, str, str]] = Counter()
    for (minute, *called), change in changes.items():
        service, operation, release, environment = called
        for minutes in TABLES:
            counts[minutes, minute - minute % minutes, service, operation, release, environment] += change
    write_many(ADD_VISITS, [(*key, change) for key, change in sorted(counts.items()) if change])
