"""
What is found in a whole trace, found anew after records of it were amended: attributions, visits and failures of runs.

A runaway trace is not read again, as when its spans come: there only the amended records themselves are looked at.
Called inside store.append's transaction. The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from telemetry.agent_runs.run_call import first_calls
from telemetry.grouping.versions import GroupingRules
from telemetry.spans.failing_record import from_columns
from telemetry.store import attributions
from telemetry.store.attributions import INSERT, SUMMARIES, attribution, of_row, trace_facts
from telemetry.store.row import RecordRow
from telemetry.store.runs import kept_runs
from telemetry.store.same_calls import counting
from telemetry.store.sql import fetch, id_chunks, id_placeholders, write_many
from telemetry.store.traces import TraceSummary

DELETE = """
    WITH gone (its_trace, its_span) AS (VALUES {rows})
    DELETE FROM telemetry_attribution WHERE EXISTS (
        SELECT 1 FROM gone WHERE its_trace = trace_id AND its_span = span_id)
"""


def attribute_anew(traces: Sequence[TraceSummary], rows: Sequence[RecordRow], rules: GroupingRules) -> None:
    """Attribute the failures in these traces, of which these rows were amended."""
    runaway = {trace.trace_id: trace for trace in traces if attributions.is_runaway(trace)}
    attributions.renew([trace.trace_id for trace in traces if trace.trace_id not in runaway], rules)
    alone = [row for row in rows if row.trace_id in runaway]
    write_many(DELETE, [row[:2] for row in alone])
    failing = [
        (from_columns(of_row(row)), runaway[row.trace_id]) for row in alone if row.fingerprint is not None
    ]
    write_many(
        INSERT,
        [attribution(failure, failure.fingerprint, False, trace_facts(trace)) for failure, trace in failing],
    )


def short_traces(trace_ids: Sequence[bytes]) -> list[bytes]:
    """Those of these traces that rules over runs look at."""
    found = []
    for chunk in id_chunks(trace_ids, kept_runs.CHUNK):
        for row in fetch(f"{SUMMARIES}{id_placeholders(chunk)}", chunk):
            trace = TraceSummary(bytes(row[0]), *row[1:])
            if trace.records <= kept_runs.MOST_RECORDS:
                found.append(trace.trace_id)
    return found


def visits_of(trace_ids: Sequence[bytes]) -> Counter[kept_runs.Visit]:
    """What these traces, as they are stored, add to the counts of visits."""
    visits: Counter[kept_runs.Visit] = Counter()
    for chunk in id_chunks(trace_ids, kept_runs.CHUNK):
        doubled = counting.repeated_keys(chunk)
        for calls in kept_runs.read_runs(chunk):
            run = [call for call in calls if call[:2] not in doubled]
            visits.update(map(kept_runs.visit, first_calls(run).values()))
    return visits


def rejudge(
    trace_ids: Sequence[bytes], recount: counting.Recount, visits_before: Counter[kept_runs.Visit]
) -> None:
    """Find the failures of these runs, and count their visits, as they are now."""
    kept_runs.replace_runs(trace_ids, (), recount)
    changes = visits_of(trace_ids)
    changes.subtract(visits_before)
    kept_runs.add_visits(changes)
