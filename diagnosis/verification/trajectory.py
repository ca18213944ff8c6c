"""
The sessions before and after a fix: success rate, and tokens, steps and tool failures per session, with intervals.

Read from the loop's service among the newest traces of a window. Shares have the exact interval (rates.py), means that
of Student's t.
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
from telemetry.reads.session_summaries import session_key
from telemetry.spans.signal_traces import END, PREFIX
from telemetry.store.sql import fetch
from telemetry.windows import Window

MOST_TRACES = 5_000  # newest traces of a window, of all services
TAIL = 0.025  # on each side of a 95 % interval
# The service is chosen of the newest traces of all, so that it does not decide how far back they reach.
NEWEST = """
    SELECT trace_id, session_id, records, failures, input_tokens + output_tokens FROM (
        SELECT * FROM telemetry_trace WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s
        AND NOT (trace_id >= %s AND trace_id < %s) ORDER BY start_time_unix_nano DESC LIMIT %s
    ) AS newest WHERE service = %s
"""


@dataclass(slots=True)
class SessionTotals:
    """The totals of one session; each record is a step."""

    steps: int = 0
    failures: int = 0
    tokens: int = 0
    tool_failures: int = 0


@shared
def read_trajectory(window: Window, service: str) -> dict[str, Any]:
    """The trajectory of the service in a window of the bound project, as API answers show it."""
    bounds = window.start_unix_nano, window.end_unix_nano
    traces = fetch(NEWEST, [*bounds, PREFIX, END, MOST_TRACES, service])
    failures_by_trace = tool_failures(window) if traces else {}
    sessions: defaultdict[str, SessionTotals] = defaultdict(SessionTotals)
    for trace_id, session_id, steps, failures, tokens in traces:
        session = sessions[session_key(session_id, trace_id)]
        session.steps += steps
        session.failures += failures
        session.tokens += tokens
        session.tool_failures += failures_by_trace.get(bytes(trace_id), 0)
    return trajectory_json(list(sessions.values()))


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
