"""
User signals, kept joined to the trace or session that they are about, and to the signals that they replace.

A signal is a trace of its own (telemetry/spans/signal_traces.py), and each span of it a version of what the user said.
The latest by time counts, whatever the order of arrival: the others stay stored and are counted nowhere. Its service,
environment, release, session and user are those of what was rated, and follow when that arrives. The records of what
was rated never change. The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.grouping import versions
from telemetry.grouping.fingerprint import fingerprint
from telemetry.grouping.versions import GroupingRules
from telemetry.models import Record
from telemetry.otlp.values import plain_attributes
from telemetry.spans.failing_record import COLUMNS, from_columns
from telemetry.spans.meaning import Failure
from telemetry.spans.signal_traces import is_signal
from telemetry.store import segments, version_freshness
from telemetry.store.attributions import DELETE, INSERT, attribution, text_key
from telemetry.store.counts.counted_rows import add_counts, subtract_counts
from telemetry.store.counts.deployments import merge_releases
from telemetry.store.ratings import subjects
from telemetry.store.ratings.rated_release import RatedAnswer, rated_release
from telemetry.store.ratings.subjects import Subject
from telemetry.store.sql import execute, fetch, fetch_of_ids, id_chunks, id_placeholders, write_many
from telemetry.store.traces import TraceSummary

MOST = 500  # versions of signals that one batch joins; the next ones join the rest
SESSION, USER = "session.id", "user.id"
ANY = "SELECT 1 FROM telemetry_rating LIMIT 1"
ADD = """
    INSERT INTO telemetry_rating (trace_id, about, is_stale) VALUES {rows}
    ON CONFLICT (trace_id) DO UPDATE SET is_stale = TRUE
"""
RENAME = """
    WITH joined (its_trace, about) AS (VALUES {rows})
    UPDATE telemetry_rating SET about = joined.about FROM joined WHERE trace_id = its_trace
"""
MAKE_STALE = "UPDATE telemetry_rating SET is_stale = TRUE WHERE about = %s"
STARTS = "SELECT trace_id, start_time_unix_nano FROM telemetry_trace WHERE trace_id IN "
# A trace of a session that began once the user had rated it is not what was rated.
MAKE_STALE_OF_TRACES = """
    WITH grown (subject, earliest, is_subject) AS (VALUES {rows})
    UPDATE telemetry_rating SET is_stale = TRUE FROM grown
    WHERE about = subject AND NOT is_stale AND (is_subject OR EXISTS (
        SELECT 1 FROM telemetry_trace AS signal
        WHERE signal.trace_id = telemetry_rating.trace_id AND signal.end_time_unix_nano >= earliest
    ))
"""
MAKE_FRESH = "UPDATE telemetry_rating SET is_stale = FALSE WHERE trace_id IN "
STALE = f"""
    SELECT trace_id, (SELECT COUNT(*) FROM telemetry_record WHERE telemetry_record.trace_id = rating.trace_id)
    FROM telemetry_rating AS rating WHERE is_stale ORDER BY trace_id LIMIT {MOST}
"""  # noqa: S608  (a constant)
REPLACED = "SELECT trace_id, span_id FROM telemetry_replacedrecord WHERE trace_id IN "
REPLACE = "INSERT INTO telemetry_replacedrecord (trace_id, span_id) VALUES {rows} ON CONFLICT DO NOTHING"
MOVE = """
    WITH moved (its_trace, its_span, service, environment, release, number) AS (VALUES {rows})
    UPDATE telemetry_record
    SET service = moved.service, environment = moved.environment, release = moved.release,
        fingerprint = NULLIF(moved.number, 0)
    FROM moved WHERE trace_id = its_trace AND span_id = its_span
"""
UPDATE_TRACES = """
    WITH joined (its_trace, session_id, user_id, service, environment) AS (VALUES {rows})
    UPDATE telemetry_trace
    SET session_id = joined.session_id, user_id = joined.user_id,
        service = joined.service, environment = joined.environment
    FROM joined WHERE trace_id = its_trace
"""
of_record = attrgetter(*COLUMNS)


class Said(NamedTuple):
    """What a signal's span says: what it is about, and the session and the user that it names, "" for none."""

    about: str
    session_id: str
    user_id: str


class JoinedSignal(NamedTuple):
    """A version of a signal as it was and as it is to be."""

    before: Record
    after: Record
    about: str
    session_id: str
    user_id: str


def join_signals(traces: Sequence[TraceSummary]) -> None:
    """Join the signals among these traces, of which rows were just inserted, and those about these traces."""
    signal_ids = sorted(trace.trace_id for trace in traces if is_signal(trace.trace_id))
    if not signal_ids and not fetch(ANY, ()):
        return
    make_stale(traces)
    write_many(ADD, [(trace_id, "", True) for trace_id in signal_ids])
    settle_signals(stale_signals())


def stale_signals() -> list[bytes]:
    """The first stale signals, with MOST versions together; one at least, whatever an earlier release stored of it."""
    rows = fetch(STALE, ())
    ends = accumulate(int(versions) for _, versions in rows)
    return [bytes(rows[number][0]) for number, end in enumerate(ends) if end <= MOST or not number]


def make_stale(traces: Sequence[TraceSummary]) -> None:
    """Note the signals about these traces, which spans were added to, whose facts may be others now."""
    grown = subjects.rated_among(traces)
    for about in subjects.merge_traces(grown):
        execute(MAKE_STALE, [about])
    ids = {about: [trace.trace_id for trace in of_subject] for about, of_subject in sorted(grown.items())}
    starts = starts_of({trace_id for of_subject in ids.values() for trace_id in of_subject})
    rows = [
        (about, min(starts[trace_id] for trace_id in trace_ids), about in map(bytes.hex, trace_ids))
        for about, trace_ids in ids.items()
    ]
    write_many(MAKE_STALE_OF_TRACES, rows)


def starts_of(trace_ids: Iterable[bytes]) -> dict[bytes, int]:
    """When each of these traces started."""
    return {bytes(trace_id): int(start) for trace_id, start in fetch_of_ids(STARTS, trace_ids)}


def settle_signals(signal_ids: Sequence[bytes]) -> None:
    """Count the latest version of each of these signals, with the facts of what it is about. Twice changes nothing."""
    for chunk in id_chunks(signal_ids):
        by_signal = stored_versions(chunk)
        latest = {id(max(rows, key=time_and_id)) for rows in by_signal.values()}
        records = [row for rows in by_signal.values() for row in rows]
        leave_out_replaced([row for row in records if id(row) not in latest])
        joined = joined_signals(records)
        counted = [signal for signal in joined if id(signal.before) in latest]
        move_signals([signal for signal in joined if id(signal.before) not in latest], are_counted=False)
        move_signals(counted, are_counted=True)
        write_facts(counted)
        execute(f"{MAKE_FRESH}{id_placeholders(chunk)}", chunk)


def stored_versions(signal_ids: Sequence[bytes]) -> dict[bytes, list[Record]]:
    """The records of each of these signals."""
    found: dict[bytes, list[Record]] = defaultdict(list)
    for row in Record.objects.filter(trace_id__in=signal_ids).order_by("trace_id", "span_id"):
        found[bytes(row.trace_id)].append(row)
    return found


def time_and_id(row: Record) -> tuple[int, bytes]:
    """What the versions of a signal are ordered by."""
    return row.start_time_unix_nano, bytes(row.span_id)


def replaced_keys(signal_ids: Sequence[bytes]) -> set[tuple[bytes, bytes]]:
    """The versions of these signals that later ones replaced, by trace and span id."""
    rows = fetch(f"{REPLACED}{id_placeholders(signal_ids)}", signal_ids) if signal_ids else []
    return {(bytes(trace_id), bytes(span_id)) for trace_id, span_id in rows}


def leave_out_replaced(earlier: Sequence[Record]) -> None:
    """Take these versions, which are not the latest, out of all counts, unless they are out already."""
    known = replaced_keys(sorted({bytes(row.trace_id) for row in earlier}))
    newly = [row for row in earlier if (bytes(row.trace_id), bytes(row.span_id)) not in known]
    subtract_counts(newly)
    write_many(REPLACE, [(bytes(row.trace_id), bytes(row.span_id)) for row in newly])


def joined_signals(records: Sequence[Record]) -> list[JoinedSignal]:
    """These versions of signals with the facts of what they are about; one whose span cannot be read stays as it is."""
    contents = segments.serialized_spans(records)
    said = [what_it_says(contents.get((row.segment_id, row.position))) for row in records]
    found = subjects.find_or_read(facts.about for facts in said if facts and facts.about)
    rules = versions.rules_of_version(version_freshness.version_now())
    return [
        joined(row, facts, found[facts.about], release_of(row, facts, found[facts.about]), rules)
        for row, facts in zip(records, said, strict=True)
        if facts and facts.about
    ]


def release_of(row: Record, said: Said, subject: Subject) -> str:
    """The release of the answer that this version rates, "" if nothing says it."""
    return rated_release(RatedAnswer(said.about, subject.facts.service, row.start_time_unix_nano))


def what_it_says(content: bytes | None) -> Said | None:
    """What a signal's span says; None if it cannot be read."""
    if content is None:
        return None
    try:
        span = SpanMessage.FromString(content)
    except DecodeError:
        return None
    rated_trace = span.links[0].trace_id.hex() if span.links else ""
    named = str(plain_attributes(span.attributes).get(SESSION) or "")
    users = (str(plain_attributes(event.attributes).get(USER) or "") for event in span.events)
    # Earlier releases wrote the trace's id as the session of a signal that names none.
    return Said(rated_trace or named, "" if named == rated_trace else named, next(users, ""))


def joined(row: Record, said: Said, subject: Subject, release: str, rules: GroupingRules) -> JoinedSignal:
    """The signal with the facts and the release of what it is about, and its cluster there. Pure."""
    facts = subject.facts
    service, environment = facts.service or row.service, facts.environment or row.environment
    number = row.fingerprint
    if number is not None and service != row.service:
        failure = Failure(row.signal_type, row.severity, row.error_type, row.failure_message)
        number = fingerprint(service, row.operation, failure, rules)
    after = Record(
        **{field.attname: getattr(row, field.attname) for field in Record._meta.concrete_fields}
        | {
            "service": service,
            "environment": environment,
            "release": release or row.release,
            "fingerprint": number,
        }
    )
    session_id = said.session_id or facts.session_id or said.about
    return JoinedSignal(row, after, said.about, session_id, facts.user_id or said.user_id)


def counted_by(row: Record) -> tuple[str, str, str, int | None]:
    """What a record is counted by, of what joining changes."""
    return row.service, row.environment, row.release, row.fingerprint


def move_signals(signals: Iterable[JoinedSignal], are_counted: bool) -> None:
    """Change the columns of these records, and count them where they are now."""
    changed = [signal for signal in signals if counted_by(signal.before) != counted_by(signal.after)]
    rows = [signal.after for signal in changed]
    keys = [(bytes(row.trace_id), bytes(row.span_id)) for row in rows]
    columns = [(row.service, row.environment, row.release, row.fingerprint or 0) for row in rows]
    write_many(MOVE, [(*key, *values) for key, values in zip(keys, columns, strict=True)])
    if are_counted:
        subtract_counts([signal.before for signal in changed])
        add_counts(rows)
        merge_releases(rows)


def write_facts(signals: Sequence[JoinedSignal]) -> None:
    """Store the attributions and the session and user of these signals anew."""
    if not signals:
        return
    signal_ids = [bytes(signal.after.trace_id) for signal in signals]
    execute(f"{DELETE}{id_placeholders(signal_ids)}", signal_ids)
    failing = [signal for signal in signals if signal.after.fingerprint is not None]
    write_many(INSERT, [attribution_row(signal) for signal in failing])
    write_many(
        UPDATE_TRACES,
        [
            (bytes(row.trace_id), session_id, user_id, row.service, row.environment)
            for _, row, _, session_id, user_id in signals
        ],
    )
    write_many(
        RENAME, [(trace_id, signal.about) for trace_id, signal in zip(signal_ids, signals, strict=True)]
    )


def attribution_row(signal: JoinedSignal) -> tuple[object, ...]:
    """The row of a bad rating: the tokens of what it is about are counted where that is read."""
    failure = from_columns(of_record(signal.after))
    keys = text_key(signal.session_id), text_key(signal.user_id), 0
    return attribution(failure, failure.fingerprint, False, keys)
