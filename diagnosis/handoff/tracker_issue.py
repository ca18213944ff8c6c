"""
The text of an issue in a tracker about an approved loop: facts, plan, evidence ids, and the link to the bundle.

Trackers act on mentions, references and commands in an issue, so every value is fenced (exact_text.py) and unchanged.
A title cannot be fenced: what would act in it is parted by spaces (escaping.py), and the text below has it unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diagnosis.display import escaping, exact_text
from diagnosis.display.quantities import counted, to_the_minute
from diagnosis.display.sentences import values_beside
from diagnosis.handoff import tracker_links
from diagnosis.models import Loop, Tracker
from loopkit.http.untrusted import WARNING

LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Markup:
    """How a tracker's markup shows values from telemetry and sentences of LoopKit."""

    quoted: Callable[..., str]
    own: dict[int, int]  # characters that would be markup in a sentence of LoopKit, with their replacements

    def sentence_lines(self, text: str, holder: dict[str, Any]) -> list[str]:
        """The sentence, and a list of the values for which its placeholders stand."""
        values = values_beside(text, holder)
        return [
            text.translate(self.own),
            *(f"- {name}: {self.quoted(value, whole=whole)}" for name, value, whole in values),
        ]


MARKDOWN = Markup(exact_text.code, {})
WIKI = Markup(exact_text.noformat, escaping.FIGURES)


def links(loop: Loop, data: dict[str, Any], page_url: str) -> list[dict[str, str]]:
    """A link for each tracker of the loop's project that has valid settings; `data` is the bundle."""
    new_issue_links = [
        {
            "tracker": tracker.kind,
            "url": tracker_links.tracker_link(tracker, tracker_text(tracker, data, page_url)),
        }
        for tracker in loop.project.trackers.all()
    ]
    return [link for link in new_issue_links if link["url"]]


def tracker_text(tracker: Tracker, data: dict[str, Any], page_url: str) -> tracker_links.TrackerText:
    """The text of the issue, in the tracker's markup."""
    is_wiki = tracker.kind == Tracker.Kind.JIRA
    markup = WIKI if is_wiki else MARKDOWN
    title = f"LoopKit: {escaping.quote(data['issue']['title'], LONGEST_TITLE)}"
    pointer = f"The bundle for the coding agent, with evidence and eval files: {page_url}"
    return tracker_links.TrackerText(title, tuple(tracker_lines(data, markup)), pointer)


def approvals_of_bundle(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The bundle's approvals in their order: one, or both where two people had to approve."""
    return [approval for approval in (data["first_approval"], data["approval"]) if approval]


def tracker_lines(data: dict[str, Any], markup: Markup) -> list[str]:
    """The lines of the issue, most important first: a link that would be too long loses the last ones."""
    return [
        WARNING,
        "",
        f"Found by LoopKit as {data['loop_id']}.",
        "",
        *number_lines(data["issue"], markup.quoted),
        *[
            f"- approved by {markup.quoted(approval['decided_by'])}: {markup.quoted(approval['reason'])}"
            for approval in approvals_of_bundle(data)
        ],
        "",
        *plan_sentences(data["patch_plan"], markup),
        "",
        f"- eval: {markup.quoted(data['eval_candidate']['eval_id'])}",
        "",
        "Evidence:",
        *[f"- {record['record_id']}" for record in data["evidence"]],
    ]


def number_lines(issue: dict[str, Any], quoted: Callable[[object], str]) -> list[str]:
    """The lines with the place, the severity and the numbers of the issue."""
    impact = issue.get("impact") or {}
    return [
        f"- title: {quoted(issue.get('title') or '-')}",
        f"- operation: {quoted(issue.get('operation'))}, service: {quoted(issue.get('service') or '-')}",
        f"- severity: {escaping.plain_line(issue.get('severity'))}, failures: {issue.get('count') or 0:,} "
        f"of {counted(impact.get('operation_records') or 0, 'record')}, users: {impact.get('users') or 0:,}",
        f"- seen from {to_the_minute(issue.get('first_seen'))} to {to_the_minute(issue.get('last_seen'))}",
    ]


def plan_sentences(plan: dict[str, Any], markup: Markup) -> list[str]:
    """The lines of the patch plan."""
    steps = [
        line
        for step in plan["steps"]
        for line in markup.sentence_lines(f"{step['step']}. {step['detail']}", step)
    ]
    verify = markup.sentence_lines(f"It worked if: {plan['verify']}", plan)
    refuted_by = markup.sentence_lines(f"It was wrong if: {plan['refuted_by']}", plan)
    return [*steps, "", *verify, *refuted_by]
