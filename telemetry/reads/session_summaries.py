"""The totals of sessions, from the rows of their traces alone: agent, user, counts, failures, times and tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum, TextField, Value
from django.db.models.functions import NullIf

from telemetry.models import Trace
from telemetry.reads import filters, record_json
from telemetry.windows import rfc3339

TRACES_SHOWN = 20
EMPTY = Value("", TextField())
TEXTS = ("agent", "user_id", "service", "environment")
NUMBERS = (
    "records",
    "failures",
    "start_time_unix_nano",
    "end_time_unix_nano",
    "input_tokens",
    "output_tokens",
)
COLUMNS = {
    **{f"any_{name}": Min(NullIf(name, EMPTY)) for name in TEXTS},
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
    """The totals of one session's traces in a window."""

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
    feedback: int = 0  # user signals, which none of the other numbers counts

    @property
    def outcome(self) -> str:
        """`failure` if any record of the session failed, else `ok`."""
        return record_json.FAILURE if self.failures else record_json.OK

    def joined(self, other: Session) -> Session:
        """This session's totals with those of `other` added, the trace whose trace id is this session's id."""
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
        """The session as answers show it."""
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
            "feedback": self.feedback,
            "start_time": rfc3339(self.start_time_unix_nano),
            "end_time": rfc3339(self.end_time_unix_nano),
            "duration_ms": (self.end_time_unix_nano - self.start_time_unix_nano) / 1e6,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "trace_ids": list(self.trace_ids),
        }


def session_key(session_id: str, trace_id: bytes | memoryview) -> str:
    """The id of the session that a trace belongs to: its session id, or without one its trace id in hex."""
    return session_id or bytes(trace_id).hex()


def summaries(session_ids: Iterable[str], traces: QuerySet[Trace]) -> dict[str, Session]:
    """The sessions by id, each totalled over those traces that belong to it; ids without such traces are left out."""
    ids = list(session_ids)
    by_session_id = traces.filter(filters.has_session_id(ids))
    by_trace_id = traces.filter(filters.has_trace_id(ids)).exclude(session_id__in=ids)
    rows = by_session_id.values("session_id").annotate(**COLUMNS).values_list("session_id", *COLUMNS)
    sessions = with_traces(
        {session_id: Session(session_id, *facts) for session_id, *facts in rows}, by_session_id
    )
    for session in single_traces(by_trace_id):
        name = session.session_id
        sessions[name] = sessions[name].joined(session) if name in sessions else session
    return sessions


def single_traces(traces: QuerySet[Trace]) -> Iterator[Session]:
    """Each of these traces as a session of its own, named by its trace id."""
    for trace_id, agent, user, service, environment, *numbers in traces.values_list(
        "trace_id", *TEXTS, *NUMBERS
    ):
        name = bytes(trace_id).hex()
        texts = agent or None, user or None, service or None, environment or None
        yield replace(Session(name, *texts, 1, *numbers), trace_ids=(name,))


def with_traces(sessions: dict[str, Session], traces: QuerySet[Trace]) -> dict[str, Session]:
    """The sessions with the ids of their newest traces: one query for all small ones, one for each large one."""
    newest = traces.order_by("-start_time_unix_nano", "-trace_id").values_list("session_id", "trace_id")
    small = [name for name, session in sessions.items() if session.traces <= TRACES_SHOWN]
    rows = list(newest.filter(session_id__in=small))
    for name in sessions.keys() - set(small):
        rows += newest.filter(session_id=name)[:TRACES_SHOWN]
    trace_ids: dict[str, list[str]] = {name: [] for name in sessions}
    for name, trace_id in rows:
        trace_ids[name].append(bytes(trace_id).hex())
    return {name: replace(session, trace_ids=tuple(trace_ids[name])) for name, session in sessions.items()}
