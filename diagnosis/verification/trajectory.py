"""
The sessions before and after a fix: success rate, and tokens, steps and tool failures per session, with intervals.

Read from those of the newest traces of a window in which the loop's service ran, in a release that is compared. Shares
have the exact interval (rates.py), means that of Student's t.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev
from typing import Any

from django.db.models import Count

from diagnosis.statistics.overdispersion import widened
from diagnosis.statistics.rates import odds
from diagnosis.window import exposure
from diagnosis.window.shared_reads import shared
from diagnosis.window.stretch_rows import marks
from telemetry.reads.session_summaries import session_key
from telemetry.spans.signal_traces import END, PREFIX
from telemetry.store.sql import fetch
from telemetry.windows import Window

MOST_TRACES = 5_000  # newest traces of a window, of all services
MOST_RECORDS = 100_000  # of these traces, that are looked through for one of the service
LONG = 2_000  # records; a trace with more of them is left out
TAIL = 0.025  # on each side of a 95 % interval
# The service is looked for in the newest traces of all, so that it does not decide how far back they reach.
NEWEST = """
    SELECT trace_id, session_id, records, failures, tokens FROM (
        SELECT trace_id, session_id, service, records, failures, input_tokens + output_tokens AS tokens,
            SUM(records) OVER (ORDER BY start_time_unix_nano DESC, trace_id) AS records_so_far
        FROM (
            SELECT * FROM telemetry_trace WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s
            AND NOT (trace_id >= %s AND trace_id < %s) ORDER BY start_time_unix_nano DESC, trace_id LIMIT %s
        ) AS newest WHERE records <= %s
    ) AS short WHERE records_so_far <= %s AND {has_service}
"""
# A trace names one of its services.
OF_ANY_RELEASE = "(short.service = %s OR {of_record})"
OF_RECORD = """
    EXISTS (SELECT 1 FROM telemetry_record AS record
    WHERE record.trace_id = short.trace_id AND record.service = %s{releases})
"""


@dataclass(slots=True)
class SessionTotals:
    """The totals of one session; each record is a step."""

    steps: int = 0
    failures: int = 0
    tokens: int = 0
    tool_failures: int = 0


@shared
def read_trajectory(
    window: Window, service: str, without_releases: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """
    The trajectory of the sessions in which the service ran, in a window of the bound project, as API answers show it.

    Args:
        without_releases: of the service; a trace in which it ran in none but these does not count.
    """
    traces = newest_traces(window, service, sorted(without_releases))
    failures_by_trace = tool_failures(window) if traces else {}
    sessions: defaultdict[str, SessionTotals] = defaultdict(SessionTotals)
    for trace_id, session_id, steps, failures, tokens in traces:
        session = sessions[session_key(session_id, trace_id)]
        session.steps += steps
        session.failures += failures
        session.tokens += tokens
        session.tool_failures += failures_by_trace.get(bytes(trace_id), 0)
    return trajectory_json(list(sessions.values()))


def newest_traces(window: Window, service: str, without_releases: Sequence[str]) -> list[tuple[Any, ...]]:
    """The id, session id, records, failures and tokens of each of the newest traces in which the service ran."""
    bounds = window.start_unix_nano, window.end_unix_nano, PREFIX, END
    if without_releases:
        has_service = OF_RECORD.format(releases=f" AND record.release NOT IN ({marks(without_releases)})")
        services = [service]
    else:
        has_service = OF_ANY_RELEASE.format(of_record=OF_RECORD.format(releases=""))
        services = [service, service]
    sql = NEWEST.format(has_service=has_service)
    return fetch(sql, [*bounds, MOST_TRACES, LONG, MOST_RECORDS, *services, *without_releases])


@shared
def tool_failures(window: Window) -> dict[bytes, int]:
    """The number of failed tool calls of each trace."""
    rows = exposure.records(window).filter(fingerprint__isnull=False, signal_type="tool_call_failed")
    counted = rows.values_list("trace_id").annotate(n=Count("span_id")).order_by()
    return {bytes(trace_id): number for trace_id, number in counted}


def trajectory_json(sessions: Sequence[SessionTotals]) -> dict[str, Any]:
    """Each figure with its interval; None where there are too few sessions for one."""
    return {
        "sessions": len(sessions),
        "success_rate": share_with_interval(sum(not session.failures for session in sessions), len(sessions)),
        "tokens": mean_with_interval([session.tokens for session in sessions]),
        "steps": mean_with_interval([session.steps for session in sessions]),
        "tool_failures": mean_with_interval([session.tool_failures for session in sessions]),
    }


def share_with_interval(hits: int, number: int) -> dict[str, float] | None:
    """The share `hits / number` with its exact interval; None for no session."""
    if not number:
        return None
    low, high = odds(hits, number - hits)
    return {
        "value": hits / number,
        "low": low / (1 + low),
        "high": high / (1 + high) if math.isfinite(high) else 1.0,
    }


def mean_with_interval(values: Sequence[int]) -> dict[str, float] | None:
    """The mean with its interval; None for fewer than two values."""
    if len(values) < 2:
        return None
    value, freedom = fmean(values), len(values) - 1
    reach = NormalDist().inv_cdf(1 - TAIL) * math.sqrt(widened(TAIL, freedom) / len(values)) * stdev(values)
    return {"value": value, "low": max(0.0, value - reach), "high": value + reach}
