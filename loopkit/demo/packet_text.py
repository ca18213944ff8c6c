"""A packet as text for a terminal: the issues in the packet's order, with the ids of their evidence."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from diagnosis.display.escaping import quote
from diagnosis.display.quantities import counted, percent, to_the_minute

WIDTH = 100
SHOWN_ISSUES = 8
SHOWN_EVIDENCE = 2
INDENT = " " * 6


def packet_lines(packet: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the packet's header, its memory and its first SHOWN_ISSUES issues."""
    issues = packet["issues"]
    yield f"Packet {packet['packet_id']}: {packet['status']}, {counted(len(issues), 'issue')}"
    yield f"  window     {' to '.join(to_the_minute(packet['window'][name]) for name in ('start', 'end'))}"
    read, failed = counted(packet["telemetry_read"], "record"), counted(packet["failures"], "failed record")
    yield f"  read       {read}, {failed} (failures with what they caused)"
    if packet["reason"]:
        yield from paragraph("  reason     ", packet["reason"])
    yield from paragraph("  next       ", packet["next_action"])
    for entry in packet["memory"]:
        yield from paragraph("  memory     ", f"{entry['state']}: {quote(entry['title'])}")
    for number, issue in enumerate(issues[:SHOWN_ISSUES], start=1):
        yield ""
        yield from demo_issue_lines(number, issue)
    if len(issues) > SHOWN_ISSUES:
        yield ""
        yield f"  ... and {counted(len(issues) - SHOWN_ISSUES, 'more issue')} in the packet"


def demo_issue_lines(number: int, issue: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of an issue."""
    yield from paragraph(f"{number:>3}.  {issue['severity']:<8}  ", quote(issue["title"]))
    service = quote(issue["service"]) if issue["service"] else "an unnamed service"
    signal = f"{issue['signal_type']} in {service}"
    yield f"{INDENT}status    {issue['status']}, trend {issue['trend']}; {signal}"
    yield from paragraph(f"{INDENT}impact    ", impact(issue))
    yield from paragraph(f"{INDENT}evidence  ", evidence(issue["evidence_ids"]))
    yield from paragraph(f"{INDENT}next      ", issue["next_action"])


def impact(issue: dict[str, Any]) -> str:
    """The extent of an issue: `8 failures in 8 traces, 5 sessions, 3 users; 40% of the operation's records`."""
    counts = issue["impact"]
    places = [counted(counts[name], name[:-1]) for name in ("traces", "sessions", "users") if counts[name]]
    share = f"; {percent(counts['share'])} of the operation's records" if counts["share"] is not None else ""
    return f"{counted(issue['count'], 'failure')} in {', '.join(places)}{share}"


def evidence(record_ids: list[str]) -> str:
    """The first SHOWN_EVIDENCE record ids and the number of further ones."""
    more = len(record_ids) - SHOWN_EVIDENCE
    return " ".join(record_ids[:SHOWN_EVIDENCE]) + (f" and {more} more" if more > 0 else "")


def paragraph(label: str, text: str) -> list[str]:
    """The lines of a text after its label, wrapped and indented to the width of the label."""
    return wrap(
        text,
        WIDTH,
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [label.rstrip()]
