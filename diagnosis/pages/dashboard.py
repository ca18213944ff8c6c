"""
What a signed-in human reads: the project's state, an issue with its loop, sessions, records and their traces.

Every page is of the key's own project, so what belongs to another one does not exist (404).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from diagnosis.api.project_state import dashboard
from diagnosis.diagnose import diagnose
from diagnosis.evidence_view import evidence_page
from diagnosis.funnel import funnel_rows
from diagnosis.loops.states import WAITING
from diagnosis.models import Loop
from loopkit.http.links import absolute
from telemetry.grouping.fingerprint import of_cluster_id
from telemetry.reads import cursors, record_pages, session_pages
from telemetry.reads.filters import Filters
from telemetry.reads.record_json import FAILURE
from telemetry.windows import MAX_MINUTES, Window
from tenants.models import Project
from tenants.pages import for_project

WINDOWS = {60: "1 hour", 1440: "24 hours", 10080: "7 days", MAX_MINUTES: "30 days"}
DEFAULT_MINUTES = 1440
PROPOSED = Loop.State.PROPOSED.value
ISSUES_SHOWN = 15
SESSIONS_A_PAGE, TURNS_A_PAGE = 50, 200
DEEPEST = 6  # indents that a phone has room for
ALWAYS = Window(0, cursors.MAX_NANO)


@require_safe
@for_project
def project_page(request: HttpRequest, project: Project) -> HttpResponse:
    """What hurts in the window, and where each fix stands."""
    now = timezone.now()
    window = window_of(request.GET, now)
    urls = {name: absolute(request, path) for name, path in PATHS.items()}
    state = dashboard(project, window, now)
    context = state | folded(state) | {"project": project, "here": "project", "urls": urls}
    context["funnel"] = funnel_rows.of_project(project, Window.ending(now, MAX_MINUTES))
    return render(request, "dashboard/project.html", context | choice(window))


def folded(state: Mapping[str, Any]) -> dict[str, Any]:
    """The issues in two parts, and the loops that the issues do not tell of already."""
    issues = state["packet"]["issues"] if state["packet"] else []
    told = {issue["cluster_id"] for issue in issues}
    return {
        "top_issues": issues[:ISSUES_SHOWN],
        "more_issues": issues[ISSUES_SHOWN:],
        "moved_loops": [
            loop for loop in state["loops"] if loop["state"] != PROPOSED or loop["cluster_id"] not in told
        ],
    }


PATHS = {"ingest": "/v1/traces", "diagnose": "/v1/runs/diagnose"}


@require_POST
@for_project
def diagnose_window(request: HttpRequest, project: Project) -> HttpResponse:
    """A diagnosis by button; the project's page shows the packet."""
    now = timezone.now()
    window = window_of(request.POST, now)
    diagnose(project, window, now)
    return redirect(f"{reverse('dashboard')}?since_minutes={window.since_minutes}")


@require_safe
@for_project
def issue_page(request: HttpRequest, project: Project, cluster_id: str) -> HttpResponse:
    """One kind of failure: its evidence, what to do about it, and the life of its fix."""
    if of_cluster_id(cluster_id) is None:
        raise Http404
    loop = get_object_or_404(Loop, project=project, cluster_id=cluster_id)
    wanted = loop.issue["evidence_ids"]
    found = record_pages.find(wanted)
    context = {
        "project": project,
        "loop": loop,
        "issue": loop.issue,
        "evidence": [found[record_id] for record_id in wanted if record_id in found],
        "gone": len(wanted) - len(found),
        "decisions": loop.decisions.select_related("decided_by"),
        "verifications": loop.verifications.all(),
        "events": loop.events.all(),
        "waits": loop.state in WAITING,
    }
    return render(request, "dashboard/issue.html", context)


@require_safe
@for_project
def sessions_page(request: HttpRequest, project: Project) -> HttpResponse:
    """The window's sessions, newest first; only failing ones if asked."""
    cursor = cursors.parse(request.GET.get("cursor", ""), cursors.SESSIONS)
    window = cursor.window if cursor else window_of(request.GET, timezone.now())
    failing = request.GET.get("outcome") == FAILURE
    found = session_pages.page(window, Filters(outcome=FAILURE if failing else ""), cursor, SESSIONS_A_PAGE)
    context = {"project": project, "here": "sessions", "failing": failing, "page": found.shown()}
    return render(request, "dashboard/sessions.html", context | choice(window))


@require_safe
@for_project
def session_page(request: HttpRequest, project: Project) -> HttpResponse:
    """One session with its records, oldest first. Its id may hold anything, so it comes as a parameter."""
    session_id = request.GET.get("session_id", "")
    cursor = cursors.parse(request.GET.get("cursor", ""), cursors.TURNS)
    found = session_pages.detail(ALWAYS, session_id, cursor, TURNS_A_PAGE)
    if found is None:
        raise Http404
    shown = found.shown()
    turns = [record | {"depth": depth} for record, depth in nested(shown["records"])]
    context = {"project": project, "here": "sessions", "session": shown["session"], "turns": turns}
    return render(request, "dashboard/session.html", context | {"next_cursor": shown["next_cursor"]})


@require_safe
@for_project
def record_page(request: HttpRequest, project: Project, record_id: str) -> HttpResponse:
    """One record, whole, as it was sent."""
    record = record_pages.find([record_id]).get(record_id)
    if record is None:
        raise Http404
    diagnosed = Loop.objects.filter(project=project, cluster_id=record["cluster_id"]).exists()
    context = {"project": project, "record": record, "diagnosed": diagnosed}
    return render(request, "dashboard/record.html", context)


@require_safe
@for_project
def trace_page(request: HttpRequest, project: Project, record_id: str) -> HttpResponse:
    """The spans of the trace around the record, or those from the row that `row` names on."""
    trace = evidence_page.trace(record_id, request.GET.get("row", ""))
    if trace is None:
        raise Http404
    context = {"project": project, "record_id": record_id, "trace": trace}
    return render(request, "dashboard/trace.html", context)


def window_of(asked: Mapping[str, str], now: datetime) -> Window:
    """The window that is asked for; the default one for what cannot be."""
    text = asked.get("since_minutes", "")
    minutes = int(text) if text.isdecimal() and len(text) <= len(str(MAX_MINUTES)) else 0
    return Window.ending(now, minutes if 1 <= minutes <= MAX_MINUTES else DEFAULT_MINUTES)


def choice(window: Window) -> dict[str, Any]:
    """The window in sight, and the ones to choose from."""
    return {"window": window.shown(), "windows": WINDOWS.items(), "since_minutes": window.since_minutes}


def nested(records: list[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """Each record with how deep it lies under the others in sight."""
    parents = {(record["trace_id"], record["span_id"]): record["parent_span_id"] for record in records}
    return [(record, depth(record, parents)) for record in records]


def depth(record: dict[str, Any], parents: Mapping[tuple[str, str], str | None]) -> int:
    """How many ancestors are in sight, DEEPEST at most: what claims to be its own ancestor ends too."""
    place, deep = (record["trace_id"], record["parent_span_id"]), 0
    while place in parents and deep < DEEPEST:
        place, deep = (place[0], parents[place]), deep + 1
    return deep
