"""
The model calls around a failing step of an agent: the one that led to it, and the first one after it.

A failure shows in a tool that refuses its arguments or in code that does not run. Its cause is often in the model
call before it, and the model call after it shows whether the agent recovered. People who annotated failing agent runs
place most errors in model calls: https://arxiv.org/abs/2505.08638 (TRAIL).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from telemetry.spans.failing_record import FailingRecord
from telemetry.spans.record_ids import record_id
from telemetry.store.sql import fetch, id_chunks, id_placeholders

STEPS = frozenset({"tool_call", "graph_node", "retrieval"})
MAX_CLIMB = 50  # parents
MOST_RECORDS = 20_000  # for each chunk of traces; an agent in an endless loop makes more
BY_TRACE = f"""
    SELECT trace_id, span_id, parent_span_id, start_time_unix_nano, duration_nano, unit FROM telemetry_record
    WHERE trace_id IN {{ids}} ORDER BY start_time_unix_nano, span_id LIMIT {MOST_RECORDS}
"""  # noqa: S608  (constants)


@dataclass(frozen=True, slots=True)
class TraceStep:
    """The fields of a record that place it among the steps of its run."""

    span_id: bytes
    parent_span_id: bytes
    start_time_unix_nano: int
    end_time_unix_nano: int


@dataclass(slots=True)
class TraceSteps:
    """The steps of one trace."""

    steps: dict[bytes, TraceStep] = field(default_factory=dict)
    calls: list[TraceStep] = field(default_factory=list)  # model calls, sorted by start, then id

    def before(self, failing: TraceStep) -> TraceStep | None:
        """The latest model call inside the failing step, else before it beside it or beside an ancestor."""
        parent_id, latest = failing.span_id, failing.end_time_unix_nano
        for _ in range(MAX_CLIMB):
            children = [call for call in self.calls if call.parent_span_id == parent_id]
            candidates = [call for call in children if call.start_time_unix_nano <= latest]
            if candidates:
                return candidates[-1]
            parent = self.steps.get(parent_id)
            if parent is None:
                return None
            parent_id, latest = parent.parent_span_id, parent.start_time_unix_nano
        return None

    def after(self, failing: TraceStep) -> TraceStep | None:
        """The first model call that started after the failing step had ended, and is no child of it."""
        starts = [call.start_time_unix_nano for call in self.calls]
        first = bisect_left(starts, failing.end_time_unix_nano)
        return next((call for call in self.calls[first:] if call.parent_span_id != failing.span_id), None)


@dataclass(frozen=True, slots=True)
class ModelCallsAround:
    """Record ids of the model calls before and after a failing record; None where there is none."""

    before: str | None
    after: str | None


def model_calls_around(records: Iterable[FailingRecord]) -> dict[str, ModelCallsAround]:
    """The model calls around each of the records that is a step of an agent, by record id."""
    steps = [record for record in records if record.unit in STEPS]
    runs = read_trace_steps(record.trace_id for record in steps)
    calls_by_record = {}
    for record in steps:
        run = runs[record.trace_id]
        step = run.steps.get(record.span_id)
        if step:
            calls = run.before(step), run.after(step)
            calls_by_record[record.record_id] = ModelCallsAround(
                *(step_record_id(record.trace_id, call) for call in calls)
            )
    return calls_by_record


def step_record_id(trace_id: bytes, step: TraceStep | None) -> str | None:
    """The record id of the step; None for no step."""
    return record_id(trace_id, step.span_id) if step else None


def read_trace_steps(trace_ids: Iterable[bytes]) -> dict[bytes, TraceSteps]:
    """The steps of these traces, by trace id."""
    runs: dict[bytes, TraceSteps] = defaultdict(TraceSteps)
    for chunk in id_chunks(trace_ids):
        for trace_id, span_id, parent, start, duration, unit in fetch(
            BY_TRACE.format(ids=id_placeholders(chunk)), chunk
        ):
            run, step = (
                runs[bytes(trace_id)],
                TraceStep(bytes(span_id), bytes(parent or b""), start, start + duration),
            )
            run.steps[step.span_id] = step
            if unit == "llm_call":
                run.calls.append(step)
    return runs
