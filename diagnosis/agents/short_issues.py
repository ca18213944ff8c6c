"""An issue of a packet or a loop in short: a line of a list, and its parts in the order in which they help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnosis.agents import tool_words
from diagnosis.agents.budget import Part
from diagnosis.agents.envelope import IN_ONE, cut_texts, under_text
from diagnosis.evals.candidates import plain_id

SETTLED = frozenset({"in_progress", "verified", "rejected"})  # statuses of issues that need no look
EVIDENCE_SHOWN, PLACES_SHOWN, INPUTS_SHOWN = 3, 5, 3
SETTLED_TITLE = 80  # characters
VALUE = 500  # characters of a value of a call, an input or a difference
PARTS = (
    "action_gate", "approval", "plan", "call", "contrast", "inputs", "hints", "evidence", "impact", "places", "timing",
    "ratings", "history", "verification",
)  # fmt: skip


def issue_line(issue: Mapping[str, Any]) -> dict[str, Any]:
    """An issue in a list."""
    impact = issue["impact"]
    return (
        present_fields(issue, ("cluster_id", "loop_id", "status", "severity"))
        | {"signal": issue["signal_type"], "failures": issue["count"]}
        | present_fields(impact, ("share", "sessions", "users"))
        | short_sample(impact.get("sampled"))
        | present_fields(issue, ("trend", "last_seen"))
        | {"lever": issue["patch_plan"]["lever"]}
    ) | under_text(title=issue["title"], service=issue["service"], code=code_place_of(issue))


def short_sample(sampled: Mapping[str, Any] | None) -> dict[str, Any]:
    """`{"sampled": {...}}` of counts that are from a sample: how many traces were read of how many; {} of others."""
    return {"sampled": {name: sampled[name] for name in ("traces_read", "traces")}} if sampled else {}


def settled_line(issue: Mapping[str, Any]) -> dict[str, Any]:
    """An issue in a list that a human decided, or whose fix held: what to ask for if it matters all the same."""
    facts = {name: issue[name] for name in ("cluster_id", "loop_id", "status")} | {"failures": issue["count"]}
    return facts | under_text(SETTLED_TITLE, title=issue["title"])


def list_lines(issues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The issues in their order, settled ones last and in short."""
    unsettled = [issue_line(issue) for issue in issues if issue["status"] not in SETTLED]
    return unsettled + [settled_line(issue) for issue in issues if issue["status"] in SETTLED]


def code_place_of(issue: Mapping[str, Any]) -> str:
    """`get_order /srv/app/shop/repo.py:34`; "" without one."""
    place = issue.get("code_location")
    return " ".join(filter(None, [place["function"], f"{place['file']}:{place['line']}"])) if place else ""


def issue_facts(issue: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of an issue first, and always."""
    texts = {name: issue[name] for name in ("title", "service", "operation", "error_type", "message")}
    first = {name: issue[name] for name in ("cluster_id", "loop_id", "status") if name in issue}
    facts = {name: value for name, value in issue_line(issue).items() if name != "text"}
    told = under_text(IN_ONE, **texts, code=code_place_of(issue))
    return first | told | facts | {"eval_id": plain_id(issue["cluster_id"])}


def issue_parts(issue: Mapping[str, Any]) -> list[Part]:
    """The parts of an issue by name, the most useful first."""
    impact = {name: value for name, value in issue["impact"].items() if value is not None}
    return [
        ("approval", {"next_action": issue["next_action"]} | (issue.get("approval") or {})),
        ("plan", short_plan(issue["patch_plan"])),
        ("call", quoted_whole(issue.get("failing_call"))),
        ("contrast", short_contrast(issue.get("contrast"))),
        ("inputs", short_inputs(issue.get("failing_inputs"))),
        ("hints", [short_hint(hint) for hint in issue["hints"]]),
        ("evidence", short_evidence(issue)),
        ("impact", impact | {"echoes": issue["echoes"]["records"]}),
        ("places", short_places(issue)),
        ("timing", present_fields(issue, ("trend_reason", "quiet_since", "severity_reason"))),
        ("ratings", quoted_whole(issue.get("ratings"))),
    ]


def present_fields(holder: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Those of the fields that the holder has, since what an earlier version stored has fewer."""
    return {name: holder[name] for name in names if holder.get(name) is not None}


def quoted_whole(value: Any) -> dict[str, Any] | None:
    """What telemetry says, as a whole under `text`; None for nothing."""
    return {"text": cut_texts(value, VALUE)} if value else None


def short_contrast(compared: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The failing record beside a healthy one: their ids, and where they differ."""
    if not compared:
        return None
    rows = [under_text(VALUE, **difference) for difference in compared["differences"]]
    return {name: compared[name] for name in ("failing_id", "healthy_id", "left_out")} | {"differences": rows}


def short_hint(hint: Mapping[str, Any]) -> dict[str, Any]:
    """A trait that failures have more often than other records, with its counts."""
    also = ", ".join(f"{each['attribute']}={each['value']}" for each in hint.get("also", []))
    numbers = ("support", "failures", "records", "operation_records", "lift", "sampled")
    return present_fields(hint, numbers) | under_text(
        VALUE, attribute=hint["attribute"], value=hint["value"], also=also
    )


def short_plan(patch_plan: Mapping[str, Any]) -> dict[str, Any]:
    """The plan without the numbers of its steps, which are their order."""
    steps = [{"do": step["detail"]} | values_kept(step) for step in patch_plan["steps"]]
    closing = {name: patch_plan[name] for name in ("verify", "refuted_by")}
    return {"lever": patch_plan["lever"], "steps": steps} | closing | values_kept(patch_plan)


def values_kept(holder: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the holder's sentences, as they stand beside them."""
    return {"with": holder["with"]} if holder.get("with") else {}


def short_inputs(failing_inputs: Mapping[str, Any] | None) -> Any:
    """The first of the distinct inputs that failed."""
    if not failing_inputs:
        return None
    shown = [
        {"record_id": each["record_id"], "count": each["count"]} | under_text(VALUE, input=each["input"])
        for each in failing_inputs["inputs"][:INPUTS_SHOWN]
    ]
    return {"distinct": failing_inputs["distinct"], "shown": shown}


def short_evidence(issue: Mapping[str, Any]) -> dict[str, Any]:
    """The first records of the evidence with their sessions and users, the ids of the others, and where all are."""
    traces = issue.get("evidence_traces") or {}
    records = [
        {"record_id": record_id} | under_text(**traces.get(record_id, {}))
        for record_id in issue["evidence_ids"][:EVIDENCE_SHOWN]
    ]
    others = {"evidence_ids": issue["evidence_ids"][EVIDENCE_SHOWN:]}
    page = {} if tool_words.are_tools_named() else present_fields(issue, ("evidence_url",))
    return {"records": records} | others | page


def short_places(issue: Mapping[str, Any]) -> dict[str, Any]:
    """Where it fails: environments and releases, each with its failures and its records."""
    return {
        name: [
            {"failures": row["failures"], "records": row["exposure"]} | under_text(name=row[one])
            for row in issue.get(name, [])[:PLACES_SHOWN]
        ]
        for name, one in (("environments", "environment"), ("releases", "release"))
    } | under_text(suspected_release=issue.get("suspected_release"))
