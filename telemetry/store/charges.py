"""
Who is charged for a failure, kept up to date while the spans of a trace arrive: see attribution.py.

A diagnosis of a month reads these rows and no spans. Spans come in any order, so that the innermost failure of today
may be an echo tomorrow, and a session may be named last: the rows of a trace are made anew when more of it comes, of
all of it, so that they are the same whatever order it came in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from telemetry.grouping.attribution import attribute
from telemetry.hashing import hash64_of_texts
from telemetry.store.rollups import MAX_SUM
from telemetry.store.row import Row
from telemetry.store.sql import fetch, write_many
from telemetry.store.traces import Summary

CHUNK = 400  # traces a statement
MOST_RECORDS = (
    10_000  # of a trace; in a larger one, a loop that runs away, each failure is charged for itself
)
COLUMNS = (
    "trace_id",
    "span_id",
    "parent_span_id",
    "start_time_unix_nano",
    "service",
    "operation",
    "release",
    "model",
    "severity",
    "signal_type",
    "unit",
    "tool",
    "error_type",
    "failure_message",
    "fingerprint",
)
INSERT = """
    INSERT INTO telemetry_charge
        (trace_id, span_id, fingerprint, is_echo, start_time_unix_nano, service, operation, release, model,
         severity, message_key, session_key, user_key, trace_tokens)
    VALUES {rows}
"""
RENAME = """
    WITH its (trace_id, session_key, user_key, trace_tokens) AS (VALUES {rows})
    UPDATE telemetry_charge
    SET session_key = its.session_key, user_key = its.user_key, trace_tokens = its.trace_tokens
    FROM its
    WHERE telemetry_charge.trace_id = its.trace_id
      AND (telemetry_charge.session_key <> its.session_key OR telemetry_charge.user_key <> its.user_key
           OR telemetry_charge.trace_tokens <> its.trace_tokens)
"""
SUMMARIES = f"SELECT {', '.join(Summary._fields)} FROM telemetry_trace WHERE trace_id IN "  # noqa: S608  (constants)
DELETE = "DELETE FROM telemetry_charge WHERE trace_id IN "
FAILED = (
    f"SELECT {', '.join(COLUMNS)} FROM telemetry_record "  # noqa: S608  (constants)
    "WHERE fingerprint IS NOT NULL AND trace_id IN "
)
PARENTS = (
    "SELECT trace_id, span_id, parent_span_id FROM telemetry_record "
    "WHERE parent_span_id IS NOT NULL AND trace_id IN "
)
Charge = tuple[Any, ...]  # the values of INSERT
Keys = tuple[int, int, int]  # of session and user, and the tokens of the trace
Parents = dict[tuple[bytes, bytes], bytes]


class Failed(NamedTuple):
    """A failing record, in the order of COLUMNS."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes | None
    start_time_unix_nano: int
    service: str
    operation: str
    release: str
    model: str
    severity: str
    signal_type: str
    unit: str
    tool: str
    error_type: str
    message: str
    fingerprint: int


of_row = itemgetter(*(Row._fields.index(name) for name in COLUMNS))


def add(rows: Iterable[Row], traces: Iterable[Summary]) -> None:
    """Charge what failed in the traces of these rows, which were just inserted. `traces`: what they are by now."""
    failing = {trace.trace_id: trace for trace in traces if trace.failures}
    if not failing:
        return
    came: dict[bytes, list[Row]] = defaultdict(list)
    for row in rows:
        if row.trace_id in failing:
            came[row.trace_id].append(row)
    made = [
        made
        for trace_id, own in came.items()
        if len(own) == failing[trace_id].records
        for made in charges(failing[trace_id], *whole(own))
    ]
    earlier = [trace for trace_id, trace in failing.items() if len(came[trace_id]) < trace.records]
    stirred = [trace for trace in earlier if trace.failures > 1 or any(map(has_failed, came[trace.trace_id]))]
    calm = failing.keys() - {trace.trace_id for trace in stirred}
    write_many(RENAME, [(trace.trace_id, *keys(trace)) for trace in earlier if trace.trace_id in calm])
    write_many(INSERT, [*made, *anew(stirred)])


def renew(trace_ids: Sequence[bytes]) -> None:
    """Charge anew what failed in these traces: their failures have other fingerprints."""
    for chunk in chunks(trace_ids):
        rows = fetch(f"{SUMMARIES}{listed(chunk)}", chunk)
        write_many(INSERT, list(anew(Summary(bytes(trace_id), *rest) for trace_id, *rest in rows)))


def has_failed(row: Row) -> bool:
    """Whether the row is a failure."""
    return row.fingerprint is not None


def whole(rows: Sequence[Row]) -> tuple[list[Failed], Parents]:
    """What failed in a trace that came at once, and who called whom in it."""
    failed = [Failed(*of_row(row)) for row in rows if has_failed(row)]
    return failed, {row[:2]: row.parent_span_id for row in rows if row.parent_span_id}


def anew(traces: Iterable[Summary]) -> Iterator[Charge]:
    """The charges of these traces, which had others before: these are deleted."""
    known = {trace.trace_id: trace for trace in traces}
    for chunk in chunks(sorted(known)):
        fetch(f"{DELETE}{listed(chunk)}", chunk)
        failed: dict[bytes, list[Failed]] = defaultdict(list)
        for row in fetch(f"{FAILED}{listed(chunk)}", chunk):
            failed[bytes(row[0])].append(Failed(*map(plain, row)))
        climbed = [trace_id for trace_id in chunk if is_climbed(known[trace_id])]
        parents = read_parents(climbed) if climbed else {}
        for trace_id, own in failed.items():
            yield from charges(known[trace_id], own, parents)


def read_parents(trace_ids: Sequence[bytes]) -> Parents:
    """The parent of every span of these traces but the roots."""
    rows = fetch(f"{PARENTS}{listed(trace_ids)}", trace_ids)
    return {(bytes(trace_id), bytes(span_id)): bytes(parent) for trace_id, span_id, parent in rows}


def is_climbed(trace: Summary) -> bool:
    """Whether it matters who called whom, and the trace is not so large that reading it often holds up the store."""
    return trace.failures > 1 and trace.records <= MOST_RECORDS


def charges(trace: Summary, failed: Sequence[Failed], parents: Parents) -> Iterator[Charge]:
    """The rows for the failures of one trace. Pure."""
    told = keys(trace)
    if trace.records > MOST_RECORDS:
        yield from (charge(one, one.fingerprint, False, told) for one in failed)
        return
    attributed = attribute(failed, parents)
    yield from (charge(item.cause, item.cause.fingerprint, False, told) for item in attributed)
    echoes = {(item.cause.fingerprint, echo.span_id): echo for item in attributed for echo in item.echoes}
    yield from (charge(echo, fingerprint, True, told) for (fingerprint, _), echo in echoes.items())


def charge(one: Failed, fingerprint: int, is_echo: bool, told: Keys) -> Charge:
    """One row of the table."""
    place = one.service, one.operation, one.release, one.model, one.severity
    return (
        one.trace_id,
        one.span_id,
        fingerprint,
        is_echo,
        one.start_time_unix_nano,
        *place,
        key(one.message),
        *told,
    )


def keys(trace: Summary) -> Keys:
    """Whose trace it is, and what it took: session, user, tokens."""
    tokens = min(trace.input_tokens + trace.output_tokens, MAX_SUM)
    return key(trace.session_id or trace.trace_id.hex()), key(trace.user_id), tokens


@lru_cache(maxsize=4096)
def key(text: str) -> int:
    """A number that stands for the text; 0 for none."""
    return hash64_of_texts(text) if text else 0


def plain(value: Any) -> Any:
    """A value as Python has it: PostgreSQL's driver gives bytes as a view."""
    return bytes(value) if isinstance(value, memoryview) else value


def chunks(trace_ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """The ids in parts that one statement takes."""
    return (trace_ids[start : start + CHUNK] for start in range(0, len(trace_ids), CHUNK))


def listed(trace_ids: Sequence[bytes]) -> str:
    """Placeholders for so many ids."""
    return f"({', '.join(['%s'] * len(trace_ids))})"
