"""
The traces that user signals are about, and whether they have arrived.

A signal about a session is about its traces that began before the user said it: the newest of them, MOST_OF_SESSION at
most. One about a trace names it, whether it has arrived or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from telemetry.models import RatedSubject, Record, Trace
from telemetry.reads.filters import is_of_session
from telemetry.spans import record_ids
from telemetry.spans.signal_traces import IS_SIGNAL, is_signal
from telemetry.store.sql import fetch_many

MOST_OF_SESSION = 20  # traces
SESSION_TRACES = f"""
    WITH wanted (signal, session, until) AS (VALUES {{rows}}), numbered AS (
        SELECT signal, trace_id, ROW_NUMBER() OVER (
            PARTITION BY signal ORDER BY start_time_unix_nano DESC, trace_id DESC) AS place
        FROM wanted JOIN telemetry_trace ON session_id = session AND NOT (session_id = '')
        WHERE start_time_unix_nano <= until
    )
    SELECT signal, trace_id FROM numbered WHERE place <= {MOST_OF_SESSION} ORDER BY signal, place
"""  # noqa: S608  (constants)
ABOUT = """
    WITH wanted (signal) AS (VALUES {rows})
    SELECT trace_id, about FROM wanted JOIN telemetry_rating ON trace_id = signal
"""


def rated_traces(said_at: Mapping[bytes, int]) -> dict[bytes, tuple[bytes, ...]]:
    """
    The traces that each of these signals is about, newest first; none for one about a session that has not arrived.

    Args:
        said_at: the start of each signal in unix nanoseconds, by its trace id.
    """
    about = {
        bytes(signal): name for signal, name in fetch_many(ABOUT, [(signal,) for signal in sorted(said_at)])
    }
    named = {signal: trace_id for signal, name in about.items() if (trace_id := record_ids.trace_id(name))}
    wanted = [(signal, name, said_at[signal]) for signal, name in about.items() if signal not in named]
    of_sessions: dict[bytes, list[bytes]] = defaultdict(list)
    for signal, trace_id in fetch_many(SESSION_TRACES, wanted):
        if not is_signal(bytes(trace_id)):
            of_sessions[bytes(signal)].append(bytes(trace_id))
    return {signal: (named[signal],) if signal in named else tuple(of_sessions[signal]) for signal in said_at}


def first_rated_record(signal: tuple[bytes, bytes]) -> tuple[bytes, bytes] | None:
    """The first record of the newest trace that the signal with this trace and span id is about, if it has arrived."""
    row = Record.objects.filter(trace_id=signal[0], span_id=signal[1]).first()
    if row is None:
        return None
    for trace_id in rated_traces({signal[0]: row.start_time_unix_nano})[signal[0]]:
        first = Record.objects.filter(trace_id=trace_id).order_by("start_time_unix_nano", "span_id").first()
        if first:
            return bytes(first.trace_id), bytes(first.span_id)
    return None


def unknown_ids(trace_id: str, session_id: str) -> tuple[str, ...]:
    """The names of those of these ids that no trace has that has arrived; "" is not asked for."""
    asked = {"trace_id": trace_id, "session_id": session_id}
    return tuple(name for name, value in asked.items() if value and not is_known(value))


def is_known(about: str) -> bool:
    """Whether a trace with this id, or of this session, has arrived."""
    return Trace.objects.filter(is_of_session(about)).exclude(IS_SIGNAL).exists()


def pending(signal_ids: Iterable[bytes]) -> int:
    """How many of these signals are about a trace or a session of which nothing has arrived."""
    rows = fetch_many(ABOUT, [(signal,) for signal in sorted(set(signal_ids))])
    known = known_subjects({about for _, about in rows})
    return sum(about not in known for _, about in rows)


def known_subjects(names: Collection[str]) -> set[str]:
    """Those of these traces and sessions of which a trace has arrived."""
    return set(RatedSubject.objects.filter(about__in=names, is_known=True).values_list("about", flat=True))
