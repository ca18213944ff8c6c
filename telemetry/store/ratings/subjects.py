"""
What user signals are about, a trace or a session, with the facts of its traces that have arrived.

A signal may come before its trace, and the service, the user or the session of a trace may be named on a span that
comes last. So each batch merges its traces into these rows as traces.py merges spans into traces: by the smallest text
that is not empty, in any order; the release is read anew (rated_release.py). The SQL runs on SQLite 3.40 and PostgreSQL
15.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from telemetry.spans import record_ids
from telemetry.spans.signal_traces import END, PREFIX, is_signal
from telemetry.store.sql import fetch, fetch_many, write_many
from telemetry.store.traces import TraceSummary, smallest

FACTS = ("service", "environment", "user_id", "session_id")
MOST_TRACES = 1_000  # of a session, from which a signal about it gets its facts: the first by time


class RatedFacts(NamedTuple):
    """What the traces of a subject say, "" for nothing."""

    service: str = ""
    environment: str = ""
    user_id: str = ""
    session_id: str = ""


class Subject(NamedTuple):
    """A trace or a session that signals are about."""

    about: str  # a trace id in hex, or a session id
    facts: RatedFacts
    is_known: bool  # whether a trace of it has arrived


def is_smaller(name: str) -> str:
    """SQL that says whether the new text comes before the old one, leaving empty ones aside."""
    old, new = f"telemetry_ratedsubject.{name}", f"arrived.{name}"
    return f"({new} <> '' AND ({old} = '' OR {new} < {old}))"


CHANGED = " OR ".join(map(is_smaller, FACTS))
MERGE = f"""
    WITH arrived (about, {", ".join(FACTS)}) AS (VALUES {{rows}})
    UPDATE telemetry_ratedsubject SET is_known = TRUE,
        {
    ", ".join(
        f"{name} = CASE WHEN {is_smaller(name)} THEN arrived.{name} ELSE telemetry_ratedsubject.{name} END"
        for name in FACTS
    )
}
    FROM arrived WHERE telemetry_ratedsubject.about = arrived.about AND (NOT is_known OR {CHANGED})
    RETURNING telemetry_ratedsubject.about
"""  # noqa: S608  (names are constants of this module)
INSERT = f"""
    INSERT INTO telemetry_ratedsubject (about, {", ".join(FACTS)}, is_known) VALUES {{rows}}
    ON CONFLICT (about) DO NOTHING
"""  # noqa: S608
FIND = f"""
    WITH wanted (name) AS (VALUES {{rows}})
    SELECT about, {", ".join(FACTS)}, is_known FROM wanted JOIN telemetry_ratedsubject ON about = name
"""  # noqa: S608
STORED = """
    WITH wanted (name) AS (VALUES {rows})
    SELECT about FROM wanted JOIN telemetry_ratedsubject ON about = name
"""
BY_TRACE = f"SELECT {', '.join(FACTS)} FROM telemetry_trace WHERE trace_id = %s"  # noqa: S608
BY_SESSION = f"""
    SELECT {", ".join(FACTS)} FROM telemetry_trace
    WHERE session_id = %s AND NOT (session_id = '') AND (trace_id < %s OR trace_id >= %s)
    ORDER BY start_time_unix_nano, trace_id LIMIT {MOST_TRACES}
"""  # noqa: S608


def rated_among(traces: Iterable[TraceSummary]) -> dict[str, list[TraceSummary]]:
    """Those of these traces that belong to a subject, by the subject's name."""
    by_subject: dict[str, list[TraceSummary]] = {}
    for trace in traces:
        if not is_signal(trace.trace_id):
            for about in {trace.trace_id.hex(), trace.session_id} - {""}:
                by_subject.setdefault(about, []).append(trace)
    stored = fetch_many(STORED, [(about,) for about in sorted(by_subject)])
    return {about: by_subject[about] for (about,) in stored}


def merge_traces(grown: Mapping[str, Sequence[TraceSummary]]) -> list[str]:
    """Merge traces that spans were added to into their subjects, by name; returns the names of those that changed."""
    rows = [(about, *merged(map(facts_of, traces))) for about, traces in sorted(grown.items())]
    return [about for (about,) in fetch_many(MERGE, rows)]


def facts_of(trace: TraceSummary) -> RatedFacts:
    """What a trace says of a subject that it belongs to."""
    return RatedFacts(trace.service, trace.environment, trace.user_id, trace.session_id)


def find_or_read(names: Iterable[str]) -> dict[str, Subject]:
    """The subjects of these names. One that no signal was about before is stored, with what its traces say."""
    wanted = sorted(set(names))
    stored = stored_subjects(wanted)
    new = [read_subject(about) for about in wanted if about not in stored]
    write_many(INSERT, [(subject.about, *subject.facts, subject.is_known) for subject in new])
    return stored | {subject.about: subject for subject in new}


def stored_subjects(names: Sequence[str]) -> dict[str, Subject]:
    """Those of these subjects that are stored, by name."""
    rows = fetch_many(FIND, [(name,) for name in names])
    return {about: Subject(about, RatedFacts(*facts), bool(known)) for about, *facts, known in rows}


def read_subject(about: str) -> Subject:
    """A subject from the rows of its traces."""
    trace_id = record_ids.trace_id(about)
    rows = fetch(BY_TRACE, [trace_id]) if trace_id else []
    rows += fetch(BY_SESSION, [about, PREFIX, END])
    return Subject(about, merged(RatedFacts(*row) for row in rows), bool(rows))


def merged(facts: Iterable[RatedFacts]) -> RatedFacts:
    """The smallest text of each kind that is not empty."""
    columns = zip(*facts, strict=True)
    return RatedFacts(*(smallest(set(column)) for column in columns))
