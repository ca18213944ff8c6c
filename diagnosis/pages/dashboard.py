"""
The pages of the dashboard: the project's state, an issue with its loop, sessions, records and their traces.

Every page shows the project of the key that signed in; ids of other projects are answered with 404.
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
from diagnosis.console import verification_facts
from diagnosis.diagnose import diagnose
from diagnosis.evidence_view import evidence_page
from diagnosis.funnel import funnel_rows
from diagnosis.loops import history_pages
from diagnosis.loops.shown_issue import shown_issue
from diagnosis.loops.states import WAITING
from diagnosis.models import Loop
from diagnosis.pages import environment_filter
from loopkit.http.links import absolute
from telemetry.grouping.fingerprint import of_cluster_id
from telemetry.reads import cursors, record_pages, session_pages
from telemetry.reads.filters import Filters
from telemetry.reads.present import window_until_now
from telemetry.reads.record_json import FAILURE
from telemetry.windows import MAX_MINUTES, Window
from tenants.api.heavy_views import heavy_page
from tenants.models import Project
from tenants.pages import for_project

WINDOWS = {60: "1 hour", 1440: "24 hours", 10080: "7 days", MAX_MINUTES: "30 days"}
DEFAULT_MINUTES = 1440
PROPOSED = Loop.State.PROPOSED.value
ISSUES_SHOWN = 15
SESSIONS_A_PAGE, TURNS_A_PAGE = 50, 200
DEEPEST = 6  # levels of indentation that fit on a phone
ALWAYS = Window(0, cursors.MAX_NANO)


@require_safe
@for_project
@heavy_page
def project_page(request: HttpRequest, project: Project) -> HttpResponse:
    """The project's issues in the window, its loops and its funnel."""
    now = timezone.now()
    window = dashboard_window(request.GET, now)
    urls = {name: absolute(request, path) for name, path in PATHS.items()}
    environment = environment_filter.chosen(request.GET)
    state = dashboard(project, window, now, environment)
    context = state | folded(state, environment) | {"project": project, "here": "project", "urls": urls}
    context["environments"] = environment_filter.environment_names(project)
    context["funnel"] = funnel_rows.of_project(project, Window.ending(now, MAX_MINUTES))
    return render(request, "dashboard/project.html", context | choice(window))


def folded(state: Mapping[str, Any], environment: str) -> dict[str, Any]:
    """The issues in two parts, and the loops to list beside them: all but the proposed loops of these issues."""
    issues = environment_filter.issues_in(state["packet"]["issues"] if state["packet"] else [], environment)
    cluster_ids = {issue["cluster_id"] for issue in issues}
    return {
        "top_issues": issues[:ISSUES_SHOWN],
        "more_issues": issues[ISSUES_SHOWN:],
        "issues_shown": len(issues),
        "moved_loops": environment_filter.with_counts(
            loop
            for loop in state["loops"]
            if loop["state"] != PROPOSED or loop["cluster_id"] not in cluster_ids
        ),
        "environment": environment,
        "keep": environment_filter.kept(environment),
    }


PATHS = {"ingest": "/v1/traces", "diagnose": "/v1/runs/diagnose"}


@require_POST
@for_project
@heavy_page
def diagnose_window(request: HttpRequest, project: Project) -> HttpResponse:
    """Diagnose the window, then redirect to the project's page, which shows the packet."""
    now = timezone.now()
    window = dashboard_window(request.POST, now)
    diagnose(project, window, now)
    keep = environment_filter.kept(environment_filter.chosen(request.POST))
    return redirect(f"{reverse('dashboard')}?since_minutes={window.since_minutes}{keep}")


@require_safe
@for_project
def issue_page(request: HttpRequest, project: Project, cluster_id: str) -> HttpResponse:
    """One kind of failure: its evidence, its patch plan, and the history of its loop."""
    if of_cluster_id(cluster_id) is None:
        raise Http404
    loop = get_object_or_404(Loop, project=project, cluster_id=cluster_id)
    evidence_ids = loop.issue["evidence_ids"]
    events = history_pages.events_page(loop, history_pages.page_number(request.GET.get("events_before", "")))
    records = record_pages.find_records(evidence_ids)
    context = {
        "project": project,
        "loop": loop,
        "issue": shown_issue(loop.issue, loop_id=loop.loop_id),
        "evidence": [records[record_id] for record_id in evidence_ids if record_id in records],
        "gone": len(evidence_ids) - len(records),
        "decisions": loop.decisions.select_related("decided_by")[: history_pages.A_PAGE],
        "verifications": verification_facts.show_verifications(
            history_pages.verifications_page(loop).newest_first(), loop
        ),
        "events": events.rows,
        "events_before": events.before,
        "waits": loop.state in WAITING,
        "keep": environment_filter.kept(environment_filter.chosen(request.GET)),
    }
    return render(request, "dashboard/issue.html", context)


@require_safe
@for_project
def sessions_page(request: HttpRequest, project: Project) -> HttpResponse:
    """The window's sessions, newest first; only failing ones with `outcome=failure`."""
    cursor = cursors.parse_cursor(request.GET.get("cursor", ""), cursors.SESSIONS)
    window = cursor.window if cursor else dashboard_window(request.GET, timezone.now())
    failing = request.GET.get("outcome") == FAILURE
    page = session_pages.page_of_sessions(
        window, Filters(outcome=FAILURE if failing else ""), cursor, SESSIONS_A_PAGE
    )
    context = {"project": project, "here": "sessions", "failing": failing, "page": page.shown()}
    return render(request, "dashboard/sessions.html", context | choice(window))


@require_safe
@for_project
def session_page(request: HttpRequest, project: Project) -> HttpResponse:
    """One session with its records, oldest first. Its id can contain any character, so it is a query parameter."""
    session_id = request.GET.get("session_id", "")
    cursor = cursors.parse_cursor(request.GET.get("cursor", ""), cursors.TURNS)
    page = session_pages.detail(ALWAYS, session_id, cursor, TURNS_A_PAGE)
    if page is None:
        raise Http404
    document = page.shown()
    turns = [record | {"depth": level} for record, level in nested_records(document["records"])]
    context = {"project": project, "here": "sessions", "session": document["session"], "turns": turns}
    context |= {name: document.get(name) for name in ("next_cursor", "note", "feedback")}
    return render(request, "dashboard/session.html", context)


@require_safe
@for_project
def record_page(request: HttpRequest, project: Project, record_id: str) -> HttpResponse:
    """One record with everything that was sent."""
    record = record_pages.find_records([record_id]).get(record_id)
    if record is None:
        raise Http404
    diagnosed = Loop.objects.filter(project=project, cluster_id=record["cluster_id"]).exists()
    context = {"project": project, "record": record, "diagnosed": diagnosed}
    return render(request, "dashboard/record.html", context)


@require_safe
@for_project
def trace_page(request: HttpRequest, project: Project, record_id: str) -> HttpResponse:
    """The spans of the trace around the record, or those that start at the row with the number `row`."""
    trace = evidence_page.trace(record_id, request.GET.get("row", ""))
    if trace is None:
        raise Http404
    context = {"project": project, "record_id": record_id, "trace": trace}
    return render(request, "dashboard/trace.html", context)


def dashboard_window(query: Mapping[str, str], now: datetime) -> Window:
    """The window that the query asks for; the default window for an invalid or missing length."""
    text = query.get("since_minutes", "")
    minutes = int(text) if text.isdecimal() and len(text) <= len(str(MAX_MINUTES)) else 0
    return window_until_now(now, minutes if 1 <= minutes <= MAX_MINUTES else DEFAULT_MINUTES)


def choice(window: Window) -> dict[str, Any]:
    """The window that the page shows, and the windows to choose from."""
    return {"window": window.shown(), "windows": WINDOWS.items(), "since_minutes": window.since_minutes}


def nested_records(records: list[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """Each record with its depth among the records of this page."""
    parents = {(record["trace_id"], record["span_id"]): record["parent_span_id"] for record in records}
    return [(record, depth(record, parents)) for record in records]


def depth(record: dict[str, Any], parents: Mapping[tuple[str, str], str | None]) -> int:
    """The number of ancestors on this page, at most DEEPEST, so that a cycle of parents ends too."""
    ancestor, level = (record["trace_id"], record["parent_span_id"]), 0
    while ancestor in parents and level < DEEPEST:
        ancestor, level = (ancestor[0], parents[ancestor]), level + 1
    return level
