"""The project's state in one answer: counts, operations, the whole latest packet, loops, failing sessions."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from diagnosis.api import loop_answers
from diagnosis.loops import lifecycle
from diagnosis.models import Loop
from diagnosis.packets import publishing
from diagnosis.window import exposure, unseen
from diagnosis.window.operations import operations_json
from telemetry import ledger
from telemetry.reads import session_pages, totals
from telemetry.reads.filters import Filters
from telemetry.store.tallies import quota_used
from telemetry.windows import Window
from tenants.api.answers import project_summary
from tenants.models import Project
from tenants.stores.binding import bind

OPERATIONS, LOOPS, SESSIONS = 20, 50, 10  # listed at most
LEDGER_MINUTES = 1440


def dashboard(project: Project, window: Window, now: datetime, environment: str = "") -> dict[str, Any]:
    """The project's state, with lists of bounded length. `environment`: only loops whose failure was seen there."""
    packet = publishing.latest(project)
    with bind(project):
        rows = operations_json(window)
        counts = counts_of(window)
        tallies = totals.by_outcome()
        missing = ledger.missing_in(window)
        entries = ledger.ledger_entries(Window.ending(now, LEDGER_MINUTES))
        failing = session_pages.page_of_sessions(window, Filters(outcome="failure"), None, SESSIONS)
    stored = {"stored_total": quota_used(tallies), "quota_spans": project.quota_spans}
    return {
        "ok": True,
        "project": project_summary(project),
        "window": window.shown(),
        "counts": counts | stored,
        "tallies": tallies,
        "unseen": unseen.as_documents(missing),
        "unseen_note": unseen.sentence(missing),
        "ledger": [asdict(entry) for entry in entries],
        "operations": rows[:OPERATIONS],
        "packet": publishing.packet_as_answered(packet) if packet else None,
        "loops": [loop_answers.loop_in_short(loop) for loop in recent_loops(project, environment)],
        "sessions": [session.shown() for session in failing.sessions],
    }


def counts_of(window: Window) -> dict[str, int]:
    """The numbers of the bound project's records, failures, traces and sessions in the window."""
    traces, sessions = totals.traces_and_sessions(window)
    return {
        "records": exposure.records_in(window),
        "failures": exposure.failures_in(window),
        "traces": traces,
        "sessions": sessions,
    }


def recent_loops(project: Project, environment: str) -> list[Loop]:
    """The loops that changed most recently, with their decisions; only those of the environment, or all for ""."""
    rows = Loop.objects.filter(project=project).order_by("-updated_at", "loop_id")
    if environment:
        rows = rows.filter(environments__environment=environment)
    return list(lifecycle.with_decisions(rows).defer(*loop_answers.UNLISTED)[:LOOPS])
