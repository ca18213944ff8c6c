"""A trace of a sample that ran an operation, with the failure that a rule over windows finds in it."""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.window.traffic import ServiceOperation
from telemetry.spans.failing_record import FailingRecord


@dataclass(frozen=True, slots=True)
class SampledRun:
    """One trace that ran an operation, and the failure that a rule finds there, or None."""

    place: ServiceOperation
    trace_id: bytes
    start_time_unix_nano: int
    failure: FailingRecord | None
