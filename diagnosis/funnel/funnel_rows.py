"""The rows that the funnel is computed from: loops, events, decisions, verifications. No stored issue is read."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from operator import attrgetter

from django.db.models import Q, QuerySet

from diagnosis.funnel.figures import Funnel, funnel
from diagnosis.funnel.loop_lives import (
    ASKS_FOR_ANOTHER,
    ENDS_WAITING,
    HELD,
    STARTS_WAITING,
    LifeEvent,
    LoopLife,
    Period,
)
from diagnosis.loops import states, urgency
from diagnosis.loops.urgency import SeenHarm
from diagnosis.models import Decision, Loop, LoopEvent, Verification
from telemetry.windows import Window, moment
from tenants.models import Project

FUNNEL_EVENTS = (*STARTS_WAITING, LoopEvent.Kind.SHIPPED.value)
BY_TIME = attrgetter("at")
COLUMNS = ("loop_id", "project_id", "state", "first_seen_at", *urgency.COLUMNS)


def of_project(project: Project, window: Window) -> Funnel:
    """The funnel of one project."""
    times = period(window)
    return funnel(read_lives(Loop.objects.filter(project=project), times.start), times)


def period(window: Window) -> Period:
    """The window as a period of datetimes."""
    return Period(moment(window.start_unix_nano), moment(window.end_unix_nano))


def read_lives(rows: QuerySet[Loop], since: datetime) -> list[LoopLife]:
    """These loops, in four queries. Only loops that changed since then, or wait, have their events."""
    changed_or_waiting = rows.filter(Q(updated_at__gte=since) | Q(state__in=states.WAITING)).order_by()
    events = happened(changed_or_waiting)
    return [
        LoopLife(project_id, state, first_seen, sorted(events[loop_id], key=BY_TIME), SeenHarm(*seen))
        for loop_id, project_id, state, first_seen, *seen in rows.order_by().values_list(*COLUMNS)
    ]


def happened(loops: QuerySet[Loop]) -> dict[str, list[LifeEvent]]:
    """The events of each loop, by its id. The first of two approvals decides nothing and is left out."""
    events: dict[str, list[LifeEvent]] = defaultdict(list)
    ids = loops.values("pk")
    loop_events = LoopEvent.objects.filter(loop__in=ids, kind__in=FUNNEL_EVENTS)
    decisions = Decision.objects.filter(
        loop__in=ids, verb__in=(*ENDS_WAITING, *ASKS_FOR_ANOTHER), is_first=False
    )
    verifications = Verification.objects.filter(loop__in=ids, verdict=HELD)
    for loop_id, at, kind in loop_events.order_by().values_list("loop_id", "created_at", "kind"):
        events[loop_id].append(LifeEvent(at, kind))
    for loop_id, at, verb in decisions.order_by().values_list("loop_id", "decided_at", "verb"):
        events[loop_id].append(LifeEvent(at, verb))
    for loop_id, at, verdict in verifications.order_by().values_list("loop_id", "created_at", "verdict"):
        events[loop_id].append(LifeEvent(at, verdict))
    return events
