"""
The context of a loop's page: issue, evidence, eval, decisions, verifications, the agent's reports, history.

Evidence comes from the project's store (evidence_page.py), everything else from the control database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnosis.console import fix_facts, verification_facts
from diagnosis.display.event_facts import event_facts
from diagnosis.display.quantities import percent, to_the_minute
from diagnosis.display.readable import characters_left_out, rows
from diagnosis.evals.case_inputs import with_inputs
from diagnosis.evidence_view import evidence_page
from diagnosis.issues.issue_words import since_in_words
from diagnosis.loops import history_pages, next_action, states
from diagnosis.loops.shown_issue import for_people, shown_issue
from diagnosis.models import Decision, EvalCandidate, Loop, LoopEvent

RESULTS, REPORTS = 20, 20  # shown: the newest


def eval_candidate(loop: Loop) -> EvalCandidate | None:
    """The eval candidate that the issue names, or None."""
    return EvalCandidate.objects.filter(
        project=loop.project, eval_id=loop.issue.get("eval_candidate") or ""
    ).first()


def loop_page_context(loop: Loop, query: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the page shows of the loop; `query` chooses the `record` and the first `row` of its trace."""
    issue = shown_issue(loop.issue, loop_id=loop.loop_id)
    evidence = evidence_page.read_evidence(loop, query)
    events = history_pages.events_page(loop, history_pages.page_number(query.get("events_before", "")))
    verifications = history_pages.verifications_page(
        loop, history_pages.page_number(query.get("verifications_before", ""))
    )
    shown_eval = eval_context(eval_candidate(loop))
    return {
        **shown_eval,
        **fix_facts.fixes_context(loop),
        "loop": loop,
        "issue": issue,
        "issue_rows": rows(for_people(issue)),
        **seen_context(loop),
        "share": operation_share(loop),
        "evidence": evidence,
        "left_out": evidence.left_out + shown_eval["eval_left_out"] + characters_left_out(issue),
        "decisions": loop.decisions.select_related("decided_by")[: history_pages.A_PAGE],
        "verifications": verification_facts.show_verifications(verifications.newest_first(), loop),
        "verifications_before": verifications.before,
        "events": with_facts(events.rows),
        "events_before": events.before,
        "agent_said": with_facts(latest_reports(loop)),
        "answered": answered_question(loop),
        "instead": next_action.instead_of_waiting(loop),
        "is_waiting": loop.state in states.WAITING,
        "is_decidable": loop.state in states.DECIDABLE,
    }


def seen_context(loop: Loop) -> dict[str, Any]:
    """When the failure was seen, and what ran since it was seen last."""
    return {
        "first_seen": to_the_minute(loop.issue.get("first_seen")),
        "last_seen": to_the_minute(loop.issue.get("last_seen")),
        "since": since_in_words(loop.quiet_since or loop.issue.get("quiet_since")),
    }


def eval_context(candidate: EvalCandidate | None) -> dict[str, Any]:
    """What the page shows of the eval: its values, its cases, the newest results that the agent reported."""
    facts = dict(with_inputs(candidate.document)) if candidate else {}
    cases = facts.pop("cases", [])
    return {
        "candidate": candidate,
        "results": candidate.results.all()[:RESULTS] if candidate else [],
        "eval_rows": rows(facts),
        "cases": [rows(case) for case in cases],
        "eval_left_out": sum(map(characters_left_out, [facts, *cases])),
    }


def latest_reports(loop: Loop) -> list[LoopEvent]:
    """The agent's latest reports, in order of time."""
    reports = loop.events.filter(kind__in=states.REPORTABLE).order_by("-created_at", "-pk")
    return list(reports[:REPORTS])[::-1]


def with_facts(events: list[LoopEvent]) -> list[tuple[LoopEvent, list[tuple[str, str]]]]:
    """The events with their details as names and texts."""
    return [(event, event_facts(event.detail)) for event in events]


def answered_question(loop: Loop) -> dict[str, Any] | None:
    """The question with which a human last returned the loop, and the agent's latest answer to it; None without one."""
    question = loop.decisions.filter(verb=Decision.Verb.RETURN).select_related("decided_by").first()
    if question is None:
        return None
    answers = loop.events.filter(kind=LoopEvent.Kind.ANSWERED, created_at__gte=question.decided_at)
    answer = answers.last()
    return {"question": question, "answer": answer, "rows": event_facts(answer.detail)} if answer else None


def operation_share(loop: Loop) -> str:
    """`18.5%` of the operation's records, or "" if it was not measured."""
    value = (loop.issue.get("impact") or {}).get("share")
    return percent(value) if isinstance(value, int | float) else ""
