"""The rows that the funnel is made of: loops, what happened to them, decisions, verifications. No document is read."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from operator import attrgetter

from django.db.models import Q, QuerySet

from diagnosis.funnel.figures import Funnel, funnel
from diagnosis.funnel.loop_lives import ENDS_WAITING, HELD, STARTS_WAITING, Life, LifeEvent, Period
from diagnosis.loops import states
from diagnosis.loops.urgency import Cost
from diagnosis.models import Decision, Loop, LoopEvent, Verification
from telemetry.windows import Window, moment
from tenants.models import Project

TOLD = (*STARTS_WAITING, LoopEvent.Kind.SHIPPED.value)
BY_TIME = attrgetter("at")
COLUMNS = (
    "loop_id", "project_id", "state", "first_seen_at", "failures_a_day", "people_a_day", "tokens_a_day",
)  # fmt: skip


def of_project(project: Project, window: Window) -> Funnel:
    """The funnel of one project."""
    looked_at = period(window)
    return funnel(read(Loop.objects.filter(project=project), looked_at.start), looked_at)


def period(window: Window) -> Period:
    """The window as times."""
    return Period(moment(window.start_unix_nano), moment(window.end_unix_nano))


def read(rows: QuerySet[Loop], since: datetime) -> list[Life]:
    """These loops; with what happened to them if they changed since then or wait. Four queries, whatever the number."""
    moved = rows.filter(Q(updated_at__gte=since) | Q(state__in=states.WAITING)).order_by()
    events = happened(moved)
    return [
        Life(project_id, state, first_seen, sorted(events[loop_id], key=BY_TIME), Cost(*daily))
        for loop_id, project_id, state, first_seen, *daily in rows.order_by().values_list(*COLUMNS)
    ]


def happened(moved: QuerySet[Loop]) -> dict[str, list[LifeEvent]]:
    """What happened to each loop, by its id. The first of two approvals decides nothing."""
    found: dict[str, list[LifeEvent]] = defaultdict(list)
    names = moved.values("pk")
    noted = LoopEvent.objects.filter(loop__in=names, kind__in=TOLD)
    decided = Decision.objects.filter(loop__in=names, verb__in=ENDS_WAITING, is_first=False)
    held = Verification.objects.filter(loop__in=names, verdict=HELD)
    for loop_id, at, what in noted.order_by().values_list("loop_id", "created_at", "kind"):
        found[loop_id].append(LifeEvent(at, what))
    for loop_id, at, what in decided.order_by().values_list("loop_id", "decided_at", "verb"):
        found[loop_id].append(LifeEvent(at, what))
    for loop_id, at, what in held.order_by().values_list("loop_id", "created_at", "verdict"):
        found[loop_id].append(LifeEvent(at, what))
    return found
