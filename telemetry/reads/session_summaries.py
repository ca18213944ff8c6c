"""What one session came to: who, how much, how long and how well, from its traces' rows alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum, TextField, Value
from django.db.models.functions import NullIf

from telemetry.models import Trace
from telemetry.reads import filters, record_json
from telemetry.windows import rfc3339

TRACES_SHOWN = 20
EMPTY = Value("", TextField())
COLUMNS = {
    **{f"any_{name}": Min(NullIf(name, EMPTY)) for name in ("agent", "user_id", "service", "environment")},
    "traces": Count("*"),
    "turns": Sum("records"),
    "all_failures": Sum("failures"),
    "start": Min("start_time_unix_nano"),
    "end": Max("end_time_unix_nano"),
    "all_input_tokens": Sum("input_tokens"),
    "all_output_tokens": Sum("output_tokens"),
}


@dataclass(frozen=True, slots=True)
class Session:
    """The traces of one session in a window, taken together."""

    session_id: str
    agent: str | None
    user_id: str | None
    service: str | None
    environment: str | None
    traces: int
    turns: int
    failures: int
    start_time_unix_nano: int
    end_time_unix_nano: int
    input_tokens: int
    output_tokens: int
    trace_ids: tuple[str, ...] = ()  # the newest, TRACES_SHOWN at most

    @property
    def outcome(self) -> str:
        """A session with one failing record failed."""
        return record_json.FAILURE if self.failures else record_json.OK

    def joined(self, other: Session) -> Session:
        """With the trace whose id this session took for its own."""
        return Session(
            session_id=self.session_id,
            agent=self.agent or other.agent,
            user_id=self.user_id or other.user_id,
            service=self.service or other.service,
            environment=self.environment or other.environment,
            traces=self.traces + other.traces,
            turns=self.turns + other.turns,
            failures=self.failures + other.failures,
            start_time_unix_nano=min(self.start_time_unix_nano, other.start_time_unix_nano),
            end_time_unix_nano=max(self.end_time_unix_nano, other.end_time_unix_nano),
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            trace_ids=(*self.trace_ids, *other.trace_ids)[:TRACES_SHOWN],
        )

    def shown(self) -> dict[str, Any]:
        """As answers say it."""
        return {
            "session_id": self.session_id,
            "agent": self.agent,
            "user_id": self.user_id,
            "service": self.service,
            "environment": self.environment,
            "outcome": self.outcome,
            "turns": self.turns,
            "traces": self.traces,
            "failures": self.failures,
            "start_time": rfc3339(self.start_time_unix_nano),
            "end_time": rfc3339(self.end_time_unix_nano),
            "duration_ms": (self.end_time_unix_nano - self.start_time_unix_nano) / 1e6,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "trace_ids": list(self.trace_ids),
        }


def key(session_id: str, trace_id: bytes | memoryview) -> str:
    """The session that a trace belongs to: by session id, else the trace itself."""
    return session_id or bytes(trace_id).hex()


def summaries(session_ids: Iterable[str], traces: QuerySet[Trace]) -> dict[str, Session]:
    """The sessions by id, each over those of the traces that are its own. Without one it is left out."""
    wanted = list(session_ids)
    named = traces.filter(filters.has_session_id(wanted))
    lone = traces.filter(filters.has_trace_id(wanted)).exclude(session_id__in=wanted)
    rows = named.values("session_id").annotate(**COLUMNS).values_list("session_id", *COLUMNS)
    found = with_traces({session_id: Session(session_id, *facts) for session_id, *facts in rows}, named)
    for trace_id, *facts in lone.values("trace_id").annotate(**COLUMNS).values_list("trace_id", *COLUMNS):
        name = bytes(trace_id).hex()
        single = replace(Session(name, *facts), trace_ids=(name,))
        found[name] = found[name].joined(single) if name in found else single
    return found


def with_traces(sessions: dict[str, Session], traces: QuerySet[Trace]) -> dict[str, Session]:
    """The sessions with the ids of their newest traces: the small ones at once, each large one alone."""
    newest = traces.order_by("-start_time_unix_nano", "-trace_id").values_list("session_id", "trace_id")
    small = [name for name, session in sessions.items() if session.traces <= TRACES_SHOWN]
    rows = list(newest.filter(session_id__in=small))
    for name in sessions.keys() - set(small):
        rows += newest.filter(session_id=name)[:TRACES_SHOWN]
    trace_ids: dict[str, list[str]] = {name: [] for name in sessions}
    for name, trace_id in rows:
        trace_ids[name].append(bytes(trace_id).hex())
    return {name: replace(session, trace_ids=tuple(trace_ids[name])) for name, session in sessions.items()}
