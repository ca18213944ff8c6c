"""
Paths of the HTTP API in short: a function for each, which the tool and `budget` in the path's query share.

    read(query) -> the API's answer -> facts, and rows or parts, in short -> those that fit -> completeness

Each function takes `read`, which asks the path with a query, and the tokens of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.urls import reverse

from diagnosis.agents import budget, lists
from diagnosis.agents.api_calls import Api
from diagnosis.agents.envelope import under_text
from diagnosis.agents.lists import JsonObject, Read, rows_shape
from diagnosis.agents.short_issues import issue_facts, issue_parts, list_lines, values_kept
from diagnosis.agents.short_loops import (
    handoff_parts,
    loop_facts,
    loop_line,
    loop_parts,
    short_verdict,
    verification_parts,
)
from diagnosis.agents.short_records import COLUMNS, chosen_fields, record_in, session_line, session_rows
from diagnosis.agents.store_gaps import gaps_of_packet, most_missing
from telemetry.api.record_forms import LINE

PACKET_FACTS = ("packet_id", "status", "next_action", "reason", "failures", "telemetry_read", "window")
TOP = 10  # rows of each list of the dashboard


def short_records(
    api: Api, read: Read, query: JsonObject, tokens: int, detail: str = LINE, fields: tuple[str, ...] = ()
) -> JsonObject:
    """A page of records at that level of detail, or with these fields of each."""
    line = partial(chosen_fields, fields) if fields else partial(record_in, detail)
    return lists.listed(api, read, query, tokens, rows_shape("records", line))


def short_sessions(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """A page of sessions."""
    return lists.listed(api, read, query, tokens, rows_shape("sessions", session_line))


def short_session(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """One session, its records as rows of columns."""
    return lists.listed(api, read, query, tokens, one_session)


def one_session(page: JsonObject) -> tuple[JsonObject, str, list[Any]]:
    """What is said of the session first, and its records as rows."""
    return session_line(page["session"]) | {"columns": COLUMNS}, "steps", session_rows(page["records"])


def short_loop_list(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """A page of loops."""
    return lists.listed(api, read, query, tokens, rows_shape("loops", loop_line))


def short_packet_list(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """A page of packets, which are in short already."""
    return lists.listed(api, read, query, tokens, rows_shape("packets", dict))


def short_loop(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """One loop with as many of its parts as fit."""
    loop = read(query)
    return budget.with_parts(loop_facts(loop, api.url_of_loop(loop["loop_id"])), loop_parts(loop), tokens)


def short_report(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """What a report changed of its loop, which the reporter knows, and what is next, with what that names."""
    loop = read(query)
    names = ("loop_id", "state", "attempt", "shipped_at", "next_action")
    facts = {name: loop[name] for name in names if loop[name] is not None}
    note = {"note": loop["release_note"]} | values_kept(loop) if loop["release_note"] else None
    decision = loop["decision"] if "decision" in loop["next_action"] else None
    return budget.with_parts(facts, [("release_note", note), ("decision", decision)], tokens)


def short_handoff(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """What a human approved, with as many of its parts as fit."""
    handoff = read(query)
    names = ("loop_id", "state", "approval", "first_approval", "next_action")
    facts = {name: handoff[name] for name in names if handoff.get(name)}
    return budget.with_parts(facts, handoff_parts(handoff), tokens)


def short_verification(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """The verdict first, and as much of its background as fits."""
    result = read(query)
    verdict = short_verdict(result)
    first = {name: result[name] for name in ("loop_id", "state")} | {"verdict": verdict.pop("verdict")}
    facts = first | {"next_action": result["next_action"]} | verdict
    return budget.with_parts(facts, verification_parts(result), tokens)


def short_diagnosis(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """The packet of a diagnosis; what does not fit is read by the packet's own path."""
    packet = read(query)["packet"]
    path = reverse("packet", args=[packet["packet_id"]])
    return short_packet(packet, 0, tokens, lambda end: {"path": path, "first_issue": end})


def short_stored_packet(
    api: Api, read: Read, query: JsonObject, tokens: int, first_issue: int = 0
) -> JsonObject:
    """A stored packet, its issues from a number on."""
    return short_packet(read(query)["packet"], first_issue, tokens, lambda end: {"first_issue": end})


def short_dashboard(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """The project's state: its counts, and the first of each list."""
    state = read(query)
    issues = state["packet"]["issues"] if state["packet"] else []
    facts = {"window": state["window"], "counts": state["counts"], "issues_found": len(issues)}
    parts = [
        ("issues", list_lines(issues)[:TOP]),
        ("loops", [loop_line(loop) for loop in state["loops"][:TOP]]),
        ("operations", [operation_line(row) for row in state["operations"][:TOP]]),
        ("sessions", [session_line(session) for session in state["sessions"][:TOP]]),
    ]
    gaps = most_missing(state["unseen"])
    return budget.with_parts(facts, parts, tokens, gaps)


def operation_line(row: Mapping[str, Any]) -> JsonObject:
    """An operation in a list."""
    numbers = {name: row[name] for name in ("records", "failures", "share", "p95_ms")}
    return numbers | under_text(operation=row["operation"], service=row["service"])


def short_issue(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """One issue of a packet with as many of its parts as fit."""
    answer = read(query)
    parts = [("action_gate", answer["action_gate"]), *issue_parts(answer["issue"])]
    return budget.with_parts(issue_facts(answer["issue"]), parts, tokens)


def short_packet(
    packet: Mapping[str, Any], first: int, tokens: int, issues_from: Callable[[int], JsonObject]
) -> JsonObject:
    """
    The packet with as many of its issues as fit, settled ones last, in one line.

    Args:
        first: the number of issues before these.
        issues_from: the argument that brings those from a number on.
    """
    facts = {name: packet[name] for name in PACKET_FACTS if packet[name] != ""}
    facts["issues_found"] = len(packet["issues"])
    gaps = gaps_of_packet(packet["completeness"])
    lines = list_lines(packet["issues"])
    answer, count, left_out = budget.with_rows(facts, "issues", lines[first:], tokens, gaps)
    end = first + count
    following = issues_from(end) if end < len(lines) else None
    return budget.with_completeness(
        answer,
        shown=count,
        total=len(lines),
        left_out=left_out,
        following=following,
        gaps=budget.fitting_gaps(gaps, tokens),
    )
