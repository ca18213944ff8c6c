"""The newest packet as markdown, for a person to paste into a chat or an agent to read first."""

from __future__ import annotations

from typing import Any

from diagnosis.display.exact_text import code
from diagnosis.display.quantities import counted, to_the_minute
from diagnosis.issues import counts_by_deployment
from diagnosis.issues.contrast.words import comparison_lines
from diagnosis.issues.issue_words import failures_in_words, shared_in_words, since_in_words, trend_in_words
from loopkit.http.untrusted import WARNING

NO_PACKET = "No diagnosis yet. Run `POST /v1/runs/diagnose` with the agent key."


def packet_report(document: dict[str, Any] | None) -> str:
    """The report of a packet as `publishing.packet_as_answered` returns it, or the next step if there is none."""
    if document is None:
        return f"> {WARNING}\n\n# LoopKit report\n\n{NO_PACKET}\n"
    window = document["window"]
    lines = [
        f"> {WARNING}",
        "",
        "# LoopKit report",
        "",
        f"Project: {code(document['project_id'])}",
        f"Packet `{document['packet_id']}`, {to_the_minute(document['created_at'])}",
        f"Window: {to_the_minute(window['start'])} to {to_the_minute(window['end'])}",
        f"Read: {counted(document['telemetry_read'], 'record')}, {counted(document['failures'], 'failed record')} "
        "(failures with what they caused)",
        f"Status: {document['status']}. {document['reason']}".rstrip(),
        f"Next: {document['next_action']}",
        "",
        *section("Memory", [memory_line(entry) for entry in document["memory"]]),
        *[
            line
            for number, issue in enumerate(document["issues"], start=1)
            for line in issue_section(number, issue)
        ],
    ]
    return "\n".join(lines).rstrip() + "\n"


def section(title: str, lines: list[str]) -> list[str]:
    """The lines under a heading; no line at all if there are none."""
    return [f"## {title}", "", *lines, ""] if lines else []


def memory_line(entry: dict[str, Any]) -> str:
    """The line of one loop in the project's memory."""
    linked = ", ".join(f"`{cluster_id}`" for cluster_id in entry.get("side_effects") or [])
    came_with_it = f" Other failures came with the fix: {linked}." if linked else ""
    return f"- {entry['state']}: `{entry['loop_id']}`. {entry['note']}{came_with_it} Title: {code(entry['title'])}"


def status_line(issue: dict[str, Any]) -> str:
    """The status of an issue, with its loop."""
    if issue["loop_id"] is None:
        return f"{issue['status']} (no loop yet)"
    return f"{issue['status']} (loop `{issue['loop_id']}`: {issue['approval']['state']})"


def issue_section(number: int, issue: dict[str, Any]) -> list[str]:
    """The lines of one issue, with the ids that its reader needs next."""
    impact = issue["impact"]
    return [
        f"## Issue {number}",
        "",
        f"- title: {code(issue['title'])}",
        f"- severity: {issue['severity_reason']}",
        f"- status: {status_line(issue)}",
        f"- operation: {code(issue['operation'])}",
        f"- failures: {failures_in_words(issue)}; sessions: {impact['sessions']:,}",
        *(f"- shared traces: {sentence}" for sentence in shared_in_words(issue)),
        *counts_by_deployment.deployment_lines(issue),
        f"- trend: {trend_in_words(issue)}",
        *(
            [f"- since the last failure: {since}"]
            if (since := since_in_words(issue.get("quiet_since")))
            else []
        ),
        f"- seen from {to_the_minute(issue['first_seen'])} to {to_the_minute(issue['last_seen'])}",
        *comparison_lines(issue),
        f"- evidence: {', '.join(f'`{record_id}`' for record_id in issue['evidence_ids'])}",
        f"- eval candidate: {code(issue['eval_candidate'])}",
        f"- next: {issue['next_action']}",
        "",
    ]
